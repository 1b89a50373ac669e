"""The command's edge: words in, exit codes out. What is served is another test's subject."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from engine.api.sockets import Address, AddressError, bind, parse_address
from engine.cli import main
from engine.serve import run, serve
from sim.make import make_engine


@pytest.mark.parametrize("words", [[], ["serve"], ["serve", "moon"], ["nonsense"], ["serve", "sim", "--speed", "0"]])
def test_words_that_are_not_understood_exit_with_2(words: list[str], capsys: pytest.CaptureFixture[str]):
    try:
        assert main(words) == 2
    except SystemExit as stop:
        assert stop.code == 2
    assert "usage: glassdock" in "".join(capsys.readouterr())


def test_a_folder_that_cannot_be_shared_is_refused_before_anything_is_served(capsys: pytest.CaptureFixture[str]):
    assert main(["serve", "sim", "--allow-bind", "/no/such/folder"]) == 2
    assert "--allow-bind /no/such/folder: there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:///run/a b.sock", Address(path="/run/a b.sock")),
        ("tcp://127.0.0.1:1234", Address(host="127.0.0.1", port=1234)),
        ("tcp://:1234", Address(host="127.0.0.1", port=1234)),
        ("tcp://", Address(host="127.0.0.1", port=2375)),
        ("tcp://[::1]:99", Address(host="::1", port=99)),
        ("tcp://[::1]", Address(host="::1", port=2375)),
        ("tcp://localhost/", Address(host="localhost", port=2375)),
    ],
)
def test_addresses_are_written_as_docker_writes_them(text: str, address: Address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["/run/x.sock", "unix://x.sock", "tcp://h:99999", "tcp://h:x", "fd://", "unix:///" + "x" * 200]
)
def test_a_bad_address_is_refused_with_its_text(text: str):
    with pytest.raises(AddressError, match=r"tcp|unix|fd|run"):
        parse_address(text)


def test_only_loopback_and_unix_sockets_are_not_exposed():
    exposed = {
        text: parse_address(text).exposed() for text in ("tcp://0.0.0.0", "tcp://[::]", "tcp://10.1.2.3", "tcp://x")
    }
    assert all(exposed.values()), exposed
    kept = {
        text: parse_address(text).exposed()
        for text in ("tcp://127.0.0.9", "tcp://[::1]", "tcp://localhost", "unix:///x")
    }
    assert not any(kept.values()), kept


def test_a_port_in_use_is_said_plainly():
    first = bind(Address(host="127.0.0.1"))
    port = first.getsockname()[1]
    with pytest.raises(AddressError, match=f"tcp://127.0.0.1:{port}: .*in use"):
        bind(Address(host="127.0.0.1", port=port))
    first.close()


def test_nothing_is_begun_for_an_address_that_cannot_be(capsys: pytest.CaptureFixture[str]):
    assert run("sim", lambda: pytest.fail("an engine was made"), ["nonsense"]) == 1
    assert capsys.readouterr().err.startswith("glassdock: nonsense: ")


@pytest.mark.skipif(sys.platform == "win32", reason="asks for signals and Unix sockets")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly(tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "sim.sock"

    async def story() -> None:
        serving = asyncio.create_task(serve("sim", make_engine, [parse_address(f"unix://{path}")]))
        while not path.exists() and not serving.done():
            await asyncio.sleep(0.001)
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await serving

    asyncio.run(story())
    said = capsys.readouterr().out
    assert said.startswith(f"glassdock: sim listens on unix://{path}\n")
    assert f'docker context create sim --docker "host=unix://{path}"' in said
    assert f"DOCKER_HOST=unix://{path}\n" in said
    assert not path.exists()
