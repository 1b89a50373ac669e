"""Folders of the simulated host that the daemon cares for: volumes, and what it writes beside them.

As archives they outlive the host; from an image they take what the image has at the place where they are mounted
(moby, daemon/create_unix.go: populateVolumes). Twin: real/folders.py.
"""

from __future__ import annotations

import errno
import io
import stat as st
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from engine.image import changeset
from engine.image.changeset import Entry
from engine.spec import Device
from sim import layers
from sim.kernel.kernel import Kernel
from sim.vfs import overlay
from sim.vfs.filesystem import Directory, Inode, Special, Tree, count_subdirectories
from sim.vfs.mounting import make_directories
from sim.vfs.paths import error, existing, resolve


def make(kernel: Kernel, path: str) -> Directory:
    """The folder, with its parents; made if it is not there."""
    make_directories(kernel.root, path)
    node = resolve(kernel.root, path).upper
    assert isinstance(node, Directory)
    return node


def size(kernel: Kernel, path: str) -> int:
    """Bytes of all files in it; 0 if it is not there."""
    folder = _find(kernel, path)
    return layers.usage(folder) if folder is not None else 0


def pack(kernel: Kernel, path: str) -> Iterator[bytes]:
    """All of it as an uncompressed tar, with the folder itself as its first entry."""
    folder = _find(kernel, path) or Directory(0, 0o755)
    return changeset.write(chain([_itself(folder)], layers.pack(folder)))


def unpack(kernel: Kernel, path: str, archive: BinaryIO) -> None:
    """Fill the folder with what `pack` gave. Raises ValueError for another archive, OSError ENOSPC."""
    folder = make(kernel, path)
    unpacker = layers.Unpacker(None, kernel.storage.inos)
    unpacker.unpack(layers.parse(archive))
    existing(kernel.root, path).tree.grow(unpacker.size)
    folder.mode = unpacker.root.mode
    folder.like(unpacker.root)
    folder.entries.update(unpacker.root.entries)
    count_subdirectories(folder)


def copy_up(kernel: Kernel, path: str, tree: Tree, inside: str) -> None:
    """An empty folder takes what a container's file system has at `inside`, if that is a folder."""
    source = _within(tree, inside)
    folder = make(kernel, path)
    if source is not None and not folder.entries:
        unpack(kernel, path, io.BytesIO(b"".join(changeset.write(chain([_itself(source)], layers.pack(source))))))


def devices(kernel: Kernel, path: str) -> list[Device]:
    """The device at a path, or all below a folder. Raises OSError ENOENT, …; ENODEV for what is no device."""
    node = existing(kernel.root, path).found()
    if isinstance(node, Directory):
        found = [each for name in node.entries for each in _if_device(kernel, f"{path.rstrip('/')}/{name}")]
        return sorted(found, key=lambda device: device.path)
    kinds = {st.S_IFCHR: "c", st.S_IFBLK: "b"}
    if not isinstance(node, Special) or (kind := kinds.get(st.S_IFMT(node.mode))) is None:
        raise error(errno.ENODEV, path)
    return [Device(path, kind, *node.rdev, node.mode & 0o777)]


def _if_device(kernel: Kernel, path: str) -> list[Device]:
    try:
        return devices(kernel, path)
    except OSError:
        return []


def _itself(folder: Directory) -> tuple[Entry, Iterator[bytes]]:
    return Entry("", "directory", folder.mode & 0o7777, folder.uid, folder.gid, folder.mtime), iter(())


def _find(kernel: Kernel, path: str) -> Directory | None:
    node = resolve(kernel.root, path).node
    return node if isinstance(node, Directory) else None


def _within(tree: Tree, inside: str) -> Directory | None:
    """A folder of a merged tree; links are not followed."""
    node: Inode | None = overlay.merge(tree.lower, tree.upper) if isinstance(tree.upper, Directory) else tree.lower
    for name in filter(None, inside.split("/")):
        node = node.entries.get(name) if isinstance(node, Directory) else None
    return node if isinstance(node, Directory) else None
