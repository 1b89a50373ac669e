"""The simulated network: containers on a bridge, the host, published ports, names, the Internet."""

from __future__ import annotations

import errno
from random import Random

import pytest

from engine.host import PortBinding, RuntimeFailure
from lab import Lab, echo
from sim.abi import Proc
from sim.net import bridges
from sim.vfs import files

SECOND = 1_000_000_000


@pytest.fixture
def lab() -> Lab:
    return Lab()


async def ask(proc: Proc, address: str, port: int = 7, text: bytes = b"hello") -> bytes:
    fd = await proc.net.connect(address, port)
    await proc.write(fd, text)
    proc.net.shutdown(fd)
    answer = await proc.read_all(fd)
    proc.close(fd)
    return answer


def test_two_containers_of_a_bridge_talk(lab: Lab) -> None:
    server, client = lab.join(2), lab.join(3)
    lab.spawn(server, echo)
    assert lab.loop.run(ask(client, "172.17.0.2")) == b"HELLO"
    assert server.net.sockets() == client.net.sockets() == []


def test_megabytes_arrive_whole_and_in_order_although_the_reader_is_slow(lab: Lab) -> None:
    server, client = lab.join(2), lab.join(3)
    lab.spawn(server, echo)
    text = Random(1).randbytes(3_000_000).lower()

    async def both(proc: Proc) -> bytes:
        fd = await proc.net.connect("172.17.0.2", 7)

        async def send() -> None:
            await proc.write(fd, text)
            proc.net.shutdown(fd)

        lab.loop.spawn(send())
        await proc.sleep(1)
        return await proc.read_all(fd)

    assert lab.loop.run(both(client)) == text.upper()


def test_a_port_without_a_listener_refuses(lab: Lab) -> None:
    lab.join(2)
    with pytest.raises(ConnectionRefusedError):
        lab.loop.run(ask(lab.join(3), "172.17.0.2"))


def test_a_neighbour_that_is_not_there_is_unreachable_after_three_seconds(lab: Lab) -> None:
    client = lab.join(3)
    before = lab.loop.time
    with pytest.raises(OSError) as caught:
        lab.loop.run(ask(client, "172.17.0.99"))
    assert caught.value.errno == errno.EHOSTUNREACH
    assert (lab.loop.time - before) / SECOND == 3


def test_without_a_route_the_network_is_unreachable(lab: Lab) -> None:
    alone = lab.process()
    with pytest.raises(OSError) as caught:
        lab.loop.run(alone.net.ping("10.0.0.1"))
    assert caught.value.errno == errno.ENETUNREACH


def test_an_address_that_nobody_has_out_there_never_answers(lab: Lab) -> None:
    client = lab.join(3)
    with pytest.raises(TimeoutError):
        lab.loop.run(client.net.ping("203.0.113.200", timeout=2))
    with pytest.raises(TimeoutError):
        lab.loop.run(ask(client, "203.0.113.200"))


def test_ping_takes_as_long_as_the_way_is(lab: Lab) -> None:
    lab.join(2)
    client = lab.join(3)
    near, far = (lab.loop.run(client.net.ping(address)) for address in ("172.17.0.2", "8.8.8.8"))
    assert 50e-6 < near < 500e-6 < 5e-3 < far < 50e-3
    assert lab.loop.run(client.net.ping("127.0.0.1")) < near


def test_a_packet_whose_time_to_live_is_over_goes_no_further(lab: Lab) -> None:
    with pytest.raises(OSError, match="Time to live exceeded"):
        lab.loop.run(lab.join(3).net.ping("8.8.8.8", ttl=3))


def test_networks_are_isolated_from_each_other(lab: Lab) -> None:
    lab.bridge("net2", "br-2", "172.18.0")
    lab.join(2)
    other = lab.join(9, net="net2", bridge="br-2", subnet="172.18.0")
    with pytest.raises(TimeoutError):
        lab.loop.run(other.net.ping("172.17.0.2", timeout=1))


def test_loopback_belongs_to_one_namespace(lab: Lab) -> None:
    one, other = lab.join(2), lab.join(3)
    lab.spawn(one, echo)
    lab.loop.run_ready()
    with pytest.raises(ConnectionRefusedError):
        lab.loop.run(ask(other, "127.0.0.1"))
    assert lab.loop.run(ask(one, "127.0.0.1")) == b"HELLO"


