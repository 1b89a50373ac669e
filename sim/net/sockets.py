"""TCP sockets as open files: connect, listen, accept; latency, windows, half-close and reset. Source: tcp(7).

`read` and `write` never wait by themselves: like those of a pipe (sim/kernel/pipes.py) they give the result, or a
Future that is done when it is worth trying again.
"""

from __future__ import annotations

import errno
import stat
from collections import deque
from typing import Protocol

from engine.loop import SECOND, Future, Loop
from sim.abi import O_RDWR, Stat
from sim.faults import NetworkFaults
from sim.net.network import Fabric, NetworkNamespace, Way, fail

WINDOW = 256 * 1024  # bytes on the way and unread
BACKLOG = 128
ARP_TIME, CONNECT_TIME = 3.0, 127.0  # seconds: three neighbour solicitations; six SYNs (tcp_syn_retries)
RETRIES, FIRST_RETRY, LAST_RETRY = 15, 0.2, 120.0  # of a segment: tcp_retries2, seconds
ANY = ("0.0.0.0", "::")
Address = tuple[str, int]


class Channel:
    """One direction of a connection. What is put in can be taken out `latency` ns later."""

    __slots__ = (
        "_arrived", "_between", "_faults", "_held", "_late", "_readable", "_tries", "_writable", "ended", "finished",
        "gone", "latency", "loop", "reset", "twin",
    )  # fmt: skip

    def __init__(self, loop: Loop, latency: int, faults: NetworkFaults | None = None, one: str = "", other: str = ""):
        self.loop, self.latency = loop, latency
        self._faults, self._between = faults, (one, other)
        self._arrived: deque[bytes] = deque()
        self._late: deque[bytes | None] | None = None  # what is sent again and again; None is the end
        self._tries = 0
        self._held = 0  # bytes on the way and arrived
        self._readable: list[Future[None]] = []
        self._writable: list[Future[None]] = []
        self.finished = False  # the writer has closed its side
        self.ended = False  # and the reader knows
        self.gone = False  # the reader has closed
        self.reset = False
        self.twin: Channel | None = None  # the other direction

    def put(self, data: bytes) -> int | Future[None]:
        if self.reset or self.gone or self.finished:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        room = WINDOW - self._held
        if room <= 0:
            return self._wait(self._writable)
        part = bytes(data[:room])
        if part:
            self._held += len(part)
            self.loop.call_at(self.loop.time + self.latency, lambda: self._arrive(part))
        return len(part)

    def take(self, size: int) -> bytes | Future[None]:
        if not self._arrived:
            if self.reset:
                raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
            return b"" if self.ended else self._wait(self._readable)
        data = self._arrived.popleft()
        if len(data) > size:
            self._arrived.appendleft(data[size:])
            data = data[:size]
        self._held -= len(data)
        _wake(self._writable)
        return data

    def finish(self) -> None:
        """FIN: the reader finds the end after what is on the way."""
        if not self.finished:
            self.finished = True
            self.loop.call_at(self.loop.time + self.latency, lambda: self._arrive(None))

    def abort(self) -> None:
        """RST: what is unread is lost."""
        self.reset = self.finished = True
        self._arrived.clear()
        self._changed()

    def leave(self) -> bool:
        """The reader closes; True if it left something unread."""
        self.gone, self.twin = True, None
        unread = self._held > 0
        self._changed()
        return unread

    def waiting(self) -> int:
        """Bytes that could be read now."""
        return sum(map(len, self._arrived))

    def _arrive(self, part: bytes | None) -> None:
        if self._late is not None:
            self._late.append(part)
        elif self._faults is not None and self._faults.separate(*self._between):
            self._late = deque((part,))
            self._send_again()
        else:
            self._deliver(part)

    def _deliver(self, part: bytes | None) -> None:
        if part is None:
            self.ended = True
        elif not self.reset:
            self._arrived.append(part)
        _wake(self._readable)

    def _send_again(self) -> None:
        """Until it gets through, with longer and longer pauses; at last the connection is given up (tcp_retries2)."""
        if self._faults is None or not self._faults.separate(*self._between):
            late, self._late, self._tries = self._late, None, 0
            for part in late or ():
                self._deliver(part)
        elif self._tries <= RETRIES:
            pause = min(FIRST_RETRY * 2**self._tries, LAST_RETRY)
            self._tries += 1
            self.loop.call_later(pause, self._send_again)
        else:
            self.abort()
            if self.twin is not None:
                self.twin.abort()

    def _changed(self) -> None:
        _wake(self._readable)
        _wake(self._writable)

    def _wait(self, waiters: list[Future[None]]) -> Future[None]:
        future: Future[None] = Future(self.loop)
        waiters.append(future)
        return future


