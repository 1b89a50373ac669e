"""What a container prints, in a file as it comes: for a container that may outlive its daemon (`--live-restore`).

One line for each piece: time, stream and text as JSON. The file holds what was printed since the row of the log was
saved, and goes when that is saved again. It is written without waiting for the disk: it survives the daemon, not the
machine, as the container does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from engine.daemon.logs import LogBuffer

LIMIT = 128 << 20  # bytes; what is longer is not needed again: a log keeps less


class Journal:
    """One container's file, while it runs."""

    __slots__ = ("_file", "_size")

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, time: int, stream: int, data: bytes) -> None:
        if self._size > LIMIT:
            self._file.truncate(0)
            self._size = 0
        self._size += self._file.write(json.dumps((time, stream, data.decode("latin-1"))).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


def replay(path: Path, log: LogBuffer) -> None:
    """What an earlier daemon has heard. A last line that was cut off is left out."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            time, stream, text = json.loads(line)
        except ValueError:
            return
        log.put(time, stream, text.encode("latin-1"))
