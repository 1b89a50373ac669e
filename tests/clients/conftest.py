"""A daemon on a socket, and clients that talk to it: Docker's own command, and ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

OURS = [sys.executable, "-m", "engine.client.command"]


@dataclass
class Docker:
    """A docker command pointed at the test's daemon; called with a command line's words."""

    argv: list[str]
    environment: dict[str, str]

    def __call__(self, *words: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.argv, *words],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def out(self, *words: str, stdin: str = "") -> str:
        """Standard output of a command that succeeds, without its last newline."""
        done = self(*words, stdin=stdin)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.removesuffix("\n")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command that goes on beside the test."""
        return subprocess.Popen(
            [*self.argv, *words], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulated host behind a Unix socket, in wall time."""
    socket = tmp_path_factory.mktemp("daemon") / "sim.sock"
    argv = [sys.executable, "-m", "engine.cli", "serve", "sim", "--seed", "5", "-H", f"unix://{socket}"]
    daemon = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert daemon.stdout is not None
    first = daemon.stdout.readline()
    assert "listens" in first, first + daemon.stdout.read()
    yield f"unix://{socket}"
    daemon.terminate()
    assert daemon.wait(20) == 0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "docker" in metafunc.fixturenames:
        metafunc.parametrize("docker", ["docker", "glassdock docker"], indirect=True)


@pytest.fixture
def docker(request: pytest.FixtureRequest, address: str, tmp_path: Path) -> Docker:
    """Both commands in turn, with no container left over. Without Docker's, CI fails and others are told."""
    argv = OURS
    if request.param == "docker":
        if shutil.which("docker") is None:
            told = "no docker command on the PATH: the real client has not been tried"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
        argv = ["docker"]
    client = Docker(argv, os.environ | {"DOCKER_HOST": address, "DOCKER_CONFIG": str(tmp_path)})
    if left := client.out("ps", "-aq").split():
        client.out("rm", "-f", *left)
    return client
