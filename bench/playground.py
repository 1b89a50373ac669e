"""What somebody at the playground waits for: the first prompt, a command, a picture, undo; in the session alone.

Images are pulled before, as their making is measured elsewhere; the time is the processor's, so that a busy machine
does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from statistics import median
from typing import Any

from classroom.playground.moments import VIEWS
from classroom.playground.pace import Closed
from classroom.playground.session import Session
from report import Report, quick

PREPARED = ["docker pull -q alpine", "docker pull -q nginx", "docker run -d --name web nginx", "ls"]
LINES = {
    "docker ps": "docker ps -a",
    "docker run, an end": "docker run --rm alpine echo hello",
    "docker run -d": "docker run -d nginx",
    "docker exec": "docker exec web ls /",
    "docker build, three steps": "printf 'FROM alpine\nRUN date\nCOPY . /x\n' | docker build --no-cache -qf - .",
    "ls, on the desk": "ls -l | wc -l",
}
LIMIT = 100  # ms
HELLO = {"do": "hello", "lang": "en", "motion": False, "link": ""}


class Stopwatch:
    """An inbox that gives one message after the other, and notes how long each was worked at."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self._messages, self._begun = deque(messages), 0.0
        self.took: list[float] = []

    def wait(self, seconds: float | None) -> dict[str, Any] | None:
        if seconds == 0:
            return None
        self.took.append((time.process_time() - self._begun) * 1e3)
        if not self._messages:
            raise Closed
        self._begun = time.process_time()
        return self._messages.popleft()


def line(text: str) -> dict[str, Any]:
    return {"do": "line", "text": text, "rows": 24, "columns": 80}


def visit(messages: list[dict[str, Any]]) -> list[float]:
    """Milliseconds that each of the messages took, after the preparations."""
    prepared = [HELLO, *(line(text) for text in PREPARED)]
    watch = Stopwatch([*prepared, *messages])
    with tempfile.TemporaryDirectory() as folder:
        Session(watch, lambda message: None, Path(folder)).run()
        os.chdir(Path(folder).parent)
    return watch.took[1 + len(prepared) :]


def first_prompt() -> float:
    """Seconds from a tab's beginning to its first prompt, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        worker = subprocess.Popen(
            [sys.executable, "-m", "classroom.playground.worker", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(json.dumps(HELLO).encode() + b"\n")
        worker.stdin.flush()
        while json.loads(worker.stdout.readline()).get("mode") != "line":
            pass
        took = time.perf_counter() - begun
        worker.stdin.close()
        worker.wait()
    return took


def main() -> int:
    report, rounds = Report(), 3 if quick() else 15
    report.line("a tab opens: its process, an engine, the first prompt", first_prompt(), "s", 3)
    for name, text in LINES.items():
        report.line(f"{name}, with its picture", median(visit([line(text)] * rounds)), "ms", LIMIT)
    looks = [{"do": "look", "view": view, "step": -1, "name": ""} for view in VIEWS]
    report.line("the dearest view, drawn", max(visit(looks * 2)[len(looks) :]), "ms", LIMIT)
    work = [line(text) for text in (*LINES.values(), *LINES.values())]
    report.line("undo after sixteen lines", visit([*work, {"do": "undo", "lines": 1}])[-1], "ms", 2000)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
