"""Layers that have been read before in this process: many engines pull the same few images.

Kept under its ChainID, of which the content is a function, is what an archive says: entries and contents that nothing
writes to, since a committed layer never changes. Trees are never shared; each engine makes its own, with inodes of its
own, so what happens in one is not seen in another, and an engine cannot tell whether it was the first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from sim import layers
from sim.vfs import content

MOST = 32 << 20  # bytes kept in all
ENTRY = 500  # bytes that an entry takes beside its content


class Parsed:
    """The layers that were used last, up to `most` bytes."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[str, tuple[tuple[layers.Parsed, ...], int]] = OrderedDict()

    def __contains__(self, chain: object) -> bool:
        return chain in self._kept

    def entries(self, chain: str, diff: BinaryIO) -> Iterable[layers.Parsed]:
        """Of the layer `chain`, whose archive is `diff`. What is not called by a digest is read each time."""
        if chain in self._kept:
            self._kept.move_to_end(chain)
            return self._kept[chain][0]
        return self._read(chain, diff) if chain.startswith("sha256:") else layers.parse(diff)

    def _read(self, chain: str, diff: BinaryIO) -> Iterator[layers.Parsed]:
        """Kept if it is read to its end, and small enough; what is a wrong archive to its reader never gets there."""
        read: list[layers.Parsed] = []
        size = 0
        for entry, data in layers.parse(diff):
            size += ENTRY + content.stored(data)
            if size <= self._most:
                read.append((entry, data))
            else:
                read.clear()
            yield entry, data
        if size <= self._most and chain not in self._kept:  # another engine may have read it meanwhile
            self._keep(chain, tuple(read), size)

    def _keep(self, chain: str, read: tuple[layers.Parsed, ...], size: int) -> None:
        self._kept[chain] = read, size
        self._size += size
        while self._size > self._most:
            _, (_, gone) = self._kept.popitem(last=False)
            self._size -= gone


LAYERS = Parsed()  # of this process
