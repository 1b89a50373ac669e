"""Published ports on the real machine: sockets that listen here and forward bytes to a host that is only pretended.

A port that is published for all addresses is opened on 127.0.0.1 alone: the lesson on a laptop
is nobody else's business. One that is published for an address by name is opened on that address.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time

from engine.api.channel import Brake, Channel
from engine.api.driver import Driver
from engine.api.messages import Waiting
from engine.api.publish_datagrams import DatagramPort
from engine.host import Connection, Host
from engine.loop import Task

LOOPBACKS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # where ports for all addresses are opened
BACKLOG = 128
BUSY = 0.05  # seconds of the world's time after the last byte for which a connection lets a stepped clock go on


class Publisher:
    """engine.host.Ports. Use in the thread of the server's asyncio loop."""

    def __init__(self, host: Host, driver: Driver) -> None:
        self.host, self.driver = host, driver
        self._asyncio = asyncio.get_running_loop()
        self._listening: dict[tuple[str, int], tuple[socket.socket, asyncio.Task[None]]] = {}
        self._datagrams: dict[tuple[str, int], DatagramPort] = {}
        self.connections: set[Forwarding] = set()

    def open(self, host_ip: str, port: int, protocol: str = "tcp") -> None:
        """Listen at once, so that a port that is taken is known before the container starts. Raises OSError."""
        address = LOOPBACKS.get(host_ip, host_ip)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
        try:
            if sys.platform != "win32" and protocol != "udp":  # there it would let two listen
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.setblocking(False)
            if protocol == "udp":
                self._datagrams[host_ip, port] = DatagramPort(self, listener, host_ip, port)
                return
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        self._listening[host_ip, port] = listener, self._asyncio.create_task(self._serve(listener, host_ip, port))

    def close(self, host_ip: str, port: int, protocol: str = "tcp") -> None:
        """Take no more connections, and free the port at once; connections that are open go with their container."""
        if protocol == "udp":
            self._datagrams.pop((host_ip, port)).close()
            return
        listener, task = self._listening.pop((host_ip, port))
        with contextlib.suppress(NotImplementedError):  # the proactor loop of Windows has no readers
            self._asyncio.remove_reader(listener)
        task.cancel()
        listener.close()

    def close_all(self) -> None:
        for host_ip, port in list(self._listening):
            self.close(host_ip, port)
        for host_ip, port in list(self._datagrams):
            self.close(host_ip, port, "udp")
        for connection in tuple(self.connections):
            connection.abort()

    async def _serve(self, listener: socket.socket, host_ip: str, port: int) -> None:
        while listener.fileno() >= 0:
            try:
                client, _ = await self._asyncio.sock_accept(listener)
                await self._asyncio.connect_accepted_socket(lambda: Forwarding(self, host_ip, port), client)
            except OSError:  # too many open files, or a client that is gone already
                await asyncio.sleep(0.1)


class Forwarding(asyncio.Protocol):
    """One connection: bytes from asyncio's side to the host's and back, each direction with its own end."""

    def __init__(self, publisher: Publisher, host_ip: str, port: int) -> None:
        self._publisher, self._driver = publisher, publisher.driver
        self._target = host_ip, port
        self._incoming = Channel(self._driver.wake, self._driver.loop.future, asyncio.get_running_loop().create_future)
        self._transport: asyncio.Transport | None = None
        self._brake = Brake(self._driver.wake, self._driver.loop.future)
        self._task: Task[None] | None = None
        self._moved = time.monotonic()
        self._dialing, self._asked = True, False

    # -- on the engine's loop

    async def _forward(self) -> None:
        try:
            connection = await self._publisher.host.dial(*self._target)
        except OSError:
            self.abort()
            return
        self._dialing = False
        upward = self._driver.loop.spawn(self._upward(connection), "published, in")
        try:
            while data := await connection.read():
                await self._send(data)
            if self._transport is not None and self._transport.can_write_eof():
                self._transport.write_eof()
            await upward
        except OSError:
            self.abort()
        finally:
            upward.cancel()
            connection.close()
            if self._transport is not None:
                self._transport.close()

    async def _upward(self, connection: Connection) -> None:
        with contextlib.suppress(OSError):
            while data := await self._incoming.get():
                await connection.write(data)
            connection.shutdown()

    async def _send(self, data: bytes) -> None:
        self._moved, self._asked = time.monotonic(), False
        if self._transport is not None:
            self._transport.write(data)
        await self._brake.wait()

    def _waiting(self) -> Waiting:
        """Lets a stepped clock go on while the client waits for an answer, and until all of that is over."""
        busy = self._dialing or self._asked or time.monotonic() - self._moved < BUSY
        return "program" if busy else "news"

    # -- on asyncio's

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._publisher.connections.add(self)
        self._wait = self._driver.waits.begin(self._waiting)
        self._task = self._driver.loop.spawn(self._forward(), "published")
        self._driver.wake()

    def data_received(self, data: bytes) -> None:
        self._moved, self._asked = time.monotonic(), True
        if (room := self._incoming.give(data)) is not None and self._transport is not None:
            self._transport.pause_reading()
            room.add_done_callback(self._resume)

    def _resume(self, room: asyncio.Future[None]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def eof_received(self) -> bool:
        self._incoming.end()
        return True  # the other direction goes on

    def pause_writing(self) -> None:
        self._brake.pause()

    def resume_writing(self) -> None:
        self._brake.resume()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._incoming.end()
        self.resume_writing()
        self._wait.end()
        self._publisher.connections.discard(self)
        if self._task is not None and error is not None:
            self._task.cancel()
        self._driver.wake()
