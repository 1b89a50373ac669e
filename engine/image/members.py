"""Archives of files, as `docker cp` sends them: every entry of a tar archive, read without trusting it.

Unlike in a layer (changeset.py) names may be absolute or come twice, and whiteouts are ordinary files. Where an entry
may come to lie is for the host that unpacks it to see: `below` and `check_link` are the rules (moby, go-archive:
Unpack). Errors are worded as Go's archive/tar does.
"""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Self

from engine.image.changeset import KINDS, LARGEST_SPARSE, XATTR, Data, Entry, modification_time

INVALID, CUT_OFF = "archive/tar: invalid tar header", "unexpected EOF"


def read(stream: BinaryIO) -> Iterator[tuple[Entry, Data | None]]:
    """The entries of an *uncompressed* archive, in order, with the content of files (valid until the next entry).

    Names are as in the archive, but clean: "a/b", "/a", "../a", "." for the root. An empty archive has none. Raises
    ValueError for a broken one, as late as it can.
    """
    source: Any = _Whole(stream)
    if not source.peek():
        return
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=1 << 18, encoding="utf-8", tarinfo=_Member) as archive:
            for member in archive:
                yield _entry(member), _data(archive, member)
    except tarfile.ReadError as error:
        raise ValueError(CUT_OFF if "end of data" in str(error) else INVALID) from error
    except (tarfile.TarError, EOFError, OverflowError) as error:
        raise ValueError(INVALID) from error


def below(directory: str, name: str) -> str:
    """Where an entry comes to lie; `directory` is absolute and clean. Raises ValueError if that is outside of it."""
    path = posixpath.normpath(f"{directory}/{name}")
    if not is_inside(directory, path) and directory != "/":
        raise ValueError(f'"{name}" is outside of "{directory}"')
    return "/" + path.lstrip("/")


def check_link(directory: str, path: str, entry: Entry) -> str:
    """What a link at `path` names, absolute. Raises ValueError if that is outside of the directory."""
    base = directory if entry.kind == "hardlink" else posixpath.dirname(path)
    target = "/" + posixpath.normpath(f"{base}/{entry.target}").lstrip("/")
    if not is_inside(directory, target):
        shown = target if entry.kind == "hardlink" else path
        raise ValueError(f'invalid {entry.kind} "{shown}" -> "{entry.target}"')
    return target


def is_inside(directory: str, path: str) -> bool:
    """
    >>> is_inside("/a", "/a/b"), is_inside("/a", "/ab"), is_inside("/", "/x")
    (True, False, True)
    """
    return path == directory or path.startswith(directory.rstrip("/") + "/")


class _Member(tarfile.TarInfo):
    """A header that cannot be read is an error; tarfile would take it for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if 0 < len(buf) < tarfile.BLOCKSIZE:
            raise ValueError(CUT_OFF)
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.InvalidHeaderError:  # type: ignore[attr-defined]
            raise ValueError(INVALID) from None


class _Whole:
    """The archive's stream, of which the beginning can be looked at, and whose end is told once."""

    __slots__ = ("_ahead", "_ends", "_stream")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ahead = b""
        self._ends = 0

    def peek(self) -> bytes:
        self._ahead = self._stream.read(1)
        return self._ahead

    def read(self, size: int) -> bytes:
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead + self._stream.read(size - 1)
        data = self._stream.read(size)
        if not data:
            self._ends += 1
            if self._ends > 64:  # skipping a file of a claimed 2^60 bytes, tarfile would read on for ever
                raise ValueError(CUT_OFF)
        return data


def _entry(member: tarfile.TarInfo) -> Entry:
    kind = KINDS.get(member.type)
    if kind is None:
        raise ValueError(f"unhandled tar header type {ord(member.type)}\n")
    if member.size < 0 or (member.issparse() and member.size > LARGEST_SPARSE):
        raise ValueError(INVALID)
    if "\0" in member.name or "\0" in member.linkname:
        raise ValueError(INVALID)
    name = posixpath.normpath(member.name) if member.name else "."
    return Entry(
        name, kind, member.mode & 0o7777, member.uid, member.gid, modification_time(member),
        member.size if kind == "file" else 0, member.linkname, (member.devmajor, member.devminor),
        {key.removeprefix(XATTR): value for key, value in member.pax_headers.items() if key.startswith(XATTR)},
    )  # fmt: skip


def _data(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Data | None:
    if not member.isreg():
        return None
    file = archive.extractfile(member)
    assert file is not None
    return Data(file)
