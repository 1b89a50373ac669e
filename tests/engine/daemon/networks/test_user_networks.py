"""Networks that users make: through the API, with real packets of the simulated host between their containers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Docker = Any
SLEEP = ("sleep", "10000")


def refusal(docker: Docker, method: str, path: str, body: Any = None, **query: Any) -> str:
    """The status and text of a request that is refused."""
    with pytest.raises(AssertionError) as refused:
        docker.ask(method, path, body, **query)
    return str(refused.value)


def make(docker: Docker, name: str = "lab", subnet: str = "", **more: Any) -> str:
    ipam = {"IPAM": {"Config": [{"Subnet": subnet}]}} if subnet else {}
    return str(docker.post("/networks/create", {"Name": name, **ipam, **more})["Id"])


def run(docker: Docker, name: str, *networks: str, mode: str = "", **more: Any) -> str:
    """A container that sleeps, on these networks."""
    host = {"NetworkMode": mode or networks[0], **more.pop("HostConfig", {})}
    endpoints = {network: more.pop(network, {}) for network in networks}
    networking = {"EndpointsConfig": endpoints}
    return str(docker.run(*SLEEP, name=name, HostConfig=host, NetworkingConfig=networking, **more))


def places(docker: Docker, name: str) -> dict[str, Any]:
    return dict(docker.get(f"/containers/{name}/json")["NetworkSettings"]["Networks"])


def addresses(docker: Docker, name: str) -> dict[str, str]:
    return {network: place["IPAddress"] for network, place in places(docker, name).items()}


def said(docker: Docker, name: str, *command: str) -> str:
    return str(docker.exec(*command, name=name)[1].decode())


def pings(docker: Docker, name: str, target: str) -> bool:
    return bool(docker.exec("ping", "-c1", "-W1", target, name=name)[0] == 0)


# -- making and removing


def test_a_network_is_made_as_asked_and_shown_so(docker: Docker) -> None:
    config = {"Subnet": "172.28.0.0/16", "IPRange": "172.28.5.0/24", "Gateway": "172.28.5.254"}
    config_with_names = {**config, "AuxiliaryAddresses": {"router": "172.28.1.1"}}
    options = {"com.docker.network.bridge.name": "labbr", "com.docker.network.driver.mtu": "1400"}
    made = make(docker, IPAM={"Driver": "default", "Config": [config_with_names]}, Options=options,
                Labels={"a": "b"}, Internal=True, Attachable=True)  # fmt: skip
    shown = docker.get("/networks/lab")
    assert shown["IPAM"] == {"Driver": "default", "Options": None, "Config": [config_with_names]}
    assert (shown["Id"], shown["Options"], shown["Labels"]) == (made, options, {"a": "b"})
    assert (shown["Internal"], shown["Attachable"], shown["EnableIPv6"], shown["Scope"]) == (True, True, False, "local")
    run(docker, "c1", "lab")
    assert "mtu 1400" in said(docker, "c1", "ip", "link") and "labbr" in docker.engine.host.kernel.network.bridges


def test_subnets_are_chosen_in_dockers_order_and_come_back(docker: Docker) -> None:
    for name in ("n1", "n2"):
        make(docker, name)
    configs = {row["Name"]: row["IPAM"]["Config"] for row in docker.get("/networks")}
    assert configs["n1"] == [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]
    assert configs["n2"] == [{"Subnet": "172.19.0.0/16", "Gateway": "172.19.0.1"}]
    docker.delete("/networks/n1")
    make(docker, "n3")
    assert docker.get("/networks/n3")["IPAM"]["Config"][0]["Subnet"] == "172.18.0.0/16"
    assert set(docker.engine.host.kernel.network.bridges) == {
        docker.engine.networks.get(n).bridge for n in ("n2", "n3")
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Name": ""}, "400 invalid name: name is empty"),
        ({"Name": "bridge"}, "403 operation is not permitted on predefined bridge network "),
        ({"Name": "there"}, "409 network with name there already exists"),
        ({"Name": "x", "Driver": "nosuch"}, '404 plugin "nosuch" not found'),
        ({"Name": "x", "Driver": "host"}, '403 only one instance of "host" network is allowed'),
        ({"Name": "x", "Driver": "overlay"}, "403 This node is not a swarm manager."),
        ({"Name": "x", "Scope": "swarm"}, "403 cannot create a swarm scoped network when swarm is not active"),
        ({"Name": "x", "Ingress": True}, "403 Ingress network can only be global scope network"),
        ({"Name": "x", "Options": {"com.docker.network.bridge.name": "a" * 16}}, "500 numerical result out of range"),
        ({"Name": "x", "Subnet": "10.0.0.0/8"}, "403 invalid pool request: Pool overlaps with other one on this"),
        ({"Name": "x", "Subnet": "10.0.0.0"}, "400 invalid network config:\ninvalid subnet 10.0.0.0: invalid CIDR"),
        ({"Name": "x", "Subnet": "11.0.0.1/8"}, "invalid subnet 11.0.0.1/8: it should be 11.0.0.0/8"),
        ({"Name": "x", "Subnet": "11.0.0.0/8", "Gateway": "12.0.0.1"},
         "invalid gateway 12.0.0.1: parent subnet 11.0.0.0/8 doesn't contain this address"),
        ({"Name": "x", "Subnet": "11.0.0.0/8", "Gateway": "x", "IPRange": "12.0.0.0/8"},
         "400 invalid network config:\n* invalid ip-range 12.0.0.0/8: parent subnet 11.0.0.0/8 doesn't contain ip-range"
         "\n* invalid gateway x: invalid address"),
        ({"Name": "x", "Options": {"com.docker.network.bridge.enable_icc": "y"}},
         "400 failed to parse com.docker.network.bridge.enable_icc value: y (strconv.ParseBool"),
        ({"Name": "x", "EnableIPv4": False}, "400 IPv4 or IPv6 must be enabled"),
        ({"Name": "x", "ConfigFrom": {"Network": "there"}}, '404 configuration network "there" does not exist'),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_in_dockers_words(docker: Docker, body: dict[str, Any], words: str) -> None:
    make(docker, "there", "10.1.0.0/16")
    config = {key: body.pop(key) for key in ("Subnet", "Gateway", "IPRange") if key in body}
    body |= {"IPAM": {"Config": [config]}} if config else {}
    assert words in refusal(docker, "POST", "/networks/create", body)
    assert len(docker.get("/networks")) == 4


def test_a_subnet_is_free_again_after_a_refusal(docker: Docker) -> None:
    options = {"com.docker.network.bridge.name": "br1"}
    make(docker, "n1", Options=options)
    assert "networks have same bridge name" in refusal(
        docker, "POST", "/networks/create", {"Name": "n2", "Options": options}
    )
    make(docker, "n2", "172.19.0.0/16")


def test_a_network_in_use_stays(docker: Docker) -> None:
    id = make(docker)
    run(docker, "c1", "lab")
    words = refusal(docker, "DELETE", f"/networks/{id[:5]}")
    assert words.startswith('403 error while removing network: network lab has active endpoints (name:"c1" id:"')
    assert docker.post("/networks/prune") == {"NetworksDeleted": None}
    docker.post("/containers/c1/stop", t=0)
    docker.delete("/networks/lab")  # a container that is stopped does not hold it
    words = refusal(docker, "POST", "/containers/c1/start")
    assert words == f"404 network {id} not found"
    make(docker)  # another network of that name is not the one
    assert f"network {id} not found" in refusal(docker, "POST", "/containers/c1/start")


def test_prune_and_ls_know_what_nobody_uses(docker: Docker) -> None:
    make(docker, "used")
    make(docker, "idle", Labels={"keep": "no"})
    make(docker, "kept", Labels={"keep": "yes"})
    run(docker, "c1", "used")
    names = lambda **filters: [row["Name"] for row in docker.get("/networks", filters=filters)]  # noqa: E731
    assert names(dangling=["true"]) == ["idle", "kept"]
    assert names(dangling=["false"]) == ["bridge", "host", "none", "used"]
    assert names(type=["custom"], label=["keep"]) == ["idle", "kept"]
    assert names(driver=["null"]) == ["none"] and names(scope=["swarm"]) == []
    assert names(name=["us"]) == ["used"]
    assert "must be" in refusal(docker, "GET", "/networks", filters={"dangling": ["perhaps"]})
    assert docker.post("/networks/prune", filters={"label!": ["keep=yes"]}) == {"NetworksDeleted": ["idle"]}
    assert docker.post("/networks/prune", filters={"until": ["1h"]}) == {"NetworksDeleted": None}
    docker.let_pass(7200)
    assert docker.post("/networks/prune", filters={"until": ["1h"]}) == {"NetworksDeleted": ["kept"]}


def test_what_happens_is_told(docker: Docker) -> None:
    id = make(docker)
    run(docker, "c1", "lab")
    docker.post("/networks/bridge/connect", {"Container": "c1"})
    docker.post("/networks/bridge/disconnect", {"Container": "c1"})
    docker.delete("/containers/c1", force=True)
    docker.delete("/networks/lab")
    told = [(event["Action"], event["Actor"]["Attributes"]["name"]) for event in docker.events(type=["network"])]
    assert told == [("create", "lab"), ("connect", "lab"), ("connect", "bridge"), ("disconnect", "bridge"),
                    ("disconnect", "lab"), ("destroy", "lab")]  # fmt: skip
    assert docker.events(type=["network"])[0]["Actor"] == {"ID": id, "Attributes": {"name": "lab", "type": "bridge"}}


def test_names_of_ids_are_looked_up_as_docker_does(docker: Docker) -> None:
    id = make(docker, "lab")
    make(docker, id[:6])  # a name beats the beginning of an id
    assert docker.get(f"/networks/{id[:6]}")["Name"] == id[:6]
    assert docker.get(f"/networks/{id[:7]}")["Name"] == "lab"
    assert docker.get(f"/networks/{id}", scope="local", verbose=True)["Name"] == "lab"
    assert refusal(docker, "GET", "/networks/lab", scope="swarm") == "404 network lab not found"


def test_a_beginning_that_several_ids_share_is_ambiguous(docker: Docker) -> None:
    ids = [make(docker, f"n{number}") for number in range(20)] + [row["Id"] for row in docker.get("/networks")][:3]
    digit = next(id[0] for id in ids if sum(other[0] == id[0] for other in ids) > 1)
    count = sum(id[0] == digit for id in ids)
    words = f"400 network {digit} is ambiguous ({count} matches found based on ID prefix)"
    assert refusal(docker, "GET", f"/networks/{digit}") == words


def test_a_configuration_network_lends_its_settings(docker: Docker) -> None:
    make(docker, "settings", "10.9.0.0/16", ConfigOnly=True, Internal=True)
    make(docker, "lab", ConfigFrom={"Network": "settings"})
    shown = docker.get("/networks/lab")
    assert (shown["Internal"], shown["IPAM"]["Config"], shown["ConfigFrom"]) == (
        True, [{"Subnet": "10.9.0.0/16"}], {"Network": "settings"},
    )  # fmt: skip
    assert 'configuration network "settings" is in use' in refusal(docker, "DELETE", "/networks/settings")


# -- names and packets


def test_containers_of_a_network_know_each_other_by_name(docker: Docker) -> None:
    make(docker)
    id = run(docker, "web", "lab", lab={"Aliases": ["www"]}, Hostname="box")
    run(docker, "c2", "lab")
    for name in ("web", "www", "box", id[:12], "web.lab", "WEB"):
        assert pings(docker, "c2", name), name
    assert "name = web.lab" in said(docker, "c2", "nslookup", addresses(docker, "web")["lab"])
    assert places(docker, "web")["lab"]["DNSNames"] == ["web", "www", id[:12], "box"]
    run(docker, "other", "bridge")
    assert said(docker, "other", "ping", "-c1", "web") == "ping: bad address 'web'\n"
    docker.post("/containers/web/rename", name="net")
    assert pings(docker, "c2", "net") and not pings(docker, "c2", "web") and pings(docker, "c2", "www")
    docker.post("/containers/net/stop", t=0)
    assert not pings(docker, "c2", "www")


def test_equals_answer_in_turn(docker: Docker) -> None:
    make(docker)
    for name in ("s1", "s2", "s3"):
        run(docker, name, "lab", lab={"Aliases": ["service"]})
    asked = [said(docker, "s1", "nslookup", "service").split("Address: ")[1].split()[0] for _ in range(30)]
    assert set(asked) == {addresses(docker, name)["lab"] for name in ("s1", "s2", "s3")}


def test_networks_are_isolated_and_a_container_on_two_sees_both(docker: Docker) -> None:
    for name, octet in (("front", 21), ("back", 22)):
        make(docker, name, f"172.{octet}.0.0/16")
    run(docker, "web", "front")
    run(docker, "db", "back")
    assert not pings(docker, "web", "172.22.0.2") and not pings(docker, "web", "db")
    run(docker, "app", "front", "back")
    assert pings(docker, "app", "web") and pings(docker, "app", "db")
    assert said(docker, "app", "ip", "route").splitlines() == [
        "default via 172.22.0.1 dev eth1 ",
        "172.21.0.0/16 dev eth0 scope link  src 172.21.0.3 ",
        "172.22.0.0/16 dev eth1 scope link  src 172.22.0.3 ",
    ]
    assert [line.split()[0] for line in said(docker, "app", "tail", "-n2", "/etc/hosts").splitlines()] == [
        "172.21.0.3", "172.22.0.3",
    ]  # fmt: skip


def test_nothing_leaves_an_internal_network(docker: Docker) -> None:
    make(docker, "inner", Internal=True)
    run(docker, "c1", "inner", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "18099"}]}})
    run(docker, "c2", "inner")
    assert pings(docker, "c1", "c2") and not pings(docker, "c1", "8.8.8.8") and not pings(docker, "c1", "example.com")
    assert places(docker, "c1")["inner"]["Gateway"] == ""
    assert docker.get("/containers/c1/json")["NetworkSettings"]["Ports"] == {}
    docker.post("/networks/bridge/connect", {"Container": "c1"})
    assert pings(docker, "c1", "8.8.8.8") and pings(docker, "c1", "c2")
    assert "18099" in str(docker.get("/containers/c1/json")["NetworkSettings"]["Ports"])


def test_without_icc_neighbours_do_not_talk(docker: Docker) -> None:
    make(docker, Options={"com.docker.network.bridge.enable_icc": "false"})
    run(docker, "c1", "lab")
    run(docker, "c2", "lab")
    assert not pings(docker, "c1", "c2") and pings(docker, "c1", "8.8.8.8")


def test_without_masquerading_no_answer_comes_back(docker: Docker) -> None:
    make(docker, Options={"com.docker.network.bridge.enable_ip_masquerade": "false"})
    run(docker, "c1", "lab")
    run(docker, "c2", "lab")
    assert pings(docker, "c1", "c2") and not pings(docker, "c1", "8.8.8.8")


def test_the_address_for_published_ports_can_be_the_networks_choice(docker: Docker) -> None:
    make(docker, Options={"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"})
    run(docker, "c1", "lab", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "18097"}]}})
    ports = docker.get("/containers/c1/json")["NetworkSettings"]["Ports"]
    assert ports == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18097"}]}


def test_an_alias_of_a_link_is_known_to_one_container(docker: Docker) -> None:
    make(docker)
    run(docker, "db", "lab")
    run(docker, "c1", "lab", lab={"Links": ["db:store"]})
    run(docker, "c2", "lab")
    assert pings(docker, "c1", "store") and not pings(docker, "c2", "store")


def test_links_on_the_default_bridge_bring_variables(docker: Docker) -> None:
    docker.run(*SLEEP, name="db", Env=["PASS=x"], ExposedPorts={"6379/tcp": {}})
    docker.create("env", HostConfig={"Links": ["db:store"]})
    docker.post("/containers/c1/start")
    docker.wait()
    told = docker.logs().decode().splitlines()
    for line in ("STORE_PORT=tcp://172.17.0.2:6379", "STORE_PORT_6379_TCP_ADDR=172.17.0.2", "STORE_NAME=/c1/store",
                 "STORE_ENV_PASS=x"):  # fmt: skip
        assert line in told
    assert docker.get("/containers/c1/json")["HostConfig"]["Links"] == ["/db:/c1/store"]
    make(docker)
    id = run(docker, "far", "lab")
    docker.create("env", name="c2", HostConfig={"Links": ["far:f"]})
    words = f"500 container {id} not attached to default bridge network"
    assert refusal(docker, "POST", "/containers/c2/start") == words


# -- on a link of the host's


HOSTS_OWN = {"Subnet": "192.168.65.0/24", "Gateway": "192.168.65.1", "IPRange": "192.168.65.128/25"}
LAN = {"Driver": "macvlan", "Options": {"parent": "eth0"}, "IPAM": {"Config": [HOSTS_OWN]}}


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_containers_can_be_neighbours_of_the_host_on_its_own_network(docker: Docker, driver: str) -> None:
    make(docker, "lan", **LAN | {"Driver": driver})
    ports = {"PortBindings": {"80/tcp": [{"HostPort": "18093"}]}}
    run(docker, "c1", "lan", HostConfig=ports)
    run(docker, "c2", "lan")
    assert pings(docker, "c1", "c2") and pings(docker, "c1", "8.8.8.8")
    assert not pings(docker, "c1", "192.168.65.3")  # the host itself, on the link that is shared
    assert docker.get("/containers/c1/json")["NetworkSettings"]["Ports"] == {}
    assert "eth0@if2" in said(docker, "c1", "ip", "link")
    assert "via 192.168.65.1 dev eth0" in said(docker, "c1", "ip", "route")
    words = [span.name for span in docker.engine.trace.finished if span.where == "host"]
    assert any(line.startswith("ip link add link eth0 name eth0 netns {pid} type " + driver) for line in words)
    docker.post("/networks/lan/disconnect", {"Container": "c1"})
    assert said(docker, "c1", "ip", "route") == "" and not pings(docker, "c2", "c1")
    docker.delete("/containers/c2", force=True)
    docker.delete("/networks/lan")
    assert set(docker.engine.host.kernel.network.bridges) <= {"docker0"}


def test_without_a_parent_it_leads_nowhere(docker: Docker) -> None:
    make(docker, Driver="macvlan")
    run(docker, "c1", "lab")
    run(docker, "c2", "lab")
    assert docker.get("/networks/lab")["Internal"] is True
    assert pings(docker, "c1", "c2") and not pings(docker, "c1", "8.8.8.8")


def test_a_link_is_shared_by_one_network(docker: Docker) -> None:
    id = make(docker, "lan", **LAN)
    refused = {"Name": "x", "Driver": "macvlan", "Options": {"parent": "eth0"}}
    words = f"403 network dm-{id[:12]} is already using parent interface eth0"
    assert refusal(docker, "POST", "/networks/create", refused) == words
    for parent, text in (("eth7", "invalid subinterface vlan name eth7"), ("lo", "loopback interface is not a valid")):
        body = refused | {"Options": {"parent": parent}}
        assert refusal(docker, "POST", "/networks/create", body).startswith(f"500 {text}")
    make(docker, "vlan", Driver="macvlan", Options={"parent": "eth0.10"})


# -- addresses that are asked for


def test_a_fixed_address_stays(docker: Docker) -> None:
    make(docker, subnet="172.30.0.0/16")
    wanted = {"IPAMConfig": {"IPv4Address": "172.30.0.77"}, "MacAddress": "02:42:00:00:00:11"}
    run(docker, "c1", "lab", lab=wanted)
    docker.post("/containers/c1/restart", t=0)
    assert addresses(docker, "c1") == {"lab": "172.30.0.77"}
    assert "link/ether 02:42:00:00:00:11" in said(docker, "c1", "ip", "link")
    docker.create(
        *SLEEP, name="c2", HostConfig={"NetworkMode": "lab"}, NetworkingConfig={"EndpointsConfig": {"lab": wanted}}
    )
    words = refusal(docker, "POST", "/containers/c2/start")
    assert words == "403 failed to set up container networking: Address already in use"
    docker.post("/containers/c1/stop", t=0)
    docker.post("/containers/c2/start")


@pytest.mark.parametrize(
    ("network", "endpoint", "words"),
    [
        ("bridge", {"IPAMConfig": {"IPv4Address": "172.17.0.9"}},
         "400 invalid config for network bridge: invalid endpoint settings:\nuser specified IP address is supported on "
         "user defined networks only"),
        ("bridge", {"Aliases": ["x"]},
         "network-scoped alias is supported only for containers in user defined networks"),
        ("auto", {"IPAMConfig": {"IPv4Address": "172.18.0.9"}},
         "user specified IP address is supported only when connecting to networks with user configured subnets"),
        ("own", {"IPAMConfig": {"IPv4Address": "172.31.0.9"}},
         "no configured subnet or ip-range contain the IP address 172.31.0.9"),
        ("own", {"IPAMConfig": {"IPv4Address": "x", "IPv6Address": "y"}},
         "invalid endpoint settings:\n\t* invalid IPv4 address: x\n\t* invalid IPv6 address: y"),
        ("own", {"MacAddress": "x"}, "invalid MAC address x"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(docker: Docker, network: str, endpoint: Any, words: str) -> None:
    make(docker, "auto")
    make(docker, "own", "172.30.0.0/16")
    body = {"Image": "busybox", "HostConfig": {"NetworkMode": network},
            "NetworkingConfig": {"EndpointsConfig": {network: endpoint}}}  # fmt: skip
    told = refusal(docker, "POST", "/containers/create", body)
    assert words in told or words.replace("\t", "") in told


def test_a_full_network_is_told(docker: Docker) -> None:
    id = make(docker, subnet="10.0.0.0/30")
    run(docker, "c1", "lab")
    docker.create(*SLEEP, name="c2", HostConfig={"NetworkMode": "lab"})
    assert refusal(docker, "POST", "/containers/c2/start") == (
        "500 failed to set up container networking: no available IPv4 addresses on this network's address pools: "
        f"lab ({id})"
    )
    docker.post("/containers/c1/kill")
    docker.post("/containers/c2/start")


def test_ipv6_addresses_are_given_and_shown(docker: Docker) -> None:
    make(docker, subnet="2001:db8::/64", EnableIPv6=True)
    run(docker, "c1", "lab", lab={"IPAMConfig": {"IPv6Address": "2001:db8::f00d"}})
    run(docker, "c2", "lab")
    place = places(docker, "c1")["lab"]
    assert (place["GlobalIPv6Address"], place["GlobalIPv6PrefixLen"], place["IPv6Gateway"]) == (
        "2001:db8::f00d", 64, "2001:db8::1",
    )  # fmt: skip
    assert "inet6 2001:db8::f00d/64 scope global" in said(docker, "c1", "ip", "a")
    assert "2001:db8::f00d" in said(docker, "c1", "cat", "/etc/hosts")
    assert pings(docker, "c2", "2001:db8::f00d") and pings(docker, "c2", "c1")
    members = docker.get("/networks/lab")["Containers"].values()
    assert sorted(row["IPv6Address"] for row in members) == ["2001:db8::2/64", "2001:db8::f00d/64"]


# -- connect and disconnect


def test_a_running_container_is_connected_and_disconnected(docker: Docker) -> None:
    make(docker, "front", "172.21.0.0/16")
    make(docker, "back", "172.22.0.0/16")
    run(docker, "c1", "front")
    run(docker, "c2", "back")
    docker.post("/networks/back/connect", {"Container": "c1", "EndpointConfig": {"Aliases": ["one"], "GwPriority": 1}})
    assert addresses(docker, "c1") == {"front": "172.21.0.2", "back": "172.22.0.3"}
    assert pings(docker, "c2", "one") and pings(docker, "c1", "c2")
    assert said(docker, "c1", "ip", "route").startswith("default via 172.22.0.1 dev eth1")
    docker.post("/networks/back/disconnect", {"Container": "c1"})
    assert addresses(docker, "c1") == {"front": "172.21.0.2"} and not pings(docker, "c2", "one")
    assert said(docker, "c1", "ip", "route").startswith("default via 172.21.0.1 dev eth0")
    docker.post("/networks/front/disconnect", {"Container": "c1"})
    assert said(docker, "c1", "ip", "route") == "" and addresses(docker, "c1") == {}
    docker.post("/containers/c1/restart", t=0)
    assert addresses(docker, "c1") == {}
    docker.delete("/networks/front")


def test_a_stopped_container_is_connected_at_its_next_start(docker: Docker) -> None:
    make(docker, "lab")
    docker.create(*SLEEP)
    docker.post("/networks/lab/connect", {"Container": "c1", "EndpointConfig": {"Aliases": ["x"]}})
    docker.post("/networks/lab/connect", {"Container": "c1"})  # once more does not mind
    assert {name: place["NetworkID"] for name, place in places(docker, "c1").items()} == {"bridge": "", "lab": ""}
    docker.post("/containers/c1/start")
    assert list(addresses(docker, "c1")) == ["bridge", "lab"] and places(docker, "c1")["lab"]["Aliases"] == ["x"]
    docker.post("/containers/c1/stop", t=0)
    docker.post("/networks/bridge/disconnect", {"Container": "c1"})
    assert refusal(docker, "POST", "/networks/bridge/disconnect", {"Container": "c1"}).startswith("500 container ")
    docker.post("/containers/c1/start")
    assert list(addresses(docker, "c1")) == ["lab"]


def test_published_ports_follow_the_way_out(docker: Docker) -> None:
    make(docker, "front")
    make(docker, "back")
    ports = {"80/tcp": [{"HostPort": "18095"}]}
    run(docker, "c1", "front", HostConfig={"PortBindings": ports})
    forwards = docker.engine.host.kernel.network.published
    before = forwards["tcp", 18095][0].address
    docker.post("/networks/back/connect", {"Container": "c1", "EndpointConfig": {"GwPriority": 9}})
    assert forwards["tcp", 18095][0].address == addresses(docker, "c1")["back"] != before
    docker.post("/networks/back/disconnect", {"Container": "c1"})
    assert forwards["tcp", 18095][0].address == before
    docker.post("/networks/front/disconnect", {"Container": "c1"})
    assert forwards == {} and docker.get("/containers/c1/json")["NetworkSettings"]["Ports"] == {}


@pytest.mark.parametrize(
    ("mode", "network", "words"),
    [
        ("none", "lab", "400 container cannot be connected to multiple networks with one of the networks in private"),
        ("host", "lab", "400 container sharing network namespace with another container or host cannot be connected"),
        (
            "lab",
            "host",
            "400 cannot connect container to host network - container must be created in host network mode",
        ),
        ("lab", "none", "400 container cannot be connected to multiple networks with one of the networks in private"),
        ("lab", "lab", "403 endpoint with name c1 already exists in network lab"),
        ("lab", "nosuch", "404 network nosuch not found"),
        ("container:base", "lab", "400 container sharing network namespace with another container or host cannot be"),
    ],
)
def test_what_cannot_be_connected_is_refused(docker: Docker, mode: str, network: str, words: str) -> None:
    make(docker)
    docker.run(*SLEEP, name="base")
    docker.run(*SLEEP, name="c1", HostConfig={"NetworkMode": mode})
    assert refusal(docker, "POST", f"/networks/{network}/connect", {"Container": "c1"}).startswith(words)


def test_what_cannot_be_disconnected_is_refused(docker: Docker) -> None:
    make(docker)
    id = docker.run(*SLEEP, name="c1", HostConfig={"NetworkMode": "host"})
    body = {"Container": "c1"}
    assert (
        refusal(docker, "POST", "/networks/lab/disconnect", body)
        == f"500 container {id} is not connected to network lab"
    )
    assert "cannot disconnect container from host network" in refusal(docker, "POST", "/networks/host/disconnect", body)
    gone = {"Container": "nosuch", "Force": True}
    assert refusal(docker, "POST", "/networks/lab/disconnect", gone) == "404 endpoint nosuch not found"
    assert refusal(docker, "POST", "/networks/lab/disconnect", {"Container": "nosuch"}).startswith(
        "404 No such container"
    )


def test_the_kernels_part_is_told_in_shell_words(docker: Docker) -> None:
    make(docker, "abc", "10.5.0.0/16", Options={"com.docker.network.bridge.name": "br-lab"})
    run(docker, "c1", "abc")
    docker.post("/networks/bridge/connect", {"Container": "c1"})
    docker.post("/networks/abc/disconnect", {"Container": "c1"})
    docker.delete("/networks/abc")
    words = [span.name for span in docker.engine.trace.finished if span.where == "host"]
    expected = (
        "ip link add br-lab type bridge && ip addr add 10.5.0.1/16 dev br-lab && ip link set br-lab up",
        "iptables -t nat -A POSTROUTING -s 10.5.0.0/16 ! -o br-lab -j MASQUERADE",
        "ip route add default via 10.5.0.1",
        "ip route add default via 172.17.0.1",
        "iptables -t nat -D POSTROUTING -s 10.5.0.0/16 ! -o br-lab -j MASQUERADE",
        "ip link del br-lab",
    )
    positions = [words.index(line) for line in expected]
    assert positions == sorted(positions)


# -- other versions, and the next daemon


def test_older_clients_see_what_docker_showed_them(make_docker: Any) -> None:
    docker = make_docker(version="1.43")
    make(docker)
    id = run(docker, "c1", "lab", lab={"Aliases": ["x"]})
    assert places(docker, "c1")["lab"]["Aliases"] == ["x", id[:12]]
    body = {"Image": "busybox", "NetworkingConfig": {"EndpointsConfig": {"bridge": {}, "lab": {}}}}
    words = "400 Container cannot be connected to network endpoints: bridge, lab"
    assert refusal(docker, "POST", "/containers/create", body) == words
    docker.run(*SLEEP, name="c2", MacAddress="02:00:00:00:00:01")
    assert places(docker, "c2")["bridge"]["MacAddress"] == "02:00:00:00:00:01"


def test_networks_survive_the_daemon(make_docker: Any, tmp_path: Path) -> None:
    docker = make_docker(tmp_path)
    id = make(docker, "lab", "172.30.0.0/16", Labels={"a": "b"}, EnableIPv6=True)
    make(docker, "auto")
    wanted = {"Aliases": ["x"], "IPAMConfig": {"IPv4Address": "172.30.0.9"}}
    run(docker, "c1", "lab", lab=wanted, HostConfig={"RestartPolicy": {"Name": "always"}})
    docker.post("/networks/auto/connect", {"Container": "c1"})
    before = docker.get("/networks/lab")
    again = make_docker(tmp_path, pull=False)
    again.let_pass(5)
    assert addresses(again, "c1")["lab"] == "172.30.0.9" and list(addresses(again, "c1")) == ["lab", "auto"]
    after = again.get("/networks/lab")
    assert (after["Id"], after["IPAM"], after["Labels"]) == (id, before["IPAM"], {"a": "b"})
    assert "Pool overlaps" in refusal(
        again, "POST", "/networks/create", {"Name": "x", "IPAM": {"Config": [{"Subnet": "172.30.1.0/24"}]}}
    )
    run(again, "c2", "lab")
    assert pings(again, "c2", "x")
