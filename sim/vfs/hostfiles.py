"""Folders of this computer as a filesystem of the simulated host: what `docker run -v` shows of the student's files.

Nodes are made anew at each look, so a change on the disk is seen at once, and what a program may write is on the disk
at once. Links are told to the walk of sim/vfs/paths.py, which follows them inside the *container*: none leads to this
computer's files. How a name is reached on the disk is in sim/vfs/hostdisk.py, which folders there are in sim/shares.py.

Files look as they do on the disk, and everything that is made belongs to the user who runs the daemon. Who owns it
inside (root, or whoever made it, or chown's word) is remembered here for as long as the daemon lives.
"""

from __future__ import annotations

import errno
import os
import stat as st
import sys
from collections.abc import Iterator, MutableMapping
from typing import ClassVar

from sim.abi import O_APPEND, O_TRUNC, Stat, StatVfs
from sim.vfs.blockdevice import BlockDevice
from sim.vfs.filesystem import BLOCK, Directory, File, Inode, Special, Symlink, Tree
from sim.vfs.hostdisk import Disk, Names, read_all
from sim.vfs.mounts import Bind, Storage
from sim.vfs.openfiles import ACCESS_MODE, fail

TYPE, SOURCE = "virtiofs", "host"  # as virtual machines are given folders of their host
WINDOWS = sys.platform == "win32"
SYSTEM_FLAGS = ((O_APPEND, os.O_APPEND), (O_TRUNC, os.O_TRUNC))


