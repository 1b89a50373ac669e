"""The server on real sockets, with a handful of routes that do one thing each: what HTTP and asyncio must get right."""

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from engine.api.app import App
from engine.api.body import read_json
from engine.api.messages import Duplex, Request, Response, json_response
from engine.api.ping import ROUTES as PING
from engine.api.router import Route
from engine.api.server import Server
from engine.api.sockets import Address, AddressError
from engine.loop import SECOND, Loop, SteppedClock, WallClock
from engine.trace import Trace

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="asks for Unix sockets")


class World:
    """An engine with a loop and a trace; its handlers note here what became of them."""

    def __init__(self, stepped: bool) -> None:
        self.loop = Loop(SteppedClock() if stepped else WallClock(), start=0)
        self.trace, self.session = Trace(self.loop), None
        self.notes: list[str] = []

    async def close(self) -> None:
        self.notes.append("closed")


async def echo(engine: World, request: Request) -> Response:
    return json_response({"json": read_json(request), "query": dict(request.query), "path": request.path})


async def upload(engine: World, request: Request) -> Response:
    assert request.stream is not None
    return json_response(sum([len(piece) async for piece in request.stream]))


async def ticking(engine: World, request: Request) -> Response:
    async def ticks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"tick\n"
                await engine.loop.sleep(0.01)
        finally:
            engine.notes.append("ticking ended")

    return Response(stream=ticks(), waiting="news")


async def flood(engine: World, request: Request) -> Response:
    async def zeros() -> AsyncIterator[bytes]:
        try:
            while True:
                engine.notes.append("given")
                yield bytes(1 << 16)
        finally:
            engine.notes.append("flood ended")

    return Response(stream=zeros())


async def failing(engine: World, request: Request) -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the other half is missing")

    return Response(stream=half())


async def talk(engine: World, request: Request) -> Response:
    """Says hello, sends back what it hears, says goodbye after the end of it."""

    async def session(duplex: Duplex) -> None:
        try:
            await duplex.write(b"hello ")
            while data := await duplex.read():
                engine.notes.append(f"heard {data!r}")
                await duplex.write(data)
            await duplex.write(b" goodbye")
        finally:
            engine.notes.append("talk ended")

    return Response(101 if "upgrade" in request.headers else 200, session=session)


async def talk_websocket(engine: World, request: Request) -> Response:
    response = await talk(engine, request)
    response.headers["Upgrade"] = "websocket"
    return response


async def silent(engine: World, request: Request) -> Response:
    async def session(duplex: Duplex) -> None:
        try:
            await engine.loop.future()
        finally:
            engine.notes.append("silent ended")

    return Response(101, session=session, waiting="program", starving=lambda: "starving" in engine.notes)


async def nap(engine: World, request: Request) -> Response:
    await engine.loop.sleep(float(request.query["seconds"]))
    engine.notes.append("nap over")
    return json_response(engine.loop.time / SECOND)


async def wait(engine: World, request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        await engine.loop.sleep(1000)
        yield b"over"

    return Response(stream=body(), waiting="program")


async def busy(engine: World, request: Request) -> Response:
    while "enough" not in engine.notes:
        await engine.loop.sleep(0)
    return Response(204)


async def enough(engine: World, request: Request) -> Response:
    engine.notes.append("enough")
    return Response(204)


ROUTES = (
    *PING,
    *(Route("POST", f"/{handler.__name__}", handler) for handler in (echo, talk, silent, nap, enough)),
    *(Route("GET", f"/{handler.__name__}", handler) for handler in (ticking, flood, failing, nap, busy, wait)),
    Route("POST", "/upload", upload, upload=True),
    Route("GET", "/talk/ws", talk_websocket),
    Route("GET", "/names/{name:path}", echo),
)


class Client:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, head: str, body: bytes = b"", *headers: str) -> tuple[int, dict[str, str], bytes]:
        """Send a request; read an answer that has a length."""
        self.send(head, body, *headers)
        status, answered = await self.head()
        return status, answered, await self.reader.readexactly(int(answered.get("content-length", "0")))

    def send(self, head: str, body: bytes = b"", *headers: str) -> None:
        lines = [f"{head} HTTP/1.1", "Host: docker", f"Content-Length: {len(body)}", *headers]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), headers

    async def chunk(self) -> bytes:
        size = int((await self.reader.readuntil(b"\r\n")), 16)
        return (await self.reader.readexactly(size + 2))[:-2]