def test_a_published_port_leads_into_the_container(lab: Lab) -> None:
    server = lab.join(2, ports=(PortBinding(7, "tcp", "0.0.0.0", 8007),))
    other, host = lab.join(3), lab.process(lab.kernel.network.host)

    async def forever(proc: Proc) -> None:
        while True:
            await echo(proc)

    lab.spawn(server, forever)
    lab.loop.run_ready()
    assert lab.loop.run(ask(host, "127.0.0.1", 8007)) == b"HELLO"
    assert lab.loop.run(ask(other, "172.17.0.1", 8007)) == b"HELLO"

    async def from_outside() -> bytes:
        stream = await lab.driver.dial("0.0.0.0", 8007)
        await stream.write(b"world")
        stream.shutdown()
        return await stream.read()

    assert lab.loop.run(from_outside()) == b"WORLD"


def test_a_port_can_be_published_once(lab: Lab) -> None:
    lab.join(2, ports=(PortBinding(80, "tcp", "0.0.0.0", 8080),))
    with pytest.raises(RuntimeFailure, match=r"Bind for 127\.0\.0\.1:8080 failed: port is already allocated"):
        lab.join(3, ports=(PortBinding(80, "tcp", "0.0.0.0", 9090), PortBinding(81, "tcp", "127.0.0.1", 8080)))
    lab.join(4, ports=(PortBinding(53, "udp", "0.0.0.0", 8080), PortBinding(80, "tcp", "0.0.0.0", 9090)))


def test_leaving_frees_ports_names_and_address(lab: Lab) -> None:
    lab.join(2, ports=(PortBinding(80, "tcp", "0.0.0.0", 8080),), names=("web",))
    lab.loop.run(lab.driver.leave("net1", "c2"))
    bridge, fabric = lab.kernel.network.bridges["docker0"], lab.kernel.network
    assert (bridge.members, bridge.names, bridge.endpoints, fabric.published) == ({}, {}, {}, {})


def test_any_free_port_is_given_from_the_ephemeral_range(lab: Lab) -> None:
    lab.join(2, ports=(PortBinding(80), PortBinding(81)))
    assert [port.host_port for port in lab.bound] == [32768, 32769]


def test_an_address_in_use_cannot_be_bound_again(lab: Lab) -> None:
    server = lab.join(2)
    listener = server.net.listen("127.0.0.1", 80)
    server.net.listen("172.17.0.2", 80)
    with pytest.raises(OSError) as caught:
        server.net.listen("0.0.0.0", 80)
    assert caught.value.errno == errno.EADDRINUSE
    listener.close()
    server.net.listen("127.0.0.1", 80)


def test_the_end_of_a_process_closes_its_sockets(lab: Lab) -> None:
    server, client = lab.join(2), lab.join(3)

    async def die_with_unread_data() -> None:
        listener = server.net.listen("0.0.0.0", 7)
        await listener.accept()
        await server.sleep(1)
        server.exit(0)

    async def talk(proc: Proc) -> bytes:
        fd = await proc.net.connect("172.17.0.2", 7)
        await proc.write(fd, b"never read")
        return await proc.read(fd)

    lab.loop.spawn(die_with_unread_data())
    with pytest.raises(ConnectionResetError):
        lab.loop.run(talk(client))
    with pytest.raises(ConnectionRefusedError):
        lab.loop.run(ask(client, "172.17.0.2"))


def test_names_come_from_hosts_then_from_docker_then_from_the_world(lab: Lab) -> None:
    lab.join(2, names=("web", "c2"))
    client = lab.join(3)
    root = lab.kernel.root
    files.mkdir(root, "/etc")
    files.write_file(root, "/etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n10.9.8.7\tdb # the database\n")
    files.write_file(root, "/etc/resolv.conf", b"search lab.test\nnameserver 127.0.0.11\noptions ndots:0\n")
    answers = [lab.loop.run(client.net.resolve(name)) for name in ("localhost", "db", "web", "Web.", "example.com")]
    assert answers[:4] == [["127.0.0.1"], ["10.9.8.7"], ["172.17.0.2"], ["172.17.0.2"]]
    assert len(answers[4]) == 1
    with pytest.raises(OSError, match="Name or service not known"):
        lab.loop.run(client.net.resolve("nothing.example"))


