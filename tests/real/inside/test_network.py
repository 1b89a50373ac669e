"""Networks on this machine's kernel, from all sides: from containers, from the host, and from a neighbour of it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker.errors
import pytest

from real.netlink import nf_tables
from real.netlink.links import Links
from real.netlink.rules import Rules

SERVE = "mkdir /w; echo hello > /w/index.html; exec httpd -f -vv -p 8080 -h /w"
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
needs_ip = pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip(8) to make a neighbour")


@pytest.fixture(scope="module", autouse=True)
def _loopback() -> None:
    Links().up(1)


@contextmanager
def network(daemon: Any, name: str, **options: Any) -> Iterator[Any]:
    made = daemon.docker.networks.create(name, **options)
    try:
        yield made
    finally:
        made.remove()


@contextmanager
def running(daemon: Any, *command: str, **options: Any) -> Iterator[Any]:
    made = daemon.docker.containers.run("busybox", list(command), detach=True, **options)
    made.reload()
    try:
        yield made
    finally:
        made.remove(force=True)


def seen() -> tuple[set[str], list[str], str]:
    """Links, tables and forwarding of the host."""
    return {link.name for link in Links().links()}, Rules().tables(), FORWARDING.read_text().strip()


def fetch(host: str, port: int) -> str:
    with urllib.request.urlopen(f"http://{host}:{port}/", timeout=5) as answer:
        return str(answer.read().decode())


def address(container: Any, name: str) -> str:
    return str(container.attrs["NetworkSettings"]["Networks"][name]["IPAddress"])


def wait_until_served(container: Any, until: Any) -> None:
    until(lambda: container.exec_run(["wget", "-qO-", "http://127.0.0.1:8080/"]).exit_code, 0)


# -- neighbours


def test_containers_of_a_network_find_each_other_by_name(daemon: Any, until: Any) -> None:
    with (
        network(daemon, "lab"),
        running(daemon, "sh", "-c", SERVE, name="web", network_mode="lab", hostname="server") as web,
    ):
        wait_until_served(web, until)
        said = daemon.sh("ping -c 1 -W 2 web; ping -c 1 -W 2 server; ping -c 1 web.lab", network_mode="lab")
        assert said.count("1 packets received") == 3
        assert daemon.sh(f"wget -qO- http://{address(web, 'lab')}:8080/", network_mode="lab") == "hello\n"
        named = daemon.sh(f"nslookup -type=ptr {'.'.join(reversed(address(web, 'lab').split('.')))}.in-addr.arpa",
                          network_mode="lab")  # fmt: skip
        assert "name = web.lab" in named
        assert "bad address 'nosuch'" in daemon.sh("ping -c 1 nosuch", network_mode="lab")
        assert "bad address 'web'" in daemon.sh("ping -c 1 -W 1 web", network_mode="bridge", dns=["127.0.0.1"])


def test_what_inspect_says_is_what_the_kernel_has(daemon: Any) -> None:
    with network(daemon, "lab") as lab, running(daemon, "sleep", "100", network_mode="lab") as one:
        lab.reload()
        config, links = lab.attrs["IPAM"]["Config"][0], Links()
        bridge = next(link for link in links.links() if link.name == f"br-{lab.id[:12]}")
        assert f"{config['Gateway']}/16" in [each.local for each in links.addresses() if each.index == bridge.index]
        place = lab.attrs["Containers"][one.id]
        inside = one.exec_run("ip addr show eth0").output.decode()
        assert f"inet {place['IPv4Address']} brd" in inside and f"link/ether {place['MacAddress']}" in inside
        assert f"default via {config['Gateway']} dev eth0" in one.exec_run("ip route").output.decode()
        cable = next(link for link in links.links() if link.name.startswith(f"veth{one.id[:7]}"))
        assert (cable.master, cable.kind, cable.group) == (bridge.index, "veth", bridge.group)


def test_networks_are_walled_off_from_each_other(daemon: Any, until: Any) -> None:
    with (
        network(daemon, "left"),
        network(daemon, "right"),
        running(daemon, "sh", "-c", SERVE, network_mode="right") as web,
    ):
        wait_until_served(web, until)
        where = address(web, "right")
        assert (
            daemon.sh(f"nc -w 1 {where} 8080 < /dev/null && echo open || echo shut", network_mode="left")
            == "nc: timed out\nshut\n"
        )
        assert (
            daemon.sh(f"nc -w 1 {where} 8080 < /dev/null && echo open || echo shut", network_mode="right") == "open\n"
        )


def test_an_internal_network_leads_nowhere(daemon: Any) -> None:
    with network(daemon, "inner", internal=True):
        assert "default" not in daemon.sh("ip route", network_mode="inner")


def test_containers_may_be_kept_from_talking_to_each_other(daemon: Any) -> None:
    apart = {"com.docker.network.bridge.enable_icc": "false"}
    with (
        network(daemon, "apart", options=apart),
        running(daemon, "sleep", "100", network_mode="apart") as one,
    ):
        where, gateway = address(one, "apart"), one.attrs["NetworkSettings"]["Networks"]["apart"]["Gateway"]
        assert "0 packets received" in daemon.sh(f"ping -c 1 -W 1 {where}", network_mode="apart")
        assert "1 packets received" in daemon.sh(f"ping -c 1 -W 1 {gateway}", network_mode="apart")


def test_a_running_container_comes_on_a_network_and_leaves_it(daemon: Any) -> None:
    with network(daemon, "lab") as lab, running(daemon, "sleep", "100", name="guest", network_mode="bridge") as guest:
        lab.connect(guest, aliases=["visitor"])
        assert "eth1" in guest.exec_run("ip addr").output.decode()
        assert "1 packets received" in daemon.sh("ping -c 1 -W 2 visitor", network_mode="lab")
        assert b"guest.lab" in guest.exec_run("nslookup -type=ptr 2.0.18.172.in-addr.arpa 127.0.0.11").output
        lab.disconnect(guest)
        assert "eth1" not in guest.exec_run("ip addr").output.decode()
        assert "default via 172.17.0.1" in guest.exec_run("ip route").output.decode()


def test_a_network_has_ipv6_when_it_is_asked_for(daemon: Any) -> None:
    with (
        network(daemon, "six", enable_ipv6=True),
        running(daemon, "sleep", "100", name="host6", network_mode="six") as one,
    ):
        own = one.attrs["NetworkSettings"]["Networks"]["six"]["GlobalIPv6Address"]
        assert own.startswith("fd")
        assert "1 packets received" in daemon.sh(f"ping -6 -c 1 -W 2 {own}", network_mode="six")
        assert f"Address: {own}" in daemon.sh("nslookup -type=aaaa host6", network_mode="six")
    assert "inet6 f" not in daemon.sh("ip addr show eth0", network_mode="bridge")


def test_a_container_shares_anothers_network(daemon: Any, until: Any) -> None:
    with running(daemon, "sh", "-c", SERVE, network_mode="bridge") as web:
        wait_until_served(web, until)
        assert daemon.sh("wget -qO- http://127.0.0.1:8080/", network_mode=f"container:{web.id}") == "hello\n"


def test_after_a_restart_the_cable_is_there_again(daemon: Any) -> None:
    with running(daemon, "sleep", "100", network_mode="bridge") as one:
        for _ in range(3):
            one.restart(timeout=0)
            assert b"1 packets received" in one.exec_run("ping -c 1 -W 1 172.17.0.1").output


# -- published ports


def test_a_published_port_is_reached_from_the_host(daemon: Any, until: Any) -> None:
    with running(
        daemon, "sh", "-c", SERVE, network_mode="bridge", ports={"8080/tcp": 18080, "9/udp": ("127.0.0.1", 18009)}
    ) as web:
        wait_until_served(web, until)
        assert fetch("127.0.0.1", 18080) == "hello\n"  # passed on by the daemon
        assert fetch("172.17.0.1", 18080) == "hello\n"  # led on by the packet filter
        assert daemon.sh("wget -qO- http://172.17.0.1:18080/", network_mode="bridge") == "hello\n"
        where = address(web, "bridge")
        with pytest.raises(docker.errors.APIError, match=r"Bind for 0.0.0.0:18080 failed: port is already allocated"):
            daemon.run("true", network_mode="bridge", ports={"8080/tcp": 18080})
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            words = rf"failed to bind host port for 127.0.0.1:{port}:[\d.]+:80/tcp: address already in use"
            with pytest.raises(docker.errors.APIError, match=words):
                daemon.run("true", network_mode="bridge", ports={"80/tcp": ("127.0.0.1", port)})
    with pytest.raises(OSError):
        fetch("127.0.0.1", 18080)
    assert where


ECHO = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 53))
print("ready", flush=True)
while True:
    server.sendto(*server.recvfrom(100))
"""


