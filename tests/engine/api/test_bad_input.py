"""Whatever a client sends, and whenever it leaves: an answer in Docker's form, nothing left over, the daemon alive."""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.app import App, all_routes
from engine.api.inprocess import Connection
from engine.api.server import Server
from engine.api.sockets import Address
from engine.loop import Task
from sim.make import make_engine

JSON = {"Content-Type": "application/json"}
UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"
WEBSOCKET = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)

# Names that the API's bodies use, so that wrong values get to where they matter
NAMES = [
    "Image", "Cmd", "Entrypoint", "Env", "Labels", "HostConfig", "Memory", "Binds", "PortBindings", "ExposedPorts",
    "RestartPolicy", "Name", "MaximumRetryCount", "NetworkMode", "NetworkingConfig", "EndpointsConfig", "Healthcheck",
    "Test", "Interval", "Mounts", "Target", "Tty", "OpenStdin", "Detach", "StopSignal", "StopTimeout", "User",
    "username", "password", "serveraddress", "Ulimits", "LogConfig", "Config", "NanoCpus", "PidsLimit",
    "Tmpfs", "Devices", "Volumes",
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just("alpine"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    connection = Connection(make_engine(seed=1))
    connection.request("POST", "/images/create", {"fromImage": "alpine", "tag": "latest"}).read()
    yield connection
    connection.engine.loop.run(connection.engine.close())


def refused_in_dockers_form(status: int, body: bytes) -> str:
    assert 400 <= status < 500, (status, body)
    message = json.loads(body)["message"]
    assert isinstance(message, str)
    assert message
    return message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "invalid JSON: unexpected EOF"),
        (b"", "invalid JSON: got EOF while reading request body"),
        (b'{"Image": 5}', "json: cannot unmarshal number into Go struct field"),
        (b'{"Image": "alpine", "Env": {"A": "b"}}', "json: cannot unmarshal object into Go struct field"),
        (b"[1]", "json: cannot unmarshal array into Go value"),
        (b'{"Image": "alpine"} trailing', "unexpected content after JSON"),
    ],
)
def test_malformed_containers_are_refused(connection: Connection, body: bytes, text: str):
    answer = connection.request("POST", "/containers/create", {}, JSON, body)
    assert text in refused_in_dockers_form(answer.status, answer.read())


def test_unknown_fields_are_ignored(connection: Connection):
    body = json.dumps({"Image": "alpine", "Colour": "blue", "HostConfig": {"Wings": 2}}).encode()
    answer = connection.request("POST", "/containers/create", {}, JSON, body)
    assert answer.status == 201
    connection.request("DELETE", f"/containers/{json.loads(answer.read())['Id']}")


WRITING = sorted({(route.method, route.pattern) for route in all_routes() if route.method in ("POST", "PUT", "DELETE")})


@given(route=st.sampled_from(WRITING), value=VALUES, name=st.sampled_from(["x", "..", "alpine", "%00", "é", "a" * 300]))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_breaks_a_route(connection: Connection, route: tuple[str, str], value: Any, name: str):
    method, pattern = route
    path = pattern.replace("{id}", name).replace("{name}", name).replace("{name:path}", name)
    answer = connection.request(method, path, {}, JSON, json.dumps(value).encode())
    body = answer.read()
    assert answer.status != 500, body
    if 400 <= answer.status < 500:
        refused_in_dockers_form(answer.status, body)


QUERIES = st.dictionaries(
    st.sampled_from(
        ["all", "limit", "since", "until", "tail", "filters", "t", "signal", "h", "w", "condition", "name", "follow"]
    ),
    st.text(max_size=10) | st.sampled_from(["-1", "1e9", '{"status":5}', '{"a"', "[]", "99999999999999999999", "true"]),
    max_size=4,
)
READING = sorted(
    route.pattern
    for route in all_routes()
    if route.method == "GET" and not route.pattern.endswith(("/events", "/stats", "/ws"))
)


@given(pattern=st.sampled_from(READING), query=QUERIES)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_breaks_a_look(connection: Connection, pattern: str, query: dict[str, str]):
    path = pattern.replace("{id}", "x").replace("{name}", "x").replace("{name:path}", "alpine")
    answer = connection.request("GET", path, query)
    assert answer.status != 500, answer.read()


