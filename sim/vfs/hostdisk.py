"""A folder of this computer, reached name by name, so that no path and no link can lead out of it.

Where the system has openat(2), each name is opened relative to the folder before it and with O_NOFOLLOW: a link that
somebody puts on the way, even between two of our steps, is an error and never a way out. Elsewhere (Windows) every
folder on the way is looked at before it is entered. Names are tuples below the folder; links are told, not followed.

Nothing here knows of containers; what they see of it is sim/vfs/hostfiles.py.
"""

from __future__ import annotations

import errno
import os
import stat as st
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.abi import StatVfs

Names = tuple[str, ...]

RELATIVE = {os.open, os.stat, os.mkdir, os.unlink, os.rename} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
CLOSE_ON_EXEC: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
FOLDER: int = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | NO_FOLLOW | CLOSE_ON_EXEC
LIST: int = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | CLOSE_ON_EXEC
NEVER_WAIT: int = getattr(os, "O_NONBLOCK", 0)  # a fifo that took the file's place must not hold us up
REPARSE_POINT = 0x400  # Windows: links, junctions and what else leads elsewhere
NOT_IN_NAMES = frozenset('/\\:*?"<>|\0') if sys.platform == "win32" else frozenset("/\0")


class Disk:
    """One folder. Errors are OSError with this system's errno and without its paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve(strict=True)
        if not self.folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        self._root = os.open(self.folder, FOLDER & ~NO_FOLLOW) if RELATIVE else None

    def close(self) -> None:
        """Let go of the folder."""
        root, self._root = self._root, None
        if root is not None:
            os.close(root)

    # -- looking

    def stat(self, names: Names) -> os.stat_result:
        """lstat(2)."""
        with self._at(names) as (where, name):
            return os.stat(name, dir_fd=where, follow_symlinks=False)

    def list(self, names: Names) -> list[str]:
        with self._at((*names, ".")) as (where, name):
            if where is None:
                return [path.name for path in Path(name).iterdir()]
            folder = os.open(name, LIST, dir_fd=where)
            try:
                return os.listdir(folder)  # noqa: PTH208  (a descriptor, not a path)
            finally:
                os.close(folder)

    def read_link(self, names: Names) -> str:
        with self._at(names) as (where, name):
            return os.readlink(name, dir_fd=where)

    def space(self) -> StatVfs:
        """Of the disk that the folder lies on."""
        import shutil

        usage = shutil.disk_usage(self.folder)
        return StatVfs(usage.total, usage.free, usage.total // 16384, usage.free // 16384)

    # -- files

    def open(self, names: Names, flags: int, mode: int = 0o666) -> int:
        """A descriptor of a regular file. `flags` are this system's. Raises OSError ENXIO for anything else."""
        with self._at(names) as (where, name):
            if where is None:
                _not_a_link(name)
            fd = os.open(name, flags | NO_FOLLOW | CLOSE_ON_EXEC | NEVER_WAIT, mode, dir_fd=where)
        if not st.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
        return fd

    def read(self, names: Names, offset: int, count: int) -> bytes:
        fd = self.open(names, os.O_RDONLY)
        try:
            os.lseek(fd, offset, os.SEEK_SET)
            return read_all(fd, count)
        finally:
            os.close(fd)

    def truncate(self, names: Names, size: int) -> None:
        fd = self.open(names, os.O_WRONLY)
        try:
            os.ftruncate(fd, size)
        finally:
            os.close(fd)

    # -- names

    def make_file(self, names: Names, mode: int) -> None:
        os.close(self.open(names, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o777))

    def make_folder(self, names: Names, mode: int) -> None:
        with self._at(names) as (where, name):
            os.mkdir(name, mode & 0o777, dir_fd=where)

    def make_link(self, names: Names, target: str) -> None:
        with self._at(names) as (where, name):
            os.symlink(target, name, dir_fd=where)

    def hard_link(self, old: Names, new: Names) -> None:
        with self._at(old) as (source, name), self._at(new) as (target, other):
            follow: dict[str, Any] = {"follow_symlinks": False} if os.link in os.supports_follow_symlinks else {}
            os.link(name, other, src_dir_fd=source, dst_dir_fd=target, **follow)

    def rename(self, old: Names, new: Names) -> None:
        with self._at(old) as (source, name), self._at(new) as (target, other):
            os.replace(name, other, src_dir_fd=source, dst_dir_fd=target)

    def unlink(self, names: Names) -> None:
        with self._at(names) as (where, name):
            os.unlink(name, dir_fd=where)

    def remove_folder(self, names: Names) -> None:
        with self._at(names) as (where, name):
            os.rmdir(name, dir_fd=where)

    # -- attributes

    def chmod(self, names: Names, mode: int) -> None:
        """Permission bits only: a container must not make programs of this computer set-user-ID."""
        mode &= 0o777
        with self._at(names) as (where, name):
            if where is None:
                _not_a_link(name)
                Path(name).chmod(mode)
                return
            fd = os.open(name, os.O_RDONLY | NO_FOLLOW | CLOSE_ON_EXEC | NEVER_WAIT, dir_fd=where)
            try:
                os.fchmod(fd, mode)
            finally:
                os.close(fd)

    def set_time(self, names: Names, ns: int) -> None:
        with self._at(names) as (where, name):
            if where is None:
                _not_a_link(name)
                os.utime(name, ns=(ns, ns))
            else:
                os.utime(name, ns=(ns, ns), dir_fd=where, follow_symlinks=False)

    # -- the way

    @contextmanager
    def _at(self, names: Names) -> Iterator[tuple[int | None, str]]:
        """The folder that holds the last name (None: the name is a whole path), and the name."""
        *parents, name = names or (".",)
        for each in names:
            if each == ".." or NOT_IN_NAMES.intersection(each):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        folder = None
        try:
            if self._root is None:
                yield None, _path(self.folder, parents, name)
                return
            folder = os.dup(self._root)
            for parent in parents:
                below = os.open(parent, FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            yield folder, name
        except OSError as error:
            number = error.errno or errno.EIO
            raise OSError(number, os.strerror(number)) from None
        finally:
            if folder is not None:
                os.close(folder)


def read_all(fd: int, count: int) -> bytes:
    """Up to `count` bytes from where the descriptor stands, fewer only at the end of the file."""
    pieces = []
    while count > 0 and (piece := os.read(fd, min(count, 1 << 20))):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def _path(folder: Path, parents: list[str], name: str) -> str:
    """The whole path, after a look at each folder on the way."""
    for parent in parents:
        folder /= parent
        _not_a_link(str(folder))
    return str(folder / name)


def _not_a_link(path: str) -> None:
    """Raises OSError ELOOP if it is one. What is not there yet is none."""
    try:
        found = Path(path).lstat()
    except FileNotFoundError:
        return
    if st.S_ISLNK(found.st_mode) or getattr(found, "st_file_attributes", 0) & REPARSE_POINT:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
