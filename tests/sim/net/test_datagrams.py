"""UDP on the simulated network: whole datagrams or none, published ports, and clients of the real machine."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from typing import Any

import pytest

from engine.host import PortBinding, RuntimeFailure
from lab import Lab, with_publisher
from sim.abi import Proc
from sim.net.datagrams import LONGEST, ROOM, DatagramSocket

LAB = tuple[Lab, Any, Any]


async def shouts(proc: Proc) -> None:
    """Answer everybody on port 7, in upper case, as long as there are datagrams."""
    socket: DatagramSocket = proc.descriptors.file(proc.net.bind_udp("0.0.0.0", 7))  # type: ignore[attr-defined]
    while True:
        got = socket.receive()
        if isinstance(got, tuple):
            socket.send(got[0].upper(), got[1])
        else:
            await got


async def ask(proc: Proc, address: str, port: int = 7, text: bytes = b"hello") -> bytes:
    fd = await proc.net.connect_udp(address, port)
    try:
        await proc.write(fd, text)
        return await proc.read(fd)
    finally:
        proc.close(fd)


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_two_containers_talk_and_leave_nothing(lab: Lab) -> None:
    server, client = lab.join(2), lab.join(3)
    lab.spawn(server, shouts)
    assert lab.loop.run(ask(client, "172.17.0.2")) == b"HELLO"
    assert client.namespaces.network.datagrams == {}
    assert [row[0] for row in server.net.sockets()] == ["udp"]


def test_a_datagram_arrives_whole_or_not_at_all(lab: Lab) -> None:
    server, client = lab.join(2), lab.join(3)
    here = DatagramSocket(server.namespaces.network, "0.0.0.0", 7)
    there = DatagramSocket(client.namespaces.network)
    for number in range(5):
        there.send(bytes([number]) * LONGEST, ("172.17.0.2", 7))
    with pytest.raises(OSError, match="Message too long") as caught:
        there.send(bytes(LONGEST + 1), ("172.17.0.2", 7))
    assert caught.value.errno == errno.EMSGSIZE
    lab.loop.advance(lab.loop.time + 10**9)
    got = [here.receive() for _ in range(ROOM // LONGEST)]
    assert [len(each[0]) for each in got if isinstance(each, tuple)] == [LONGEST] * (ROOM // LONGEST)
    assert not isinstance(here.receive(), tuple)  # there was no room for the rest


def test_who_asks_a_closed_port_is_refused_and_who_asks_nobody_hears_nothing(lab: Lab) -> None:
    lab.join(2)
    client = lab.join(3)
    with pytest.raises(ConnectionRefusedError):
        lab.loop.run(ask(client, "172.17.0.2"))
    asked = lab.loop.spawn(ask(client, "172.17.0.99"))
    asked.add_done_callback(lambda: None)
    lab.loop.run_ready()
    lab.loop.advance(lab.loop.time + 60 * 10**9)
    assert not asked.done()
    asked.cancel()
    lab.loop.run_ready()


def test_the_one_who_is_connected_hears_only_its_peer(lab: Lab) -> None:
    server, friend, stranger = lab.join(2), lab.join(3), lab.join(4)

    async def serve() -> bytes:
        fd = server.net.bind_udp("0.0.0.0", 7)
        assert await server.net.accept_udp(fd) == ("172.17.0.3", 4000)
        await server.sleep(1)
        first = await server.read(fd)
        return bytes(first + await server.read(fd))

    known = DatagramSocket(friend.namespaces.network, "0.0.0.0", 4000)
    other = DatagramSocket(stranger.namespaces.network)
    serving = lab.loop.spawn(serve())
    lab.loop.run_ready()
    known.send(b"one ", ("172.17.0.2", 7))
    lab.loop.advance(lab.loop.time + 10**6)
    other.send(b"me too", ("172.17.0.2", 7))
    known.send(b"two", ("172.17.0.2", 7))
    assert lab.loop.run(serving) == b"one two"


def test_ports_of_udp_and_tcp_are_different_ports(lab: Lab) -> None:
    server = lab.join(2)
    server.net.bind_udp("0.0.0.0", 7)
    server.net.listen("0.0.0.0", 7)
    with pytest.raises(OSError, match="Address already in use"):
        server.net.bind_udp("127.0.0.1", 7)


def test_a_published_port_answers_the_host_and_other_networks(lab: Lab) -> None:
    server = lab.join(2, ports=(PortBinding(7, "udp", "0.0.0.0", 8007),))
    lab.bridge("net2", "br-2", "172.18.0")
    other = lab.join(9, net="net2", bridge="br-2", subnet="172.18.0")
    host = lab.process(lab.kernel.network.host)
    lab.spawn(server, shouts)
    lab.loop.run_ready()
    assert lab.loop.run(ask(host, "127.0.0.1", 8007)) == b"HELLO"
    assert lab.loop.run(ask(other, "172.18.0.1", 8007, b"far")) == b"FAR"
    assert lab.kernel.network.tracked == {}


def test_a_port_that_a_program_of_the_host_has_cannot_be_published(lab: Lab) -> None:
    lab.process(lab.kernel.network.host).net.bind_udp("0.0.0.0", 8007)
    with pytest.raises(RuntimeFailure, match="address already in use"):
        lab.join(2, ports=(PortBinding(7, "udp", "0.0.0.0", 8007),))


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_clients_of_the_real_machine_reach_a_published_port() -> None:
    async def test(lab: Lab, publisher: Any) -> None:
        lab.spawn(lab.join(2, ports=(PortBinding(7, "udp", "0.0.0.0", port := free_port()),)), shouts)
        loop = asyncio.get_running_loop()
        answers = []
        for text in (b"one", b"two"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.setblocking(False)
                await loop.sock_sendto(client, text, ("127.0.0.1", port))
                answers.append(await loop.sock_recvfrom(client, 100))
        assert answers == [(b"ONE", ("127.0.0.1", port)), (b"TWO", ("127.0.0.1", port))]
        lab.kernel.loop.spawn(lab.driver.leave("net1", "c2"))
        lab.kernel.loop.run_ready()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", port))  # it is free again

    with_publisher(test)


def test_a_port_that_is_taken_on_the_machine_cannot_be_published() -> None:
    async def test(lab: Lab, publisher: Any) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", port := free_port()))
            with pytest.raises(OSError, match="in use"):
                publisher.open("0.0.0.0", port, "udp")

    with_publisher(test)


def test_a_silent_client_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.api import publish_datagrams

    monkeypatch.setattr(publish_datagrams, "SILENCE", 0.01)

    async def test(lab: Lab, publisher: Any) -> None:
        lab.spawn(lab.join(2, ports=(PortBinding(7, "udp", "0.0.0.0", port := free_port()),)), shouts)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.sendto(b"x", ("127.0.0.1", port))
            await asyncio.get_running_loop().sock_recvfrom(client, 100)
            until = time.monotonic() + 10
            while lab.kernel.network.tracked and time.monotonic() < until:
                await asyncio.sleep(0)
        assert lab.kernel.network.tracked == {}

    with_publisher(test)
