"""What Docker sends in pieces: frames of a process's output, and JSON lines of progress.

Frames (Engine API, "Stream format"; moby `pkg/stdcopy`): 1 byte stream (0 stdin, 1 stdout, 2 stderr), 3 zero bytes,
4 bytes big-endian length, payload. With a terminal there are no frames, only raw bytes.
Progress lines (moby `pkg/streamformatter`, `pkg/jsonmessage`): one JSON object for each line, ended by CR LF.
"""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

from engine.loop import Loop
from engine.units import human_size

HEADER = struct.Struct(">BxxxL")
STREAMS = (0, 1, 2, 3)  # stdin, stdout, stderr, and the daemon's own error

PIECE = 64 << 10  # bytes

RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"


def frame(stream: int, data: bytes) -> bytes:
    """
    >>> frame(1, b"hi")
    b'\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x02hi'
    """
    return HEADER.pack(stream, len(data)) + data


class Unframer:
    """Takes frames apart, however the bytes were cut on their way. `left` bytes wait for the rest of their frame."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def left(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (stream, payload) of each frame that is complete. Raises ValueError for what is no frame."""
        buffer = self._buffer
        buffer += data
        while len(buffer) >= HEADER.size:
            stream, length = HEADER.unpack_from(buffer)
            if stream not in STREAMS:
                raise ValueError(f"Unrecognized input header: {stream}")
            end = HEADER.size + length
            if len(buffer) < end:
                return
            payload = bytes(buffer[HEADER.size : end])
            del buffer[:end]
            yield stream, payload


async def close_stream(stream: AsyncIterator[bytes]) -> None:
    """Tell a stream that nobody reads on, so that it gives back what it holds. One that has ended does not mind."""
    if (aclose := getattr(stream, "aclose", None)) is not None:
        await aclose()


async def pieces(loop: Loop, archive: Iterator[bytes]) -> AsyncIterator[bytes]:
    """An archive as an answer's stream: small pieces together, and everybody else's turn in between."""
    gathered: list[bytes] = []
    size = 0
    try:
        for piece in archive:
            gathered.append(piece)
            size += len(piece)
            if size >= PIECE:
                yield b"".join(gathered)
                gathered, size = [], 0
                await loop.sleep(0)
        if gathered:
            yield b"".join(gathered)
    finally:
        if isinstance(archive, Generator):  # nobody reads on: let go of what it holds
            archive.close()


def json_line(value: Any) -> bytes:
    """One line of a pull's, push's or build's answer."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\r\n"


def progress_line(status: str, id: str = "", current: int = 0, total: int = 0) -> bytes:
    """A layer's state. `current` and `total` in bytes; both 0: no bar.

    >>> progress_line("Pulling fs layer", "9824c27679d3")
    b'{"status":"Pulling fs layer","progressDetail":{},"id":"9824c27679d3"}\\r\\n'
    """
    line: dict[str, Any] = {"status": status, "progressDetail": {}}
    if current > 0 or total > 0:
        line["progressDetail"] = {"current": current} | ({"total": total} if total > 0 else {})
        line["progress"] = progress_bar(current, total)
    if id:
        line["id"] = id
    return json_line(line)


def status_line(status: str, id: str = "") -> bytes:
    """A message without progress, e.g. "Digest: sha256:…"."""
    return json_line({"status": status} | ({"id": id} if id else {}))


def error_line(message: str) -> bytes:
    """How an answer that has begun with 200 says that it failed."""
    return json_line({"errorDetail": {"message": message}, "error": message})


def progress_bar(current: int, total: int) -> str:
    """As moby's JSONProgress.String on a wide terminal.

    >>> progress_bar(1_000_000, 4_000_000)
    '[============>                                      ]      1MB/4MB'
    """
    if current <= 0 and total <= 0:
        return ""
    if total <= 0:
        return f"{human_size(current):>8}"
    filled = min(current * 100 // total // 2, 50)
    numbers = f"{human_size(current):>8}" + (f"/{human_size(total)}" if current <= total else "")
    return f"[{'=' * filled}>{' ' * (50 - filled)}] {numbers}"
