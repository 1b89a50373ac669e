"""A file over pieces of bytes: what comes in some other portions is read like any file, from beginning to end."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

BLOCK = 1 << 18  # bytes


class Pieces(io.RawIOBase):
    """`pieces` end with the iterator. `let_go` is called when the file is closed."""

    def __init__(self, pieces: Iterator[bytes], let_go: Callable[[], object] = lambda: None) -> None:
        self._pieces, self._let_go, self._rest = pieces, let_go, memoryview(b"")

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

    def close(self) -> None:
        self._let_go()
        super().close()


def as_file(pieces: Iterator[bytes]) -> BinaryIO:
    """The pieces as one file, buffered.

    >>> as_file(iter([b"ab", b"", b"cd"])).read(3)
    b'abc'
    """
    return io.BufferedReader(Pieces(pieces), BLOCK)
