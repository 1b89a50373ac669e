"""A mirror on the simulated Internet: HTTP/1.1 with keep-alive over one connection after the other (RFC 9112)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.loop import Future
from sim.hub.segments import Segments

if TYPE_CHECKING:
    from sim.net.sockets import Socket

BANDWIDTH = 12_500_000  # bytes a second: the line between the host and the mirrors
PIECE = 65536
HEAD_MAX = 65536


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent for a path. `kind`: the Content-Type."""

    data: Segments
    kind: str = "application/octet-stream"

    @classmethod
    def text(cls, text: str, size: int = 0, kind: str = "text/plain") -> Body:
        """A text, followed by zeros up to `size` bytes."""
        from sim.hub.segments import zeros

        data = text.encode()
        return cls(Segments([data, zeros(max(0, size - len(data)))]), kind)


Answer = Callable[[str], Body | None]  # from a path with its query; None: there is no such thing


def service(module: str) -> Callable[[Socket], Any]:
    """What listens at a port of a mirror: `answer(path)` of a module that is imported when the first client comes."""

    async def serve(socket: Socket) -> None:
        answer: Answer = import_module(module).answer
        connection = _Connection(socket)
        try:
            while (head := await connection.head()) is not None:
                await _exchange(connection, answer, head)
        except OSError:
            pass  # the client has gone
        finally:
            socket.close()

    return serve


async def _exchange(connection: _Connection, answer: Answer, head: str) -> None:
    """One request and its reply. A file that the client has already is not sent again: nothing here ever changes."""
    request, *lines = head.split("\r\n")
    method, _, rest = request.partition(" ")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = answer(rest.rpartition(" ")[0]) if method in ("GET", "HEAD") else None
    if body is not None and "if-modified-since" in fields:
        await connection.send(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        return
    status = "200 OK" if body is not None else "404 Not Found"
    body = body or Body.text("Not found\n")
    about = f"HTTP/1.1 {status}\r\nContent-Type: {body.kind}\r\nContent-Length: {body.data.size}\r\n\r\n"
    await connection.send(about.encode())
    for data in body.data.read() if method != "HEAD" else ():
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            await connection.pace(len(piece))
            await connection.send(piece)


class _Connection:
    """A socket, read by requests and written at the line's rate."""

    def __init__(self, socket: Socket) -> None:
        self._socket, self._held = socket, b""

    async def head(self) -> str | None:
        """The next request without its last, empty line; None when the client is done (or talks too much)."""
        while b"\r\n\r\n" not in self._held:
            data = await self._ready(self._socket.read, PIECE)
            if not data or len(self._held) > HEAD_MAX:
                return None
            self._held += data
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        return head.decode("latin-1")

    async def send(self, data: bytes) -> None:
        while data:
            data = data[await self._ready(self._socket.write, data) :]

    async def pace(self, size: int) -> None:
        """Let the time pass that `size` bytes take on the line."""
        await self._socket.loop.sleep(size / BANDWIDTH)

    async def _ready(self, call: Callable[[Any], Any], argument: Any) -> Any:
        while isinstance(result := call(argument), Future):
            await result
        return result
