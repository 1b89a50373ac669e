"""A `Transport` to a published port of a container: HTTP (the protocol is h11's) over `Host.dial`.

This is how a daemon reaches `localhost:5000` when a container of its own is the registry there. One connection for each
request; no TLS, as a container that wants it is none that a course has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol
from urllib.parse import urlsplit

import h11

from engine.distribution.transport import Reply, Unreachable
from engine.host import Connection

USUAL_PORTS = {"http": 80, "https": 443}


class Dialer(Protocol):
    """What this module needs of a host."""

    async def dial(self, host_ip: str, port: int) -> Connection: ...


class Dialled:
    """Requests to this host's published ports."""

    def __init__(self, host: Dialer) -> None:
        self._host = host

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        """Raises Refused if nobody listens there, Unreachable for all else."""
        where = urlsplit(url)
        port = where.port or USUAL_PORTS[where.scheme]
        try:
            connection = await self._host.dial("127.0.0.1", port)
        except OSError:
            raise Refused(f"dial tcp 127.0.0.1:{port}: connect: connection refused") from None
        if where.scheme == "https":
            connection.close()
            raise Unreachable("http: server gave HTTP response to HTTPS client")
        exchange = _Exchange(connection)
        target = (where.path or "/") + (f"?{where.query}" if where.query else "")
        try:
            await exchange.send(method, target, {"Host": where.netloc, **headers}, body)
            head = await exchange.head()
        except BaseException:
            await exchange.aclose()
            raise
        names = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        return Reply(head.status_code, names, exchange)


class Refused(Unreachable):
    """No container publishes this port."""


class _Exchange:
    """One request and its answer; iterating gives the answer's body."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._http = h11.Connection(h11.CLIENT)

    async def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes]
    ) -> None:
        length = {"Content-Length": str(len(body))} if isinstance(body, bytes) else {"Transfer-Encoding": "chunked"}
        fields = [*({**headers, **length}).items()] if body or method != "GET" else [*headers.items()]
        try:
            await self._write(h11.Request(method=method, target=target, headers=fields))
            if isinstance(body, bytes):
                await self._write(h11.Data(body))
            else:
                async for piece in body:
                    await self._write(h11.Data(piece))
            await self._write(h11.EndOfMessage())
        except OSError:  # it may have said why before it hung up
            return

    async def head(self) -> h11.Response:
        while not isinstance(event := await self._next(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise Unreachable("EOF")
        return event

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        event = await self._next()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._connection.close()

    async def _write(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            await self._connection.write(data)

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._connection.read())
        except h11.RemoteProtocolError:
            raise Unreachable("unexpected EOF") from None
        except OSError as error:
            raise Unreachable(f"read: {error}") from None
        return event  # type: ignore[return-value]
