"""Requests as calls: no socket, no thread, and nothing goes on between two of them."""

import json
from collections.abc import AsyncIterator

import pytest

from engine.api.app import App
from engine.api.inprocess import Connection, WaitsForInput
from engine.api.messages import Duplex, Request, Response, json_response
from engine.api.router import Route
from engine.loop import SECOND, Deadlock, Loop
from engine.trace import Trace


class World:
    def __init__(self) -> None:
        self.loop = Loop(start=0)
        self.trace, self.session = Trace(self.loop), None
        self.notes: list[str] = []
        self.reading = False


async def nap(engine: World, request: Request) -> Response:
    await engine.loop.sleep(float(request.query["seconds"]))
    return json_response(engine.loop.time // SECOND)


async def never(engine: World, request: Request) -> Response:
    await engine.loop.future()
    raise AssertionError("it came about")


async def ticks(engine: World, request: Request) -> Response:
    async def stream() -> AsyncIterator[bytes]:
        try:
            for number in range(int(request.query["count"])):
                await engine.loop.sleep(1)
                yield b"%d " % number
        finally:
            engine.notes.append("ended")

    return Response(stream=stream())


async def failing(engine: World, request: Request) -> Response:
    async def stream() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the other half is missing")

    return Response(stream=stream())


async def size(engine: World, request: Request) -> Response:
    assert request.stream is not None
    return json_response(sum([len(piece) async for piece in request.stream]))


async def talk(engine: World, request: Request) -> Response:
    async def session(duplex: Duplex) -> None:
        try:
            await duplex.write(b"hello")
            while True:
                engine.reading = True
                data = await duplex.read()
                engine.reading = False
                if not data:
                    break
                await engine.loop.sleep(1)
                await duplex.write(data.upper())
            await duplex.write(b"goodbye")
        finally:
            engine.notes.append("talk ended")

    return Response(101, session=session, starving=lambda: engine.reading)


@pytest.fixture
def connection() -> Connection:
    world = World()
    routes = [Route("GET", f"/{handler.__name__}", handler) for handler in (nap, never, ticks, failing)]
    routes += [Route("POST", "/talk", talk), Route("POST", "/size", size, upload=True)]
    return Connection(world, App(world, routes))  # type: ignore[arg-type]


def test_a_request_takes_the_time_it_takes(connection: Connection):
    answer = connection.request("GET", "/v1.44/nap", {"seconds": "3600"})
    assert (answer.status, answer.read(), answer.headers["api-version"]) == (200, b"3600\n", "1.50")
    assert answer.headers["date"] == "Thu, 01 Jan 1970 01:00:00 GMT"


def test_what_can_never_be_answered_says_so(connection: Connection):
    with pytest.raises(Deadlock):
        connection.request("GET", "/never")


def test_an_error_is_an_answer(connection: Connection):
    answer = connection.request("GET", "/nowhere")
    assert (answer.status, json.loads(answer.read())) == (404, {"message": "page not found"})


def test_reading_a_stream_drives_it(connection: Connection):
    answer = connection.request("GET", "/ticks", {"count": "1000"})
    seen = [next(chunk) for chunk in [answer.chunks()] for _ in range(3)]
    assert seen == [b"0 ", b"1 ", b"2 "]
    assert connection.engine.loop.time == 3 * SECOND


def test_a_stream_that_is_not_read_on_is_closed(connection: Connection):
    answer = connection.request("GET", "/ticks", {"count": "1000"})
    for _ in answer.chunks():
        answer.close()
        break
    assert connection.engine.notes == ["ended"]  # type: ignore[attr-defined]


def test_a_stream_that_fails_raises_where_it_is_read(connection: Connection):
    chunks = connection.request("GET", "/failing").chunks()
    assert next(chunks) == b"half"
    with pytest.raises(RuntimeError, match="other half"):
        next(chunks)


def test_an_upload_is_read_as_a_stream(connection: Connection):
    assert connection.request("POST", "/size", body=b"12345").read() == b"5\n"
    assert connection.request("POST", "/size").read() == b"0\n"


def test_a_session_goes_both_ways(connection: Connection):
    answer, session = connection.upgrade("/talk")
    assert answer.status == 101
    assert session is not None
    assert session.recv() == b"hello"
    with pytest.raises(WaitsForInput):
        session.recv()
    assert connection.engine.loop.time == 0
    session.send(b"abc")
    assert session.recv() == b"ABC"
    session.half_close()
    assert session.recv() == b"goodbye"
    assert session.recv() == b""
    with pytest.raises(ConnectionError):
        session.send(b"more")


def test_leaving_a_session_ends_it(connection: Connection):
    _, session = connection.upgrade("/talk")
    assert session is not None
    session.close()
    assert connection.engine.notes == ["talk ended"]  # type: ignore[attr-defined]
    assert session.recv() == b"hello"
