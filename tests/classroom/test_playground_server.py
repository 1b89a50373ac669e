"""`glassdock playground` on loopback: who may come in, how many, for how long; and what a tab's process cannot do."""

import asyncio
import json
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from classroom.playground.server import ASLEEP, FULL, Playground, serve

ROOT = Path(__file__).parents[2]
HELLO = {"do": "hello", "lang": "en", "motion": False, "link": ""}


def line(text):
    return {"do": "line", "text": text, "rows": 24, "columns": 80}


@asynccontextmanager
async def served(**settings):
    """A playground and a client that has not been there."""
    playground, ready = Playground(0, **settings), asyncio.Event()
    serving = asyncio.create_task(serve(playground, lambda _: ready.set()))
    await ready.wait()
    jar = aiohttp.CookieJar(unsafe=True)  # of an address that is a number
    async with aiohttp.ClientSession(f"http://127.0.0.1:{playground.port}", cookie_jar=jar) as client:
        yield playground, client
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def come_in(playground, client):
    """As a browser opens the printed address; then a tab."""
    async with client.get(f"/?token={playground.token}") as answer:
        assert answer.status == 200
    return await client.ws_connect("/session", origin=f"http://127.0.0.1:{playground.port}")


async def until_prompt(tab):
    heard = []
    while not heard or (heard[-1]["is"], heard[-1].get("mode")) != ("mode", "line"):
        heard.append(await tab.receive_json(timeout=30))
    return heard


def test_the_printed_address_opens_the_page_and_a_session():
    async def visit():
        async with served() as (playground, client):
            async with client.get(f"/?token={playground.token}&lang=ko") as answer:
                assert answer.url.query == {"lang": "ko"}  # the token is a cookie from now on
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
                page = await answer.text()
            for name in ("app.js", "style.css", "icon.svg"):
                assert name in page
                assert (await client.get(f"/{name}")).status == 200
            tab = await come_in(playground, client)
            await tab.send_json(HELLO)
            await until_prompt(tab)
            await tab.send_json(line("docker run --rm alpine echo $((6*7))"))
            heard = await until_prompt(tab)
            assert any("42" in each.get("text", "") for each in heard if each["is"] == "out")
            await tab.close()

    asyncio.run(visit())


def test_each_tab_has_a_computer_of_its_own_and_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    async def visit():
        async with served() as (playground, client):
            tabs = [await come_in(playground, client) for _ in range(2)]
            for tab in tabs:
                await tab.send_json(HELLO)
                await until_prompt(tab)
            await tabs[0].send_json(line("docker volume create mine"))
            await until_prompt(tabs[0])
            await tabs[1].send_json(line("docker volume ls -q"))
            assert "mine" not in "".join(each.get("text", "") for each in await until_prompt(tabs[1]))
            assert len(list(tmp_path.iterdir())) == 2
            for tab in tabs:
                await tab.close()

    asyncio.run(visit())
    assert list(tmp_path.iterdir()) == []


def test_there_are_only_so_many_tabs_and_silent_ones_are_closed():
    async def visit():
        async with served(tabs=1, idle=5.0) as (playground, client):
            first = await come_in(playground, client)
            second = await come_in(playground, client)
            await second.receive()
            assert second.close_code == FULL
            await first.receive()
            assert first.close_code == ASLEEP
            playground.idle = 600.0  # a session may take its time to begin
            third = await come_in(playground, client)
            await third.send_json(HELLO)
            assert (await third.receive_json())["is"] == "ready"
            await third.close()

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/?token=guess", {}),
        ("/session", {}),
        ("/session?token=guess", {"Origin": "http://127.0.0.1:{port}"}),
        ("/session?token={token}", {}),
        ("/session?token={token}", {"Origin": "http://example.com"}),
        ("/session?token={token}", {"Origin": "https://127.0.0.1:{port}"}),
        ("/session?token={token}", {"Origin": "http://127.0.0.1:1"}),
        ("/?token={token}", {"Host": "playground.example.com"}),
        ("/style.css", {"Host": "127.0.0.1:1"}),
    ],
)
def test_strangers_stay_outside(path, headers):
    async def visit():
        async with served() as (playground, client):
            facts = {"port": playground.port, "token": playground.token}
            sent = {name: value.format(**facts) for name, value in headers.items()}
            async with client.get(path.format(**facts), headers=sent) as answer:
                assert answer.status == 403

    asyncio.run(visit())


