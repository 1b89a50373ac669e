"""Inodes and trees: what one mounted filesystem is made of, in memory.

A `Tree` is a filesystem instance (the kernel's superblock): an `upper` tree that takes the writes and a `lower` one
that is never changed and may be shared by any number of trees. One that has only an upper is an ordinary filesystem
(ext4, tmpfs); one that has only a lower is not written to so far; one with both is an overlay (see sim/vfs/overlay.py).
Paths, mounts and permissions are not known here. Only the modification time is kept; the other two are reported equal.
"""

from __future__ import annotations

import stat as st
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from sim.abi import Stat, StatVfs
from sim.vfs import content
from sim.vfs.blockdevice import BlockDevice

BLOCK = 4096
NO_XATTRS: Mapping[str, str] = {}


class Inode:
    """What every file has. `mode` with the type bits; `mtime` in ns since 1970; `nlink` is 0 once it has no name."""

    __slots__ = ("gid", "ino", "mode", "mtime", "nlink", "uid", "xattrs")
    is_dir: ClassVar[bool] = False
    is_link: ClassVar[bool] = False

    def __init__(self, ino: int, mode: int, uid: int = 0, gid: int = 0, mtime: int = 0) -> None:
        self.ino, self.mode, self.uid, self.gid, self.mtime = ino, mode, uid, gid, mtime
        self.nlink = 1
        self.xattrs: Mapping[str, str] = NO_XATTRS

    def length(self) -> int:
        """st_size."""
        return 0

    def like(self, other: Inode) -> None:
        """Take over all attributes but the content: the copy-up of overlayfs."""
        self.uid, self.gid, self.mtime, self.xattrs = other.uid, other.gid, other.mtime, other.xattrs


class File(Inode):
    """A regular file."""

    __slots__ = ("data", "size")

    def __init__(
        self,
        ino: int,
        mode: int,
        uid: int = 0,
        gid: int = 0,
        mtime: int = 0,
        data: content.Content = b"",
        size: int = -1,
    ) -> None:
        super().__init__(ino, mode | st.S_IFREG, uid, gid, mtime)
        self.data = data
        self.size = len(data) if size < 0 else size

    def length(self) -> int:
        return self.size

    def read(self, offset: int, count: int) -> bytes:
        return content.read(self.data, self.size, offset, count)

    def write(self, offset: int, data: bytes) -> None:
        self.data = content.write(self.data, offset, data)
        self.size = max(self.size, offset + len(data))

    def truncate(self, size: int) -> None:
        self.data = content.truncate(self.data, size)
        self.size = size


class Directory(Inode):
    """Names to inodes. `opaque`: in an overlay's upper tree, hides what the lower tree has under this name."""

    __slots__ = ("entries", "opaque")
    is_dir = True

    def __init__(self, ino: int, mode: int, uid: int = 0, gid: int = 0, mtime: int = 0) -> None:
        super().__init__(ino, mode | st.S_IFDIR, uid, gid, mtime)
        self.entries: dict[str, Inode] = {}
        self.opaque = False
        self.nlink = 2

    def move(self, name: str, source: Directory, old: str) -> bool:
        """The filesystem's own rename(2) of `old` in `source` to `name` here; False if it has none."""
        return False


class Symlink(Inode):
    __slots__ = ("target",)
    is_link = True

    def __init__(self, ino: int, target: str, uid: int = 0, gid: int = 0, mtime: int = 0) -> None:
        super().__init__(ino, st.S_IFLNK | 0o777, uid, gid, mtime)
        self.target = target

    def length(self) -> int:
        return len(self.target.encode(errors="surrogateescape"))


