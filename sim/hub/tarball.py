"""Layer archives, written: tar headers in the ustar format, and GNU's for files with a hole at their end.

A file may be longer than its bytes in the archive: it is then a GNU sparse file, whose rest is a hole (GNU tar manual,
"Old GNU Format"; every reader of container layers knows it).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

BLOCK = 512
END = bytes(2 * BLOCK)
FILE, HARD_LINK, SYMBOLIC_LINK, DIRECTORY, SPARSE = b"0", b"1", b"2", b"5", b"S"
_HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s8s32s32s16s155s12x")


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. `data` is what it begins with; up to `size` bytes (if that is more) the rest is a hole.

    `mtime` in seconds since 1970; `target` of a link.
    """

    path: str
    type: bytes = FILE
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    target: str = ""
    data: bytes = b""
    size: int = 0


def archived(entry: Entry) -> bytes:
    """Header and content, up to a block's end."""
    return header(entry) + entry.data + bytes(-len(entry.data) % BLOCK)


def header(entry: Entry) -> bytes:
    """The 512 bytes before an entry's content. Raises ValueError for a path that does not fit."""
    sparse = entry.type == FILE and entry.size > len(entry.data)
    name = entry.path + "/" if entry.type == DIRECTORY else entry.path
    if len(name.encode()) > 100 or len(entry.target.encode()) > 100:
        raise ValueError(f"too long for a tar header: {name}")
    magic, prefix = (b"ustar  \0", _map(entry)) if sparse else (b"ustar\x0000", b"")
    fields = [name.encode(), _octal(entry.mode, 8), _octal(entry.uid, 8), _octal(entry.gid, 8),
              _octal(len(entry.data), 12), _octal(entry.mtime, 12), b" " * 8, SPARSE if sparse else entry.type,
              entry.target.encode(), magic, b"", b"", b"", prefix]  # fmt: skip
    total = sum(_HEADER.pack(*fields))
    fields[6] = b"%06o\0 " % total
    return _HEADER.pack(*fields)


def _map(entry: Entry) -> bytes:
    """Where a sparse file's bytes lie (one stretch at its beginning) and its real size. Fills the prefix's place."""
    stretches = _octal(0, 12) + _octal(len(entry.data), 12) + _octal(entry.size, 12) + _octal(0, 12)
    return bytes(41) + stretches + bytes(2 * 24) + b"\0" + _octal(entry.size, 12)


def _octal(value: int, width: int) -> bytes:
    return b"%0*o\0" % (width - 1, value)