def test_dockers_server_knows_names_in_turn_aliases_and_who_has_an_address(lab: Lab) -> None:
    lab.join(2, names=("web", "www"))
    lab.join(3, names=("web2", "www"))
    client = lab.join(4, aliases=(("store", "web"),))
    root = lab.kernel.root
    files.mkdir(root, "/etc")
    files.write_file(root, "/etc/resolv.conf", b"nameserver 127.0.0.11\n")
    resolve = lambda name: lab.loop.run(client.net.resolve(name))  # noqa: E731
    assert {tuple(resolve("www")) for _ in range(20)} == {("172.17.0.2", "172.17.0.3"), ("172.17.0.3", "172.17.0.2")}
    assert resolve("store") == resolve("web.net1") == ["172.17.0.2"]
    assert lab.loop.run(client.net.reverse("172.17.0.3")) == "web2.net1"
    assert lab.loop.run(client.net.reverse("8.8.8.8")) == "dns.google"


def test_dockers_server_asks_the_servers_that_the_file_names(lab: Lab) -> None:
    client = lab.join(2)
    root = lab.kernel.root
    files.mkdir(root, "/etc")
    files.write_file(root, "/etc/resolv.conf", b"nameserver 127.0.0.11\n# ExtServers: [1.1.1.1]\n")
    assert len(lab.loop.run(client.net.resolve("example.com"))) == 1
    files.write_file(root, "/etc/resolv.conf", b"nameserver 127.0.0.11\n# ExtServers: [10.0.0.53]\n")
    with pytest.raises(OSError, match="Temporary failure in name resolution"):
        lab.loop.run(client.net.resolve("example.com"))


def test_ipv6_neighbours_are_found(lab: Lab) -> None:
    lab.bridge("net6", "br-6", "172.18.0", subnet6="fd00::/64", gateway6="fd00::1")
    lab.join(2, net="net6", bridge="br-6", subnet="172.18.0", six="fd00::2/64")
    client = lab.join(3, net="net6", bridge="br-6", subnet="172.18.0", six="fd00::3/64")
    for address in ("fd00::2", "fd00::1", "172.18.0.2"):
        assert lab.loop.run(client.net.ping(address)) < 0.01
    assert ("default", "fd00::1", "eth0") in client.net.routes()
    with pytest.raises(OSError):
        lab.loop.run(lab.join(4).net.ping("fd00::2"))


def test_a_name_server_that_does_not_answer_costs_time(lab: Lab) -> None:
    client = lab.join(3)
    files.mkdir(lab.kernel.root, "/etc")
    files.write_file(lab.kernel.root, "/etc/resolv.conf", b"nameserver 10.0.0.53\n")
    before = lab.loop.time
    with pytest.raises(OSError, match="Temporary failure in name resolution"):
        lab.loop.run(client.net.resolve("example.com"))
    assert (lab.loop.time - before) / SECOND == 10


