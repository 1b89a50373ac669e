"""What web servers have in common: connections side by side, requests and replies (the protocol is h11's), files.

One process serves all its connections in one loop over epoll, as nginx does. What a request means is the server's: a
coroutine from `Visit` to `Reply`.
"""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from posixpath import normpath
from urllib.parse import unquote

import h11

from engine.image.content import Content
from engine.loop import SECOND
from sim.abi import Proc

BLOCK = 65536
LARGEST_BODY = 1 << 20  # bytes of a request


@dataclass(frozen=True, slots=True)
class Visit:
    """A request. `target` is as it was sent, `path` decoded, without query; header names are in lower case.

    A body of more than `LARGEST_BODY` is in `large`, of which long runs of zeros take no room.
    """

    client: tuple[str, int]
    method: str
    target: str
    version: str
    headers: dict[str, str]
    body: bytes
    large: Content | None = None

    @property
    def line(self) -> str:
        return f"{self.method} {self.target} HTTP/{self.version}"

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])


@dataclass(slots=True)
class Reply:
    """`body`, or `pieces` (with a Content-Length among the headers)."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    pieces: AsyncIterator[bytes] | None = None


Answer = Callable[[Visit], Awaitable[Reply]]


@dataclass(slots=True)
class Connection:
    http: h11.Connection
    client: tuple[str, int]
    until: int  # ns since 1970: when it has been idle for too long
    request: h11.Request | None = None
    body: Content = field(default_factory=Content)


class Server:
    """Serves the connections of listening sockets.

    `idle`: seconds until a silent one is closed; `largest`: bytes of a request's body.
    """

    def __init__(
        self, proc: Proc, listeners: Sequence[int], answer: Answer, idle: float, largest: int = LARGEST_BODY
    ) -> None:
        self._proc, self._listeners, self._answer, self._idle = proc, set(listeners), answer, int(idle * SECOND)
        self._largest = largest
        self._poll = proc.epoll()
        for fd in self._listeners:
            self._poll.add(fd)
        self._open: dict[int, Connection] = {}
        self._stopping = False

    def stop(self) -> None:
        """Take no more connections; `run` ends."""
        self._stopping = True

    async def run(self) -> None:
        while not self._stopping:
            with suppress(InterruptedError):
                await self.turn()
        for fd in list(self._open):
            self._close(fd)

    async def turn(self) -> None:
        """Wait until somebody wants something, and serve them. Raises InterruptedError when a signal comes first."""
        ready = await self._poll.wait(self._patience())
        for fd in sorted(ready, key=lambda fd: fd not in self._listeners):
            if fd in self._listeners:
                self._welcome(await self._proc.net.accept(fd))
            elif fd in self._open:
                await self._serve(fd, self._open[fd])
        self._close_idle()

    def _patience(self) -> float | None:
        """Seconds until the next connection has been idle for too long."""
        if not self._open:
            return None
        return max(0.0, (min(one.until for one in self._open.values()) - self._proc.now()) / SECOND)

    def _welcome(self, fd: int) -> None:
        http = h11.Connection(h11.SERVER)
        self._open[fd] = Connection(http, self._proc.net.peer(fd), self._proc.now() + self._idle)
        self._poll.add(fd)

    def _close(self, fd: int) -> None:
        del self._open[fd]
        self._poll.remove(fd)
        self._proc.close(fd)

    def _close_idle(self) -> None:
        now = self._proc.now()
        for fd in [fd for fd, one in self._open.items() if one.until <= now]:
            self._close(fd)

    async def _serve(self, fd: int, one: Connection) -> None:
        """Read what is there; answer the requests that are whole."""
        one.until = self._proc.now() + self._idle
        try:
            one.http.receive_data(await self._proc.read(fd, BLOCK))
            while (visit := _next(one, self._largest)) is not None:
                await self._send(fd, one.http, await self._answer(visit), visit.method)
                if one.http.our_state is h11.DONE and one.http.their_state is h11.DONE:
                    one.http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._refuse(fd, one, error.error_status_hint)
        except OSError as error:
            if isinstance(error, InterruptedError):
                raise
            self._close(fd)
            return
        if one.http.our_state in (h11.MUST_CLOSE, h11.CLOSED, h11.ERROR) or one.http.their_state is h11.CLOSED:
            self._close(fd)

    async def _refuse(self, fd: int, one: Connection, status: int) -> None:
        """What is not HTTP gets an answer, if there can be one."""
        if one.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            visit = Visit(one.client, "-", "-", "1.0", {}, b"")
            reply = await self._answer(visit) if status == 400 else Reply(status)
            reply.headers = [*reply.headers, ("Connection", "close")]
            await self._send(fd, one.http, reply, "GET")

    async def _send(self, fd: int, http: h11.Connection, reply: Reply, method: str) -> None:
        if reply.pieces is None or method == "HEAD":
            await self._proc.write(fd, _encode(http, reply, method))
            return
        await self._proc.write(fd, _head(http, reply))
        async for piece in reply.pieces:
            await self._proc.write(fd, http.send(h11.Data(piece)) or b"")
        await self._proc.write(fd, http.send(h11.EndOfMessage()) or b"")


def _next(one: Connection, largest: int) -> Visit | None:
    """The next whole request, or None. Raises h11.RemoteProtocolError."""
    while True:
        event = one.http.next_event()
        if isinstance(event, h11.Request):
            one.request, one.body = event, Content()
        elif isinstance(event, h11.Data):
            one.body.append(bytes(event.data))
            if one.body.size > largest:
                raise h11.RemoteProtocolError("too large", error_status_hint=413)
        elif isinstance(event, h11.EndOfMessage) and one.request is not None:
            request, one.request = one.request, None
            body, one.body = one.body, Content()
            large = body if body.size > LARGEST_BODY else None
            whole = b"" if large is not None else body.open().read()
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
            target, version = request.target.decode("latin-1"), request.http_version.decode()
            return Visit(one.client, request.method.decode(), target, version, headers, whole, large)
        else:
            return None


def _encode(http: h11.Connection, reply: Reply, method: str) -> bytes:
    """The bytes of a reply; one to HEAD has no body."""
    body = b"" if method == "HEAD" or reply.status in (204, 304) else reply.body
    parts = [_head(http, reply), http.send(h11.Data(body)) if body else b"", http.send(h11.EndOfMessage())]
    return b"".join(part or b"" for part in parts)


def _head(http: h11.Connection, reply: Reply) -> bytes:
    reasoned = reason(reply.status).encode()
    return http.send(h11.Response(status_code=reply.status, headers=reply.headers, reason=reasoned)) or b""


def reason(status: int) -> str:
    """The words after a status; "" for one that is nobody's."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


