"""`docker save` and `docker load`: images as tar archives."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from engine.api.images import exact_platform
from engine.api.messages import Request, Response
from engine.api.query import boolean, values
from engine.api.router import Route
from engine.api.streams import error_line, json_line, progress_line, status_line
from engine.daemon.image_load import Said
from engine.distribution.progress import Message, Progress
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

TAR, JSON = {"Content-Type": "application/x-tar"}, {"Content-Type": "application/json"}


async def save(engine: Engine, request: Request) -> Response:
    """All images that are asked for, in one archive."""
    archive = engine.images.save(values(request, "names"), exact_platform(request))
    return Response(200, headers=dict(TAR), stream=archive)


async def save_one(engine: Engine, request: Request) -> Response:
    archive = engine.images.save([request.vars["name"]], exact_platform(request))
    return Response(200, headers=dict(TAR), stream=archive)


async def load(engine: Engine, request: Request) -> Response:
    """The answer is 200, whatever comes; an error is its last line."""
    archive = request.stream or _once(request.body)
    told = engine.images.load(archive, exact_platform(request), boolean(request, "quiet", True))
    return Response(200, headers=dict(JSON), stream=_lines(await _first(told), told))


async def _first(told: AsyncGenerator[Progress | Message | Said]) -> bytes:
    """The first line; the archive has been read by then."""
    try:
        return _line(await anext(told))
    except StopAsyncIteration:
        return b""
    except EngineError as error:
        return error_line(error.message)


async def _lines(first: bytes, told: AsyncGenerator[Progress | Message | Said]) -> AsyncIterator[bytes]:
    try:
        if first:
            yield first
        async for news in told:
            yield _line(news)
    except EngineError as error:
        yield error_line(error.message)
    finally:
        await told.aclose()


def _line(news: Progress | Message | Said) -> bytes:
    if isinstance(news, Said):
        return json_line({"stream": news.text})
    if isinstance(news, Message):
        return status_line(news.status, news.id)
    return progress_line(news.status, news.id, news.current, news.total)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


ROUTES = (
    Route("GET", "/images/get", save),
    Route("GET", "/images/{name:path}/get", save_one),
    Route("POST", "/images/load", load, upload=True),
)
