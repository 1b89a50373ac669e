"""What streams from a container: attach, logs, stats, wait."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from engine.api.messages import Duplex, Request, Response, Waiting, json_response
from engine.api.query import boolean, older
from engine.api.router import Route
from engine.api.streams import MULTIPLEXED_STREAM, RAW_STREAM, frame
from engine.daemon import stats as usage
from engine.daemon import wait as waiting
from engine.daemon.attach import Client, converse, parse_keys
from engine.daemon.container import new_log
from engine.daemon.logs import Piece, Query, lines
from engine.errors import InvalidParameter, Unimplemented
from engine.lifecycle import Verb
from engine.loop import Future
from engine.timestamps import parse_moment, rfc3339

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


def stream_type(request: Request, tty: bool) -> str:
    """The media type of a process's output; clients before API 1.42 knew one only."""
    return RAW_STREAM if tty or older(request, "1.42") else MULTIPLEXED_STREAM


# -- attach


async def attach(engine: Engine, request: Request) -> Response:
    """`docker attach` and `docker run`: the connection becomes the container's streams."""
    response = _attached(engine, request, raw=False)
    response.status = 101 if "upgrade" in request.headers else 200
    return response


async def attach_websocket(engine: Engine, request: Request) -> Response:
    """The same for a browser, in binary messages and never in frames (moby, wsContainersAttach)."""
    if request.headers.get("upgrade", "").lower() != "websocket":
        raise InvalidParameter("not websocket protocol")
    if older(request, "1.42"):  # they were not asked which streams they want
        request.query = {**request.query, "stdin": "1", "stdout": "1", "stderr": "1"}
    response = _attached(engine, request, raw=True)
    response.status, response.headers["Upgrade"] = 101, "websocket"
    return response


def _attached(engine: Engine, request: Request, raw: bool) -> Response:
    container = engine.containers.get(request.vars["id"])
    keys = parse_keys(request.query.get("detachKeys", ""))
    container.check(Verb.ATTACH)
    tty = container.config.tty

    async def session(duplex: Duplex) -> None:
        await _attach(engine, container, request, keys, duplex, raw or tty)

    stdin = container.stdin if boolean(request, "stdin") else None
    return Response(
        headers={"Content-Type": stream_type(request, tty)},
        session=session,
        waiting=lambda: _patience(container),
        starving=stdin.starving if stdin is not None else None,
    )


def _patience(container: Container) -> Waiting:
    """Time may jump for the program, but not before `docker run` has started it. Its exit takes some time, too."""
    return "program" if container.active or container.lock.held else "news"


async def _attach(
    engine: Engine, container: Container, request: Request, keys: bytes, duplex: Duplex, raw: bool
) -> None:
    config = container.config
    stdout, stderr = boolean(request, "stdout"), boolean(request, "stderr")
    first = await _recorded(container, stdout, stderr, raw) if boolean(request, "logs") else []
    client = Client(engine.loop, stdout, stderr)
    if boolean(request, "stream"):
        container.clients = [*(container.clients or ()), client]
    else:
        client.close()
    engine.events.publish("container", "attach", container.id, container.attributes())
    try:
        await converse(
            duplex,
            client,
            container.stdin if boolean(request, "stdin") else None,
            raw=raw,
            keys=keys,
            close_stdin=config.stdin_once and not config.tty,
            first=first,
            on_detach=lambda: engine.events.publish("container", "detach", container.id, container.attributes()),
        )
    finally:
        if container.clients and client in container.clients:
            container.clients = [other for other in container.clients if other is not client] or None


async def _recorded(container: Container, stdout: bool, stderr: bool, raw: bool) -> list[bytes]:
    """What was printed before, for `logs=1`."""
    if container.logs is None:
        return []
    pieces = [piece async for piece in container.logs.read(Query(stdout, stderr))]
    return [piece.data if raw else frame(piece.stream, piece.data) for piece in pieces]


# -- logs


