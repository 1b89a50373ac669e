"""`glassdock shell`: your own shell, in which `docker` reaches a simulated daemon.

A daemon is started for it (and stopped with it) unless one listens already. If no docker command is installed, ours
stands in for it, by a small script in a folder at the front of PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.addresses import default_address
from engine.client.connection import Api, ApiError, CannotConnect, SocketConnection

PYTHON = "GLASSDOCK_PYTHON"  # in the environment: its path may have letters that a script's encoding lacks
OURS = "-m engine.client.command"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="glassdock shell", description=__doc__.split("\n")[0])
    parser.add_argument("-c", dest="line", metavar="LINE", help="run one line instead of a prompt")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="glassdock-shell-") as folder, _daemon() as address:
        environment = os.environ | {"DOCKER_HOST": address, PYTHON: sys.executable}
        if shutil.which("docker") is None:
            _stand_in(Path(folder))
            environment["PATH"] = folder + os.pathsep + environment.get("PATH", "")
        if options.line is None:
            print(f"docker reaches {address} here. Try: docker run hello-world. Leave with: exit", flush=True)
        with _deaf():
            return subprocess.run(_shell(options.line, environment), env=environment, check=False).returncode


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C is for the shell and what runs in it; Windows tells everybody."""
    heard = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _shell(line: str | None, environment: dict[str, str]) -> list[str]:
    """The user's own shell, as the system names it."""
    if sys.platform == "win32":
        return [
            environment.get("COMSPEC", "cmd.exe"),
            *(["/c", line] if line is not None else ["/k", "prompt glassdock $G "]),
        ]
    shell = environment.get("SHELL") or "/bin/sh"
    return [shell, "-c", line] if line is not None else [shell, "-i"]


def _stand_in(folder: Path) -> None:
    """Our docker under Docker's name."""
    if sys.platform == "win32":
        (folder / "docker.cmd").write_bytes(f'@"%{PYTHON}%" {OURS} %*\r\n'.encode())
    else:
        script = folder / "docker"
        script.write_bytes(f'#!/bin/sh\nexec "${PYTHON}" {OURS} "$@"\n'.encode())
        script.chmod(0o755)


@contextmanager
def _daemon() -> Iterator[str]:
    """The address of a daemon that answers: the one that is there, or one of our own for the time being."""
    address = os.environ.get("DOCKER_HOST") or default_address("sim")
    if _answers(address):
        yield address
        return
    address = default_address("sim")
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "serve", "sim", "-H", address],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows: Ctrl-C is not for it
    )  # fmt: skip
    try:
        assert process.stdout is not None
        if not process.stdout.readline():  # its first line says that it listens
            raise SystemExit(process.wait() or 1)
        yield address
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        Api(SocketConnection(address)).get("/version")
    except (CannotConnect, ApiError, OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
