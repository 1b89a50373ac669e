"""Addresses, published ports, the three predefined networks, and the files that Docker writes."""

from typing import Any

import pytest

Docker = Any


def settings(docker: Docker, name: str = "c1") -> dict[str, Any]:
    return dict(docker.get(f"/containers/{name}/json")["NetworkSettings"])


def test_a_container_has_an_address_while_it_runs(docker: Docker) -> None:
    docker.run("sleep", "1000")
    first = settings(docker)
    assert (first["IPAddress"], first["IPPrefixLen"], first["Gateway"]) == ("172.17.0.2", 16, "172.17.0.1")
    assert first["MacAddress"] == "02:42:ac:11:00:02"
    bridge = docker.get("/networks/bridge")
    assert first["Networks"]["bridge"]["NetworkID"] == bridge["Id"]
    assert [row["IPv4Address"] for row in bridge["Containers"].values()] == ["172.17.0.2/16"]
    docker.run("sleep", "1000", name="c2")
    assert settings(docker, "c2")["IPAddress"] == "172.17.0.3"
    docker.post("/containers/c1/stop", t=0)
    assert (settings(docker)["IPAddress"], list(settings(docker)["Networks"])) == ("", ["bridge"])
    docker.run("sleep", "1000", name="c3")
    assert settings(docker, "c3")["IPAddress"] == "172.17.0.2"


@pytest.mark.parametrize("mode", ["none", "host"])
def test_without_a_network_of_its_own_there_is_no_address(docker: Docker, mode: str) -> None:
    docker.run("sleep", "1000", HostConfig={"NetworkMode": mode})
    shown = settings(docker)
    assert (list(shown["Networks"]), shown["IPAddress"]) == ([mode], "")


def test_another_containers_network_and_host_name(docker: Docker) -> None:
    docker.run("sleep", "1000", name="base")
    docker.create("cat", "/etc/hostname", name="c2", HostConfig={"NetworkMode": "container:base"})
    docker.post("/containers/base/rename", name="other")
    docker.post("/containers/c2/start")
    docker.wait("c2")
    base = docker.get("/containers/other/json")
    assert docker.logs("c2").decode().strip() == base["Config"]["Hostname"]
    docker.post("/containers/other/kill")
    with pytest.raises(AssertionError, match=f"409 cannot join network of a non running container: {base['Id']}"):
        docker.post("/containers/c2/start")


def test_ports_are_published_while_it_runs(docker: Docker) -> None:
    ports = {"80/tcp": [{"HostPort": "18080"}], "81": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    docker.run("sleep", "1000", HostConfig={"PortBindings": ports}, ExposedPorts={"80/tcp": {}, "82/tcp": {}})
    shown = settings(docker)["Ports"]
    assert shown["80/tcp"] == [{"HostIp": "0.0.0.0", "HostPort": "18080"}]
    assert shown["82/tcp"] is None
    assert shown["81/tcp"][0]["HostIp"] == "127.0.0.1" and int(shown["81/tcp"][0]["HostPort"]) > 1024
    docker.create("true", name="c2", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "18080"}]}})
    with pytest.raises(AssertionError, match=r"Bind for 0\.0\.0\.0:18080 failed: port is already allocated"):
        docker.post("/containers/c2/start")
    docker.post("/containers/c1/stop", t=0)
    assert settings(docker)["Ports"] == {}
    docker.post("/containers/c2/start")


def test_the_files_over_etc(docker: Docker) -> None:
    host = {"ExtraHosts": ["db:10.9.8.7"], "Dns": ["10.0.0.53"], "DnsSearch": ["lab.test"], "DnsOptions": ["ndots:2"]}
    command = ("sh", "-c", "cat /etc/hostname /etc/resolv.conf; tail -n 2 /etc/hosts")
    docker.run(*command, Hostname="box", Domainname="lab", HostConfig=host)
    docker.wait()
    assert docker.logs().decode().splitlines() == [
        "box", "search lab.test", "nameserver 10.0.0.53", "options ndots:2", "10.9.8.7\tdb", "172.17.0.2\tbox.lab box",
    ]  # fmt: skip


def test_linked_containers_are_known_by_their_alias(docker: Docker) -> None:
    docker.run("sleep", "1000", name="db", Hostname="dbhost")
    docker.run("tail", "-n", "2", "/etc/hosts", HostConfig={"Links": ["db:store"]})
    docker.wait()
    assert docker.logs().splitlines()[0] == b"172.17.0.2\tstore dbhost db"
    with pytest.raises(AssertionError, match="400 could not get container for x: No such container: x"):
        docker.create("true", name="c2", HostConfig={"Links": ["x:y"]})
    docker.post("/containers/db/kill")
    with pytest.raises(AssertionError, match="409 Cannot link to a non running container: /db AS /c1/store"):
        docker.post("/containers/c1/start")


