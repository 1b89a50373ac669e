"""Files of a snapshot, looked at, packed and unpacked: what `docker cp` and the builder's COPY ask of a host.

A process of the zygote's makes a mount namespace for the purpose, in which the snapshot is the root and volumes are
bound into it, and hands its root over; here it is walked with RESOLVE_IN_ROOT, so that no link leads out of it, also
while a container exchanges it (CVE-2018-15664). Twin: sim/archives.py.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from engine.host import PathError, PathStat, Unpacking
from engine.image import changeset, members
from engine.image.changeset import Entry
from engine.image.tarstream import CUT_OFF, Data
from engine.links import evaluate
from engine.operations import MountFilesystem, MountOverlay, Operation
from engine.spec import Mount
from real import syscalls, wire
from real.encoding import encode
from real.launch import Connection
from real.layers import KEPT_XATTRS, KINDS, OWN, PIECE, TYPES, owner, remove
from real.syscalls import RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS

TIMEOUT = 30  # seconds, for the zygote
WALK = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
FOLDER = os.O_RDONLY | os.O_DIRECTORY


class View:
    """A root that is open; paths are absolute, seen from it. `release` lets go of it."""

    def __init__(self, root: int, release: Callable[[], object]) -> None:
        self.root, self._release = root, release

    def close(self) -> None:
        if self.root >= 0:
            os.close(self.root)
            self.root = -1
            self._release()

    @contextmanager
    def parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The directory that a path's last name is in, links followed, and that name ("." for the root)."""
        above, name = posixpath.split(path.rstrip("/"))
        fd = syscalls.openat2(self.root, above or "/", os.O_PATH | os.O_DIRECTORY, WALK)
        try:
            yield fd, name or "."
        finally:
            os.close(fd)

    def open(self, path: str, flags: int) -> int:
        return syscalls.openat2(self.root, path, flags, WALK)

    def lstat(self, path: str) -> os.stat_result:
        """As lstat(2): with a slash at the end, of what a link leads to."""
        flags = os.O_PATH | (os.O_DIRECTORY if path.endswith(("/", "/.")) else os.O_NOFOLLOW)
        fd = self.open(path, flags)
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def readlink(self, path: str) -> str:
        with self.parent(path) as (fd, name):
            return os.readlink(name, dir_fd=fd)

    def evaluate(self, path: str) -> str:
        """Where a path leads, without links. Raises PathError."""
        return evaluate(path, self.readlink)


def open_view(zygote: Connection, key: str, lower: tuple[str, ...], volumes: Sequence[Mount]) -> View:
    """A snapshot's files with volumes in it; waits for the zygote. Raises PathError."""
    wanted: list[Operation] = [MountOverlay(key, lower)]
    wanted += [MountFilesystem(each.type, each.source, each.target, each.options) for each in volumes]
    ours, theirs = wire.pair()
    with theirs:
        zygote.send(("view", key, [encode(each) for each in wanted]), (theirs.fileno(),))
    ours.settimeout(TIMEOUT)
    received = wire.receive(ours)
    if received is None or received[0][0] != "view":
        ours.close()
        raise PathError(errno.EIO, "mount", received[0][1] if received is not None else key)
    return View(received[1][0], ours.close)


# -- looking


def look(view: View, path: str) -> PathStat:
    """See engine.host.Snapshotter.stat_path."""
    with _calling("lstat", path):
        found = view.lstat(path)
    return PathStat(_base(path), found.st_mode, found.st_size, found.st_mtime_ns, view.evaluate(path))


def _base(path: str) -> str:
    """The last name: Go's filepath.Base."""
    return posixpath.basename(path.rstrip("/")) or "/"


# -- packing


def pack(view: View, path: str) -> Iterator[bytes]:
    """See engine.host.Snapshotter.pack_path; the view is closed at the end."""
    try:
        name = _base(path)
        yield from changeset.write(_pack(view, path, "" if name == "/" else name, {}))
    finally:
        view.close()


