"""Sockets of this machine's that the daemon's loop waits for: connections and listeners. Twin: sim/net/sockets.py."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
from collections.abc import Callable

from engine.loop import Future
from real.poller import READ, WRITE, Poller

EDGES = READ | WRITE | select.EPOLLET  # tell once of each change; whoever waits has tried before


class Stream:
    """engine.host.Connection, over a connected socket that it owns; also one datagram at a time, over UDP."""

    __slots__ = ("_poller", "_socket", "_waiting")

    def __init__(self, poller: Poller, connected: socket.socket) -> None:
        self._poller, self._socket = poller, connected
        self._waiting: list[Future[None]] = []
        connected.setblocking(False)
        poller.watch(connected.fileno(), EDGES, self._changed)

    def _changed(self, events: int) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.set_result(None)

    async def _change(self) -> None:
        future: Future[None] = Future(self._poller.loop)
        self._waiting.append(future)
        await future

    async def read(self, size: int = 65536) -> bytes:
        """See engine.host.Connection."""
        while True:
            try:
                return self._socket.recv(size)
            except BlockingIOError:
                await self._change()
            except OSError as error:
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from error

    async def exactly(self, size: int) -> bytes:
        """Raises ConnectionResetError if the end comes first."""
        data = b""
        while len(data) < size:
            piece = await self.read(size - len(data))
            if not piece:
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            data += piece
        return data

    async def write(self, data: bytes) -> None:
        """See engine.host.Connection."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await self._change()
            except OSError as error:
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error

    async def connected(self, address: tuple[str, int]) -> None:
        """Connect. Raises OSError."""
        result = self._socket.connect_ex(address)
        while result == errno.EINPROGRESS:
            await self._change()
            result = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not result and not self._has_peer():
                result = errno.EINPROGRESS
        if result:
            raise OSError(result, os.strerror(result))

    def _has_peer(self) -> bool:
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return True

    def shutdown(self) -> None:
        """See engine.host.Connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close, and let the other side know that it was not in order (RST)."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """See engine.host.Connection. Whoever waits for it is told."""
        if self._socket.fileno() >= 0:
            self._poller.forget(self._socket.fileno())
            self._socket.close()
            self._changed(0)


class Listener:
    """Calls `accepted` with each connection, until it is closed."""

    __slots__ = ("_accepted", "_poller", "_socket")

    def __init__(self, poller: Poller, listening: socket.socket, accepted: Callable[[Stream], object]) -> None:
        self._poller, self._socket, self._accepted = poller, listening, accepted
        listening.setblocking(False)
        poller.watch(listening.fileno(), READ, self._ready)

    def _ready(self, events: int) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:  # it is gone again, or there are too many open files
            return
        self._accepted(Stream(self._poller, connection))

    def close(self) -> None:
        self._poller.forget(self._socket.fileno())
        self._socket.close()


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def dial(poller: Poller, address: str, port: int, kind: int = socket.SOCK_STREAM) -> Stream:
    """A connection to an address. Raises OSError, as connect(2)."""
    stream = Stream(poller, socket.socket(family_of(address), kind))
    try:
        await stream.connected((address, port))
    except BaseException:
        stream.close()
        raise
    return stream


def bound(address: str, port: int, kind: int) -> socket.socket:
    """A socket that is bound, and listens if it is of TCP. Raises OSError."""
    made = socket.socket(family_of(address), kind)
    try:
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if made.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen(128)
    except OSError:
        made.close()
        raise
    return made
