"""From layer archives to folders and back.

The archives' form, and what is refused in them, is in engine/image/changeset.py. A whiteout is a character device 0:0,
an opaque directory has an extended attribute, as overlayfs has them. Twin: sim/layers.py.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from engine.image.changeset import Data, Entry, read
from real import merged, syscalls
from real.merged import Node, is_opaque, is_whiteout
from real.syscalls import RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS

PIECE = 1 << 20
OWN = os.geteuid(), os.getegid()
KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "fifo",
}
TYPES = {kind: type for type, kind in KINDS.items()}
KEPT_XATTRS = ("security.capability", "user.")  # of extended attributes, what goes into archives
INSIDE = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS


class Unpacker:
    """Fills an empty folder, the upper one of an overlay, over the view `below` it.

    Each entry's directory is walked to with RESOLVE_IN_ROOT: links in an archive do not lead out of the folder.
    """

    def __init__(self, folder: str, below: Node | None, rootless: bool = False) -> None:
        self._root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._below, self._rootless = below, rootless
        self._opaque = merged.OPAQUE[rootless]
        self._parent = ("", self._root)  # the directory of the last entry
        self._times: dict[str, int] = {}  # of directories: set at the end, when nothing more is put into them
        self.size = 0
        if below is not None:
            like(self._root, below.lstat)

    def unpack(self, diff: BinaryIO) -> None:
        """All entries. Raises ValueError and OSError; then the folder is to be thrown away."""
        try:
            for entry, data in read(diff):
                if entry.kind == "opaque":
                    os.setxattr(f"/proc/self/fd/{self._directory(entry.name)}", self._opaque, b"y")
                elif not entry.name:
                    self._attributes(".", self._root, entry)
                    self._times[""] = entry.mtime
                else:
                    parent, name = os.path.split(entry.name)
                    self._put(self._directory(parent), name, entry, data)
            for path, mtime in reversed(self._times.items()):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    os.utime(self._directory(path), ns=(mtime, mtime))
        finally:
            self._leave()
            os.close(self._root)

    def _put(self, parent: int, name: str, entry: Entry, data: Data | None) -> None:
        present = _lstat(parent, name)
        if entry.kind == "whiteout":
            if present is None:
                os.mknod(name, stat.S_IFCHR, os.makedev(0, 0), dir_fd=parent)
            return
        if entry.kind == "directory":
            self._times[entry.name] = entry.mtime
            if present is not None and stat.S_ISDIR(present.st_mode):
                self._attributes(name, parent, entry)
                return
        if present is not None:
            self._leave()
            parent = self._directory(os.path.dirname(entry.name))
            remove(parent, name)
        self._make(parent, name, entry, data)
        if entry.kind != "hardlink":
            self._attributes(name, parent, entry)

    def _make(self, parent: int, name: str, entry: Entry, data: Data | None) -> None:
        if entry.kind == "file":
            assert data is not None
            self.size += entry.size
            write_file(parent, name, data, entry.size)
        elif entry.kind == "directory":
            os.mkdir(name, 0o700, dir_fd=parent)
        elif entry.kind == "symlink":
            os.symlink(entry.target, name, dir_fd=parent)
        elif entry.kind == "hardlink":
            self._link(parent, name, entry)
        elif self._rootless and entry.kind in ("character", "block"):
            write_file(parent, name, io.BytesIO(), 0)  # nobody but root makes devices: its name is kept
        else:
            os.mknod(name, TYPES[entry.kind] | 0o600, os.makedev(*entry.rdev), dir_fd=parent)

    def _attributes(self, name: str, parent: int, entry: Entry) -> None:
        """Owner before mode, since chown(2) takes set-user-ID away."""
        if not self._rootless:
            os.chown(name, entry.uid, entry.gid, dir_fd=parent, follow_symlinks=False)
        if entry.kind != "symlink":
            os.chmod(name, entry.mode, dir_fd=parent)
        for key, value in entry.xattrs.items():
            if key.startswith(KEPT_XATTRS):
                with contextlib.suppress(OSError):  # ENOTSUP
                    path = f"/proc/self/fd/{parent}/{name}"
                    os.setxattr(path, key, os.fsencode(value), follow_symlinks=False)
        os.utime(name, ns=(entry.mtime, entry.mtime), dir_fd=parent, follow_symlinks=False)

    def _link(self, parent: int, name: str, entry: Entry) -> None:
        """A hard link; to a file of a layer below, which is copied up first."""
        folder, target = os.path.split(entry.target)
        parent = os.dup(parent)
        try:
            source = self._directory(folder)
            found = _lstat(source, target)
            if found is None:
                self._copy_up(source, target, entry)
            elif stat.S_ISDIR(found.st_mode):
                raise ValueError(f'invalid hardlink "{entry.name}" -> "{entry.target}"')
            os.link(target, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(parent)

    def _copy_up(self, parent: int, name: str, entry: Entry) -> None:
        below = merged.find(self._below, entry.target) if self._below is not None else None
        if below is None or not stat.S_ISREG(below.lstat.st_mode):
            raise ValueError(f'invalid hardlink "{entry.name}" -> "{entry.target}"')
        with open(below.path, "rb") as file:
            write_file(parent, name, file, below.lstat.st_size)
        copied = replace(entry_of(entry.target, below.path, below.lstat), kind="file")
        self._attributes(name, parent, copied)

    def _directory(self, path: str) -> int:
        """A descriptor of a directory, kept until another one is asked for; made like the one below, or 0755."""
        if self._parent[0] == path:
            return self._parent[1]
        self._leave()
        self._parent = (path, self._walk(path))
        return self._parent[1]

    def _walk(self, path: str) -> int:
        try:
            return syscalls.openat2(self._root, path or ".", os.O_RDONLY | os.O_DIRECTORY, INSIDE)
        except FileNotFoundError:
            above, name = os.path.split(path)
            parent = self._walk(above)
        try:
            os.mkdir(name, 0o755, dir_fd=parent)
            below = merged.find(self._below, path) if self._below is not None else None
            fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
            if below is not None and below.is_dir:
                like(fd, below.lstat)
            return fd
        except FileExistsError:  # a link that leads nowhere
            raise ValueError(f"{path!r}: no such directory") from None
        finally:
            os.close(parent)

    def _leave(self) -> None:
        if self._parent[1] != self._root:
            os.close(self._parent[1])
        self._parent = ("", self._root)


def _lstat(parent: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def like(fd: int, lstat: os.stat_result) -> None:
    """Mode, owner and time of a directory become those of another."""
    with contextlib.suppress(PermissionError):  # rootless: it is ours
        os.chown(fd, lstat.st_uid, lstat.st_gid)
    os.chmod(fd, stat.S_IMODE(lstat.st_mode))
    os.utime(fd, ns=(lstat.st_mtime_ns, lstat.st_mtime_ns))


def write_file(parent: int, name: str, data: Data | BinaryIO, size: int) -> None:
    """A new file of `size` bytes; long runs of zeros become holes."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o600, dir_fd=parent)
    try:
        written = 0
        while written < size:
            piece = data.read(min(PIECE, size - written))
            if not piece:
                raise ValueError("unexpected EOF")
            if len(piece) == PIECE and not any(piece[:64]) and not piece.strip(b"\0"):
                os.lseek(fd, len(piece), os.SEEK_CUR)
            else:
                view = memoryview(piece)
                while view:
                    view = view[os.write(fd, view) :]
            written += len(piece)
        os.ftruncate(fd, size)
    finally:
        os.close(fd)


