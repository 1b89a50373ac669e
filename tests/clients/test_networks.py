"""A lesson on networks, through Docker's own command and through ours."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def clean(docker) -> Iterator[None]:
    yield
    if left := docker.out("ps", "-aq").split():
        docker.out("rm", "-f", *left)
    docker.out("network", "prune", "-f")


def test_a_network_from_its_making_to_its_end(docker):
    id = docker.out("network", "create", "--subnet", "172.28.0.0/16", "--ip-range", "172.28.5.0/24", "--gateway",
                    "172.28.5.254", "--aux-address", "router=172.28.1.1", "--label", "a=b", "lab")  # fmt: skip
    assert docker.out("network", "ls", "-q", "--no-trunc", "--filter", "label=a") == id
    shown = json.loads(docker.out("network", "inspect", "lab"))[0]
    assert shown["IPAM"]["Config"] == [
        {"Subnet": "172.28.0.0/16", "IPRange": "172.28.5.0/24", "Gateway": "172.28.5.254",
         "AuxiliaryAddresses": {"router": "172.28.1.1"}}
    ]  # fmt: skip
    refused = docker("network", "create", "lab")
    assert (refused.returncode, refused.stderr) == (
        1,
        "Error response from daemon: network with name lab already exists\n",
    )
    docker.out("run", "-d", "--name", "c1", "--network", "lab", "alpine", "sleep", "1000")
    held = docker("network", "rm", "lab", "nosuch")
    assert held.returncode == 1 and 'network lab has active endpoints (name:"c1" id:"' in held.stderr
    assert held.stderr.splitlines()[1:] == ["Error response from daemon: network nosuch not found", "exit status 1"]
    docker.out("rm", "-f", "c1")
    assert docker.out("network", "rm", "-f", "lab", "nosuch") == "lab"


def test_containers_meet_by_name_and_leave(docker):
    docker.out("network", "create", "front")
    docker.out("network", "create", "--internal", "back")
    docker.out("run", "-d", "--name", "web", "--network", "front", "--network-alias", "www", "alpine", "sleep", "1000")
    ping = ("exec", "app", "ping", "-c1", "-W1")
    docker.out("run", "-d", "--name", "app", "--network", "back", "alpine", "sleep", "1000")
    assert docker(*ping, "www").returncode == 1
    assert docker.out("network", "connect", "--alias", "boss", "front", "app") == ""
    assert "1 packets received" in docker.out(*ping, "www")
    assert "1 packets received" in docker.out("exec", "web", "ping", "-c1", "boss")
    assert docker.out("inspect", "-f", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", "app") == (
        "back front "
    )
    docker.out("network", "disconnect", "front", "app")
    assert docker(*ping, "www").returncode == 1
    again = docker("network", "disconnect", "front", "app")
    assert again.returncode == 1 and "is not connected to network front" in again.stderr


def test_several_networks_in_one_line(docker):
    docker.out("network", "create", "--subnet", "10.21.0.0/16", "one")
    docker.out("network", "create", "--subnet", "10.22.0.0/16", "two")
    first, second = "name=one,alias=x,ip=10.21.0.77", "name=two,gw-priority=1,mac-address=02:42:00:00:00:07"
    show = ("alpine", "sh", "-c", "ip route; ip -4 a")
    told = docker.out("run", "--rm", "--network", first, "--network", second, *show)
    assert told.startswith("default via 10.22.0.1 dev eth1")
    assert "inet 10.21.0.77/16" in told and "inet 10.22.0.2/16" in told
    refused = docker("run", "--network", "one", "--ip", "10.99.0.1", "alpine", "true")
    assert refused.returncode == 125
    assert "no configured subnet or ip-range contain the IP address 10.99.0.1" in refused.stderr


def test_published_ports_of_both_kinds(docker):
    ports = ("-p", "18351:53/udp", "-p", "127.0.0.1:18351-18353:80", "-P", "--expose", "90")
    docker.out("run", "-d", "--name", "c1", *ports, "alpine", "sleep", "1000")
    lines = [line for line in docker.out("port", "c1").splitlines() if "[::]" not in line]
    assert lines[:2] == ["53/udp -> 0.0.0.0:18351", "80/tcp -> 127.0.0.1:18351"] and lines[2].startswith(
        "90/tcp -> 0.0.0.0:"
    )
    taken = docker("run", "-p", "18351:53/udp", "alpine", "true")
    assert taken.returncode == 125 and "Bind for 0.0.0.0:18351 failed: port is already allocated" in taken.stderr
    docker.out("stop", "-t", "0", "c1")
    assert docker.out("port", "c1") == ""


def test_what_is_not_here_says_so(docker):
    for words in (("node", "ls"), ("service", "ls"), ("swarm", "leave")):
        if docker.argv == ["docker"]:
            refused = docker(*words)
            assert refused.returncode == 1 and "This node is not" in refused.stderr