async def logs(engine: Engine, request: Request) -> Response:
    """`docker logs`."""
    container = engine.containers.get(request.vars["id"])
    stdout, stderr = boolean(request, "stdout"), boolean(request, "stderr")
    if not stdout and not stderr:
        raise InvalidParameter("Bad parameters: you must choose at least one stream")
    if not container.keeps_log:
        raise Unimplemented("configured logging driver does not support reading")
    tail = request.query.get("tail", "all")
    query = Query(
        stdout,
        stderr,
        since=_moment(engine, request, "since"),
        until=_moment(engine, request, "until"),
        tail=int(tail) if tail.isdecimal() else None,
        follow=boolean(request, "follow") and container.active,
    )
    if query.follow and container.logs is None:
        container.logs = new_log(container)
    tty = container.config.tty
    return Response(
        headers={"Content-Type": stream_type(request, tty)},
        stream=_lines(container, query, boolean(request, "timestamps"), raw=tty),
        waiting="program" if query.follow else "time",
    )


def _moment(engine: Engine, request: Request, name: str) -> int:
    """Nanoseconds since 1970; 0 for none."""
    text = request.query.get(name, "")
    try:
        return parse_moment(text, engine.loop.time) if text and text != "0" else 0
    except ValueError as error:
        raise InvalidParameter(str(error)) from None


async def _lines(container: Container, query: Query, timestamps: bool, raw: bool) -> AsyncIterator[bytes]:
    if container.logs is None:
        return
    async for piece in container.logs.read(query):
        for data in _stamped(piece) if timestamps else (piece.data,):
            yield data if raw else frame(piece.stream, data)


def _stamped(piece: Piece) -> list[bytes]:
    stamp = timestamp(piece.time).encode()
    return [stamp + b" " + line for line in lines(piece.data)]


def timestamp(time: int) -> str:
    """As Docker writes it before a line: always nine digits.

    >>> timestamp(1_136_214_245_120_000_000)
    '2006-01-02T15:04:05.120000000Z'
    """
    return f"{rfc3339(time // 1_000_000_000 * 1_000_000_000)[:-1]}.{time % 1_000_000_000:09d}Z"


# -- stats


async def stats(engine: Engine, request: Request) -> Response:
    """`docker stats`: one reading, or one each second."""
    container = engine.containers.get(request.vars["id"])
    if boolean(request, "stream", default=True):
        headers = {"Content-Type": "application/json"}
        return Response(headers=headers, stream=_documents(engine, container), waiting="watch")
    if boolean(request, "one-shot"):
        return json_response(await usage.one_shot(engine, container))
    return json_response(await usage.compared(engine, container))


async def _documents(engine: Engine, container: Container) -> AsyncIterator[bytes]:
    async for document in usage.stream(engine, container):
        yield _json_line(document)


def _json_line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


# -- wait


async def wait(engine: Engine, request: Request) -> Response:
    """`docker wait`: the head at once, so that the client may go on; the exit status when there is one."""
    container = engine.containers.get(request.vars["id"])
    condition = "" if older(request, "1.30") else request.query.get("condition", "")
    status = await waiting.until(container, condition)
    headers = {"Content-Type": "application/json"}
    # `docker run` asks before it starts; whether it waits for the program, its attach says (with -d there is none)
    return Response(headers=headers, stream=_ExitStatus(container, status), waiting=_patience(container))


class _ExitStatus:
    """A stream of one document. Not a generator: closing it must forget the future even if nobody has read."""

    __slots__ = ("_container", "_done", "_status")

    def __init__(self, container: Container, status: Future[int]) -> None:
        self._container, self._status, self._done = container, status, False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._done:
            raise StopAsyncIteration
        status = await self._status
        self._done = True
        return b'{"StatusCode":%d}\n' % status

    async def aclose(self) -> None:
        self._done = True
        self._container.forget(self._status)


ROUTES = (
    Route("POST", "/containers/{id:path}/attach", attach),
    Route("GET", "/containers/{id:path}/attach/ws", attach_websocket),
    Route("GET", "/containers/{id:path}/logs", logs),
    Route("GET", "/containers/{id:path}/stats", stats),
    Route("POST", "/containers/{id:path}/wait", wait),
)
