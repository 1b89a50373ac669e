"""A browser's question to a published port of the host: in this process by the engine's own way in, else by HTTP."""

from __future__ import annotations

from engine.api.inprocess import Connection
from engine.client.connection import SocketConnection
from engine.distribution.dialled import Dialled
from engine.distribution.transport import Unreachable
from engine.host import Host

HEADERS = {"User-Agent": "Glassdock", "Connection": "close"}


def page(connection: Connection | SocketConnection, port: int, path: str = "/") -> str | None:
    """The body of `GET path`, whatever its status; None if nobody listens on the port."""
    if isinstance(connection, Connection):
        host, loop = connection.engine.host, connection.engine.loop
        return loop.run(_page(host, port, path))
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
            return str(reply.read().decode(errors="replace"))
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace")
    except OSError:
        return None


async def _page(host: Host, port: int, path: str) -> str | None:
    body = bytearray()
    try:
        reply = await Dialled(host).request("GET", f"http://localhost:{port}{path}", HEADERS)
        async for piece in reply.body:
            body += piece
    except Unreachable:  # nobody listens, or the answer broke off
        return body.decode(errors="replace") or None
    return body.decode(errors="replace")