def _pack(
    view: View, path: str, name: str, seen: dict[tuple[int, int], str]
) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """`path` and all below it, under `name`. What goes while we are packing is left out."""
    try:
        found = view.lstat(path)
        entry = _entry(view, path, name, found, seen)
    except OSError:
        return
    if entry is None:
        return
    yield entry, _pieces(view, path, entry.size) if entry.size else iter(())
    if stat.S_ISDIR(found.st_mode):
        for child in _names(view, path):
            yield from _pack(view, f"{path.rstrip('/')}/{child}", f"{name}/{child}", seen)


def _names(view: View, path: str) -> list[str]:
    try:
        fd = view.open(path, FOLDER)
    except OSError:
        return []
    try:
        return sorted(os.listdir(fd))
    finally:
        os.close(fd)


def _entry(view: View, path: str, name: str, found: os.stat_result, seen: dict[tuple[int, int], str]) -> Entry | None:
    kind = KINDS.get(stat.S_IFMT(found.st_mode))
    if kind is None:  # sockets do not go into archives
        return None
    mode, target, rdev, size = stat.S_IMODE(found.st_mode), "", (0, 0), 0
    identity = (found.st_dev, found.st_ino)
    if found.st_nlink > 1 and kind != "directory" and (first := seen.setdefault(identity, name)) != name:
        kind, target = "hardlink", first
    elif kind == "symlink":
        target = view.readlink(path)
    elif kind in ("character", "block"):
        rdev = (os.major(found.st_rdev), os.minor(found.st_rdev))
    elif kind == "file":
        size = found.st_size
    xattrs = _xattrs(view, path) if kind in ("file", "directory") else {}
    return Entry(name, kind, mode, *owner(found), found.st_mtime_ns, size, target, rdev, xattrs)


def _xattrs(view: View, path: str) -> dict[str, str]:
    fd = view.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        names = [name for name in os.listxattr(fd) if name.startswith(KEPT_XATTRS)]
        return {name: os.fsdecode(os.getxattr(fd, name)) for name in names}
    except OSError:
        return {}
    finally:
        os.close(fd)


