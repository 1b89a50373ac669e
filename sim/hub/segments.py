"""Long sequences of bytes of which most repeat: what a teaching image's layers are made of.

A layer of 250 MB is a few kilobytes that somebody chose and then padding. `Segments` knows its size, gives any range in
pieces, and holds only what is not padding. Pieces of a run share memory, so that reading one costs next to nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

PIECE = 1 << 18  # bytes, about; small enough for a processor's cache


@dataclass(frozen=True, slots=True)
class Run:
    """`pattern` (at least one byte), `count` times over."""

    pattern: bytes
    count: int

    def __len__(self) -> int:
        return len(self.pattern) * self.count


Segment = bytes | Run


def zeros(count: int) -> Run:
    return Run(b"\0", count)


class Segments:
    """An immutable sequence of bytes, `size` long."""

    __slots__ = ("_parts", "_starts", "size")

    def __init__(self, parts: Iterable[Segment]) -> None:
        self._parts = [part for part in parts if len(part)]
        self._starts: list[int] = []
        self.size = 0
        for part in self._parts:
            self._starts.append(self.size)
            self.size += len(part)

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end` (default: all) in pieces of about `PIECE` bytes at most."""
        end = self.size if end is None else min(end, self.size)
        at = max(0, bisect_right(self._starts, start) - 1)
        while start < end:
            part, offset = self._parts[at], start - self._starts[at]
            size = min(end - start, len(part) - offset)
            if isinstance(part, Run):
                yield from _pieces(part.pattern, offset, size)
            else:
                yield part[offset : offset + size]
            start += size
            at += 1

    def whole(self) -> bytes:
        return b"".join(self.read())


def _pieces(pattern: bytes, offset: int, size: int) -> Iterator[bytes]:
    """`size` bytes of an endless repetition of `pattern`, from `offset`."""
    block = _block(pattern)
    offset %= len(block)
    while size > 0:
        piece = block if offset == 0 and size >= len(block) else block[offset : offset + size]
        yield piece
        size -= len(piece)
        offset = 0


@lru_cache(maxsize=16)
def _block(pattern: bytes) -> bytes:
    return pattern * max(1, PIECE // len(pattern))
