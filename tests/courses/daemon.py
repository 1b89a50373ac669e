"""A student's computer: a fresh simulated host on a socket, a folder, and a `docker` on the PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course import Student

SPEED = 10  # simulated seconds in one of ours: nobody waits ten seconds for `docker stop`


@contextmanager
def student(folder: Path, ours: bool) -> Iterator[Student]:
    """`ours`: `docker` is glassdock's own command; else it is the one on the PATH."""
    desk, programs, settings = (folder / name for name in ("desk", "bin", "docker"))
    for place in (desk, programs, settings):
        place.mkdir()
    if ours:
        command = programs / "docker"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m engine.client.command "$@"\n')
        command.chmod(0o755)
    address = f"unix://{folder}/sim.sock"
    serve = ["serve", "sim", "--seed", "5", "--speed", str(SPEED), "--allow-bind", f"{desk}:rw", "-H", address]
    daemon = subprocess.Popen([sys.executable, "-m", "engine.cli", *serve], stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None and "listens" in daemon.stdout.readline()
    try:
        yield Student(desk, os.environ | {"DOCKER_HOST": address, "DOCKER_CONFIG": str(settings), "HOME": str(desk),
                                          "PATH": f"{programs}:{os.environ['PATH']}", "TERM": "xterm"})  # fmt: skip
    finally:
        daemon.terminate()
        daemon.wait(30)
