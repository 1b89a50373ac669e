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
from typing import BinaryIO

from engine.image import tarstream
from engine.image.tarstream import Data as Data

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
XATTR = "SCHILY.xattr."
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


def read(stream: BinaryIO) -> Iterator[tuple[Entry, Data | None]]:
    """The checked entries of an uncompressed layer, in order, with the content of files (valid until the next entry).

    A name may come twice: the last one counts, as in Docker. Raises ValueError for a broken archive and for a hostile
    one: names that are absolute or lead out, hard links that point out.
    """
    for member, data in tarstream.read(stream):
        entry = _entry(member)
        if entry is not None:
            yield entry, data if entry.kind == "file" else None


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
    """A hard link that leads out is refused; a symbolic one leads to what lies inside, as in a chroot."""
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
