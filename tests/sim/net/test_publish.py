"""Published ports on the real machine: clients on 127.0.0.1 reach containers of the simulated host."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from engine.api.publish import Publisher
from engine.host import PortBinding, RuntimeFailure
from lab import Lab, with_publisher


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def echoes(proc: Any) -> None:
    """Serve everybody on port 7, one after the other: all that they say, in upper case."""
    listener = proc.net.listen("0.0.0.0", 7)
    while True:
        fd = await listener.accept()
        while data := await proc.read(fd):
            await proc.write(fd, data.upper())
        proc.close(fd)


async def ask(port: int, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def test_a_client_outside_reaches_the_container_and_large_answers_come_whole() -> None:
    async def test(lab: Lab, publisher: Publisher) -> None:
        server = lab.join(2, ports=(PortBinding(7, "tcp", "0.0.0.0", port := free_port()),))
        lab.spawn(server, echoes)
        text = b"0123456789abcdef" * 60_000
        assert await ask(port, text) == text.upper()
        assert await asyncio.gather(*(ask(port, b"%d" % number) for number in range(5))) == [
            b"0",
            b"1",
            b"2",
            b"3",
            b"4",
        ]
        while publisher.connections:
            await asyncio.sleep(0.01)

    with_publisher(test)


def test_without_a_listener_inside_the_connection_is_reset() -> None:
    async def test(lab: Lab, publisher: Publisher) -> None:
        lab.join(2, ports=(PortBinding(7, "tcp", "127.0.0.1", port := free_port()),))
        with pytest.raises(OSError):
            await ask(port, b"anybody?")
            raise OSError  # an end without an answer is as good

    with_publisher(test)


def test_a_port_that_is_taken_on_the_machine_cannot_be_published() -> None:
    async def test(lab: Lab, publisher: Publisher) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(RuntimeFailure, match=f"failed to bind host port for 0.0.0.0:{port}.*in use"):
                lab.join(2, ports=(PortBinding(80, "tcp", "0.0.0.0", port),))

    with_publisher(test)


def test_a_port_is_free_as_soon_as_the_container_has_left() -> None:
    async def test(lab: Lab, publisher: Publisher) -> None:
        port = PortBinding(7, "tcp", "0.0.0.0", free_port())
        for number in (2, 3):
            lab.join(number, ports=(port,))
            await lab.driver.leave("net1", f"c{number}")
        with pytest.raises(ConnectionRefusedError):
            await ask(port.host_port, b"")

    with_publisher(test)