# -- files


@dataclass(frozen=True, slots=True)
class Found:
    """What a path of a URL stands for: a file, or a directory (`entries`: its names). `mtime` in ns since 1970."""

    path: str
    size: int = 0
    mtime: int = 0
    data: bytes = b""
    entries: tuple[str, ...] | None = None


def find(proc: Proc, root: str, path: str, indexes: Sequence[str]) -> Found:
    """The file below `root`; of a directory its index, if it has one. Raises OSError."""
    place = root.rstrip("/") + normpath("/" + path).replace("//", "/")
    found = proc.stat(place)
    if not stat.S_ISDIR(found.mode):
        return Found(place, found.size, found.mtime, proc.read_file(place))
    for index in indexes if path.endswith("/") else ():
        inside = f"{place.rstrip('/')}/{index}"
        try:
            found = proc.stat(inside)
        except FileNotFoundError:
            continue
        return Found(inside, found.size, found.mtime, proc.read_file(inside))
    return Found(place, entries=tuple(sorted(proc.listdir(place))))


def media_type(path: str, types: dict[str, str], default: str) -> str:
    """By the file's ending."""
    return types.get(path.rpartition(".")[2], default)


def http_date(when: int) -> str:
    """From ns since 1970.

    >>> http_date(0)
    'Thu, 01 Jan 1970 00:00:00 GMT'
    """
    return format_datetime(datetime.fromtimestamp(when // SECOND, UTC), usegmt=True)


def log_date(when: int) -> str:
    """As in access logs.

    >>> log_date(0)
    '01/Jan/1970:00:00:00 +0000'
    """
    return f"{datetime.fromtimestamp(when // SECOND, UTC):%d/%b/%Y:%H:%M:%S} +0000"
