"""docker-py's words for networks: what they ask for is what `inspect` shows, and what the containers have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import docker
import docker.errors
import pytest
from docker.types import EndpointConfig, IPAMConfig, IPAMPool

from engine.client.dockerpy import docker_client
from sim.make import make_engine

POOL = {"subnet": "172.28.0.0/16", "iprange": "172.28.5.0/24", "gateway": "172.28.5.254",
        "aux_addresses": {"foo": "172.28.1.5", "bar": "172.28.1.6"}}  # fmt: skip


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    engine = make_engine(seed=3)
    client = docker_client(engine)
    client.images.pull("busybox")
    yield client
    engine.loop.run(engine.close())


def ipam(**pool: Any) -> IPAMConfig:
    return IPAMConfig(driver="default", pool_configs=[IPAMPool(**pool)])


def on(client: docker.DockerClient, network: str, **endpoint: Any) -> Any:
    """A container that has been started on a network; its attributes are fresh."""
    config = {network: EndpointConfig("1.50", **endpoint)}
    made = client.containers.create("busybox", ["sleep", "300"], network=network, networking_config=config)
    made.start()
    made.reload()
    return made


def place(container: Any, network: str) -> dict[str, Any]:
    return dict(container.attrs["NetworkSettings"]["Networks"][network])


def test_address_management_is_kept_as_it_was_asked_for(client: docker.DockerClient) -> None:
    network = client.networks.create("lab", ipam=ipam(**POOL))
    config = {"Subnet": POOL["subnet"], "IPRange": POOL["iprange"], "Gateway": POOL["gateway"],
              "AuxiliaryAddresses": POOL["aux_addresses"]}  # fmt: skip
    assert network.attrs["IPAM"] == {"Driver": "default", "Options": None, "Config": [config]}


def test_flags_labels_and_options_are_kept(client: docker.DockerClient) -> None:
    options, labels = {"com.docker.network.driver.mtu": "1450"}, {"a": "b"}
    six = ipam(subnet="2001:389::/64", gateway="2001:389::ff", iprange="2001:389::/96")
    network = client.networks.create(
        "lab",
        driver="bridge",
        options=options,
        labels=labels,
        internal=True,
        attachable=True,
        enable_ipv6=True,
        ipam=six,
    )
    shown = network.attrs
    assert (shown["Options"], shown["Labels"], shown["Internal"], shown["Attachable"], shown["EnableIPv6"]) == (
        options, labels, True, True, True,
    )  # fmt: skip
    assert client.networks.list(filters={"label": "a"}) == client.networks.list(names=["lab"]) == [network]
    assert client.networks.list(ids=[network.id]) == [network]


def test_names_are_unique_even_if_nobody_asks_to_check(client: docker.DockerClient) -> None:
    client.networks.create("lab")
    for check in (True, False, None):
        with pytest.raises(docker.errors.APIError, match="network with name lab already exists") as refused:
            client.networks.create("lab", check_duplicate=check)
        assert refused.value.status_code == 409


def test_connect_and_disconnect(client: docker.DockerClient) -> None:
    network = client.networks.create("lab")
    container = client.containers.create("busybox", ["sleep", "300"])
    network.connect(container, aliases=["foo", "bar"])
    container.start()
    network.reload()
    assert network.containers == [container]
    assert [each for listed in client.networks.list(ids=[network.id], greedy=True) for each in listed.containers] == [
        container
    ]
    container.reload()
    assert place(container, "lab")["Aliases"] == ["foo", "bar"]
    with pytest.raises(docker.errors.APIError):
        network.connect(container)
    network.disconnect(container)
    network.reload()
    assert network.containers == []
    for force in (False, True):
        with pytest.raises(docker.errors.APIError):
            network.disconnect(container, force=force)
    network.remove()
    with pytest.raises(docker.errors.NotFound):
        network.reload()


def test_addresses_that_are_asked_for(client: docker.DockerClient) -> None:
    client.networks.create("lab", enable_ipv6=True, ipam=IPAMConfig(pool_configs=[
        IPAMPool(subnet="132.124.0.0/16"), IPAMPool(subnet="2001:390::/64"),
    ]))  # fmt: skip
    wanted = {"ipv4_address": "132.124.0.23", "ipv6_address": "2001:390::f00d", "link_local_ips": ["169.254.8.8"]}
    container = on(client, "lab", **wanted)
    assert place(container, "lab")["IPAMConfig"] == {
        "IPv4Address": "132.124.0.23", "IPv6Address": "2001:390::f00d", "LinkLocalIPs": ["169.254.8.8"],
    }  # fmt: skip
    told = container.exec_run(["ip", "a"]).output
    assert all(each.encode() in told for each in ("132.124.0.23/16", "2001:390::f00d/64", "169.254.8.8/16"))
    other = client.containers.run("busybox", ["sleep", "300"], detach=True)
    client.networks.get("lab").connect(other, ipv4_address="132.124.0.24", ipv6_address="2001:390::24")
    other.reload()
    assert (place(other, "lab")["IPAddress"], place(other, "lab")["GlobalIPv6Address"]) == (
        "132.124.0.24",
        "2001:390::24",
    )


def test_links_and_driver_options(client: docker.DockerClient) -> None:
    client.networks.create("lab")
    upstream = on(client, "lab")
    container = on(client, "lab", links={upstream.name: "bar"}, driver_opt={"k": "v"}, mac_address="02:42:ac:11:00:99")
    assert container.exec_run(["ping", "-c1", "bar"]).exit_code == 0
    shown = place(container, "lab")
    assert (shown["Links"], shown["DriverOpts"], shown["MacAddress"]) == (
        [f"{upstream.name}:bar"], {"k": "v"}, "02:42:ac:11:00:99",
    )  # fmt: skip


def test_inspect_with_scope_and_prune(client: docker.DockerClient) -> None:
    network = client.networks.create("lab")
    assert client.networks.get(network.id, verbose=True, scope="local").name == "lab"
    with pytest.raises(docker.errors.NotFound):
        client.networks.get(network.id, scope="swarm")
    assert client.networks.prune(filters={"label": "nosuch"}) == {"NetworksDeleted": None}
    assert client.networks.prune() == {"NetworksDeleted": ["lab"]}