# ---------------------------------------------------------------- clients that leave


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Visit:
    """A daemon on a socket, and a way to be rude to it."""

    def __init__(self, folder: Path) -> None:
        self.engine = make_engine(seed=2, clock="wall", speed=20)
        self.server = Server(self.engine, App(self.engine))
        self.path = str(folder / "d" / "sim.sock")

    async def ask(self, head: str, body: Any = None) -> Any:
        """One request, one JSON answer."""
        reader, writer = await self.begin(head, body, "Connection: close\r\n")
        answer = (await reader.read()).split(b"\r\n\r\n", 1)
        writer.close()
        status = int(answer[0].split()[1])
        assert status < 400, answer
        return json.loads(answer[1]) if b"application/json" in answer[0] and b"chunked" not in answer[0] else answer[1]

    async def begin(
        self, head: str, body: Any = None, more: str = ""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(self.path)
        data = b"" if body is None else json.dumps(body).encode()
        kind = "Content-Type: application/json\r\n" if data else ""
        writer.write(f"{head} HTTP/1.1\r\nHost: d\r\n{kind}Content-Length: {len(data)}\r\n{more}\r\n".encode() + data)
        return reader, writer

    async def container(self, *command: str, **config: Any) -> str:
        made = await self.ask("POST /containers/create", {"Image": "alpine", "Cmd": list(command), **config})
        await self.ask(f"POST /containers/{made['Id']}/start")
        return str(made["Id"])

    async def quiet(self) -> None:
        """Wait until no request is left."""
        async with asyncio.timeout(10):
            while self.server.exchanges:
                await asyncio.sleep(0.005)

    def tasks(self) -> list[str]:
        gc.collect()
        return sorted(
            task.name or repr(task._coro)
            for task in gc.get_objects()
            if isinstance(task, Task) and task.loop is self.engine.loop and not task.done()
        )


Story = Callable[[Visit, str], Awaitable[None]]


def visit(folder: Path, story: Story) -> None:
    """Run a story with one container that talks; nothing of it may be left afterwards."""

    async def whole() -> None:
        there = Visit(folder)
        await there.server.listen(Address(path=there.path))
        try:
            await there.ask("POST /images/create?fromImage=alpine&tag=latest")
            talker = await there.container("sh", "-c", "while true; do echo tick; sleep 1; done")
            before = there.tasks()
            await story(there, talker)
            await there.quiet()
            assert there.tasks() == before
            running = await there.ask("GET /containers/json")
            assert [row["Id"] for row in running] == [talker]
        finally:
            await there.server.close()

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.api.hijack.LOOK", 0.01)
    monkeypatch.setattr("engine.api.hijack.LINGER", 0.01)


@pytest.mark.parametrize("polite", [False, True])
@pytest.mark.parametrize(
    "head",
    [
        "GET /containers/{id}/logs?follow=1&stdout=1",
        "GET /events",
        "GET /containers/{id}/stats",
        "POST /containers/{id}/wait",
        "POST /containers/{id}/attach?stream=1&stdout=1",
        "POST /containers/{id}/attach?stream=1&stdout=1&stdin=1&logs=1",
        "GET /containers/{id}/attach/ws?stream=1&stdout=1&logs=1",
    ],
)
def test_a_client_may_vanish_from_what_it_follows(tmp_path: Path, head: str, polite: bool):
    async def story(there: Visit, talker: str) -> None:
        upgrade = WEBSOCKET if "/ws" in head else UPGRADE if "attach" in head else ""
        reader, writer = await there.begin(head.format(id=talker), None, upgrade)
        await reader.readuntil(b"\r\n\r\n")
        if "attach" in head or "logs" in head or "stats" in head:
            await reader.read(1)
        if polite:
            writer.close()
        else:
            writer.transport.abort()

    visit(tmp_path, story)


def test_a_client_may_vanish_from_an_exec(tmp_path: Path):
    async def story(there: Visit, talker: str) -> None:
        command = {"AttachStdin": True, "AttachStdout": True, "Cmd": ["cat"]}
        made = await there.ask(f"POST /containers/{talker}/exec", command)
        reader, writer = await there.begin(f"POST /exec/{made['Id']}/start", {"Detach": False}, UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hello\n")
        assert (await reader.readexactly(14))[8:] == b"hello\n"
        writer.close()
        await there.quiet()
        async with asyncio.timeout(10):
            while (await there.ask(f"GET /exec/{made['Id']}/json"))["Running"]:
                await asyncio.sleep(0.01)

    visit(tmp_path, story)


def test_a_client_may_vanish_from_a_pull_and_the_next_one_gets_the_image(tmp_path: Path):
    async def story(there: Visit, talker: str) -> None:
        reader, writer = await there.begin("POST /images/create?fromImage=nginx&tag=latest")
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(1)
        writer.transport.abort()
        await there.quiet()
        await there.ask("POST /images/create?fromImage=hello-world&tag=latest")
        assert (await there.ask("GET /images/hello-world/json"))["RepoTags"] == ["hello-world:latest"]

    visit(tmp_path, story)


def test_a_client_may_vanish_at_every_byte_of_its_request(tmp_path: Path):
    request = (
        b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
    )
    request += b'{"Image": "nobody"}'

    async def story(there: Visit, talker: str) -> None:
        for length in range(0, len(request) + 1, 7):
            _, writer = await asyncio.open_unix_connection(there.path)
            writer.write(request[:length])
            await writer.drain()
            writer.close()

    visit(tmp_path, story)


def test_an_enormous_container_is_refused_and_forgotten(tmp_path: Path):
    async def story(there: Visit, talker: str) -> None:
        reader, writer = await asyncio.open_unix_connection(there.path)
        writer.write(b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            writer.write(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
            await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()

    visit(tmp_path, story)