class House:
    """A server in a folder of its own, and clients of it."""

    def __init__(self, folder: Path, stepped: bool) -> None:
        self.world = World(stepped)
        self.server = Server(self.world, App(self.world, ROUTES))  # type: ignore[arg-type]
        self.address = Address(path=str(folder / "house" / "sim.sock"))
        self.clients: list[Client] = []

    async def client(self) -> Client:
        client = Client(*await asyncio.open_unix_connection(self.address.path))
        self.clients.append(client)
        return client

    async def noted(self, note: str) -> None:
        """Wait until a handler has noted this."""
        async with asyncio.timeout(5):
            while note not in self.world.notes:
                await asyncio.sleep(0.001)


Live = Callable[[Callable[[House], Awaitable[None]]], None]


def live_in(folder: Path, stepped: bool, story: Callable[[House], Awaitable[None]]) -> None:
    async def whole() -> None:
        house = House(folder, stepped)
        await house.server.listen(house.address)
        try:
            async with asyncio.timeout(20):
                await story(house)
        finally:
            for client in house.clients:
                client.writer.close()
            await house.server.close()
        assert not house.server.exchanges, "a request was left over"
        assert house.world.notes[-1] == "closed"
        assert not Path(house.address.path).exists()

    asyncio.run(whole())


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return lambda story: live_in(tmp_path, False, story)


@pytest.fixture
def live_stepped(tmp_path: Path) -> Live:
    return lambda story: live_in(tmp_path, True, story)


