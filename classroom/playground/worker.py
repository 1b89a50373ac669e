"""A session behind a pipe: one JSON message a line, in and out. One process for each tab of the page.

    python -m classroom.playground.worker FOLDER      FOLDER is empty, and whoever started the worker removes it

A thread reads, so that the session can wait for a message for a while on every system.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from classroom.playground.confined import confine
from classroom.playground.pace import Closed
from classroom.playground.protocol import Message
from classroom.playground.session import Session


class PipeInbox:
    """`pace.Inbox` of a pipe's lines."""

    def __init__(self, descriptor: int) -> None:
        self._arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(descriptor,), daemon=True).start()

    def wait(self, seconds: float | None) -> Any:
        try:
            line = self._arrived.get(seconds != 0, seconds)
        except queue.Empty:
            return None
        if line is None:
            self._arrived.put(None)
            raise Closed
        try:
            return json.loads(line) or {}
        except (ValueError, RecursionError):
            return {}

    def _read(self, descriptor: int) -> None:
        """Straight from the descriptor: a file object would be locked by this thread when Python ends."""
        rest = b""
        while data := os.read(descriptor, 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._arrived.put(line)
        self._arrived.put(None)


def main() -> int:
    """Until standard input ends."""
    root = Path(sys.argv[1]).resolve()
    output, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing else may be printed there
    os.umask(0o022)

    def send(message: Message) -> None:
        output.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")
        output.flush()

    try:
        session = Session(PipeInbox(sys.stdin.fileno()), send, root)
        tempfile.tempdir = str(root)
        confine(root)
        session.run()
    except BrokenPipeError:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