def remove(parent: int, name: str) -> None:
    """A file, or a directory with all that is in it. Never goes into another file system: raises OSError EXDEV."""
    lstat = _lstat(parent, name)
    if lstat is None:
        return
    if not stat.S_ISDIR(lstat.st_mode):
        os.unlink(name, dir_fd=parent)
        return
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=parent)
    except PermissionError:  # rootless: ours, but closed to ourselves
        os.chmod(name, 0o700, dir_fd=parent)
        fd = os.open(name, flags, dir_fd=parent)
    try:
        if os.fstat(fd).st_dev != os.fstat(parent).st_dev:
            raise OSError(18, "something is mounted there", name)
        for each in os.listdir(fd):
            remove(fd, each)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=parent)


def remove_tree(path: str) -> None:
    """`remove`, by path; nothing happens if it is not there."""
    above, name = os.path.split(path.rstrip("/"))
    try:
        parent = os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        remove(parent, name)
    finally:
        os.close(parent)


# -- archives


def entry_of(name: str, path: str, lstat: os.stat_result) -> Entry:
    """A file as an archive's entry."""
    kind = KINDS[stat.S_IFMT(lstat.st_mode)]
    device = (os.major(lstat.st_rdev), os.minor(lstat.st_rdev)) if kind in ("character", "block") else (0, 0)
    return Entry(
        name,
        kind,
        stat.S_IMODE(lstat.st_mode),
        *owner(lstat),
        lstat.st_mtime_ns,
        lstat.st_size if kind == "file" else 0,
        os.readlink(path) if kind == "symlink" else "",
        device,
        _xattrs(path),
    )