def _pieces(view: View, path: str, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file, which may be written to, cut or removed meanwhile."""
    try:
        fd = view.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        fd = -1
    try:
        while size > 0:
            count = min(size, PIECE)
            data = os.read(fd, count) if fd >= 0 else b""
            yield data or bytes(count)
            size -= len(data) or count
    finally:
        if fd >= 0:
            os.close(fd)


# -- unpacking


def unpack(view: View, path: str, archive: BinaryIO, options: Unpacking) -> None:
    """See engine.host.Snapshotter.unpack_path."""
    with _calling("lstat", path):
        os.close(view.open(path, os.O_PATH))
    directory = view.evaluate(path)
    if not stat.S_ISDIR(view.lstat(directory).st_mode):
        raise PathError(errno.ENOTDIR, "lstat", path)
    times: list[tuple[str, int]] = []
    for entry, data in members.read(archive):
        where = members.below(directory, entry.name)
        _make_parents(view, posixpath.dirname(where))
        if not _make_room(view, directory, where, entry, options):
            continue
        _make(view, directory, where, entry, data)
        _set_attributes(view, where, entry, options)
        if entry.kind == "directory":
            times.append((where, entry.mtime))
    for where, mtime in times:  # last, since what was made inside has changed them
        with _calling("chtimes", where), view.parent(where) as (fd, name):
            os.utime(name, ns=(mtime, mtime), dir_fd=fd, follow_symlinks=False)


def _make_parents(view: View, path: str) -> None:
    with _calling("mkdir", path):
        try:
            os.close(view.open(path, os.O_PATH | os.O_DIRECTORY))
            return
        except FileNotFoundError:
            pass
        _make_parents(view, posixpath.dirname(path))
        with view.parent(path) as (fd, name):
            os.mkdir(name, 0o755, dir_fd=fd)


def _make_room(view: View, directory: str, path: str, entry: Entry, options: Unpacking) -> bool:
    """Take away what an entry replaces; False if there is nothing to do for it. Directories are merged."""
    try:
        present = stat.S_ISDIR(view.lstat(path.rstrip("/") or "/").st_mode)
    except FileNotFoundError:
        return True
    wanted = entry.kind == "directory"
    if options.keep_kinds and present != wanted:
        words = ("directory", "non-directory") if present else ("non-directory", "directory")
        raise ValueError(f'cannot overwrite {words[0]} "{path}" with {words[1]} "{directory}"')
    if present and entry.name == ".":
        return False
    if not (present and wanted):
        with _calling("unlinkat", path), view.parent(path) as (fd, name):
            remove(fd, name)
    return True


def _make(view: View, directory: str, path: str, entry: Entry, data: Data | None) -> None:
    if entry.kind == "hardlink":
        target = members.check_link(directory, path, entry)
        with _calling(f"link {target}", path), view.parent(target) as (source, old), view.parent(path) as (fd, name):
            os.link(old, name, src_dir_fd=source, dst_dir_fd=fd, follow_symlinks=False)
    elif entry.kind == "symlink":
        members.check_link(directory, path, entry)
        with _calling(f"symlink {entry.target}", path), view.parent(path) as (fd, name):
            os.symlink(entry.target, name, dir_fd=fd)
    elif entry.kind == "directory":
        with _calling("mkdir", path), view.parent(path) as (fd, name):
            try:
                os.mkdir(name, 0o700, dir_fd=fd)
            except FileExistsError:
                if not stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                    raise
    elif entry.kind == "file":
        assert data is not None
        _write(view, path, data, entry.size)
    else:
        with _calling("mknod", path), view.parent(path) as (fd, name):
            os.mknod(name, TYPES[entry.kind] | 0o600, os.makedev(*entry.rdev), dir_fd=fd)


def _write(view: View, path: str, data: Data, size: int) -> None:
    """A new file, as far as there is room."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with _calling("open", path), view.parent(path) as (fd, name):
        file = os.open(name, flags, 0o600, dir_fd=fd)
    try:
        while size > 0:
            piece = memoryview(data.read(min(size, PIECE)))
            if not piece:
                raise ValueError(CUT_OFF)
            size -= len(piece)
            with _calling("write", path):
                while piece:
                    piece = piece[os.write(file, piece) :]
    finally:
        os.close(file)


def _set_attributes(view: View, path: str, entry: Entry, options: Unpacking) -> None:
    """Owner before mode, since chown(2) takes set-user-ID away."""
    if entry.kind == "hardlink":
        return
    uid, gid = options.owner or (entry.uid, entry.gid)
    with view.parent(path) as (fd, name):
        if OWN[0] == 0:
            with _calling("lchown", path):
                os.chown(name, uid, gid, dir_fd=fd, follow_symlinks=False)
        if entry.kind != "symlink":
            with _calling("chmod", path):
                _chmod(fd, name, entry)
        with _calling("chtimes", path):
            os.utime(name, ns=(entry.mtime, entry.mtime), dir_fd=fd, follow_symlinks=False)


def _chmod(parent: int, name: str, entry: Entry) -> None:
    """Of this very file: a link that somebody has put in its place is not followed."""
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        itself = f"/proc/self/fd/{fd}"
        if stat.S_ISLNK(os.fstat(fd).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        os.chmod(itself, entry.mode)
        for key, value in entry.xattrs.items():
            if key.startswith(KEPT_XATTRS):
                os.setxattr(itself, key, os.fsencode(value))
    finally:
        os.close(fd)


@contextmanager
def _calling(operation: str, path: str) -> Iterator[None]:
    """The kernel's errors with the name of the call, as Go says them."""
    try:
        yield
    except PathError:
        raise
    except OSError as error:
        raise PathError(error.errno or errno.EIO, operation, path) from None
