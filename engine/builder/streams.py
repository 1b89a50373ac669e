"""Archives on their way from one place to another: a file over pieces of bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 1 << 18


class _Pieces(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def as_file(pieces: Iterator[bytes]) -> BinaryIO:
    """The pieces as one file, read from beginning to end.

    >>> as_file(iter([b"ab", b"", b"cd"])).read(3)
    b'abc'
    """
    return io.BufferedReader(_Pieces(pieces), BLOCK)
