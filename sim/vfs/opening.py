"""open(2): from a path to an open file."""

from __future__ import annotations

import errno
from typing import Any

from sim.abi import O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_TRUNC, O_WRONLY
from sim.vfs import filesystem, overlay
from sim.vfs.filesystem import File, Inode, Special
from sim.vfs.hostfiles import HostTree
from sim.vfs.openfiles import (
    ACCESS_MODE,
    FileObject,
    OpenDirectory,
    OpenFile,
    Snapshot,
    memory_device,
    reopen,
    truncate,
)
from sim.vfs.paths import READ, WRITE, Caller, Place, error, resolve
from sim.vfs.rights import create, need, writable
from sim.vfs.synthetic import MagicLink, SyntheticFile

WANTED = {0: READ, 1: WRITE, 2: READ | WRITE}  # by access mode


def open(caller: Caller, path: str, flags: int = 0, mode: int = 0o666) -> FileObject | Any:
    """The open file: a `FileObject`, or what the kernel's hook gives for fifos, terminals and sockets."""
    exclusive = flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL
    place = resolve(caller, path, follow=not exclusive)
    node = place.node
    if node is None:
        if not flags & O_CREAT:
            raise error(errno.ENOENT, path)
        if place.directory:
            raise error(errno.EISDIR, path)
        made = create(caller, place, File(0, mode & ~caller.umask & 0o7777))
        assert isinstance(made, File)
        return _opened(place, made, flags)
    if exclusive:
        raise error(errno.EEXIST, path)
    if isinstance(node, MagicLink) and node.file is not None:
        return reopen(node.file(), flags)
    writes = bool(flags & ACCESS_MODE or flags & O_TRUNC)
    if node.is_dir:
        return _open_directory(caller, place, node, flags)
    if flags & O_DIRECTORY:
        raise error(errno.ENOTDIR, path)
    need(caller, node, WANTED[flags & ACCESS_MODE] | (WRITE if flags & O_TRUNC else 0), path)
    if isinstance(node, File):
        return _open_file(place, node, flags, writes)
    if isinstance(node, SyntheticFile):
        return _open_synthetic(caller, place, node, flags, writes)
    assert isinstance(node, Special)
    storage = place.space.storage
    device = memory_device(storage, place.tree, node, flags, place.path)
    return device or storage.open_special(caller, node, place.path, flags)


def _opened(place: Place, node: File, flags: int) -> FileObject:
    tree = place.tree
    if isinstance(tree, HostTree):
        return tree.open(node, flags, place.path)
    return OpenFile(tree, node, flags, place.path, place.space.storage)


def _open_file(place: Place, node: File, flags: int, writes: bool) -> FileObject:
    if writes:
        writable(place)
        if place.upper is None:
            upper, _ = overlay.copy_up(place.root, place.inside)
            assert isinstance(upper, File)
            node = upper
        if flags & O_TRUNC and node.size:
            truncate(place.tree, node, 0, place.space.storage.now())
    return _opened(place, node, flags)


def _open_directory(caller: Caller, place: Place, node: Inode, flags: int) -> OpenDirectory:
    if flags & (ACCESS_MODE | O_CREAT | O_TRUNC):
        raise error(errno.EISDIR, place.text)
    need(caller, node, READ, place.text)
    tree, upper, lower = place.tree, place.upper, place.lower
    return OpenDirectory(place.path, flags, lambda: filesystem.stat(tree, upper, lower))


def _open_synthetic(caller: Caller, place: Place, node: SyntheticFile, flags: int, writes: bool) -> Snapshot:
    if writes:
        if place.readonly():
            raise error(errno.EROFS, place.text)
        if node.write is None:
            raise error(errno.EACCES, place.text)
    tree, write = place.tree, node.write
    return Snapshot(
        place.path,
        flags,
        lambda: node.content(caller),
        None if write is None else lambda data: write(caller, data),
        lambda: filesystem.stat(tree, node, None),
    )


def read_file(caller: Caller, path: str) -> bytes:
    """All of a file that never makes one wait."""
    data: bytes = open(caller, path).read(1 << 62)
    return data


def write_file(caller: Caller, path: str, data: bytes, append: bool = False) -> None:
    open(caller, path, O_WRONLY | O_CREAT | (O_APPEND if append else O_TRUNC)).write(data)