def test_datagrams_find_their_way_back(daemon: Any) -> None:
    with running(daemon, "sleep", "100", network_mode="bridge", ports={"53/udp": 18053}) as one:
        inside = ["nsenter", "--target", str(one.attrs["State"]["Pid"]), "--net"]
        server = subprocess.Popen([*inside, sys.executable, "-c", ECHO], stdout=subprocess.PIPE)
        assert server.stdout is not None and server.stdout.readline() == b"ready\n"
        try:
            for host in ("127.0.0.1", "172.17.0.1"):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.settimeout(5)
                    client.sendto(b"ping", (host, 18053))
                    assert client.recvfrom(100) == (b"ping", (host, 18053))
        finally:
            server.kill()
            server.wait()


def test_a_range_gives_the_first_port_that_is_free(daemon: Any) -> None:
    api = daemon.docker.api
    with socket.create_server(("0.0.0.0", 18100)):
        made = api.create_container(
            "busybox", ["sleep", "100"], ports=[80],
            host_config=api.create_host_config(network_mode="bridge", port_bindings={80: "18100-18102"}),
        )["Id"]  # fmt: skip
        try:
            api.start(made)
            assert api.port(made, 80) == [{"HostIp": "0.0.0.0", "HostPort": "18101"}]
        finally:
            api.remove_container(made, force=True)


