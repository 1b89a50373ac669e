"""Files of this computer as a tar archive for a daemon, and a daemon's archive as files of this computer.

A daemon may be anybody's, so nothing that it sends is trusted: every entry comes to lie inside of the destination, and
no link is followed on the way there, neither one of the archive's nor one that was there before. Rules of unpacking
otherwise: moby, go-archive (CopyTo); files belong to whoever runs the command.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat as st
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from engine.image import changeset, members
from engine.image.changeset import Entry
from engine.image.tarstream import Data

PIECE = 64 << 10  # bytes
KINDS = {st.S_IFREG: "file", st.S_IFDIR: "directory", st.S_IFLNK: "symlink", st.S_IFIFO: "fifo",
         st.S_IFCHR: "character", st.S_IFBLK: "block"}  # fmt: skip


# -- to the daemon


def pack(path: Path, name: str, tell: Callable[[str], object]) -> Iterator[bytes]:
    """A file, or a folder and all in it, as an uncompressed tar whose first entry is called `name`; piece by piece.

    What cannot be read is left out, and told of.
    """
    return changeset.write(_entries(path, "" if name == "/" else name, {}, tell))


def _entries(
    path: Path, name: str, seen: dict[tuple[int, int], str], tell: Callable[[str], object]
) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    children: list[Path] = []
    try:
        entry = entry_of(path, name, seen)
        if entry is None:
            return
        content = content_of(path.open("rb"), entry.size) if entry.kind == "file" else iter(())
        if entry.kind == "directory":
            children = sorted(path.iterdir())
    except OSError as error:
        tell(f"Can't add file {path} to tar: {(error.strerror or '').lower()}")
        return
    yield entry, content
    for child in children:
        yield from _entries(child, f"{name}/{child.name}", seen, tell)


def entry_of(path: Path, name: str, seen: dict[tuple[int, int], str]) -> Entry | None:
    """The header of one file, called `name`; None for what does not go into archives. Raises OSError.

    `seen`: the first names of files that have several.
    """
    status = path.lstat()
    kind = KINDS.get(st.S_IFMT(status.st_mode))
    if kind is None:  # sockets do not go into archives
        return None
    target, rdev = "", (0, 0)
    if status.st_nlink > 1 and kind != "directory" and status.st_ino:
        first = seen.setdefault((status.st_dev, status.st_ino), name)
        kind, target = ("hardlink", first) if first != name else (kind, "")
    if kind == "symlink":
        target = path.readlink().as_posix()
    elif kind in ("character", "block"):
        rdev = os.major(status.st_rdev), os.minor(status.st_rdev)
    return Entry(
        name, kind, st.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns,
        status.st_size if kind == "file" else 0, target, rdev,
    )  # fmt: skip


def content_of(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes, also if the file has become another length meanwhile."""
    with file:
        while size > 0:
            count = min(size, PIECE)
            yield file.read(count).ljust(count, b"\0")
            size -= count


# -- from the daemon


def unpack(archive: BinaryIO, folder: Path, rename: Callable[[str], str]) -> None:
    """Unpack an *uncompressed* tar into a folder that is there; `rename` gives each name its new one.

    A directory never takes the place of something else, nor something else a directory's. Raises OSError, and
    ValueError for an archive that is broken or would write elsewhere; what was unpacked before stays.
    """
    root = folder.resolve()
    times: list[tuple[Path, int]] = []
    for entry, data in members.read(archive, rename):
        path = _place(root, entry.name)
        if entry.name == "." and root.is_dir():
            continue
        if path == root:
            raise ValueError(f'"{entry.name}" is outside of "{root}"')
        _make_room(path, entry, root)
        _make(root, path, entry, data)
        if entry.kind == "directory":
            times.append((path, entry.mtime))
    for path, mtime in times:  # last, since what was made inside has changed them
        os.utime(path, ns=(mtime, mtime))


def _place(root: Path, name: str) -> Path:
    """Where an entry comes to lie, its folders made. Raises ValueError if a link, or `..`, leads there."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or (os.sep != "/" and any(os.sep in part or ":" in part for part in parts)):
        raise ValueError(f'"{name}" is outside of "{root}"')
    path = root
    for part in parts[:-1]:
        path = path / part
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            path.mkdir(0o755)
            continue
        if st.S_ISLNK(mode):
            raise ValueError(f'"{name}" is outside of "{root}": "{path}" is a link')
        if not st.S_ISDIR(mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return path / parts[-1] if parts else root


def _make_room(path: Path, entry: Entry, root: Path) -> None:
    try:
        is_directory = st.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if is_directory and entry.kind != "directory":
        raise ValueError(f'cannot overwrite directory "{path}" with non-directory "{root}"')
    if not is_directory and entry.kind == "directory":
        raise ValueError(f'cannot overwrite non-directory "{path}" with directory "{root}"')
    if not is_directory:
        path.unlink()


def _make(root: Path, path: Path, entry: Entry, data: Data | None) -> None:
    if entry.kind == "hardlink":
        target = _place(root, entry.target)
        if not st.S_ISREG(target.lstat().st_mode):
            raise ValueError(f'invalid hardlink "{path}" -> "{entry.target}"')
        os.link(target, path)
        return
    if entry.kind == "symlink":
        leads_to = posixpath.normpath(f"/in/{posixpath.dirname(entry.name)}/{entry.target}")
        if not members.is_inside("/in", leads_to):
            raise ValueError(f'invalid symlink "{path}" -> "{entry.target}"')
        path.symlink_to(entry.target)
        return
    if entry.kind == "directory":
        path.mkdir(exist_ok=True)
    elif entry.kind == "file" and data is not None:
        with path.open("xb") as file:  # x: never through a link
            while piece := data.read(PIECE):
                file.write(piece)
    else:  # devices: no daemon makes any on this computer
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))
    if sys.platform != "win32":  # there it would only make files read-only, which then cannot be replaced
        path.chmod(entry.mode)
    os.utime(path, ns=(entry.mtime, entry.mtime))
