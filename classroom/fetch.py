"""A browser's question to a published port of the host: in this process by the engine's own way in, else by HTTP."""

from __future__ import annotations

import h11

from engine.api.inprocess import Connection
from engine.client.connection import SocketConnection
from engine.host import Host


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
    try:
        stream = await host.dial("127.0.0.1", port)
    except OSError:
        return None
    http = h11.Connection(h11.CLIENT)
    headers = [("Host", f"localhost:{port}"), ("User-Agent", "Glassdock"), ("Connection", "close")]
    await stream.write(http.send(h11.Request(method="GET", target=path, headers=headers)) or b"")
    body = bytearray()
    try:
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await stream.read())
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return body.decode(errors="replace")
    except (h11.RemoteProtocolError, ConnectionError):
        return body.decode(errors="replace") or None
    finally:
        stream.close()