def test_hundreds_of_ports_are_published_at_once(daemon: Any) -> None:
    many = {f"{number}/tcp": 20000 + number for number in range(1, 301)}
    before = len(Rules().rules(Rules().tables()[0]))
    with running(daemon, "sleep", "100", network_mode="bridge", ports=many):
        assert len(Rules().rules(Rules().tables()[0])) == before + 300
    assert len(Rules().rules(Rules().tables()[0])) == before


def test_who_flushes_the_packet_filter_stops_nobody_from_leaving(daemon: Any) -> None:
    with running(daemon, "sleep", "100", network_mode="bridge", ports={"80/tcp": 18085}):
        for rule in Rules().rules(Rules().tables()[0]):
            if "--dport 18085" in rule.comment:
                Rules().commit([nf_tables.delete_rule(rule.table, rule.chain, rule.handle)])
    assert daemon.run("true", network_mode="bridge", ports={"80/tcp": 18085}) == (0, "")


# -- beyond the host


@pytest.fixture
def outside() -> Iterator[int]:
    """A neighbour of the host's, 203.0.113.2, who knows no way to its containers: the process in its namespace."""
    process = subprocess.Popen(["unshare", "--net", sys.executable, "-c", PEER], stdin=subprocess.PIPE)
    own = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{process.pid}/ns/net") == own:
        time.sleep(0.005)
    inside = ["nsenter", "--target", str(process.pid), "--net"]
    for words in (
        f"ip link add out0 type veth peer name out1 netns {process.pid}",
        "ip addr add 203.0.113.1/24 dev out0",
        "ip link set out0 up",
        "@ip link set lo up",
        "@ip addr add 203.0.113.2/24 dev out1",
        "@ip link set out1 up",
    ):
        prefix = inside if words.startswith("@") else []
        subprocess.run([*prefix, *words.lstrip("@").split()], check=True)
    yield process.pid
    process.kill()
    process.wait()
    while "out0" in seen()[0]:
        time.sleep(0.005)