class Socket:
    """A connected socket. `local` and `remote` are (address, port); `way` counts what is sent and received."""

    __slots__ = ("_back", "_closed", "_way", "flags", "incoming", "ino", "local", "outgoing", "path", "remote", "space")

    def __init__(self, space: NetworkNamespace | None, local: Address, remote: Address, incoming: Channel,
                 outgoing: Channel, ino: int, way: Way | None, back: bool) -> None:  # fmt: skip
        self.space, self.local, self.remote, self.incoming, self.outgoing = space, local, remote, incoming, outgoing
        self.ino, self.path, self.flags = ino, f"socket:[{ino}]", O_RDWR
        self._way, self._back = way, back
        self._closed = False
        if space is not None:
            if space.sockets is None:
                space.sockets = {}
            space.sockets[self] = None

    @property
    def loop(self) -> Loop:
        return self.incoming.loop

    def read(self, size: int) -> bytes | Future[None]:
        return self.incoming.take(size)

    def write(self, data: bytes) -> int | Future[None]:
        taken = self.outgoing.put(data)
        if self._way is not None and isinstance(taken, int):
            self._way.count(taken, self._back)
        return taken

    def shutdown(self) -> None:
        """SHUT_WR: the other side reads the end of file; reading goes on."""
        self.outgoing.finish()

    def state(self) -> str:
        """As netstat(8) names it."""
        if self.outgoing.finished:
            return "LAST_ACK" if self.incoming.ended else "FIN_WAIT2"
        return "CLOSE_WAIT" if self.incoming.ended else "ESTABLISHED"

    def lseek(self, offset: int, whence: int = 0) -> int:
        raise fail(errno.ESPIPE)

    def ftruncate(self, size: int) -> None:
        raise fail(errno.EINVAL)

    def fstat(self) -> Stat:
        return Stat(self.ino, stat.S_IFSOCK | 0o777, 1, 0, 0, 0, 0)

    def close(self) -> None:
        """FIN; or RST, if the other side's data was left unread."""
        if self._closed:
            return
        self._closed = True
        if self.incoming.leave():
            self.outgoing.abort()
        else:
            self.outgoing.finish()
        if self.space is not None and self.space.sockets is not None:
            self.space.sockets.pop(self, None)


class Listener:
    """A listening socket. `address` is (address, port)."""

    __slots__ = ("_loop", "_queue", "_waiters", "address", "closed", "flags", "ino", "path", "space")

    def __init__(self, space: NetworkNamespace, address: Address, ino: int) -> None:
        self.space, self.address, self.ino = space, address, ino
        self.path, self.flags = f"socket:[{ino}]", O_RDWR
        self._loop = space.fabric.loop
        self._queue: deque[Socket] = deque()
        self._waiters: list[Future[None]] = []
        self.closed = False

    def take(self) -> Socket | Future[None]:
        """accept(2): a connection, or a Future: none yet. Raises OSError EINVAL once it is closed."""
        if self.closed:
            raise fail(errno.EINVAL)
        if self._queue:
            return self._queue.popleft()
        future: Future[None] = Future(self._loop)
        self._waiters.append(future)
        return future

    def pending(self) -> Future[None] | None:
        """A Future while there is nobody to accept."""
        if self.closed or self._queue:
            return None
        future: Future[None] = Future(self._loop)
        self._waiters.append(future)
        return future

    def offer(self, socket: Socket) -> bool:
        """A client has come; False if there is no room for it."""
        if self.closed or len(self._queue) >= BACKLOG:
            return False
        self._queue.append(socket)
        _wake(self._waiters)
        return True

    def read(self, size: int) -> bytes:
        raise fail(errno.ENOTCONN)

    def write(self, data: bytes) -> int:
        raise fail(errno.ENOTCONN)

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
        listeners = self.space.listeners
        if listeners is not None:
            rest = [other for other in listeners.get(self.address[1], ()) if other is not self]
            if rest:
                listeners[self.address[1]] = rest
            else:
                listeners.pop(self.address[1], None)
        for socket in self._queue:
            socket.incoming.abort()
            socket.outgoing.abort()
            socket.close()
        _wake(self._waiters)


