"""Blobs that were verified in this process before: many engines fetch the same few images.

What comes again under the same digest is compared with what is known, byte for byte. That proves as much as its digest
would, takes a third of the time, and engines with equal blobs share one copy, which nothing writes to.
"""

from __future__ import annotations

from collections import OrderedDict

from engine.image.content import Content
from engine.image.digest import Digest

LEAST = 1 << 16  # bytes; less is hashed in no time
MOST = 64 << 20  # bytes kept in all


class Known:
    """The blobs that were asked for last, up to `most` bytes in memory."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._stored = most, 0
        self._kept: OrderedDict[Digest, Content] = OrderedDict()

    def get(self, digest: Digest | None) -> Content | None:
        if digest is None or digest not in self._kept:
            return None
        self._kept.move_to_end(digest)
        return self._kept[digest]

    def keep(self, digest: Digest, content: Content) -> None:
        """Of a blob that was verified, and that nobody appends to any more."""
        if digest in self._kept or content.size < LEAST or content.stored > self._most:
            return
        self._kept[digest] = content
        self._stored += content.stored
        while self._stored > self._most:
            _, gone = self._kept.popitem(last=False)
            self._stored -= gone.stored


BLOBS = Known()  # of this process