PEER = """
import socket, sys
with socket.create_server(("0.0.0.0", 7000)) as server:
    while True:
        connection, (host, port) = server.accept()
        connection.sendall(host.encode())
        connection.close()
"""


@needs_ip
def test_the_world_sees_the_hosts_address(daemon: Any, outside: int) -> None:
    assert daemon.sh("nc -w 2 203.0.113.2 7000", network_mode="bridge") == "203.0.113.1"


@needs_ip
def test_the_world_reaches_published_ports_and_no_others(daemon: Any, until: Any, outside: int) -> None:
    there = ["nsenter", "--target", str(outside), "--net"]
    subprocess.run([*there, "ip", "route", "add", "172.16.0.0/12", "via", "203.0.113.1"], check=True)
    with running(daemon, "sh", "-c", SERVE, network_mode="bridge", ports={"8080/tcp": 18080}) as web:
        wait_until_served(web, until)
        busybox = shutil.which("busybox") or ""
        asked = [*there, busybox, "wget", "-qO-", "http://203.0.113.1:18080/"]
        assert subprocess.run(asked, capture_output=True, timeout=10, check=True).stdout == b"hello\n"
        until(lambda: b"203.0.113.2" in web.logs())  # the container sees who asks
        past = [*there, busybox, "nc", "-w", "1", address(web, "bridge"), "8080"]
        assert subprocess.run(past, capture_output=True, timeout=10, stdin=subprocess.DEVNULL).returncode != 0


@needs_ip
def test_subnets_of_the_world_are_left_alone(daemon: Any, outside: int) -> None:
    subprocess.run(["ip", "route", "add", "172.18.0.0/16", "via", "203.0.113.2"], check=True)
    with network(daemon, "elsewhere") as made:
        made.reload()
        assert made.attrs["IPAM"]["Config"][0]["Subnet"] == "172.19.0.0/16"


SERVER = """
import socket, sys
sys.path.insert(0, "ROOT")
from real import dnswire
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("203.0.113.2", 53))
print("ready", flush=True)
while True:
    message, client = server.recvfrom(512)
    asked = dnswire.question(message)
    records = dnswire.address_records(["198.51.100.7"], asked.type) if asked.name == "example.test" else []
    server.sendto(dnswire.answer(message, asked, records, 0 if asked.name == "example.test" else 3), client)
"""
OVER_TCP = """
import socket, struct
question = b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + b"\\3web\\0" + b"\\0\\1\\0\\1"
with socket.create_connection(("127.0.0.11", 53), 5) as line:
    line.sendall(struct.pack(">H", len(question)) + question)
    print(socket.inet_ntoa(line.makefile("rb").read(2 + len(question) + 16)[-4:]))
"""


@needs_ip
def test_other_names_are_asked_of_other_servers(daemon: Any, outside: int) -> None:
    there = ["nsenter", "--target", str(outside), "--net", sys.executable, "-c"]
    root = str(Path(__file__).resolve().parents[3])
    server = subprocess.Popen([*there, SERVER.replace("ROOT", root)], stdout=subprocess.PIPE)
    assert server.stdout is not None and server.stdout.readline() == b"ready\n"
    try:
        with network(daemon, "lab"), network(daemon, "inner", internal=True):
            settings = {"network_mode": "lab", "dns": ["203.0.113.2"]}
            assert "Address: 198.51.100.7" in daemon.sh("nslookup example.test", **settings)
            assert "NXDOMAIN" in daemon.sh("nslookup nosuch.test", **settings)
            assert "NXDOMAIN" in daemon.sh("nslookup example.test", **settings | {"network_mode": "inner"})
            with running(daemon, "sleep", "100", name="web", **settings) as web:
                inside = ["nsenter", "--target", str(web.attrs["State"]["Pid"]), "--net", sys.executable, "-c"]
                told = subprocess.run([*inside, OVER_TCP], capture_output=True, text=True, timeout=10, check=True)
                assert told.stdout.strip() == address(web, "lab")
    finally:
        server.kill()
        server.wait()


