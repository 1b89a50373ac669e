"""Layer archives: tar entries as data, checked on the way in, and written the way Docker writes them.

A layer is a tar archive of what changed (OCI image specification, layer.md): files added or modified, and whiteouts
(`.wh.NAME`: removed; `.wh..wh..opq`: the directory hides all that lies below). Where entries become files, on a
pretended disk or a real one, is the host's business; what may not come through is decided here.
"""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import IO, Any, BinaryIO

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
XATTR = "SCHILY.xattr."
LARGEST_SPARSE = 1 << 34  # bytes; a sparse entry of a few bytes may claim any size
ENDS = 64  # how often an archive may be read at its end
SECOND = 1_000_000_000

# kinds of entries and their letters in a tar header
KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.GNUTYPE_SPARSE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "hardlink",
    tarfile.CHRTYPE: "character",
    tarfile.BLKTYPE: "block",
    tarfile.FIFOTYPE: "fifo",
}
LETTERS = {kind: letter for letter, kind in reversed(KINDS.items())}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `name` relative to the root, "a/b", "" for the root itself; `mtime` in ns since 1970.

    `kind`: one of KINDS, or "whiteout" (`name` is gone) or "opaque" (`name` hides what lies below it). `target` is a
    link's.
    """

    name: str
    kind: str
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    size: int = 0
    target: str = ""
    rdev: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, str] = field(default_factory=dict)


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
            raise ValueError(str(error)) from error


class _Finite:
    """The archive's stream. Skipping a file of a claimed 2^60 bytes, tarfile would read on for ever at the end."""

    __slots__ = ("_ends", "_stream")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ends = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if not data:
            self._ends += 1
            if self._ends > ENDS:
                raise ValueError("unexpected EOF")
        return data


def read(stream: BinaryIO) -> Iterator[tuple[Entry, Data | None]]:
    """The checked entries of an uncompressed layer, in order, with the content of files (valid until the next entry).

    Raises ValueError for a broken archive and for a hostile one: names that are absolute or lead out, links that point
    out, the same name twice.
    """
    seen: dict[str, str] = {}
    try:
        source: Any = _Finite(stream)
        with tarfile.open(fileobj=source, mode="r|", bufsize=1 << 18, encoding="utf-8") as archive:
            for member in archive:
                entry = _entry(member)
                if entry is None:
                    continue
                key = f"{entry.name}/{OPAQUE}" if entry.kind == "opaque" else entry.name
                if key in seen and not seen[key] == entry.kind == "directory":
                    raise ValueError(f"duplicate entry {member.name!r}")
                seen[key] = entry.kind
                file = archive.extractfile(member) if entry.kind == "file" else None
                yield entry, Data(file) if file is not None else None
    except (tarfile.TarError, EOFError, OverflowError) as error:
        raise ValueError(str(error) or "unexpected EOF") from error


def write(entries: Iterable[tuple[Entry, Iterable[bytes]]]) -> Iterator[bytes]:
    """An uncompressed layer from entries and the contents of files, piece by piece. Times are in whole seconds."""
    for entry, pieces in entries:
        yield _header(entry)
        if entry.kind == "file":
            yield from pieces
            if entry.size % BLOCK:
                yield bytes(BLOCK - entry.size % BLOCK)
    yield END


def safe_name(name: str) -> str:
    """A name as in an archive, cleaned ("./a//b/" -> "a/b"). Raises ValueError if it is absolute or leads out."""
    if name.startswith("/") or "\0" in name:
        raise ValueError(f"{name!r} is outside of the root")
    clean = posixpath.normpath(name)
    if clean == ".." or clean.startswith("../") or ".." in name.split("/"):
        raise ValueError(f"{name!r} is outside of the root")
    return "" if clean == "." else clean


def _entry(member: tarfile.TarInfo) -> Entry | None:
    """None for what is not taken: AUFS's own files, and types that no filesystem has."""
    name, kind = safe_name(member.name), KINDS.get(member.type)
    if kind is None:
        return None
    if member.size < 0 or (member.issparse() and member.size > LARGEST_SPARSE):
        raise ValueError(f"{member.name!r} has an impossible size")
    folder, base = posixpath.split(name)
    if base == OPAQUE:
        return Entry(folder, "opaque")
    if base.startswith(WHITEOUT + WHITEOUT):
        return None
    if base.startswith(WHITEOUT):
        return Entry(posixpath.join(folder, _removed(base)), "whiteout")
    return Entry(
        name, kind, member.mode & 0o7777, member.uid, member.gid, modification_time(member),
        member.size if kind == "file" else 0, _target(member, name, kind), (member.devmajor, member.devminor),
        {key.removeprefix(XATTR): value for key, value in member.pax_headers.items() if key.startswith(XATTR)},
    )  # fmt: skip


def _removed(base: str) -> str:
    name = base.removeprefix(WHITEOUT)
    if name in ("", ".", ".."):
        raise ValueError(f"invalid whiteout {base!r}")
    return name


def _target(member: tarfile.TarInfo, name: str, kind: str) -> str:
    """A link's target; those that lead out are refused as Docker does (moby, pkg/archive)."""
    target = member.linkname
    if kind == "hardlink":
        try:
            return safe_name(target)
        except ValueError:
            raise ValueError(f'invalid hardlink "{name}" -> "{target}"') from None
    if kind != "symlink":
        return ""
    if not target or "\0" in target:
        raise ValueError(f'invalid symlink "{name}" -> "{target}"')
    end = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if end == ".." or end.startswith("../"):
        raise ValueError(f'invalid symlink "{name}" -> "{target}"')
    return target


def modification_time(member: tarfile.TarInfo) -> int:
    """ns since 1970, with the fraction that pax headers may have."""
    try:
        return int(Decimal(member.pax_headers["mtime"]) * SECOND)
    except (KeyError, InvalidOperation):
        return int(member.mtime) * SECOND


def _header(entry: Entry) -> bytes:
    folder, base = posixpath.split(entry.name)
    info = tarfile.TarInfo(entry.name)
    if entry.kind == "whiteout":
        info.name = posixpath.join(folder, WHITEOUT + base)
    elif entry.kind == "opaque":
        info.name = posixpath.join(entry.name, OPAQUE)
    else:
        info.type = LETTERS[entry.kind]
        info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, entry.mtime // SECOND
        info.size, info.linkname = entry.size, entry.target
        info.devmajor, info.devminor = entry.rdev
        info.pax_headers = {XATTR + key: value for key, value in entry.xattrs.items()}
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
