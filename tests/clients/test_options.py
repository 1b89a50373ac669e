"""Every option of `docker create`, through Docker's own command and through ours, with right and with wrong values."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.client.command import main
from engine.client.connection import Api, SocketConnection
from engine.client.console import BufferConsole

LINES = [line for line in (Path(__file__).parent / "options.txt").read_text().splitlines() if line[0] != "#"]
FILES = {
    "env.ok": b"# c\nA=1\n  B=2 x\nHOME\n\n",
    "env.bad": b"A B=1\n",
    "env.eq": b"=x\n",
    "lab.ok": b"a=1\nb\n",
    "bin.bad": b"\xff\xfe\n",
    "sec.json": b'{ "defaultAction": "SCMP_ACT_ALLOW" }',
    "sec.bad": b"{ nope",
}

# other commands of the same subject, which change nothing
COMMANDS = (
    "update",
    "update x",
    "update --memory 64m nope",
    "update --restart always nope nope2",
    "update --restart a:b nope",
    "update --cpus x nope",
    "update --pids-limit x nope",
    "update --memory 1 nope",
    "update --blkio-weight 70000 x",
    "volume create a b",
    "volume create --name v2 v3",
    "volume create -d nope v4",
    "volume create -o type=tmpfs v5",
    "volume create -o foo=bar v5",
    "volume create -o size=5g v7",
    "volume create -o size=x v7",
    "volume create --label =x v6",
    "volume inspect nope",
    "volume ls -q --filter dangling=maybe",
    "volume ls --filter foo=bar",
    "volume ls --filter foo",
    "volume rm nope",
    "volume rm -f nope",
    "volume update",
    "volume prune -f --filter foo=bar",
    "top nope",
    "stats --no-stream nope",
    "events --filter foo --since 0 --until 1",
    "events --since 5 --until 3",
    "info -f {{.KernelVersion}}",
    "version -f {{.Server.Version}}",
    "kill -s FOO nope",
    "stop -t x nope",
    "rename nope other",
)

Command = Callable[[list[str]], tuple[int, str, str]]


@pytest.fixture
def environment(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder with the files that the options name, and the way to the daemon."""
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", address)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    return dict(os.environ)


@pytest.fixture
def theirs(environment: dict[str, str]) -> Command:
    if shutil.which("docker") is None:
        told = "no docker command on the PATH: the real client has not been tried"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)

    def run(words: list[str]) -> tuple[int, str, str]:
        done = subprocess.run(
            ["docker", *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


def ours(words: list[str]) -> tuple[int, str, str]:
    console = BufferConsole()
    code = main(words, None, console)
    return code, console.stdout.decode(), console.stderr.decode()


def made(api: Api, id: str) -> dict[str, Any]:
    """What the daemon understood, without what chance has added."""
    found = api.get(f"/containers/{id.strip()}/json")
    api.call("DELETE", f"/containers/{id.strip()}", {"v": True}).read()
    config, host = found["Config"], found["HostConfig"]
    if re.fullmatch("[0-9a-f]{12}", config["Hostname"]):
        del config["Hostname"]
    config["Env"] = sorted(config["Env"] or ())
    host["Binds"] = host["Binds"] or None
    return {**{f"config {key}": value for key, value in config.items()}, **host}


def test_both_commands_ask_and_refuse_alike(theirs: Command, environment: dict[str, str]) -> None:
    assert ours(["pull", "-q", "busybox"])[0] == 0
    api = Api(SocketConnection(environment["DOCKER_HOST"]), "1.50")
    differing = {}
    for line in LINES if "CI" in os.environ else LINES[::3]:
        words = ["create", *shlex.split(line), "busybox"]
        one, other = (answer(api, command(words)) for command in (theirs, ours))
        if one != other:
            differing[line] = {
                key: (one.get(key), other.get(key)) for key in one | other if one.get(key) != other.get(key)
            }
    assert differing == {}


def answer(api: Api, done: tuple[int, str, str]) -> dict[str, Any]:
    code, out, told = done
    return {"code": code, "told": told, **(made(api, out) if code == 0 else {"out": out})}


@pytest.mark.parametrize("line", COMMANDS)
def test_other_commands_say_the_same(theirs: Command, environment: dict[str, str], line: str) -> None:
    assert ours(shlex.split(line)) == theirs(shlex.split(line))
