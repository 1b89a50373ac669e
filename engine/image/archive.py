"""Layer archives as they travel: which compression, and the tar inside with its DiffID.

Recognised by their first bytes, as moby does (pkg/archive): gzip, bzip2, xz, zstd, or none. What is uncompressed is a
stranger's: it may not become longer than LARGEST, nor RATIO times as long as the archive (decompression bombs).
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import BinaryIO, Protocol

from engine.image.content import BLOCK, Spool
from engine.image.digest import DiffID, Digest
from engine.image.pieces import Pieces
from engine.units import human_size

LARGEST = 8 << 30  # bytes of one layer's tar
RATIO = 1100  # deflate cannot do more than 1032
ANY_RATIO = 64 << 20  # bytes that need not justify themselves
_STEP = 1 << 20  # bytes that are uncompressed at once
_LITTLE = 256  # bytes of zstd, which may become 8 MB


class ArchiveError(ValueError):
    """The archive cannot be uncompressed, or is too large. Texts: Go's."""


class _Decompressor(Protocol):
    """What zlib, bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /, max_length: int = ...) -> bytes: ...


class _Gzip:
    """zlib's, in the manner of the others: what it could not take yet it keeps itself."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        kept = self._stream.unconsumed_tail
        return self._stream.decompress(kept + data if kept else data, max_length)


def _bzip2() -> _Decompressor:
    import bz2

    return bz2.BZ2Decompressor()


def _xz() -> _Decompressor:
    import lzma  # not every Python has it

    return lzma.LZMADecompressor()


class _Zstandard:
    """The zstandard package's, which bounds no output: it gets a little at a time."""

    unused_data = b""

    def __init__(self) -> None:
        self._stream = import_module("zstandard").ZstdDecompressor().decompressobj(read_across_frames=False)
        self._waiting = b""

    @property
    def eof(self) -> bool:
        return bool(self._stream.eof)

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        self._waiting += data
        made = bytearray()
        while self._waiting and not self.eof and len(made) < max_length:
            made += self._stream.decompress(self._waiting[:_LITTLE])
            self._waiting = self._waiting[_LITTLE:]
        if self.eof:
            self.unused_data, self._waiting = self._stream.unused_data + self._waiting, b""
        return bytes(made)


def _zstd() -> _Decompressor:
    try:
        return import_module("compression.zstd").ZstdDecompressor()  # type: ignore[no-any-return]  # Python 3.14
    except ImportError:
        return _Zstandard()


_MAGIC: tuple[tuple[bytes, str, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b\x08", "gzip", _Gzip),
    (b"BZh", "bzip2", _bzip2),
    (b"\xfd7zXZ\0", "xz", _xz),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd),
)


# zlib's complaint -> Go's (compress/gzip, compress/flate)
_GO_WORDS = (
    ("incorrect header check", "gzip: invalid header"),
    ("unknown header flags", "gzip: invalid header"),
    ("unknown compression method", "gzip: invalid header"),
    ("incorrect data check", "gzip: invalid checksum"),
    ("incorrect length check", "gzip: invalid checksum"),
    ("while decompressing data: invalid", "flate: corrupt input"),
)


def compression(start: bytes) -> str:
    """ "gzip", "bzip2", "xz", "zstd", or "" for none, from an archive's first six bytes."""
    return next((name for magic, name, _ in _MAGIC if start.startswith(magic)), "")


def uncompress(archive: BinaryIO, largest: int | None = None) -> Iterator[bytes]:
    """What is inside, piece by piece; an archive that is not compressed as it is. Raises ArchiveError.

    `largest`: how many bytes may come of it; None: as many as a layer may have.
    """
    start = archive.read(6)
    archive.seek(0)
    new = next((new for magic, _, new in _MAGIC if start.startswith(magic)), None)
    if new is None:
        while block := archive.read(BLOCK):
            yield block
        return
    yield from _limited(archive, _members(archive, new), LARGEST if largest is None else largest)


def _limited(archive: BinaryIO, pieces: Iterator[bytes], largest: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > largest or (total > ANY_RATIO and total > RATIO * archive.tell()):
            raise ArchiveError(f"archive is too large: more than {human_size(total - len(piece))} uncompressed")
        yield piece


def _members(archive: BinaryIO, new: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """gzip and the others allow several streams, one after the other."""
    stream = _begin(new)
    while block := archive.read(BLOCK):
        rest = block
        while rest:
            if stream.eof:
                stream = _begin(new)
            yield _step(stream, rest)
            while not stream.eof and (more := _step(stream, b"")):
                yield more
            rest = stream.unused_data if stream.eof else b""
    if not stream.eof:
        raise ArchiveError("unexpected EOF")


def _begin(new: Callable[[], _Decompressor]) -> _Decompressor:
    try:
        return new()
    except ImportError as error:
        raise ArchiveError(f"archive cannot be uncompressed on this machine: {error}") from None


def _step(stream: _Decompressor, data: bytes) -> bytes:
    try:
        return stream.decompress(data, _STEP)
    except Exception as error:  # zlib.error, OSError, lzma.LZMAError: each library has its own
        text = str(error)
        raise ArchiveError(next((go for python, go in _GO_WORDS if python in text), text)) from None


def uncompressed(archive: BinaryIO) -> Pieces:
    """A file over what `uncompress` gives. Closing it closes the archive."""
    return Pieces(uncompress(archive), archive.close)


class Unpacker:
    """Uncompresses an archive into a spool: iterate to the end (values: compressed bytes read), then take the tar.

    `digest` is the archive's own. An archive that is not compressed is its own tar, with one digest for both.
    """

    def __init__(self, archive: BinaryIO, digest: Digest, spool: Spool) -> None:
        self._archive, self._digest, self._spool = archive, digest, spool
        start = archive.read(6)
        archive.seek(0)
        self._as_it_is = not compression(start) and digest.algorithm == "sha256"
        self._hash = hashlib.sha256()

    @property
    def diff_id(self) -> DiffID:
        return DiffID(self._digest if self._as_it_is else f"sha256:{self._hash.hexdigest()}")

    def open(self) -> BinaryIO:
        """The tar from its beginning."""
        if self._as_it_is:
            self._archive.seek(0)
            return self._archive
        return self._spool.open()

    def __iter__(self) -> Iterator[int]:
        """Raises ArchiveError."""
        if self._as_it_is:
            yield self._archive.seek(0, io.SEEK_END)
            return
        done = 0
        for piece in uncompress(self._archive):
            self._hash.update(piece)
            self._spool.append(piece)
            at = self._archive.tell()
            yield at - done
            done = at
        yield self._archive.tell() - done