def test_a_connection_carries_many_requests(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        for _ in range(3):
            status, headers, body = await client.ask("GET /v1.44/_ping")
            assert (status, body, headers["api-version"]) == (200, b"OK", "1.50")
        status, headers, _ = await client.ask("POST /enough")
        assert (status, "content-length" in headers) == (204, False)
        client.send("HEAD /_ping")
        assert (await client.head())[0] == 200
        assert (await client.ask("GET /nowhere"))[0] == 404

    live(story)


def test_paths_and_queries_are_decoded(live: Live):
    async def story(house: House) -> None:
        _, _, body = await (await house.client()).ask("GET /v1.44/names/quay.io%2Fa:b?x=%7B%22a%22%3A1%7D&e=&s=a+b")
        said = json.loads(body)
        assert (said["path"], said["query"]) == ("/names/quay.io/a:b", {"x": '{"a":1}', "e": "", "s": "a b"})

    live(story)


def test_the_socket_is_its_owners_alone(live: Live):
    async def story(house: House) -> None:
        path = Path(house.address.path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    live(story)


def test_a_live_socket_is_refused_and_a_stale_one_replaced(live: Live, tmp_path: Path):
    async def story(house: House) -> None:
        with pytest.raises(AddressError, match="listening"):
            await house.server.listen(house.address)
        stale = tmp_path / "stale.sock"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(stale))
        await house.server.listen(Address(path=str(stale)))
        (tmp_path / "file").write_text("")
        with pytest.raises(AddressError, match="not a socket"):
            await house.server.listen(Address(path=str(tmp_path / "file")))

    live(story)


def test_tcp_says_its_real_port(live: Live):
    async def story(house: House) -> None:
        address = await house.server.listen(Address(host="127.0.0.1"))
        assert address.port
        client = Client(*await asyncio.open_connection("127.0.0.1", address.port))
        assert (await client.ask("GET /_ping"))[0] == 200
        client.writer.close()

    live(story)


def test_headers_of_a_stream_come_before_its_first_byte(live_stepped: Live):
    async def story(house: House) -> None:
        house.world.notes.append("starving")
        listener, person = await house.client(), await house.client()
        person.send("POST /silent", b"", "Connection: Upgrade", "Upgrade: tcp")
        assert (await person.head())[0] == 101
        listener.send("GET /wait")
        status, headers = await listener.head()
        assert (status, headers["transfer-encoding"]) == (200, "chunked")
        house.world.notes.remove("starving")
        await person.reader.read(0)
        assert (await (await house.client()).ask("GET /_ping"))[0] == 200
        assert await listener.chunk() == b"over"

    live_stepped(story)


def test_a_client_that_leaves_a_stream_ends_it(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("GET /ticking")
        await client.head()
        assert (await client.chunk()).startswith(b"tick\n")
        client.writer.close()
        await house.noted("ticking ended")
        assert not house.server.exchanges

    live(story)


def test_half_a_close_ends_a_stream_too(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("GET /ticking")
        await client.head()
        client.writer.write_eof()
        await house.noted("ticking ended")

    live(story)


def test_a_slow_reader_holds_the_stream_back(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("GET /flood")
        await client.head()
        for _ in range(50):
            await asyncio.sleep(0)
        given = -1
        while given != (given := house.world.notes.count("given")):
            await asyncio.sleep(0.05)
        assert given < 200
        client.writer.close()
        await house.noted("flood ended")

    live(story)


def test_a_stream_that_fails_is_not_taken_for_whole(live: Live, caplog: pytest.LogCaptureFixture):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("GET /failing")
        await client.head()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            while await client.chunk():
                pass
        assert (await (await house.client()).ask("GET /_ping"))[0] == 200

    with caplog.at_level(logging.CRITICAL):
        live(story)


def test_uploads_of_any_size_are_streamed(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        size = 40 << 20
        client.writer.write(f"POST /upload HTTP/1.1\r\nHost: d\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(40):
            client.writer.write(bytes(1 << 20))
            await client.writer.drain()
        status, headers = await client.head()
        assert (status, await client.reader.readexactly(int(headers["content-length"]))) == (200, b"41943040\n")
        assert (await client.ask("POST /upload", b"small"))[2] == b"5\n"

    live(story)


def test_chunked_bodies_and_100_continue(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.writer.write(
            b"POST /echo HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert (await client.head())[0] == 100
        client.writer.write(b"4\r\n[1, \r\n2\r\n2]\r\n0\r\n\r\n")
        status, headers = await client.head()
        assert status == 200
        assert json.loads(await client.reader.readexactly(int(headers["content-length"])))["json"] == [1, 2]

    live(story)


def test_http_1_0_gets_a_plain_body(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.writer.write(b"GET /_ping HTTP/1.0\r\n\r\n")
        assert (await client.reader.read()).endswith(b"\r\n\r\nOK")

    live(story)


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nHost d\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS, as it were\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: many\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"POST /upload HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n-1\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_a_docker_shaped_answer(live: Live, bytes_sent: bytes):
    async def story(house: House) -> None:
        client = await house.client()
        client.writer.write(bytes_sent)
        status, headers = await client.head()
        assert status == 400
        assert json.loads(await client.reader.readexactly(int(headers["content-length"])))["message"]
        assert await client.reader.read() == b""
        assert (await (await house.client()).ask("GET /_ping"))[0] == 200

    live(story)


def test_an_enormous_body_is_answered_and_not_read(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.writer.write(b"POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 100000000000\r\n\r\n")
        for _ in range(20):
            client.writer.write(bytes(1 << 20))
            await client.writer.drain()
        status, headers = await client.head()
        assert status == 413
        body = await client.reader.readexactly(int(headers["content-length"]))
        assert json.loads(body) == {"message": "http: request body too large"}

    live(story)


def test_a_client_that_vanishes_in_its_own_body_leaves_nothing(live: Live):
    async def story(house: House) -> None:
        for path in ("/echo", "/upload"):
            for length in (1000, 10_000_000):
                client = await house.client()
                client.writer.write(f"POST {path} HTTP/1.1\r\nHost: d\r\nContent-Length: {length}\r\n\r\nabc".encode())
                await client.writer.drain()
                await asyncio.sleep(0.01)
                client.writer.close()
        while house.server.exchanges:
            await asyncio.sleep(0.001)

    live(story)


UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")


def test_an_upgrade_is_written_as_dockerd_writes_it(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("POST /talk", b"", *UPGRADE)
        assert await client.reader.readuntil(b"\r\n\r\n") == (
            b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )
        client.writer.write(b"one")
        assert await client.reader.readexactly(9) == b"hello one"
        client.writer.write_eof()
        assert await client.reader.read() == b" goodbye"

    live(story)


def test_the_body_before_an_upgrade_is_not_part_of_it(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("POST /talk", b'{"Detach":false}', "Content-Type: application/json", *UPGRADE)
        assert (await client.head())[0] == 101
        client.writer.write_eof()
        assert await client.reader.read() == b"hello  goodbye"

    live(story)


def test_old_clients_get_raw_bytes_after_200(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("POST /talk")
        assert await client.reader.readuntil(b"\r\n\r\n") == (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
        )
        client.writer.write_eof()
        assert await client.reader.read() == b"hello  goodbye"

    live(story)


def test_a_browser_talks_over_a_websocket(live: Live):
    async def story(house: House) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(house.address.path)) as browser:
            async with browser.ws_connect("http://docker/talk/ws") as websocket:
                assert await websocket.receive_bytes() == b"hello "
                await websocket.send_str("text")
                assert await websocket.receive_bytes() == b"text"
                await websocket.send_bytes(b"bytes")
                assert await websocket.receive_bytes() == b"bytes"
            await house.noted("talk ended")

    live(story)


def test_output_does_not_come_in_one_packet_with_the_head(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("POST /talk", b"", *UPGRADE)
        assert (await client.reader.read(65536)).endswith(b"\r\n\r\n")
        client.writer.write_eof()
        assert await client.reader.read() == b"hello  goodbye"

    live(story)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells what a client has read")
def test_output_waits_for_a_client_that_is_slow_to_read_the_head(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.send("POST /talk", b"", *UPGRADE)
        await asyncio.sleep(0.15)  # it has said hello long ago
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert (await client.reader.read(65536)).endswith(b"\r\n\r\n")
        client.writer.write_eof()
        assert await client.reader.read() == b"hello  goodbye"

    live(story)


def test_large_amounts_pass_through_a_session_both_ways(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("POST /talk", b"", *UPGRADE)
        await client.head()
        sent = os.urandom(1 << 20) * 4

        async def say() -> None:
            client.writer.write(sent)
            await client.writer.drain()
            client.writer.write_eof()

        saying = asyncio.create_task(say())
        assert await client.reader.read() == b"hello " + sent + b" goodbye"
        await saying

    live(story)


@pytest.mark.parametrize("half_closed", [False, True])
def test_a_client_that_vanishes_from_a_silent_session_ends_it(live: Live, half_closed: bool, monkeypatch: Any):
    monkeypatch.setattr("engine.api.hijack.LOOK", 0.01)
    monkeypatch.setattr("engine.api.hijack.LINGER", 0.01)

    async def story(house: House) -> None:
        client = await house.client()
        client.send("POST /silent", b"", *UPGRADE)
        await client.head()
        if half_closed:
            client.writer.write_eof()
            await asyncio.sleep(0.05)
            assert "silent ended" not in house.world.notes
        client.writer.close()
        await house.noted("silent ended")
        while house.server.exchanges:
            await asyncio.sleep(0.001)

    live(story)


def test_what_a_vanished_client_had_said_is_still_heard(live: Live):
    async def story(house: House) -> None:
        client = await house.client()
        client.send("POST /talk", b"", *UPGRADE)
        await client.head()
        client.writer.write(b"last words")
        client.writer.close()
        await house.noted("heard b'last words'")
        await house.noted("talk ended")

    live(story)


def test_a_change_is_brought_to_its_end_and_a_look_is_not(live: Live):
    async def story(house: House) -> None:
        for method in ("GET", "POST"):
            client = await house.client()
            client.send(f"{method} /nap?seconds=0.1")
            await asyncio.sleep(0.02)
            client.writer.close()
        await house.noted("nap over")
        while house.server.exchanges:
            await asyncio.sleep(0.001)
        assert house.world.notes.count("nap over") == 1

    live(story)


def test_a_busy_engine_still_answers(live: Live):
    async def story(house: House) -> None:
        hog, other = await house.client(), await house.client()
        hog.send("GET /busy")
        assert (await other.ask("GET /_ping"))[0] == 200
        assert (await other.ask("POST /enough"))[0] == 204
        assert (await hog.head())[0] == 204

    live(story)


def test_a_stepped_clock_jumps_for_a_request_that_waits_for_time(live_stepped: Live):
    async def story(house: House) -> None:
        client = await house.client()
        _, _, body = await client.ask("POST /nap?seconds=86400")
        assert json.loads(body) == 86400
        assert (await client.ask("GET /_ping"))[0] == 200
        assert house.world.loop.time == 86400 * SECOND

    live_stepped(story)


def test_a_stepped_clock_stands_still_for_listeners_and_for_people(live_stepped: Live):
    async def story(house: House) -> None:
        listener, person, other = [await house.client() for _ in range(3)]
        listener.send("GET /ticking")
        await listener.head()
        assert await listener.chunk() == b"tick\n"
        house.world.notes.append("starving")
        person.send("POST /silent", b"", *UPGRADE)
        await person.head()
        for _ in range(3):
            await other.ask("GET /_ping")
        assert house.world.loop.time == 0
        await other.ask("POST /nap?seconds=0.005")
        assert house.world.loop.time == SECOND // 200

    live_stepped(story)