def test_the_world_serves_pages(lab: Lab) -> None:
    answer = lab.loop.run(ask(lab.join(3), "192.0.2.80", 80, b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 200 OK") and b"Example Domain" in answer


def test_interfaces_routes_and_counters_are_told(lab: Lab) -> None:
    lab.join(2)
    client = lab.join(3)
    lab.loop.run(client.net.ping("172.17.0.2"))
    lo, eth0 = client.net.interfaces()
    assert (lo.name, lo.addresses, eth0.name, eth0.addresses) == ("lo", ("127.0.0.1/8",), "eth0", ("172.17.0.3/16",))
    assert (eth0.tx_packets, eth0.rx_packets, eth0.tx_bytes, eth0.rx_bytes) == (1, 1, 98, 98)
    assert client.net.routes() == [("default", "172.17.0.1", "eth0"), ("172.17.0.0/16", "", "eth0")]
    assert bridges.usage(client.namespaces.network)["eth0"]["rx_bytes"] == 98
    host = lab.process(lab.kernel.network.host)
    assert [link.name for link in host.net.interfaces()] == ["lo", "eth0", "docker0", "veth2", "veth3"]


def test_a_name_can_have_addresses_of_both_families(lab: Lab) -> None:
    lab.bridge("net6", "br-6", "172.18.0", subnet6="fd00::/64", gateway6="fd00::1")
    lab.join(2, net="net6", bridge="br-6", subnet="172.18.0", six="fd00::2/64", names=("web",))
    client = lab.join(3, net="net6", bridge="br-6", subnet="172.18.0", six="fd00::3/64")
    root = lab.kernel.root
    files.mkdir(root, "/etc")
    files.write_file(root, "/etc/resolv.conf", b"nameserver 127.0.0.11\n")
    found = [lab.loop.run(client.net.resolve("web", family)) for family in (0, 4, 6)]
    assert found == [["172.18.0.2"], ["172.18.0.2"], ["fd00::2"]]
    with pytest.raises(OSError, match="Name or service not known"):
        lab.loop.run(client.net.resolve("github.com", 6))


def test_the_internet_has_addresses_of_both_families_too(lab: Lab) -> None:
    lab.bridge("net6", "br-6", "172.18.0", subnet6="fd00::/64", gateway6="fd00::1")
    both = lab.join(2, net="net6", bridge="br-6", subnet="172.18.0", six="fd00::2/64")
    four = lab.join(3)
    files.mkdir(lab.kernel.root, "/etc")
    files.write_file(lab.kernel.root, "/etc/resolv.conf", b"nameserver 8.8.8.8\n")
    found = [lab.loop.run(both.net.resolve("example.com", family)) for family in (0, 4, 6)]
    assert found == [["192.0.2.80"], ["192.0.2.80"], ["2001:db8::80"]]
    assert lab.loop.run(both.net.ping("2001:0db8::80")) > 0.01
    assert lab.loop.run(lab.process(lab.kernel.network.host).net.ping("2001:db8::80")) > 0.01
    with pytest.raises(OSError, match="Network is unreachable"):
        lab.loop.run(four.net.ping("2001:db8::80"))


def test_a_partition_stops_everything_between_two_and_nothing_else(lab: Lab) -> None:
    one, other, third = lab.join(2), lab.join(3), lab.join(4)
    lab.kernel.network.faults.partition("172.17.0.2", "172.17.0.3")
    with pytest.raises(TimeoutError):
        lab.loop.run(one.net.ping("172.17.0.3", timeout=1))
    with pytest.raises(TimeoutError):
        lab.loop.run(ask(other, "172.17.0.2"))
    assert lab.loop.run(third.net.ping("172.17.0.3")) < 0.01
    lab.kernel.network.faults.heal()
    assert lab.loop.run(one.net.ping("172.17.0.3")) < 0.01


def test_a_connection_outlives_a_short_partition_and_nothing_is_lost(lab: Lab) -> None:
    server, client = lab.join(2), lab.join(3)
    lab.spawn(server, echo)
    faults = lab.kernel.network.faults

    async def talk(cut_for: float) -> bytes:
        fd = await client.net.connect("172.17.0.2", 7)
        await client.write(fd, b"before ")
        await client.sleep(1)
        faults.partition("172.17.0.3", "172.17.0.2")
        lab.loop.call_later(cut_for, faults.heal)
        for word in (b"while ", b"it ", b"is "):
            await client.write(fd, word)
            await client.sleep(cut_for / 3 + 0.01)
        await client.write(fd, b"cut")
        client.net.shutdown(fd)
        return bytes(await client.read_all(fd))

    assert lab.loop.run(talk(10)) == b"BEFORE WHILE IT IS CUT"


def test_a_connection_is_given_up_after_a_long_partition(lab: Lab) -> None:
    server, client = lab.join(2), lab.join(3)
    server.net.listen("0.0.0.0", 7)

    async def talk() -> bytes:
        fd = await client.net.connect("172.17.0.2", 7)
        lab.kernel.network.faults.partition("172.17.0.3", "172.17.0.2")
        await client.write(fd, b"hello")
        client.net.shutdown(fd)
        return bytes(await client.read_all(fd))

    lab.loop.run_ready()
    before = lab.loop.time
    with pytest.raises(ConnectionResetError):
        lab.loop.run(talk())
    assert 900 < (lab.loop.time - before) / SECOND < 2000
    assert lab.loop.next_due() is None


def test_without_name_servers_names_take_time_and_addresses_go_on(lab: Lab) -> None:
    lab.join(2, names=("web",))
    client = lab.join(3)
    root = lab.kernel.root
    files.mkdir(root, "/etc")
    files.write_file(root, "/etc/resolv.conf", b"nameserver 127.0.0.11\n")
    lab.kernel.network.faults.no_names = True
    before = lab.loop.time
    with pytest.raises(OSError, match="Temporary failure in name resolution"):
        lab.loop.run(client.net.resolve("web"))
    assert (lab.loop.time - before) / SECOND == 10
    assert lab.loop.run(client.net.ping("172.17.0.2")) < 0.01