class Special(Inode):
    """A device, fifo or socket. `object` is what the kernel keeps for it (a fifo's pipe, a bound socket)."""

    __slots__ = ("object", "rdev")

    def __init__(
        self, ino: int, mode: int, uid: int = 0, gid: int = 0, mtime: int = 0, rdev: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(ino, mode, uid, gid, mtime)
        self.rdev = rdev
        self.object: Any = None


WHITEOUT = Special(0, st.S_IFCHR)  # overlayfs: a character device 0/0 in the upper tree says "not here any more"


class Tree:
    """One filesystem. `inos` gives inode numbers, `limit` is its size in bytes (tmpfs size=), `used` what is taken.

    `device`: what it lies on; None for a filesystem in memory. `fixed`: a synthetic filesystem (proc, sysfs, …), whose
    files are made by the kernel only. `pids`: the PID namespace that a /proc shows.
    """

    __slots__ = ("dev", "device", "inos", "limit", "lower", "source", "type", "upper", "used")
    fixed: ClassVar[bool] = False
    pids: Any = None

    def __init__(
        self,
        type: str,
        inos: Iterator[int],
        dev: int,
        upper: Inode | None = None,
        lower: Inode | None = None,
        source: str = "",
        limit: int = 0,
        device: BlockDevice | None = None,
    ) -> None:
        self.type, self.inos, self.dev, self.device = type, inos, dev, device
        self.upper, self.lower = upper, lower
        self.source = source or type
        self.limit = limit
        self.used = 0

    @property
    def tree(self) -> Tree:
        """Itself: a tree can stand where a bind mount's root stands."""
        return self

    @property
    def readonly(self) -> bool:
        """Nothing in it can be written, however it is mounted."""
        return False

    def options(self) -> tuple[str, ...]:
        """What mountinfo(5) shows of it beside the options of the mount."""
        return ()

    def room(self) -> int | None:
        """Bytes that may still be written; None for as many as there is memory."""
        left = max(0, self.limit - self.used) if self.limit else None
        if self.device is None:
            return left
        return self.device.free if left is None else min(left, self.device.free)

    def grow(self, count: int) -> None:
        """So many bytes more are taken, or fewer. Raises OSError ENOSPC if the disk is full."""
        if self.device is not None:
            self.device.take(count)
        self.used += count

    def statfs(self, disk: BlockDevice) -> StatVfs:
        """Sizes in bytes. `disk`: what filesystems are on that are in truth in memory and have no limit."""
        here = self.device or disk
        size, free = (self.limit, max(0, self.limit - self.used)) if self.limit else (here.size, here.free)
        return StatVfs(size, free, size // 16384, size // 16384)

    # -- inode operations: what a filesystem that keeps its inodes elsewhere does in its own way

    def chmod(self, node: Inode, mode: int) -> None:
        node.mode = st.S_IFMT(node.mode) | mode & 0o7777

    def chown(self, node: Inode, uid: int, gid: int) -> None:
        node.uid, node.gid = uid, gid

    def utime(self, node: Inode, mtime: int) -> None:
        node.mtime = mtime

    def modified(self, node: Inode, now: int) -> None:
        """Its content has just been changed."""
        node.mtime = now


def stat(tree: Tree, upper: Inode | None, lower: Inode | None) -> Stat:
    """stat(2) of the node that is `upper` over `lower`."""
    node = upper if upper is not None else lower
    assert node is not None
    size, nlink = node.length(), node.nlink
    if node.is_dir:
        size = 0 if tree.fixed else BLOCK
        if upper is not None and lower is not None:
            nlink = 1  # a merged directory, as overlayfs counts
    rdev = node.rdev if isinstance(node, Special) else (0, 0)
    blocks = 0 if tree.fixed or isinstance(node, Symlink) else -(-size // BLOCK) * 8  # a short link is in its inode
    return Stat(
        node.ino, node.mode, nlink, node.uid, node.gid, size, node.mtime, tree.dev, rdev, node.mtime, node.mtime, blocks
    )


def add(directory: Directory, name: str, node: Inode) -> None:
    """Enter a name that was free (or a whiteout)."""
    directory.entries[name] = node
    if node.is_dir:
        directory.nlink += 1


def drop(directory: Directory, name: str) -> Inode:
    """Take a name out, and count the links down."""
    node = directory.entries.pop(name)
    if node.is_dir:
        directory.nlink -= 1
    elif node is not WHITEOUT:
        node.nlink -= 1
    return node


def count_subdirectories(directory: Directory) -> None:
    """Set `nlink` of a directory whose entries were filled in by other means."""
    directory.nlink = 2 + sum(node.is_dir for node in directory.entries.values())