def listen(space: NetworkNamespace, address: str, port: int) -> Listener:
    """bind(2) and listen(2). Port 0: any. Raises OSError EADDRINUSE, EADDRNOTAVAIL."""
    if address != "0.0.0.0" and not space.is_local(address):
        raise fail(errno.EADDRNOTAVAIL)
    port = port or space.free_port()
    if space.listeners is None:
        space.listeners = {}
    others = space.listeners.setdefault(port, [])
    taken = [other.address[0] for other in others]
    if space is space.fabric.host:
        taken += [published.host_ip for published in space.fabric.published.get(("tcp", port), ())]
    if any(overlap(address, other) for other in taken):
        if not others:
            del space.listeners[port]
        raise fail(errno.EADDRINUSE)
    listener = Listener(space, (address, port), next(space.fabric.inos))
    others.append(listener)
    return listener


def overlap(one: str, other: str) -> bool:
    """Two addresses to bind to exclude each other: they are the same, or one is any of its family."""
    if one == other or (":" in one) != (":" in other):
        return one == other
    return one in ANY or other in ANY


class Sleeper(Protocol):
    """Who waits: a process, whose sleep a signal can interrupt, or the loop."""

    async def sleep(self, seconds: float) -> None: ...


async def connect(space: NetworkNamespace, address: str, port: int, sleeper: Sleeper) -> Socket:
    """connect(2). Raises OSError ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ETIMEDOUT."""
    fabric = space.fabric
    way = fabric.find(space, address)
    if way.lost:
        await sleeper.sleep(ARP_TIME if way.lost == "arp" else CONNECT_TIME)
        raise fail(errno.EHOSTUNREACH if way.lost == "arp" else errno.ETIMEDOUT)
    way.count(0)
    await sleeper.sleep(2 * way.latency / SECOND)
    here = (way.source, space.free_port())
    way, port_there, listener = _listener(fabric, way, port)
    way.count(0, back=True)
    if listener is None and not (way.remote and port_there in way.remote.services):
        raise fail(errno.ECONNREFUSED)
    there, back = (Channel(fabric.loop, way.latency, fabric.faults, way.source, way.address) for _ in range(2))
    there.twin, back.twin = back, there
    client = Socket(space, here, (address, port), back, there, next(fabric.inos), way, back=False)
    if listener is None:
        assert way.remote is not None
        server = Socket(None, (address, port), here, there, back, 0, way, back=True)
        fabric.loop.spawn(way.remote.services[port_there](server), f"{address}:{port}")
        return client
    seen = (way.source, here[1])
    server = Socket(listener.space, (way.address, port_there), seen, there, back, next(fabric.inos), way, back=True)
    if not listener.offer(server):
        server.close()
        client.close()
        await sleeper.sleep(CONNECT_TIME)
        raise fail(errno.ETIMEDOUT)
    return client


def _listener(fabric: Fabric, way: Way, port: int) -> tuple[Way, int, Listener | None]:
    """Who listens at the end of a way; a published port of the host leads on into its container."""
    if way.space is None:
        return way, port, None
    for listener in (way.space.listeners or {}).get(port, ()):
        if overlap(listener.address[0], way.address):
            return way, port, listener
    if way.space is fabric.host:
        for published in fabric.published.get(("tcp", port), ()):
            if overlap(published.host_ip, way.address):
                inner = fabric.find(fabric.host, published.address)
                if not inner.lost:
                    near = way.source.startswith("127.") or ":" in way.source
                    source = inner.source if near else way.source  # MASQUERADE
                    onward = Way(inner.address, source, way.out, way.latency + inner.latency, way.hops + 1,
                                 inner.space, inner.into)  # fmt: skip
                    return _listener(fabric, onward, published.container_port)
    return way, port, None


def _wake(waiters: list[Future[None]]) -> None:
    if waiters:
        for waiter in waiters:
            waiter.set_result(None)
        waiters.clear()
