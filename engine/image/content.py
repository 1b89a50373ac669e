"""Bytes that only grow: in memory, or in a file. Long runs of zeros cost nothing in either.

A teaching image is mostly files that nobody reads. In memory a run of zeros is a number, in a file it is a hole.
"""

from __future__ import annotations

import contextlib
import io
import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

BLOCK = 1 << 18  # bytes that are read at once
_ZEROS = bytes(4096)  # fewer are not worth a part of their own


class Spool(Protocol):
    """Where bytes gather. Leaving its block (`with`), or `close`, forgets them."""

    @property
    def size(self) -> int: ...

    def append(self, data: bytes) -> None: ...

    def open(self) -> BinaryIO:
        """A seekable file over what has been appended so far."""

    def close(self) -> None: ...

    def __enter__(self) -> Spool: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes."""


def runs(data: bytes) -> Iterator[bytes | int]:
    """Take apart: bytes, and how many zeros lie between them.

    >>> [run if isinstance(run, int) else len(run) for run in runs(b"ab" + bytes(5000) + b"c")]
    [2, 5000, 1]
    """
    done = 0
    while (start := data.find(_ZEROS, done)) >= 0:
        end = start + len(_ZEROS)
        while data.startswith(_ZEROS, end):
            end += len(_ZEROS)
        rest = data[end : end + len(_ZEROS)]
        end += len(rest) - len(rest.lstrip(b"\0"))
        if start > done:
            yield data[done:start]
        yield end - start
        done = end
    if done < len(data):
        yield data[done:] if done else data


class Content:
    """A spool in memory."""

    __slots__ = ("_parts", "_starts", "size")

    def __init__(self, data: bytes = b"") -> None:
        self._starts: list[int] = []
        self._parts: list[bytes | int] = []  # bytes, or how many zeros
        self.size = 0
        self.append(data)

    def append(self, data: bytes) -> None:
        parts = self._parts
        for run in runs(data):
            if isinstance(run, int):
                if parts and isinstance(parts[-1], int):
                    parts[-1] += run
                else:
                    self._add(run)
                self.size += run
            else:
                self._add(parts[-2] if len(parts) > 1 and parts[-2] == run else run)  # padding repeats itself
                self.size += len(run)

    def _add(self, part: bytes | int) -> None:
        self._starts.append(self.size)
        self._parts.append(part)

    def read(self, start: int, size: int) -> bytes:
        """Up to `size` bytes from `start`; fewer only at a run's or the content's end."""
        if start >= self.size:
            return b""
        at = bisect_right(self._starts, start) - 1
        part, offset = self._parts[at], start - self._starts[at]
        if isinstance(part, int):
            return bytes(min(size, part - offset))
        return part[offset : offset + size]

    def has(self, data: bytes, start: int) -> bool:
        """Are these its bytes from `start` on?"""
        done = 0
        while done < len(data):
            part = self.read(start + done, len(data) - done)
            if not part or data[done : done + len(part)] != part:
                return False
            done += len(part)
        return True

    @property
    def stored(self) -> int:
        """Bytes in memory."""
        return sum({id(part): len(part) for part in self._parts if isinstance(part, bytes)}.values())

    def open(self) -> BinaryIO:
        return io.BufferedReader(_Reader(self), BLOCK)

    def close(self) -> None:
        """Nothing is to be given back."""

    def __enter__(self) -> Content:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _Reader(io.RawIOBase):
    """A seekable file over a Content."""

    def __init__(self, content: Content) -> None:
        self._content, self._at = content, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._content.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._content.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class PartFile:
    """A spool in a new file. Raises OSError (no space left on device)."""

    __slots__ = ("_file", "path", "size")

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, 0
        self._file = path.open("xb", buffering=BLOCK)

    def append(self, data: bytes) -> None:
        with self._writing():
            for run in runs(data):
                if isinstance(run, int):
                    self._file.seek(run, os.SEEK_CUR)
                    self.size += run
                else:
                    self._file.write(run)
                    self.size += len(run)

    def open(self) -> BinaryIO:
        with self._writing():
            self._end()
        return self.path.open("rb")

    def keep(self, path: Path) -> None:
        """Let it appear under its own name, whole and on the disk."""
        with self._writing():
            self._end()
            os.fsync(self._file.fileno())
            self._file.close()
            self.path.replace(path)
            _sync_folder(path.parent)

    def _end(self) -> None:
        self._file.flush()
        self._file.truncate(self.size)  # what ends with a hole

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """An error says which file it was."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what was still to be written had no place
            self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _sync_folder(path: Path) -> None:
    """A name is on the disk when its folder is. Windows knows no such thing."""
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
