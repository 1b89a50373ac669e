"""UDP: datagrams from one address to another, that arrive whole or not at all. Source: udp(7).

A published port of the host leads on into its container; what the container answers comes back as if the host's port
had answered, since `Fabric.tracked` remembers who asked (conntrack).
"""

from __future__ import annotations

import errno
import stat
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.loop import Future
from sim.abi import O_RDWR, Stat
from sim.net.network import NetworkNamespace, Way, fail
from sim.net.sockets import Address, overlap

ROOM = 212_992  # bytes that wait to be read (net.core.rmem_default); what comes after them is lost
LONGEST = 65507  # bytes in one datagram


class DatagramSocket:
    """An open file. `address` is its own, `peer` where `write` sends to, once it is connected."""

    __slots__ = (
        "_held", "_queue", "_waiters", "address", "closed", "error", "flags", "ino", "on_data", "path", "peer",
        "space", "tracked",
    )  # fmt: skip

    def __init__(self, space: NetworkNamespace, address: str = "0.0.0.0", port: int = 0) -> None:
        """bind(2). Port 0: any. Raises OSError EADDRINUSE, EADDRNOTAVAIL."""
        if address != "0.0.0.0" and not space.is_local(address):
            raise fail(errno.EADDRNOTAVAIL)
        port = port or space.free_port()
        if space.datagrams is None:
            space.datagrams = {}
        taken = [other.address[0] for other in space.datagrams.get(port, ())]
        if space is space.fabric.host:
            taken += [forward.host_ip for forward in space.fabric.published.get(("udp", port), ())]
        if any(overlap(address, other) for other in taken):
            raise fail(errno.EADDRINUSE)
        space.datagrams.setdefault(port, []).append(self)
        self.space, self.address = space, (address, port)
        self.peer: Address | None = None
        self.ino = next(space.fabric.inos)
        self.path, self.flags = f"socket:[{self.ino}]", O_RDWR
        self.error = 0  # of an ICMP message that came back
        self.closed = False
        self.on_data: Callable[[bytes], object] | None = None  # who is told instead of a reader
        self.tracked: list[Any] = []  # keys in the fabric's table
        self._queue: deque[tuple[bytes, Address]] = deque()
        self._held = 0
        self._waiters: list[Future[None]] = []

    # -- sending

    def send(self, data: bytes, target: Address) -> int:
        """sendto(2). Raises OSError EMSGSIZE, ENETUNREACH."""
        if len(data) > LONGEST:
            raise fail(errno.EMSGSIZE)
        fabric = self.space.fabric
        way = fabric.find(self.space, target[0])
        way.count(len(data))
        own = (way.source if self.address[0] == "0.0.0.0" else self.address[0], self.address[1])
        if (own, target) in fabric.tracked or (not way.lost and way.remote is None):
            fabric.loop.call_at(fabric.loop.time + way.latency, lambda: self._arrive(data, own, target, way))
        return len(data)

    def _arrive(self, data: bytes, own: Address, target: Address, way: Way) -> None:
        """At the end of the way: answers find back to who asked, published ports lead on."""
        fabric = self.space.fabric
        if (asked := fabric.tracked.get((own, target))) is not None:
            client, original = asked
            client.take_in(data, original)
            return
        space = way.space
        receiver = _receiver(space, way.address, target[1], own) if space is not None else None
        if receiver is None and space is fabric.host:
            receiver, own = self._translate(way, target, own)
        if receiver is not None:
            receiver.take_in(data, own)
        elif self.peer is not None:
            self.refuse()

    def _translate(self, way: Way, target: Address, own: Address) -> tuple[DatagramSocket | None, Address]:
        """DNAT: the socket behind a published port, and as whom it sees the sender."""
        fabric = self.space.fabric
        for forward in fabric.published.get(("udp", target[1]), ()):
            if overlap(forward.host_ip, way.address):
                inner = fabric.find(fabric.host, forward.address)
                near = own[0].startswith("127.") or ":" in own[0]
                seen = (inner.source if near else own[0], own[1])
                if inner.space is None:
                    continue
                found = _receiver(inner.space, forward.address, forward.container_port, seen)
                if found is not None:
                    key = ((forward.address, forward.container_port), seen)
                    if key not in fabric.tracked:
                        self.tracked.append(key)
                    fabric.tracked[key] = self, target
                    return found, seen
        return None, own

    # -- receiving

    def take_in(self, data: bytes, source: Address) -> None:
        """A datagram has arrived; there may be no room for it."""
        if self.closed or self._held + len(data) > ROOM:
            return
        if self.on_data is not None:
            self.on_data(data)
            return
        self._held += len(data)
        self._queue.append((data, source))
        self._wake()

    def refuse(self) -> None:
        """ICMP port unreachable: told by the next call."""
        self.error = errno.ECONNREFUSED
        self._wake()

    def receive(self) -> tuple[bytes, Address] | Future[None]:
        """recvfrom(2), or a Future: nothing is there yet. Raises OSError ECONNREFUSED."""
        if self.error:
            error, self.error = self.error, 0
            raise fail(error)
        if self._queue:
            data, source = self._queue.popleft()
            self._held -= len(data)
            return data, source
        return self._arrival()

    def sender(self) -> Address | Future[None]:
        """Who has sent what is to be read next, or a Future: nobody yet."""
        return self._queue[0][1] if self._queue else self._arrival()

    def _arrival(self) -> Future[None]:
        future: Future[None] = Future(self.space.fabric.loop)
        self._waiters.append(future)
        return future

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.set_result(None)

    # -- as an open file

    def connect(self, peer: Address) -> None:
        """connect(2): only this one is spoken to."""
        self.space.fabric.find(self.space, peer[0])  # raises ENETUNREACH
        self.peer = peer

    def read(self, size: int) -> bytes | Future[None]:
        if size == 0 and (self._queue or self.error):
            return b""  # asked only whether reading would wait
        got = self.receive()
        return got if isinstance(got, Future) else got[0][:size]

    def write(self, data: bytes) -> int:
        if self.peer is None:
            raise fail(errno.EDESTADDRREQ)
        if self.error:
            self.receive()
        return self.send(data, self.peer)

    def lseek(self, offset: int, whence: int = 0) -> int:
        raise fail(errno.ESPIPE)

    def ftruncate(self, size: int) -> None:
        raise fail(errno.EINVAL)

    def fstat(self) -> Stat:
        return Stat(self.ino, stat.S_IFSOCK | 0o777, 1, 0, 0, 0, 0)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        for key in self.tracked:
            self.space.fabric.tracked.pop(key, None)
        table = self.space.datagrams or {}
        rest = [other for other in table.get(self.address[1], ()) if other is not self]
        if rest:
            table[self.address[1]] = rest
        else:
            table.pop(self.address[1], None)
        self._wake()


def _receiver(space: NetworkNamespace, address: str, port: int, source: Address) -> DatagramSocket | None:
    """The socket that is meant: one that is connected to the sender before one that takes from all."""
    found = None
    for socket in (space.datagrams or {}).get(port, ()):
        if overlap(socket.address[0], address):
            if socket.peer == source:
                return socket  # type: ignore[no-any-return]
            if socket.peer is None or (space is space.fabric.host and socket.peer[1] == source[1]):
                found = socket
    return found


class OutsideDatagrams:
    """engine.host.Datagrams: a client out in the world, of a published port."""

    __slots__ = ("_socket",)

    def __init__(self, space: NetworkNamespace, target: Address, receive: Callable[[bytes], object]) -> None:
        self._socket = DatagramSocket(space)
        self._socket.on_data = receive
        self._socket.peer = target

    def send(self, data: bytes) -> None:
        """One datagram; it may get lost."""
        assert self._socket.peer is not None
        self._socket.send(data, self._socket.peer)

    def close(self) -> None:
        self._socket.close()
