"""A layer as it travels: its archive as it came, or its tar, compressed on the way.

A layer that was pulled goes out with the very bytes in which it came, so its digest stays. One that was made here is
compressed by gzip with nothing in the header that could differ: the same layer gives the same digest every time.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

from engine.image.blobs import Blobs
from engine.image.digest import Digest
from engine.image.store import Layer

PIECE = 1 << 18  # bytes
HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # RFC 1952: deflate, no name, no time, no particular system
SUFFIXES = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))  # how an archive begins -> how it is compressed

Read = Callable[[int], None]  # told how many bytes of the source have been read


class Parcel:
    """One layer to be sent. `size` of the source, bytes: what `on_read` counts up to."""

    def __init__(self, blobs: Blobs, layer: Layer) -> None:
        self._blobs, self._source = blobs, Digest(layer.blob)
        self.packed = layer.blob != layer.diff_id
        self.size = blobs.size(self._source)
        self._known: tuple[Digest, int] | None = (self._source, self.size) if self.packed else None

    @property
    def known(self) -> tuple[Digest, int] | None:
        """Digest and size of what travels, if they are known without compressing."""
        return self._known

    def compression(self) -> str:
        """ "gzip", "zstd" or "" """
        if not self.packed:
            return "gzip"
        with self._blobs.open(self._source) as file:
            begin = file.read(4)
        return next((name for magic, name in SUFFIXES if begin.startswith(magic)), "")

    async def pieces(self, offset: int, on_read: Read) -> AsyncIterator[bytes]:
        """The bytes that travel, from `offset` on. When they have ended, `known` is known."""
        with self._blobs.open(self._source) as file:
            if self.packed:
                file.seek(offset)
                while data := file.read(PIECE):
                    on_read(len(data))
                    yield data
                return
            digest, size = hashlib.sha256(), 0
            for data in _gzip(iter(lambda: file.read(PIECE), b""), on_read):
                digest.update(data)
                begin, size = size, size + len(data)
                if size > offset:
                    yield data[max(0, offset - begin) :]
            self._known = Digest(f"sha256:{digest.hexdigest()}"), size


def _gzip(pieces: Iterator[bytes], on_read: Read) -> Iterator[bytes]:
    """RFC 1952, one member."""
    deflate, check, size = zlib.compressobj(wbits=-zlib.MAX_WBITS), 0, 0
    yield HEADER
    for piece in pieces:
        check, size = zlib.crc32(piece, check), size + len(piece)
        on_read(len(piece))
        if packed := deflate.compress(piece):
            yield packed
    yield deflate.flush() + struct.pack("<LL", check, size & 0xFFFFFFFF)
