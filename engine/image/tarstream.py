"""Tar archives from strangers, header by header: Python's tarfile, made strict, in bounded memory and time.

tarfile takes a header that it cannot read for the archive's end, and keeps every header that it has read; here the
first is an error, and nothing is kept. Texts are those of Go's archive/tar. What names and links mean is for the
readers on top to see: changeset.py for layers, members.py for files, bundle.py for saved images.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, Any, BinaryIO, Self

from engine.image.archive import LARGEST

INVALID, CUT_OFF, TOO_LONG = "archive/tar: invalid tar header", "unexpected EOF", "archive/tar: header field too long"
MOST = 1_000_000  # entries of one archive
LARGEST_FIELD = 1 << 20  # bytes of a long name or of extended attributes, as in Go
ENDS = 64  # how often an archive may be read at its end

_FIELDS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
           tarfile.GNUTYPE_LONGLINK)  # fmt: skip


class Data:
    """The content of a file in an archive that is being read."""

    __slots__ = ("_file",)

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end. Raises ValueError if the archive ends before."""
        try:
            return self._file.read(size)
        except tarfile.TarError as error:
            raise ValueError(CUT_OFF if "end of data" in str(error) else INVALID) from error


def read(stream: BinaryIO, largest: int | None = None) -> Iterator[tuple[tarfile.TarInfo, Data | None]]:
    """The headers of an *uncompressed* archive, in order, with the content of files (valid until the next one).

    `largest`: how many bytes all files may have together; None: as many as those of one layer. An empty stream is an
    empty archive. Raises ValueError for a broken archive and for one beyond the limits.
    """
    source: Any = _Finite(stream)
    largest = LARGEST if largest is None else largest
    total, end = 0, -1  # end: where the content of the last file is over
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=1 << 18, encoding="utf-8", tarinfo=_Header) as archive:
            for _ in range(MOST):
                if (header := archive.next()) is None:
                    return
                archive.members = []  # type: ignore[attr-defined]
                if header.size < 0 or "\0" in header.name or "\0" in header.linkname:
                    raise ValueError(INVALID)
                total += header.size
                if total > largest:
                    raise ValueError(f"archive is too large: its files have more than {largest} bytes")
                end = header.offset_data + header.size if header.isreg() else -1
                yield header, _data(archive, header)
            raise ValueError(f"archive is too large: it has more than {MOST} entries")
    except tarfile.ReadError as error:
        if end == source.taken:
            return  # only the last file's padding is missing, as in what docker build sends; Go does not mind
        if "empty file" not in str(error):
            raise ValueError(CUT_OFF if "end of data" in str(error) else INVALID) from error
    except (tarfile.TarError, EOFError, ArithmeticError, LookupError, RecursionError) as error:
        raise ValueError(INVALID) from error


def _data(archive: tarfile.TarFile, header: tarfile.TarInfo) -> Data | None:
    if not header.isreg():
        return None
    file = archive.extractfile(header)
    assert file is not None
    return Data(file)


class _Header(tarfile.TarInfo):
    """What tarfile would overlook is an error."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if 0 < len(buf) < tarfile.BLOCKSIZE:
            raise ValueError(CUT_OFF)
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.InvalidHeaderError:  # type: ignore[attr-defined]
            raise ValueError(INVALID) from None

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.type in _FIELDS and not 0 <= self.size <= LARGEST_FIELD:
            raise ValueError(TOO_LONG)
        return super()._proc_member(archive)  # type: ignore[misc]


class _Finite:
    """The archive's stream. Skipping a file of a claimed 2^60 bytes, tarfile would read on for ever at the end."""

    __slots__ = ("_ends", "_stream", "taken")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ends = 0
        self.taken = 0  # bytes

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.taken += len(data)
        if not data:
            self._ends += 1
            if self._ends > ENDS:
                raise ValueError(CUT_OFF)
        return data
