"""A browser at a container's streams: `/containers/{id}/attach/ws`, by aiohttp's client, over a served daemon."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

Story = Callable[["Browser"], Awaitable[None]]


class Browser:
    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def post(self, path: str, body: Any = None) -> Any:
        async with self.http.post(f"http://docker/v1.50{path}", json=body) as answer:
            assert answer.status < 400, await answer.text()
            text = await answer.text()
            return json.loads(text) if text.startswith("{") and "create" in path and "images" not in path else text

    async def run(self, *command: str, **settings: Any) -> str:
        made = await self.post("/containers/create", {"Image": "alpine", "Cmd": command, **settings})
        await self.post(f"/containers/{made['Id']}/start")
        return str(made["Id"])

    def attach(self, id: str, query: str, version: str = "v1.50") -> Any:
        return self.http.ws_connect(f"http://docker/{version}/containers/{id}/attach/ws{query}")


async def until(websocket: aiohttp.ClientWebSocketResponse, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        seen += await asyncio.wait_for(websocket.receive_bytes(), 20)
    return seen


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Story], None]]:
    if sys.platform == "win32":
        pytest.skip("asks for Unix sockets")
    path = tmp_path_factory.mktemp("d") / "sim.sock"
    argv = [sys.executable, "-m", "engine.cli", "serve", "sim", "-H", f"unix://{path}"]

    async def tell(story: Story) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as http:
            browser = Browser(http)
            await browser.post("/images/create?fromImage=alpine&tag=latest")
            await story(browser)

    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield lambda story: asyncio.run(asyncio.wait_for(tell(story), 60))
        process.terminate()


def test_what_is_typed_reaches_the_program_and_its_answer_the_browser(live):
    async def story(browser: Browser) -> None:
        id = await browser.run("cat", OpenStdin=True)
        async with browser.attach(id, "?stream=1&stdin=1&stdout=1&stderr=1") as websocket:
            await websocket.send_str("hello\n")
            assert await until(websocket, b"\n") == b"hello\n"
            await websocket.send_bytes(b"\x00\xff\n")
            assert await until(websocket, b"\n") == b"\x00\xff\n"

    live(story)


def test_a_shell_on_a_terminal(live):
    async def story(browser: Browser) -> None:
        id = await browser.run("sh", OpenStdin=True, Tty=True)
        async with browser.attach(id, "?stream=1&stdin=1&stdout=1") as websocket:
            await websocket.send_str("echo $((6 * 7))\n")
            await until(websocket, b"42\r\n")
            await websocket.send_str("exit\n")
            while (message := await websocket.receive(20)).type is aiohttp.WSMsgType.BINARY:
                pass
            assert message.type is aiohttp.WSMsgType.CLOSE  # the program's end is the connection's

    live(story)


def test_logs_come_first_and_two_streams_come_as_one(live):
    async def story(browser: Browser) -> None:
        id = await browser.run("sh", "-c", "echo out; echo err >&2; sleep 1000")
        async with browser.attach(id, "?logs=1&stream=1&stdout=1&stderr=1") as websocket:
            seen = b""
            while len(seen) < 8:
                seen += await websocket.receive_bytes()
            assert sorted(seen.splitlines()) == [b"err", b"out"]

    live(story)


def test_a_browser_that_leaves_takes_nothing_with_it(live):
    async def story(browser: Browser) -> None:
        id = await browser.run("cat", OpenStdin=True)
        for word in ("one", "two"):
            async with browser.attach(id, "?stream=1&stdin=1&stdout=1") as websocket:
                await websocket.send_str(f"{word}\n")
                assert await until(websocket, b"\n") == f"{word}\n".encode()

    live(story)


def test_clients_before_1_42_need_not_say_which_streams(live):
    async def story(browser: Browser) -> None:
        id = await browser.run("cat", OpenStdin=True)
        async with browser.attach(id, "?stream=1", "v1.41") as websocket:
            await websocket.send_str("hi\n")
            assert await until(websocket, b"\n") == b"hi\n"

    live(story)


def test_detach_keys_close_the_websocket_only(live):
    async def story(browser: Browser) -> None:
        id = await browser.run("cat", OpenStdin=True, Tty=True)
        async with browser.attach(id, "?stream=1&stdin=1&stdout=1&detachKeys=ctrl-x") as websocket:
            await websocket.send_bytes(b"\x18")
            while (message := await websocket.receive(20)).type is aiohttp.WSMsgType.BINARY:
                pass
            assert message.type is aiohttp.WSMsgType.CLOSE
        async with browser.http.get(f"http://docker/v1.50/containers/{id}/json") as answer:
            assert (await answer.json())["State"]["Running"]

    live(story)


def test_refusals_come_before_the_upgrade(live):
    async def story(browser: Browser) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.attach("nobody", "?stream=1").__aenter__()
        assert refused.value.status == 404
        async with browser.http.get("http://docker/v1.50/containers/nobody/attach/ws") as answer:
            assert answer.status == 400

    live(story)
