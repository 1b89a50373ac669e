"""The network driver's operations: what fails half way is taken back, last first, and the host is as it was."""

from __future__ import annotations

import pytest

from engine import plan
from engine.host import RuntimeFailure
from engine.operations import AddRoute, AddRule, MakeBridge, RemoveLink, RemoveRule, ReplaceRoute
from engine.spec import BridgeNetwork, Link
from lab import Lab
from sim import performing
from sim.container import Container

LINK = Link("docker0", "veth9", "eth0", "02:42:ac:11:00:09", "172.17.0.9/16")


@pytest.fixture
def lab() -> Lab:
    return Lab()


def container(lab: Lab) -> Container:
    """With a network namespace in which nothing is plugged in."""
    made = Container(lab.kernel, "c9", lambda *news: None)
    made.process = lab.process()
    made.namespaces = made.process.namespaces
    return made


def test_a_cable_that_leads_nowhere_is_unplugged(lab: Lab) -> None:
    one = container(lab)
    operations = (*plan.cable(LINK), AddRoute("default", "10.9.9.9"))
    with pytest.raises(RuntimeFailure, match="network is unreachable") as caught:
        performing.reconfigure(one, operations, 0)
    done = [each.operation for each in caught.value.performed]
    assert isinstance(done[-1], RemoveLink) and done[-2] == AddRoute("default", "10.9.9.9")
    assert one.namespaces is not None and one.namespaces.network.links == ()
    assert lab.kernel.network.bridges["docker0"].members == {}


def test_a_route_that_was_replaced_comes_back(lab: Lab) -> None:
    one = container(lab)
    performing.reconfigure(one, [*plan.cable(LINK), AddRoute("default", "172.17.0.1")], 0)
    with pytest.raises(RuntimeFailure):
        performing.reconfigure(
            one,
            [ReplaceRoute("default", "172.17.0.2", "172.17.0.1"), ReplaceRoute("default", "10.9.9.9", "172.17.0.2")],
            0,
        )
    assert one.namespaces is not None and one.namespaces.network.gateway == "172.17.0.1"


def test_routes_go_with_their_link(lab: Lab) -> None:
    one = container(lab)
    performing.reconfigure(one, [*plan.cable(LINK), AddRoute("default", "172.17.0.1")], 0)
    performing.reconfigure(one, [RemoveLink("veth9")], 0)
    assert one.namespaces is not None and one.namespaces.network.gateway == ""
    assert one.process is not None and one.process.net.routes() == []


def test_half_a_network_is_taken_back(lab: Lab) -> None:
    wanted = BridgeNetwork("n2", "lab", "br-2", "172.18.0.0/16", "172.18.0.1", icc=False)
    operations = (*plan.network(wanted), MakeBridge("docker0", ()))
    with pytest.raises(RuntimeFailure, match="file exists") as caught:
        lab.loop.run(lab.driver.create_network(wanted, operations))
    kinds = [type(each.operation) for each in caught.value.performed]
    rules = kinds.count(AddRule)
    assert kinds[-rules - 1 :] == [RemoveRule] * rules + [RemoveLink]
    assert set(lab.kernel.network.bridges) == {"docker0"}
    assert [link.name for link in lab.kernel.network.host.links] == ["eth0", "docker0"]


def test_every_operation_says_what_a_person_would_type() -> None:
    inner = BridgeNetwork(
        "n1", "lab", "br-1", "10.0.0.0/8", "10.0.0.1", "fd00::/64", "fd00::1", internal=True, mtu=1400
    )
    lines = [operation.shell() for operation in plan.network(inner)]
    assert lines[0] == (
        "ip link add br-1 mtu 1400 type bridge && ip addr add 10.0.0.1/8 dev br-1 && ip addr add fd00::1/64 dev br-1 "
        "&& ip link set br-1 up"
    )
    assert lines[1] == "iptables -t filter -A DOCKER-ISOLATION-STAGE-1 ! -s 10.0.0.0/8 -o br-1 -j DROP"
    assert lines[3].startswith("ip6tables ")
    assert plan.forwarding("br-1", "udp", "127.0.0.1", 53, "10.0.0.2", 5353).shell() == (
        "iptables -t nat -A DOCKER -d 127.0.0.1 ! -i br-1 -p udp --dport 53 -j DNAT --to-destination 10.0.0.2:5353"
    )
    assert ReplaceRoute("default", "", "fd00::1").shell() == "ip -6 route del default"