def test_a_link_is_one_more_name_until_it_is_taken_away(docker: Docker) -> None:
    docker.run("sleep", "1000", name="db")
    docker.run("sleep", "1000", name="web", HostConfig={"Links": ["db:store"]})
    assert [row["Names"] for row in docker.get("/containers/json")] == [["/web"], ["/db", "/web/store"]]
    assert docker.get("/containers/web/store/json")["Name"] == "/db"
    with pytest.raises(AssertionError, match="400 Conflict, cannot remove the default link name of the container"):
        docker.delete("/containers/db", link=1)
    docker.delete("/containers/web/store", link=1)
    assert [row["Names"] for row in docker.get("/containers/json")] == [["/web"], ["/db"]]
    assert docker.get("/containers/web/json")["HostConfig"]["Links"] is None
    with pytest.raises(AssertionError, match="404 No such container: web/store"):
        docker.get("/containers/web/store/json")


def test_the_predefined_networks(docker: Docker) -> None:
    rows = docker.get("/networks")
    assert [(row["Name"], row["Driver"]) for row in rows] == [("bridge", "bridge"), ("host", "host"), ("none", "null")]
    assert docker.get("/networks/bri" + "dge")["IPAM"]["Config"] == [
        {"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}
    ]
    assert docker.get(f"/networks/{rows[0]['Id'][:5]}")["Name"] == "bridge"
    assert docker.get("/networks", filters={"type": ["custom"]}) == []
    assert docker.post("/networks/prune") == {"NetworksDeleted": None}


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("GET", "/networks/nosuch", None, "404 network nosuch not found"),
        ("DELETE", "/networks/bridge", None, "403 bridge is a pre-defined network and cannot be removed"),
        ("POST", "/networks/create", {"Name": "x", "Driver": "nosuch"}, '404 plugin "nosuch" not found'),
        ("GET", "/volumes/nosuch", None, "404 get nosuch: no such volume"),
    ],
)
def test_what_is_not_there_is_told(docker: Docker, method: str, path: str, body: Any, words: str) -> None:
    with pytest.raises(AssertionError) as refused:
        docker.ask(method, path, body)
    assert str(refused.value) == words


def test_a_network_that_is_not_there_is_told_at_the_start(docker: Docker) -> None:
    docker.create("true", HostConfig={"NetworkMode": "nosuch"})
    with pytest.raises(AssertionError, match="404 network nosuch not found"):
        docker.post("/containers/c1/start")
    assert docker.state()["Status"] == "created"


def test_volumes_outlive_containers_and_anonymous_ones_go_with_them(docker: Docker) -> None:
    docker.run("sh", "-c", "echo kept > /d/f", HostConfig={"Binds": ["data:/d"]}, Volumes={"/anon": {}})
    docker.wait()
    assert len(docker.get("/volumes")["Volumes"]) == 2
    docker.delete("/containers/c1", v=True)
    assert [row["Name"] for row in docker.get("/volumes")["Volumes"]] == ["data"]
    docker.run("cat", "/e/f", HostConfig={"Binds": ["data:/e:ro"]})
    docker.wait()
    assert docker.logs() == b"kept\n"


def test_disk_use_counts_everything(docker: Docker) -> None:
    docker.run("sh", "-c", "head -c 1000000 /dev/zero > /f; echo 12345 > /v/f", HostConfig={"Binds": ["vol:/v"]})
    docker.wait()
    shown = docker.get("/system/df")
    assert (len(shown["Images"]), shown["Containers"][0]["SizeRw"]) == (1, 1_000_000)
    assert shown["Volumes"][0]["UsageData"] == {"RefCount": 1, "Size": 6}
    assert docker.get("/system/df", type="volume")["Images"] is None


def test_an_empty_volume_takes_what_the_image_has_there(docker: Docker) -> None:
    docker.run("grep", "-c", "root", "/etc/passwd", HostConfig={"Binds": ["fresh:/etc"]})
    assert docker.wait() == 0
    docker.run("ls", "/x/passwd", name="c2", HostConfig={"Binds": ["fresh:/x"]})
    assert docker.wait("c2") == 0
    docker.run("ls", "/x/passwd", name="c3", HostConfig={"Binds": ["bare:/x:nocopy"]})
    assert docker.wait("c3") == 1
