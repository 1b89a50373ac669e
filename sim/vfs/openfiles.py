"""Open files: what a file descriptor of a regular file, a directory or a memory device stands for.

All of them have `read`, `write`, `lseek`, `ftruncate`, `fstat` and `close`, and none ever has to wait. Fifos,
terminals and sockets do; those are the kernel's (sim/kernel/pipes.py, terminal.py), which gives them to `open`
by a hook.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, Protocol

from sim.abi import O_APPEND, O_RDONLY, O_TRUNC, O_WRONLY, Stat
from sim.vfs.filesystem import File, Inode, Special, Tree, stat
from sim.vfs.mounts import Storage

ACCESS_MODE = 3
SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2


class FileObject(Protocol):
    """An open file that never has to wait."""

    path: str
    flags: int

    def read(self, size: int) -> bytes: ...

    def write(self, data: bytes) -> int: ...

    def lseek(self, offset: int, whence: int = SEEK_SET) -> int: ...

    def ftruncate(self, size: int) -> None: ...

    def fstat(self) -> Stat: ...

    def close(self) -> None: ...


def fail(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class OpenFile:
    """A regular file: reads and writes at a position; the file lives on while it is open, even without a name."""

    __slots__ = ("flags", "node", "path", "position", "storage", "tree")

    def __init__(self, tree: Tree, node: File, flags: int, path: str, storage: Storage) -> None:
        self.tree, self.node, self.flags, self.path, self.storage = tree, node, flags, path, storage
        self.position = 0

    def read(self, size: int) -> bytes:
        if self.flags & ACCESS_MODE == O_WRONLY:
            raise fail(errno.EBADF)
        data = self.node.read(self.position, size)
        self.position += len(data)
        return data

    def write(self, data: bytes) -> int:
        """Raises OSError ENOSPC when the filesystem is full."""
        if self.flags & ACCESS_MODE == O_RDONLY:
            raise fail(errno.EBADF)
        node = self.node
        if self.flags & O_APPEND:
            self.position = node.size
        data = data[: self._room(len(data))]
        before = node.size
        node.write(self.position, data)
        self.tree.grow(node.size - before)
        self.position += len(data)
        self.tree.modified(node, self.storage.now())
        return len(data)

    def lseek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = (0, self.position, self.node.size)[whence]
        if base + offset < 0:
            raise fail(errno.EINVAL)
        self.position = base + offset
        return self.position

    def ftruncate(self, size: int) -> None:
        if self.flags & ACCESS_MODE == O_RDONLY or size < 0:
            raise fail(errno.EINVAL)
        truncate(self.tree, self.node, size, self.storage.now())

    def fstat(self) -> Stat:
        return stat(self.tree, self.node, None)

    def close(self) -> None:
        pass

    def reopen(self, flags: int) -> OpenFile:
        if flags & O_TRUNC:
            truncate(self.tree, self.node, 0, self.storage.now())
        return OpenFile(self.tree, self.node, flags, self.path, self.storage)

    def _room(self, wanted: int) -> int:
        free = self.tree.room()
        if free is None or self.position + wanted <= self.node.size:
            return wanted
        room = free + max(0, self.node.size - self.position)
        if room <= 0 and wanted:
            raise fail(errno.ENOSPC)
        return min(wanted, room)


def reopen(file: Any, flags: int) -> Any:
    """Open anew what a descriptor refers to (by /proc/PID/fd/N). Raises OSError ENXIO for sockets."""
    again = getattr(file, "reopen", None)
    if again is None:
        raise fail(errno.ENXIO)
    return again(flags)


def truncate(tree: Tree, node: File, size: int, now: int) -> None:
    """Cut or stretch a file of the upper tree. Raises OSError ENOSPC: what is stretched is counted, holes or not."""
    tree.grow(size - node.size)
    node.truncate(size)
    tree.modified(node, now)


class OpenDirectory:
    """A directory opened for reading; its names are read by listdir."""

    __slots__ = ("_stat", "flags", "path")

    def __init__(self, path: str, flags: int, stat: Callable[[], Stat]) -> None:
        self.path, self.flags, self._stat = path, flags, stat

    def read(self, size: int) -> bytes:
        raise fail(errno.EISDIR)

    def write(self, data: bytes) -> int:
        raise fail(errno.EBADF)

    def lseek(self, offset: int, whence: int = SEEK_SET) -> int:
        return 0

    def ftruncate(self, size: int) -> None:
        raise fail(errno.EINVAL)

    def fstat(self) -> Stat:
        return self._stat()

    def close(self) -> None:
        pass


class MemoryDevice:
    """null, zero, full, random and urandom: mem(4), null(4), full(4), random(4)."""

    __slots__ = ("_source", "flags", "node", "path", "tree")

    def __init__(self, tree: Tree, node: Special, flags: int, path: str, source: Callable[[int], bytes]) -> None:
        self.tree, self.node, self.flags, self.path, self._source = tree, node, flags, path, source

    def read(self, size: int) -> bytes:
        return self._source(size)

    def write(self, data: bytes) -> int:
        if self.node.rdev == FULL:
            raise fail(errno.ENOSPC)
        return len(data)

    def lseek(self, offset: int, whence: int = SEEK_SET) -> int:
        return 0

    def ftruncate(self, size: int) -> None:
        raise fail(errno.EINVAL)

    def fstat(self) -> Stat:
        return stat(self.tree, self.node, None)

    def close(self) -> None:
        pass

    def reopen(self, flags: int) -> MemoryDevice:
        return MemoryDevice(self.tree, self.node, flags, self.path, self._source)


NULL, ZERO, FULL, RANDOM, URANDOM = (1, 3), (1, 5), (1, 7), (1, 8), (1, 9)


def memory_device(storage: Storage, tree: Tree, node: Inode, flags: int, path: str) -> MemoryDevice | None:
    """The device's open file, or None if it is not one of these."""
    sources: dict[tuple[int, int], Callable[[int], bytes]] = {
        NULL: _nothing, ZERO: bytes, FULL: bytes, RANDOM: storage.random, URANDOM: storage.random,
    }  # fmt: skip
    source = sources.get(node.rdev) if isinstance(node, Special) else None
    return MemoryDevice(tree, node, flags, path, source) if source is not None else None  # type: ignore[arg-type]


def _nothing(size: int) -> bytes:
    return b""


class Snapshot:
    """An open file of a synthetic filesystem: its text as it was at the first read, and a function for writes."""

    __slots__ = ("_data", "_stat", "_text", "_write", "flags", "path", "position")

    def __init__(
        self,
        path: str,
        flags: int,
        text: Callable[[], bytes],
        write: Callable[[bytes], Any] | None,
        stat: Callable[[], Stat],
    ) -> None:
        self.path, self.flags, self._text, self._write, self._stat = path, flags, text, write, stat
        self._data: bytes | None = None
        self.position = 0

    def read(self, size: int) -> bytes:
        if self._data is None or self.position == 0:
            self._data = self._text()
        data = self._data[self.position : self.position + size]
        self.position += len(data)
        return data

    def write(self, data: bytes) -> int:
        if self._write is None:
            raise fail(errno.EINVAL)
        self._write(data)
        return len(data)

    def lseek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = (0, self.position, len(self._data or b""))[whence]
        self.position = max(0, base + offset)
        return self.position

    def ftruncate(self, size: int) -> None:
        pass

    def fstat(self) -> Stat:
        return self._stat()

    def close(self) -> None:
        pass