def owner(lstat: os.stat_result) -> tuple[int, int]:
    """User and group as a container sees them: without root, whoever runs the daemon is root inside."""
    if OWN[0] == 0:
        return lstat.st_uid, lstat.st_gid
    return 0 if lstat.st_uid == OWN[0] else lstat.st_uid, 0 if lstat.st_gid == OWN[1] else lstat.st_gid


def _xattrs(path: str) -> dict[str, str]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return {}
    kept = (name for name in names if name.startswith(KEPT_XATTRS) and not name.startswith(merged.OPAQUE[1][:13]))
    return {name: os.fsdecode(os.getxattr(path, name, follow_symlinks=False)) for name in kept}


def pack(node: Node, whiteouts: bool = False) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """A tree as archive entries, sorted by name, without its root; `whiteouts`: one folder, as a layer."""
    return _pack(node, "", whiteouts, {})


def _pack(
    node: Node, prefix: str, whiteouts: bool, first_names: dict[tuple[int, int], str]
) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    for name, found in _plain(node) if whiteouts else merged.children(node):
        path, lstat = prefix + name, found.lstat
        if is_whiteout(lstat):
            yield Entry(path, "whiteout"), iter(())
            continue
        if stat.S_IFMT(lstat.st_mode) not in KINDS:  # sockets do not go into archives
            continue
        entry = entry_of(path, found.path, lstat)
        identity = (lstat.st_dev, lstat.st_ino)
        if lstat.st_nlink > 1 and not found.is_dir and (first := first_names.setdefault(identity, path)) != path:
            yield replace(entry, kind="hardlink", target=first, size=0), iter(())
            continue
        yield entry, pieces(found.path, entry.size) if entry.kind == "file" else iter(())
        if found.is_dir:
            if whiteouts and is_opaque(found.path):
                yield Entry(path, "opaque"), iter(())
            yield from _pack(found, path + "/", whiteouts, first_names)


def _plain(node: Node) -> Iterator[tuple[str, Node]]:
    """What one folder itself has."""
    for name in sorted(os.listdir(node.path)):
        path = f"{node.path}/{name}"
        yield name, Node(path, os.lstat(path), [path])


def pieces(path: str, size: int) -> Iterator[bytes]:
    """The bytes of a file: as many as its header says, also if somebody is writing to it."""
    left = size
    with open(path, "rb") as file:
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
    while left:
        yield bytes(min(PIECE, left))
        left -= min(PIECE, left)
