"""A stepped clock behind a socket: time jumps for whoever waits for it, and stands still for everybody else."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.api.app import App
from engine.api.server import Server
from engine.api.sockets import Address
from engine.loop import SECOND
from sim.make import make_engine

UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\nUser-Agent: Docker-Client/28.2.2 (linux)\r\n"


class Desk:
    """A daemon with a stepped clock, and somebody who types `docker` commands, request by request."""

    def __init__(self, folder: Path) -> None:
        self.engine = make_engine(seed=5)
        self.server = Server(self.engine, App(self.engine))
        self.path = str(folder / "sim.sock")

    @property
    def seconds(self) -> float:
        return self.engine.loop.time / SECOND

    async def send(
        self, head: str, body: Any = None, more: str = ""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(self.path)
        data = b"" if body is None else json.dumps(body).encode()
        kind = "Content-Type: application/json\r\n" if data else ""
        writer.write(f"{head} HTTP/1.1\r\nHost: d\r\n{kind}Content-Length: {len(data)}\r\n{more}\r\n".encode() + data)
        return reader, writer

    async def ask(self, head: str, body: Any = None) -> Any:
        reader, writer = await self.send(head, body, "Connection: close\r\n")
        top, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        assert int(top.split()[1]) < 400, answer
        return json.loads(answer) if b"chunked" not in top and answer.strip() else answer

    async def attach(self, id: str, stdin: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self.send(
            f"POST /containers/{id}/attach?stream=1&stdout=1&stdin={int(stdin)}", None, UPGRADE
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return reader, writer

    async def create(self, *command: str, **config: Any) -> str:
        return str((await self.ask("POST /containers/create", {"Image": "alpine", "Cmd": command, **config}))["Id"])


@pytest.fixture
def at_the_desk(tmp_path: Path) -> Callable[[Callable[[Desk], Awaitable[None]]], None]:
    def run(story: Callable[[Desk], Awaitable[None]]) -> None:
        async def whole() -> None:
            desk = Desk(tmp_path)
            await desk.server.listen(Address(path=desk.path))
            try:
                await desk.ask("POST /images/create?fromImage=alpine&tag=latest")
                async with asyncio.timeout(20):
                    await story(desk)
            finally:
                await desk.server.close()

        asyncio.run(whole())

    return run


AtTheDesk = Callable[[Callable[[Desk], Awaitable[None]]], None]


def test_an_attached_run_takes_its_time_at_once(at_the_desk: AtTheDesk):
    async def story(desk: Desk) -> None:
        begin = desk.seconds
        id = await desk.create("sh", "-c", "sleep 86400; echo done")
        reader, _ = await desk.attach(id)
        await desk.ask(f"POST /containers/{id}/start")
        assert (await reader.read())[8:] == b"done\n"
        assert 86400 < desk.seconds - begin < 86410

    at_the_desk(story)


def test_a_detached_run_lets_no_time_pass(at_the_desk: AtTheDesk):
    async def story(desk: Desk) -> None:
        id = await desk.create("sleep", "1000")
        waiting, writer = await desk.send(f"POST /containers/{id}/wait?condition=next-exit")
        await waiting.readuntil(b"\r\n\r\n")
        await desk.ask(f"POST /containers/{id}/start")
        begin = desk.seconds
        for _ in range(5):
            rows = await desk.ask("GET /containers/json")
            assert [row["State"] for row in rows] == ["running"]
        assert desk.seconds == begin
        writer.close()
        assert json.loads((await desk.ask(f"POST /containers/{id}/wait")).split(b"\r\n")[1]) == {"StatusCode": 0}
        assert desk.seconds - begin >= 999

    at_the_desk(story)


def test_a_stop_takes_its_whole_grace_at_once(at_the_desk: AtTheDesk):
    async def story(desk: Desk) -> None:
        id = await desk.create("sleep", "1000")
        await desk.ask(f"POST /containers/{id}/start")
        begin = desk.seconds
        await desk.ask(f"POST /containers/{id}/stop?t=10")
        assert 10 <= desk.seconds - begin < 11

    at_the_desk(story)


def test_time_stands_still_while_a_shell_waits_for_a_person(at_the_desk: AtTheDesk):
    async def story(desk: Desk) -> None:
        sleeper = await desk.create("sleep", "1000")
        await desk.ask(f"POST /containers/{sleeper}/start")
        shell = await desk.create("sh", Tty=True, OpenStdin=True, AttachStdin=True)
        reader, writer = await desk.attach(shell, stdin=True)
        await desk.ask(f"POST /containers/{shell}/start")
        seen = await reader.readuntil(b"# ")
        begin = desk.seconds
        for _ in range(5):
            assert len(await desk.ask("GET /containers/json")) == 2
        assert desk.seconds == begin
        writer.write(b"sleep 60; echo awake\n")
        while b"awake\r\n" not in seen.partition(b"echo awake")[2]:
            seen += await reader.read(100)
        assert 60 <= desk.seconds - begin < 62
        writer.write(b"exit\n")
        await reader.read()

    at_the_desk(story)


def test_who_looks_on_sees_a_reading_each_second(at_the_desk: Any) -> None:
    """`docker stats` on a stepped clock: time passes as fast as the world's, not faster."""

    async def story(desk: Desk) -> None:
        id = await desk.create("sleep", "1000")
        await desk.ask(f"POST /containers/{id}/start")
        begun = desk.seconds
        reader, writer = await desk.send(f"GET /containers/{id}/stats?stream=1")
        readings = []
        while len(readings) < 2:
            line = await reader.readline()
            readings += [json.loads(line)] if line.startswith(b"{") else []
        writer.close()
        assert readings[1]["preread"] == readings[0]["read"]
        assert 1 <= desk.seconds - begun < 3

    at_the_desk(story)
