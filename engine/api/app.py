"""The API as one application: a request in, a response out. Sockets and in-process clients both call `App.handle`.

What every request has in common is here: the API version, the headers, errors as `{"message": …}`, the trace span. What
a request *means* is in one file per resource; each of those has a table `ROUTES`.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from functools import cache
from importlib import import_module
from time import gmtime, strftime
from typing import TYPE_CHECKING, Any

from engine.api.body import MAX_BODY, BodyTooLarge
from engine.api.messages import Duplex, Request, Response, json_response
from engine.api.router import Match, Route, Router, split_version
from engine.api.streams import close_stream
from engine.errors import EngineError, InvalidParameter, NotFound, from_os
from engine.loop import SECOND
from engine.trace import Span, Trace

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

Session = Callable[[Duplex], Coroutine[Any, Any, None]]

log = logging.getLogger("glassdock.api")

API_VERSION, MIN_API_VERSION = "1.50", "1.24"
ENGINE_VERSION = "28.2.2"  # the Docker release whose behaviour this is
RESOURCES = (
    "ping", "glass", "system", "containers", "container_streams", "execs", "archives", "images", "image_archives",
    "registries",
    "networks", "swarm", "volumes", "build",
)  # fmt: skip

# moby, api/server/middleware (version, experimental)
COMMON_HEADERS = {
    "Api-Version": API_VERSION,
    "Docker-Experimental": "false",
    "Ostype": "linux",
    "Server": f"Docker/{ENGINE_VERSION} (linux)",
}
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"  # RFC 9110, 5.6.7
UNTRACED = ("/_ping", "/glassdock/")  # looking must not change what is seen


def all_routes() -> Iterable[Route]:
    for name in RESOURCES:
        yield from import_module(f"engine.api.{name}").ROUTES


@cache
def _router() -> Router:
    """All routes' own, made once: routers do not change, and engines may be many."""
    return Router(all_routes())


class App:
    """One engine's API. `handle` never raises an exception: whatever goes wrong is a response."""

    def __init__(self, engine: Engine, routes: Iterable[Route] | None = None) -> None:
        self.engine = engine
        self.router = _router() if routes is None else Router(routes)
        self._second = -1  # of `_common`
        self._common: dict[str, str] = {}

    async def handle(self, request: Request) -> Response:
        """Answer. `request.path` may begin with a version; it is split off here.

        Whoever carries the response on must use up its `stream` or close it (`streams.close_stream`), and await its
        `session`: the request's span ends with them.
        """
        request.version, request.path = split_version(request.path)
        if request.path.startswith(UNTRACED) and request.method in ("GET", "HEAD"):
            return self._finish(await self._answer(request))
        trace, session = self.engine.trace, self.engine.session
        number = session.request(request) if session is not None else 0
        span = trace.open("api", f"{request.method} {request.path}", {})
        try:
            response = await self._answer(request)
        except BaseException as error:
            trace.close(span, type(error).__name__)
            raise
        span.attributes["status"] = response.status
        if session is not None and number:
            session.response(response, number)
        if response.stream is not None:
            response.stream = _SpannedStream(response.stream, trace, span)
        elif response.session is not None:
            response.session = _spanned_session(response.session, trace, span)
        else:
            trace.close(span)
        return self._finish(response)

    async def _answer(self, request: Request) -> Response:
        try:
            match = self.router.match(request.method, request.path)
            if match is None:
                raise NotFound("page not found")  # moby says so for a wrong method, too
            check_version(request.version)
            await self._read_body(request, match)
            request.vars = match.vars
            return await match.route.handler(self.engine, request)
        except EngineError as error:
            return error_response(error.status, error.message)
        except OSError as error:  # the daemon's own disk
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)  # nobody's mistake: a line is enough
            log.error("%s %s: %s", request.method, request.path, error, exc_info=not full)
            return error_response(500, from_os(error).message)
        except Exception as error:
            log.exception("%s %s", request.method, request.path)
            return error_response(500, str(error) or type(error).__name__)

    async def _read_body(self, request: Request, match: Match) -> None:
        """Bring the body into the form that the route asks for, whichever the transport has given."""
        if match.route.upload:
            request.stream = request.stream or _once(request.body)
            return
        if request.stream is None:
            return
        body = bytearray()
        async for piece in request.stream:
            body += piece
            if len(body) > MAX_BODY:
                raise BodyTooLarge("http: request body too large")
        request.body, request.stream = bytes(body), None

    def _finish(self, response: Response) -> Response:
        """The common headers, and the daemon's own time, which need not be the world's."""
        second = self.engine.loop.time // SECOND
        if second != self._second:
            self._second, self._common = second, COMMON_HEADERS | {"Date": strftime(HTTP_DATE, gmtime(second))}
        response.headers = self._common | response.headers
        return response


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


def check_version(version: str) -> None:
    """Raises InvalidParameter for a version that this API does not speak; "" is the newest."""
    if not version:
        return
    if _number(version) < _number(MIN_API_VERSION):
        raise InvalidParameter(
            f"client version {version} is too old. Minimum supported API version is {MIN_API_VERSION}, "
            "please upgrade your client to a newer version"
        )
    if _number(version) > _number(API_VERSION):
        raise InvalidParameter(f"client version {version} is too new. Maximum supported API version is {API_VERSION}")


def _number(version: str) -> tuple[int, ...]:
    """
    >>> _number("1.9") < _number("1.24")
    True
    """
    return tuple(int(part[:9] or 0) for part in version.split("."))


def error_response(status: int, message: str) -> Response:
    if status == 304:
        return Response(304)
    return json_response({"message": message}, status)


class _SpannedStream:
    """A stream that keeps the request's span open until it has ended or is closed."""

    __slots__ = ("_span", "_stream", "_trace")

    def __init__(self, stream: AsyncIterator[bytes], trace: Trace, span: Span) -> None:
        self._stream, self._trace = stream, trace
        self._span: Span | None = span

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._stream.__anext__()
        except StopAsyncIteration:
            self._end(None)
            raise
        except BaseException as error:
            self._end(str(error) or type(error).__name__)
            raise

    async def aclose(self) -> None:
        try:
            await close_stream(self._stream)
        finally:
            self._end(None)

    def _end(self, error: str | None) -> None:
        span, self._span = self._span, None
        if span is not None:
            self._trace.close(span, error)


def _spanned_session(session: Session, trace: Trace, span: Span) -> Session:
    async def run(duplex: Duplex) -> None:
        error: str | None = None
        try:
            await session(duplex)
        except BaseException as raised:
            error = str(raised) or type(raised).__name__
            raise
        finally:
            trace.close(span, error)

    return run