@pytest.mark.parametrize("path", ["/none.js", "/%2e%2e/server.py", "/..%2fserver.py", "/app.js/x", "/__init__.py"])
def test_only_the_pages_files_are_served(path):
    async def visit():
        async with served() as (playground, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", playground.port)
            writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{playground.port}\r\n\r\n".encode())
            assert b" 404 " in await reader.readline()
            writer.close()

    asyncio.run(visit())


class Worker:
    """A tab's process, without the server."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "classroom.playground.worker", str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        self.send(HELLO)
        self.until_prompt()

    def send(self, message) -> None:
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def until_prompt(self) -> str:
        text = ""
        while True:
            message = json.loads(self._process.stdout.readline())
            text += message.get("text", "") if message["is"] in ("out", "problem") else ""
            if (message["is"], message.get("mode")) == ("mode", "line"):
                return text

    def run(self, text: str) -> str:
        self.send(line(text))
        return self.until_prompt()

    def close(self) -> int:
        self._process.stdin.close()
        return self._process.wait(30)


@pytest.fixture
def worker(tmp_path):
    (tmp_path / "tab").mkdir()
    (tmp_path / "secret").write_text("of the computer\n")
    found = Worker(tmp_path / "tab")
    yield found
    assert found.close() == 0


def test_no_command_reaches_the_computers_own_files(worker, tmp_path):
    secret, made = tmp_path / "secret", tmp_path / "made"
    worker.run("docker run -d --name web nginx")
    for text in (
        f"docker cp {secret} web:/ && docker exec web cat /secret",
        f"docker run --rm --env-file {secret} alpine env",
        f"docker run --rm -v {tmp_path}:/x alpine cat /x/secret",
        f"ln -s {secret} link; docker cp -L link web:/; docker exec web cat /secret",
        f"docker build -f {secret} .",
        f"cat < {secret}; cat {secret}; cat link",
        f"docker cp web:/etc/hostname {made}",
        f"docker save nginx -o {made}",
        f"echo x > {made}",
        f"docker run --rm --cidfile {made} alpine true",
        f"docker run --rm -v {tmp_path}:/x alpine touch /x/made",
        f"cd {tmp_path}",
    ):
        assert "of the computer" not in worker.run(text), text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["secret", "tab"]
    assert str(tmp_path / "tab" / "home") in worker.run("pwd")


def test_nothing_is_started_and_nothing_is_sent(worker, tmp_path):
    assert "not found" in worker.run(f'python3 -c \'open("{tmp_path}/made", "w")\'')
    assert "CONTAINER ID" in worker.run("docker -H tcp://127.0.0.1:1 ps")  # there is but one engine here
    assert "connection refused" in worker.run("docker login -u a -p b 127.0.0.1:1")
    assert [each.name for each in (tmp_path / "tab").iterdir()] == ["home"]


def test_a_folder_that_was_wiped_is_there_again_after_undo(worker):
    worker.run("rm -rf / *; ls")
    worker.send({"do": "undo", "lines": 1})
    worker.until_prompt()
    assert "index.html" in worker.run("ls")


@pytest.mark.parametrize("garbage", [b"\n", b"{\n", b"null\n", b'"x"\n', b"\xff\xfe\n", b"[" * 5000 + b"\n"])
def test_lines_that_are_no_messages_do_no_harm(worker, garbage):
    worker._process.stdin.write(garbage)
    worker._process.stdin.flush()
    assert "well" in worker.run("echo well")
