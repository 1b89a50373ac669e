"""Archives of files, as `docker cp` sends them: every entry of a tar archive, read without trusting it.

Unlike in a layer (changeset.py) names may be absolute or come twice, and whiteouts are ordinary files. Where an entry
may come to lie is for the host that unpacks it to see: `below` and `check_link` are the rules (moby, go-archive:
Unpack).
"""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from engine.image import tarstream
from engine.image.changeset import KINDS, XATTR, Entry, modification_time
from engine.image.tarstream import Data


def read(stream: BinaryIO, rename: Callable[[str], str] | None = None) -> Iterator[tuple[Entry, Data | None]]:
    """The entries of an *uncompressed* archive, in order, with the content of files (valid until the next entry).

    Names are as in the archive, but clean: "a/b", "/a", "../a", "." for the root. `rename` is given each name, and what
    a hard link names, before that. An empty archive has none. Raises ValueError for a broken one, as late as it can.
    """
    for header, data in tarstream.read(stream):
        if rename is not None:
            header.name = rename(header.name)
            if header.islnk():
                header.linkname = rename(header.linkname)
        yield _entry(header), data


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


def _entry(member: tarfile.TarInfo) -> Entry:
    kind = KINDS.get(member.type)
    if kind is None:
        raise ValueError(f"unhandled tar header type {ord(member.type)}\n")
    name = posixpath.normpath(member.name) if member.name else "."
    return Entry(
        name, kind, member.mode & 0o7777, member.uid, member.gid, modification_time(member),
        member.size if kind == "file" else 0, member.linkname, (member.devmajor, member.devminor),
        {key.removeprefix(XATTR): value for key, value in member.pax_headers.items() if key.startswith(XATTR)},
    )  # fmt: skip
