"""Passing on what comes to a published port, by the daemon's own loop: what docker-proxy(1) is a process each for."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from engine.loop import Timer
from real.poller import READ, Poller
from real.sockets import Listener, Stream, dial, family_of

IDLE = 90  # seconds after which a client over UDP is forgotten (docker-proxy: UDPConnTrackTimeout)
MOST_CLIENTS = 1024  # over UDP, of one port
LONGEST = 65535


class StreamRelay:
    """A TCP port. Its connections end with it."""

    __slots__ = ("_listener", "_open", "_poller", "_target")

    def __init__(self, poller: Poller, listening: socket.socket, target: tuple[str, int]) -> None:
        self._poller, self._target = poller, target
        self._open: set[Stream] = set()
        self._listener = Listener(poller, listening, self._accepted)

    def _accepted(self, client: Stream) -> None:
        self._poller.loop.spawn(self._serve(client), "a connection to a published port")

    async def _serve(self, client: Stream) -> None:
        try:
            server = await dial(self._poller, *self._target)
        except OSError:
            client.reset()
            return
        ends = {client, server}
        self._open |= ends
        try:
            await self._poller.loop.gather(_copy(client, server), _copy(server, client))
        finally:
            self._open -= ends
            client.close()
            server.close()

    def close(self) -> None:
        self._listener.close()
        for stream in self._open:
            stream.close()


async def _copy(source: Stream, target: Stream) -> None:
    """To its end, which is passed on; if one of the two is gone, so is the other."""
    try:
        while data := await source.read():
            await target.write(data)
        target.shutdown()
    except OSError:
        source.close()
        target.close()


class DatagramRelay:
    """A UDP port: for each client a socket of its own, so that answers find their way."""

    __slots__ = ("_clients", "_poller", "_socket", "_target")

    def __init__(self, poller: Poller, opened: socket.socket, target: tuple[str, int]) -> None:
        self._poller, self._socket, self._target = poller, opened, target
        self._clients: dict[Any, tuple[DatagramLine, Timer]] = {}  # with the moment at which each is forgotten
        opened.setblocking(False)
        poller.watch(opened.fileno(), READ, self._ready)

    def _ready(self, events: int) -> None:
        try:
            data, client = self._socket.recvfrom(LONGEST)
        except OSError:
            return
        known = self._clients.get(client)
        if known is None and len(self._clients) >= MOST_CLIENTS:
            return
        line = known[0] if known is not None else self._line(client)
        if known is not None:
            known[1].cancel()
        self._clients[client] = line, self._poller.loop.call_later(IDLE, lambda: self._forget(client))
        line.send(data)

    def _line(self, client: Any) -> DatagramLine:
        def answer(data: bytes) -> None:
            with contextlib.suppress(OSError):
                self._socket.sendto(data, client)

        return DatagramLine(self._poller, self._target, answer)

    def _forget(self, client: Any) -> None:
        line, timer = self._clients.pop(client)
        timer.cancel()
        line.close()

    def close(self) -> None:
        for client in list(self._clients):
            self._forget(client)
        self._poller.forget(self._socket.fileno())
        self._socket.close()


class DatagramLine:
    """engine.host.Datagrams: a UDP socket that speaks with one address; `receive` is called with each answer."""

    __slots__ = ("_poller", "_receive", "_socket")

    def __init__(self, poller: Poller, target: tuple[str, int], receive: Callable[[bytes], object]) -> None:
        self._poller, self._receive = poller, receive
        self._socket = socket.socket(family_of(target[0]), socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.connect(target)
        poller.watch(self._socket.fileno(), READ, self._ready)

    def _ready(self, events: int) -> None:
        try:
            data = self._socket.recv(LONGEST)
        except OSError:  # nobody listens there: over UDP that is no news
            return
        self._receive(data)

    def send(self, data: bytes) -> None:
        """See engine.host.Datagrams."""
        with contextlib.suppress(OSError):
            self._socket.send(data)

    def close(self) -> None:
        """See engine.host.Datagrams."""
        self._poller.forget(self._socket.fileno())
        self._socket.close()