# -- nothing is left


def test_a_hundred_containers_leave_nothing(daemon: Any, until: Any) -> None:
    daemon.run("true", network_mode="bridge")
    until(lambda: not [name for name in seen()[0] if name.startswith("veth")])
    with network(daemon, "lab"):
        before, files = seen(), len(os.listdir(f"/proc/{daemon.pid}/fd"))
        rules = len(Rules().rules(before[1][0]))
        for number in range(100):
            mode = "lab" if number % 4 == 0 else "bridge"
            assert daemon.run("true", network_mode=mode, ports={"80/tcp": None} if number % 3 == 0 else None)[0] == 0
        until(lambda: seen() == before)
        assert len(Rules().rules(before[1][0])) == rules
        until(lambda: abs(len(os.listdir(f"/proc/{daemon.pid}/fd")) - files) < 5)
        until(lambda: len(_namespaces()) <= 3)  # ours, that of a neighbour perhaps, and the spare's


def _namespaces() -> set[str]:
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(os.readlink(f"/proc/{pid}/ns/net"))
        except OSError:
            continue
    return found


def test_a_killed_daemon_leaves_nothing_after_the_next_start(daemon: Any, until: Any) -> None:
    lab = daemon.docker.networks.create("lab")
    daemon.docker.containers.run("busybox", ["sleep", "100"], detach=True, network_mode="lab", ports={"80/tcp": 18080})
    tag = re.compile(r"glassdock-[0-9a-f]{8}")
    daemon.kill()
    assert f"br-{lab.id[:12]}" in seen()[0]
    daemon.start()
    until(lambda: not [name for name in seen()[0] if name.startswith("veth")])
    assert len([table for table in seen()[1] if tag.fullmatch(table)]) == 1
    assert not [rule for rule in Rules().rules(seen()[1][0]) if "--dport 18080" in rule.comment]
    for container in daemon.docker.containers.list(all=True):
        container.remove(force=True)
    daemon.docker.networks.get("lab").remove()
    daemon.stop()
    links, tables, forwarding = seen()
    assert (not [name for name in links if name.startswith(("br-", "docker", "veth"))], tables) == (True, [])
    assert forwarding == "0"
    daemon.start()


def test_two_daemons_share_a_host_and_a_network_goes_on_without_its_daemon(daemon: Any, daemon_with: Any) -> None:
    daemon.run("true", network_mode="bridge")  # docker0 and 172.17.0.0/16 are this one's
    lasting = daemon_with("--live-restore")
    with running(lasting, "sh", "-c", SERVE, network_mode="bridge", ports={"8080/tcp": 18090}) as web:
        wait_until_served(web, lasting.until)
        gateway = web.attrs["NetworkSettings"]["Networks"]["bridge"]["Gateway"]
        assert gateway != "172.17.0.1" and "glassdock0" in seen()[0]
        lasting.process.kill()
        lasting.process.wait()
        assert fetch(gateway, 18090) == "hello\n"  # by the packet filter alone
        lasting.start()
        again = lasting.docker.containers.get(web.id)
        assert address(again, "bridge") == address(web, "bridge")
        assert (fetch(gateway, 18090), fetch("127.0.0.1", 18090)) == ("hello\n", "hello\n")
        assert b"1 packets received" in again.exec_run(f"ping -c 1 -W 1 {gateway}").output
    zygote = lasting.zygote()
    lasting.stop()
    lasting.until(lambda: lasting.gone(zygote))
    assert "glassdock0" not in seen()[0] and "docker0" in seen()[0]