class HostTree(Tree):
    """One folder of this computer."""

    __slots__ = ("_owners", "disk", "writable")

    def __init__(self, storage: Storage, disk: Disk, writable: bool) -> None:
        super().__init__(TYPE, storage.inos, next(storage.devices), source=SOURCE)
        self.disk, self.writable = disk, writable
        self._owners: dict[tuple[int, int], tuple[int, int]] = {}  # by device and inode: uid and gid inside

    @property
    def readonly(self) -> bool:
        return not self.writable

    def shown(self, names: Names, source: str) -> Bind:
        return HostBind(self, names, source)

    def statfs(self, disk: BlockDevice) -> StatVfs:
        return self.disk.space()

    # -- nodes

    def node(self, names: Names) -> Inode:
        """What is there now. Raises OSError."""
        status = self.disk.stat(names)
        kind = st.S_IFMT(status.st_mode)
        node: Inode
        if kind == st.S_IFDIR:
            node = HostDirectory(self, names)
        elif kind == st.S_IFREG:
            node = HostFile(self, names, status.st_size)
        elif kind == st.S_IFLNK:
            node = Symlink(0, self.disk.read_link(names))
        else:
            node = Special(0, kind)
        node.ino, node.nlink, node.mtime = status.st_ino, status.st_nlink, status.st_mtime_ns
        node.mode = kind | (_windows_mode(kind) if WINDOWS else status.st_mode & 0o7777)
        node.uid, node.gid = self._owners.get((status.st_dev, status.st_ino), (status.st_uid, status.st_gid))
        return node

    def stat(self, status: os.stat_result) -> Stat:
        """Of an open file."""
        uid, gid = self._owners.get((status.st_dev, status.st_ino), (status.st_uid, status.st_gid))
        mode = st.S_IFREG | _windows_mode(st.S_IFREG) if WINDOWS else status.st_mode
        mtime = status.st_mtime_ns
        return Stat(
            status.st_ino, mode, status.st_nlink, uid, gid, status.st_size, mtime, self.dev, (0, 0), mtime, mtime,
            -(-status.st_size // BLOCK) * 8,
        )  # fmt: skip

    def make(self, names: Names, node: Inode) -> None:
        """A new name for a file that is here, or a new file, folder or link."""
        if isinstance(node, HostFile):
            self.disk.hard_link(node.names, names)
            return
        if isinstance(node, File):
            self.disk.make_file(names, node.mode)
        elif isinstance(node, Directory):
            self.disk.make_folder(names, node.mode)
        elif isinstance(node, Symlink):
            self.disk.make_link(names, node.target)
        else:
            raise fail(errno.EPERM)  # no devices, fifos and sockets on this computer's disk
        self._own(names, node.uid, node.gid)

    def remove(self, names: Names) -> None:
        status = self.disk.stat(names)
        if st.S_ISDIR(status.st_mode):
            self.disk.remove_folder(names)
        else:
            self.disk.unlink(names)
        if status.st_nlink <= 1 or st.S_ISDIR(status.st_mode):
            self._owners.pop((status.st_dev, status.st_ino), None)

    def _own(self, names: Names, uid: int, gid: int) -> None:
        status = self.disk.stat(names)
        self._owners[status.st_dev, status.st_ino] = (uid, gid)

    # -- inode operations (see sim.filesystem.Tree)

    def chmod(self, node: Inode, mode: int) -> None:
        self.disk.chmod(_names(node), mode)

    def chown(self, node: Inode, uid: int, gid: int) -> None:
        self._own(_names(node), uid, gid)

    def utime(self, node: Inode, mtime: int) -> None:
        self.disk.set_time(_names(node), mtime)

    def modified(self, node: Inode, now: int) -> None:
        """The disk has its own clock."""

    def open(self, node: File, flags: int, path: str) -> HostOpenFile:
        return HostOpenFile(self, _names(node), flags, path)


class HostBind(Bind):
    """A node of such a tree where it is mounted: looked up anew each time."""

    __slots__ = ("_names",)

    def __init__(self, tree: HostTree, names: Names, source: str) -> None:
        self._names = names
        super().__init__(tree, None, None, source)

    @property
    def upper(self) -> Inode | None:
        assert isinstance(self.tree, HostTree)
        return self.tree.node(self._names)

    @upper.setter
    def upper(self, node: Inode | None) -> None:
        """It cannot be replaced."""


class HostFile(File):
    """A regular file on the disk, as it was at the look."""

    __slots__ = ("names", "tree")

    def __init__(self, tree: HostTree, names: Names, size: int) -> None:
        super().__init__(0, 0, size=size)
        self.tree, self.names = tree, names

    def read(self, offset: int, count: int) -> bytes:
        return self.tree.disk.read(self.names, offset, count)

    def truncate(self, size: int) -> None:
        self.tree.disk.truncate(self.names, size)


class HostDirectory(Directory):
    """A folder on the disk."""

    __slots__ = ("names", "tree")

    def __init__(self, tree: HostTree, names: Names) -> None:
        super().__init__(0, 0)
        self.tree, self.names = tree, names
        self.entries = Entries(tree, names)  # type: ignore[assignment]

    def move(self, name: str, source: Directory, old: str) -> bool:
        """rename(2), by the disk itself."""
        assert isinstance(source, HostDirectory)
        self.tree.disk.rename((*source.names, old), (*self.names, name))
        return True


class Entries(MutableMapping[str, Inode]):
    """The names in a folder. What is put in here is made on the disk; a node that one gets is as it is now."""

    __slots__ = ("_names", "_tree")
    ABSENT: ClassVar = frozenset((errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.ENAMETOOLONG))

    def __init__(self, tree: HostTree, names: Names) -> None:
        self._tree, self._names = tree, names

    def __getitem__(self, name: str) -> Inode:
        try:
            return self._tree.node((*self._names, name))
        except OSError as error:
            if error.errno in self.ABSENT:
                raise KeyError(name) from None
            raise

    def __setitem__(self, name: str, node: Inode) -> None:
        self._tree.make((*self._names, name), node)

    def __delitem__(self, name: str) -> None:
        self._tree.remove((*self._names, name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree.disk.list(self._names))

    def __len__(self) -> int:
        return len(self._tree.disk.list(self._names))


class HostOpenFile:
    """A regular file on the disk, opened: a descriptor of this process."""

    __slots__ = ("_fd", "_names", "_tree", "flags", "path")

    def __init__(self, tree: HostTree, names: Names, flags: int, path: str) -> None:
        self._fd = -1
        self._tree, self._names, self.flags, self.path = tree, names, flags, path
        system = sum(ours for theirs, ours in SYSTEM_FLAGS if flags & theirs)
        access = (os.O_RDONLY, os.O_WRONLY, os.O_RDWR)[flags & ACCESS_MODE]
        self._fd = tree.disk.open(names, access | system)

    def read(self, size: int) -> bytes:
        return read_all(self._fd, size)

    def write(self, data: bytes) -> int:
        return os.write(self._fd, data)

    def lseek(self, offset: int, whence: int = 0) -> int:
        return os.lseek(self._fd, offset, whence)

    def ftruncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)

    def fstat(self) -> Stat:
        return self._tree.stat(os.fstat(self._fd))

    def reopen(self, flags: int) -> HostOpenFile:
        return HostOpenFile(self._tree, self._names, flags, self.path)

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()


def _names(node: Inode) -> Names:
    if isinstance(node, HostFile | HostDirectory):
        return node.names
    raise fail(errno.EPERM)


def _windows_mode(kind: int) -> int:
    """Windows has no permission bits; Docker Desktop shows everything as open to everybody."""
    return 0o777 if kind in (st.S_IFDIR, st.S_IFREG) else 0o666
