"""Our docker and registries: login, logout, push, manifest inspect. What is expected was seen with docker 28.2.2."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.console import BufferConsole
from sim.make import make_engine

HUB = "https://index.docker.io/v1/"


class Typist(BufferConsole):
    """A terminal on which these lines are typed, one after the other."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.stdin_tty = self.stdout_tty = self.stderr_tty = True
        self._lines = [line.encode() for line in lines]

    def read(self) -> bytes:
        return self._lines.pop(0) if self._lines else b""


class Shell:
    """`run("push", …)` gives the exit code, standard output and error."""

    def __init__(self, config: Path) -> None:
        self.engine = make_engine(seed=1)
        self.config = config

    def run(self, *words: str, typed: bytes = b"", console: BufferConsole | None = None) -> tuple[int, str, str]:
        console = console or BufferConsole(typed)
        code = main(list(words), Connection(self.engine), console)
        return code, console.stdout.decode(), console.stderr.decode()

    def kept(self) -> Any:
        return json.loads((self.config / "config.json").read_text())["auths"]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return Shell(tmp_path)


def test_login_by_options_warns_twice_and_keeps_what_it_was_given(shell: Shell) -> None:
    code, out, err = shell.run("login", "-u", "ann", "-p", "pw")
    assert (code, out) == (0, "Login Succeeded\n")
    assert err == (
        "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n"
        f"\nWARNING! Your credentials are stored unencrypted in '{shell.config / 'config.json'}'.\n"
        "Configure a credential helper to remove this warning. See\n"
        "https://docs.docker.com/go/credential-store/\n\n"
    )
    assert shell.kept() == {HUB: {"auth": base64.b64encode(b"ann:pw").decode()}}


def test_a_password_comes_from_standard_input(shell: Shell) -> None:
    assert shell.run("login", "-u", "ann", "--password-stdin", typed=b"pw\n")[0] == 0
    assert shell.run("login", "--password-stdin", typed=b"pw\n") == (
        1, "", "the --password-stdin option requires --username to be set\n",
    )  # fmt: skip
    assert shell.run("login", "-u", "ann", "-p", "x", "--password-stdin")[2] == (
        "conflicting options: cannot specify both --password and --password-stdin\n"
    )


def test_a_wrong_password_is_refused_and_not_kept(shell: Shell) -> None:
    shell.run("login", "-u", "ann", "-p", "pw")
    code, _, err = shell.run("login", "-u", "ann", "-p", "other")
    last = 'Get "https://registry-1.docker.io/v2/": unauthorized: incorrect username or password\n'
    assert code == 1 and err.endswith(f"Error response from daemon: {last}")
    assert shell.kept()[HUB]["auth"] == base64.b64encode(b"ann:pw").decode()


def test_a_terminal_is_asked_and_shows_no_password(shell: Shell) -> None:
    console = Typist("ann\n", "secret\r")
    assert shell.run("login", console=console)[0] == 0
    shown = bytes(console.both).decode()
    assert "Username: " in shown and "Password: \n" in shown and "secret" not in shown
    assert shell.run("login", "-u", "ann", console=Typist("\r"))[2].endswith("Error: Password Required\n")
    corrected = Typist("ann\n", "sex\x7fcret\r")
    assert shell.run("login", console=corrected)[0] == 0


def test_without_a_terminal_nobody_is_asked(shell: Shell) -> None:
    assert shell.run("login") == (1, "", "Error: Cannot perform an interactive login from a non TTY device\n")


def test_what_was_kept_is_used_again(shell: Shell) -> None:
    shell.run("login", "-u", "ann", "-p", "pw")
    code, out, err = shell.run("login")
    assert (code, out) == (0, "Login Succeeded\n")
    assert err.startswith("Authenticating with existing credentials... [Username: ann]\n\n Info -> To login with a ")
    assert shell.run("logout") == (0, f"Removing login credentials for {HUB}\n", "") and shell.kept() == {}
    assert shell.run("logout")[0] == 0


def test_push_as_docker_shows_it(shell: Shell) -> None:
    shell.run("pull", "-q", "alpine")
    shell.run("login", "-u", "ann", "-p", "pw")
    shell.run("tag", "alpine", "ann/alpine")
    code, out, err = shell.run("push", "ann/alpine")
    lines = out.splitlines()
    assert (code, err, lines[:2]) == (
        0, "", ["Using default tag: latest", "The push refers to repository [docker.io/ann/alpine]"],
    )  # fmt: skip
    assert [line.partition(": ")[2] for line in lines[2:4]] == ["Preparing", "Mounted from library/alpine"]
    assert lines[4].startswith("latest: digest: sha256:")
    assert shell.run("push", "-q", "ann/alpine:latest")[:2] == (0, "docker.io/ann/alpine:latest\n")
    assert shell.run("push", "--quiet", "bob/alpine")[2] == (
        "An image does not exist locally with the tag: bob/alpine\n"
    )
    assert shell.run("search", "ann/")[1].splitlines()[1].split()[:2] == ["ann/alpine", "0"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-a", "ann/alpine:x"), "tag can't be used with --all-tags/-a\n"),
        (("ann/UP",), "invalid reference format: repository name (ann/UP) must be lowercase\n"),
        ((f"ann/alpine@sha256:{'0' * 64}",), "cannot push a digest reference\n"),
    ],
)
def test_push_refuses_what_cannot_be_pushed(shell: Shell, words: tuple[str, ...], said: str) -> None:
    assert shell.run("push", *words) == (1, "", said)


def test_manifests_are_shown_as_docker_shows_them(shell: Shell) -> None:
    code, out, _ = shell.run("manifest", "inspect", "alpine")
    index = json.loads(out)
    assert code == 0 and out.startswith('{\n   "schemaVersion": 2,\n') and list(index["manifests"][0])[:3] == [
        "mediaType", "size", "digest",
    ]  # fmt: skip
    rows = json.loads(shell.run("manifest", "inspect", "-v", "alpine")[1])
    assert [row["Descriptor"]["platform"]["architecture"] for row in rows] == ["amd64", "arm64"]
    one = shell.run("manifest", "inspect", rows[0]["Ref"])
    assert one[1].startswith('{\n\t"schemaVersion": 2,\n') and json.loads(one[1]) == rows[0]["OCIManifest"]
    assert shell.run("manifest", "inspect", "alpine:nope") == (1, "", "no such manifest: alpine:nope\n")
