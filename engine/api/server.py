"""The application on sockets. HTTP is aiohttp's; what is here is the bridge from a request to `App.handle` and back.

One request is one task on the engine's loop (`_Exchange.perform`) and one coroutine on asyncio's (`Server._answer`). A
client that goes away ends its streams and sessions, and what it only looked at; a change that has begun is brought to
its end, as in moby (context.WithoutCancel).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import http_exceptions, web

from engine.api.app import error_response
from engine.api.channel import Channel, TwoWay
from engine.api.driver import Driver
from engine.api.hijack import Hijack
from engine.api.messages import Duplex, Query, Request, Response
from engine.api.sockets import BACKLOG, Address, bind
from engine.api.streams import close_stream
from engine.api.tls import Front
from engine.errors import InvalidParameter
from engine.loop import Cancelled, Loop, Task

SMALL = 1 << 20  # bytes; a body of at most this size is read whole before the application sees the request
LONGEST_LINE = 64 << 10  # bytes of a request line or a header; filters and registry credentials are long
BROKEN = (http_exceptions.HttpProcessingError, web.RequestPayloadError, asyncio.IncompleteReadError)

log = logging.getLogger("glassdock.server")


class Application(Protocol):
    """What a server serves: engine.api.app.App, or a registry."""

    async def handle(self, request: Request) -> Response: ...


class Owner(Protocol):
    """Whose loop it is, and what is to be closed when the server is."""

    @property
    def loop(self) -> Loop: ...

    async def close(self) -> None: ...


class Server:
    """An application on any number of sockets. Use inside a running asyncio loop; `listen`, and in the end `close`."""

    def __init__(self, engine: Owner, app: Application) -> None:
        self.app = app
        self.driver = Driver(engine.loop)
        self.exchanges: set[_Exchange] = set()
        self._engine = engine
        self._http = _Http(
            self._answer,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )
        self._listeners: list[tuple[asyncio.Server, Address]] = []

    async def listen(self, address: Address, tls: ssl.SSLContext | None = None) -> Address:
        """Start to answer there; returns the address with its real port. Raises sockets.AddressError.

        `tls` is for TCP; a Unix socket has its file's mode.
        """
        listener = bind(address)
        if listener.family == getattr(socket, "AF_UNIX", None):
            server = await asyncio.get_running_loop().create_unix_server(self._http, sock=listener, backlog=BACKLOG)
        else:
            protocol = self._http if tls is None else lambda: Front(tls, self._http)
            server = await asyncio.get_running_loop().create_server(protocol, sock=listener, backlog=BACKLOG)
            address = Address(host=address.host, port=listener.getsockname()[1])
        self._listeners.append((server, address))
        return address

    async def close(self) -> None:
        """Take no more requests, end those that are open, stop the engine, remove the sockets."""
        for server, address in self._listeners:
            server.close()
            if address.path:
                Path(address.path).unlink(missing_ok=True)
        for exchange in tuple(self.exchanges):
            exchange.cancel()
        await self._http.shutdown(0.2)
        wait = self.driver.waits.begin("time")
        await _over(self._engine.loop.spawn(self._engine.close(), "close"))
        wait.end()
        self.driver.close()

    # -- one request

    async def _answer(self, raw: web.BaseRequest) -> web.StreamResponse:
        upload: asyncio.Task[None] | None = None
        body = Channel(self.driver.wake, self.driver.loop.future, asyncio.get_running_loop().create_future)
        try:
            request = await _request(raw)
        except BROKEN as error:
            return _plain(error_response(400, f"malformed request body: {error}"), raw, close=True)
        exchange = _Exchange(self, raw)
        if raw.can_read_body and not request.body:
            request.stream = body.pieces()
            upload = asyncio.create_task(_upload(raw, body))
        try:
            return await exchange.run(request)
        finally:
            if upload is not None:
                upload.cancel()
                body.end(InvalidParameter("unexpected EOF"))
            exchange.leave()


class _Exchange:
    """One request and its answer, as both loops see them."""

    def __init__(self, server: Server, raw: web.BaseRequest) -> None:
        self._server, self._driver, self._raw = server, server.driver, raw
        asyncio_loop = asyncio.get_running_loop()
        self._response: asyncio.Future[Response] = asyncio_loop.create_future()
        self._out = Channel(self._driver.wake, asyncio_loop.create_future, self._driver.loop.future)
        self._up = Channel(self._driver.wake, self._driver.loop.future, asyncio_loop.create_future)
        self._hijack: Hijack | None = None
        self._wait = self._driver.waits.begin("time")
        self._task: Task[None] | None = None
        server.exchanges.add(self)

    # -- on asyncio's loop

    async def run(self, request: Request) -> web.StreamResponse:
        self._task = self._driver.loop.spawn(self.perform(request), f"{request.method} {request.path}")
        self._task.add_done_callback(self._done)
        self._driver.now()
        response = self._response.result() if self._response.done() else await asyncio.shield(self._response)
        if response.stream is not None:
            return await self._stream(response)
        if response.session is not None:
            return await self._taken_over()
        return _plain(response, self._raw)

    async def _stream(self, response: Response) -> web.StreamResponse:
        reply = web.StreamResponse(status=response.status, headers=response.headers)
        if self._raw.version >= (1, 1) and "Content-Length" not in response.headers:
            reply.enable_chunked_encoding()
        await reply.prepare(self._raw)
        try:
            while data := await self._out.get():
                await reply.write(data)
        except _Aborted:
            reply.force_close()
            if self._raw.transport is not None:
                self._raw.transport.abort()
            return reply
        await reply.write_eof()
        return reply

    async def _taken_over(self) -> web.StreamResponse:
        if self._hijack is not None:
            await self._hijack.over
            return _Taken()
        websocket = web.WebSocketResponse()
        await websocket.prepare(self._raw)
        listening = asyncio.create_task(_listen(websocket, self._up))
        try:
            while data := await self._out.get():
                await websocket.send_bytes(data)
            await websocket.close()
        finally:
            listening.cancel()
            self._up.end()
            self._out.end()
        return websocket

    def leave(self) -> None:
        """The client has its answer, or is gone."""
        if self._response.done() or self._raw.method in ("GET", "HEAD"):
            self.cancel()

    def cancel(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._driver.wake()

    # -- on the engine's loop

    async def perform(self, request: Request) -> None:
        response = await self._server.app.handle(request)
        self._wait.change(response.waiting, response.starving)
        if response.session is not None:
            await self._converse(response)
        elif response.stream is not None:
            try:
                self._head(response)
                async for data in response.stream:
                    if (room := self._out.give(data)) is not None:
                        await room
            finally:
                await close_stream(response.stream)
        else:
            self._head(response)

    async def _converse(self, response: Response) -> None:
        transport = self._raw.transport
        assert response.session is not None
        if transport is None:  # gone meanwhile
            return
        duplex: Duplex = TwoWay(self._up, self._out)
        if response.headers.get("Upgrade") != "websocket":
            duplex = self._hijack = Hijack(self._driver, transport, self._raw.protocol, response)
        self._head(response)
        with contextlib.suppress(ConnectionError):
            try:
                await response.session(duplex)
            finally:
                duplex.close()

    def _head(self, response: Response) -> None:
        if not self._response.done():
            self._response.set_result(response)

    def _done(self) -> None:
        """The task has ended, however it ended."""
        assert self._task is not None
        self._wait.end()
        self._server.exchanges.discard(self)
        error = self._task.error()
        self._out.end(_Aborted() if error else None)
        if error is not None and not isinstance(error, Cancelled | ConnectionError):
            log.error("%s %s", self._raw.method, self._raw.path, exc_info=error)
        if not self._response.done():
            self._response.set_exception(ConnectionResetError("the request was given up"))
            self._response.exception()  # seen, also when nobody waits for it any more


class _Aborted(Exception):
    """The stream failed in the middle; the client must not take it for the end."""


class _Http(web.Server):
    """aiohttp's server, with Docker's form for what is not even HTTP."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500 and exc is not None and not isinstance(exc, ConnectionError):
            log.error("%s %s", request.method, request.path, exc_info=exc)
        return _plain(
            error_response(status, (message or str(exc) or "malformed request").partition("\n")[0]), request, close=True
        )


