"""Layer archives as they travel: which compression, and the tar inside with its DiffID.

Recognised by their first bytes, as moby does (pkg/archive): gzip, bzip2, xz, or none.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Protocol

from engine.image.blobs import Content
from engine.image.digest import DiffID, Digest

BLOCK = 1 << 18


class ArchiveError(ValueError):
    """The archive cannot be uncompressed."""


class _Decompressor(Protocol):
    """What zlib, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> _Decompressor:
    return zlib.decompressobj(wbits=31)


def _bzip2() -> _Decompressor:
    import bz2

    return bz2.BZ2Decompressor()


def _xz() -> _Decompressor:
    import lzma  # not every Python has it

    return lzma.LZMADecompressor()


_MAGIC = ((b"\x1f\x8b\x08", _gzip), (b"BZh", _bzip2), (b"\xfd7zXZ\0", _xz))


class Unpacker:
    """Uncompresses a content block by block: iterate to the end (values: compressed bytes read), then take the tar."""

    def __init__(self, content: Content, digest: Digest) -> None:
        self._content, self._digest = content, digest
        start = content.read(0, 6)
        self._new = next((new for magic, new in _MAGIC if start.startswith(magic)), None)
        self.tar = content if self._new is None else Content()
        self._hash = hashlib.sha256()

    @property
    def diff_id(self) -> DiffID:
        """An archive that is not compressed has one digest for both."""
        if self._new is None and self._digest.algorithm == "sha256":
            return DiffID(self._digest)
        return DiffID(f"sha256:{self._hash.hexdigest()}")

    def __iter__(self) -> Iterator[int]:
        """Raises ArchiveError."""
        if self._new is None and self._digest.algorithm == "sha256":
            yield self._content.size
            return
        try:
            yield from self._uncompress()
        except ArchiveError:
            raise
        except Exception as error:  # zlib.error, OSError, lzma.LZMAError, EOFError: each library has its own
            raise ArchiveError(str(error)) from None

    def _uncompress(self) -> Iterator[int]:
        stream = self._new() if self._new else None
        at = 0
        while block := self._content.read(at, BLOCK):
            at += len(block)
            rest = block
            while rest and stream is not None and self._new is not None:
                if stream.eof:  # gzip allows several members, one after the other
                    stream = self._new()
                self._take(stream.decompress(rest))
                rest = stream.unused_data if stream.eof else b""
            if stream is None:
                self._hash.update(block)
            yield len(block)
        if stream is not None and not stream.eof:
            raise EOFError("unexpected EOF")

    def _take(self, data: bytes) -> None:
        self._hash.update(data)
        self.tar.append(data)