class _Taken(web.StreamResponse):
    """What the HTTP server is given when the connection is no longer its own: nothing to send."""

    async def prepare(self, request: web.BaseRequest) -> None:
        self.force_close()

    async def write_eof(self, data: bytes = b"") -> None:
        pass


async def _listen(websocket: web.WebSocketResponse, up: Channel) -> None:
    """A WebSocket's messages, as bytes to the session."""
    async for message in websocket:
        data = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
        if (room := up.give(data)) is not None:
            await room
    up.end()


async def _request(raw: web.BaseRequest) -> Request:
    """aiohttp's request as ours, with its body if that is small. Raises one of BROKEN."""
    if raw.headers.get("Expect", "").lower() == "100-continue":
        await raw.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    target = urlsplit(raw.raw_path if raw.raw_path.startswith("/") else "/" + raw.raw_path)
    headers: dict[str, str] = {}
    for name, value in raw.headers.items():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value  # RFC 9110, 5.3
    query = Query(parse_qsl(target.query, keep_blank_values=True))
    request = Request(raw.method, unquote(target.path), query, headers)
    if raw.can_read_body and (raw.content_length or SMALL + 1) <= SMALL:
        request.body = await raw.content.read()
    return request


async def _upload(raw: web.BaseRequest, body: Channel) -> None:
    """Pass a large body on as it comes, as fast as it is taken."""
    try:
        async for data in raw.content.iter_any():
            if (room := body.give(data)) is not None:
                await room
    except BROKEN as error:
        body.end(InvalidParameter(f"malformed request body: {error}"))
    else:
        body.end()


def _plain(response: Response, raw: web.BaseRequest, *, close: bool = False) -> web.Response:
    reply = web.Response(status=response.status, body=response.body or None, headers=response.headers)
    if close:
        reply.force_close()
    return reply


async def _over(task: Task[None]) -> None:
    """Wait on asyncio's loop for a task of the engine's."""
    done = asyncio.get_running_loop().create_future()
    task.add_done_callback(lambda: done.set_result(None))
    await done
    task.result()
