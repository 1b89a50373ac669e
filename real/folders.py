"""Folders of the host that the daemon cares for: volumes, and what it writes beside them. Twin: sim/folders.py."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from engine.image import changeset
from engine.image.changeset import Entry
from engine.spec import Device
from real import differences, layers, merged
from real.merged import Node


def write_file(path: str, data: bytes) -> None:
    """Whole or not at all: under another name first."""
    target = Path(path)
    try:
        _write(target, data)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, data)


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".{target.name}.new")
    temporary.write_bytes(data)
    temporary.chmod(0o644)
    temporary.rename(target)


def make(path: str) -> None:
    """The folder, with its parents; made if it is not there."""
    Path(path).mkdir(parents=True, exist_ok=True)


def size(path: str) -> int:
    """Bytes of all files in it; 0 if it is not there."""
    return differences.usage(path) if Path(path).is_dir() else 0


# folders of /dev that are file systems of their own, and a terminal: a container has its own of these (runc,
# libcontainer/devices/device_unix.go)
NOT_DEVICES = frozenset(("pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"))


def devices(path: str) -> list[Device]:
    """The device at a path, or all below a folder but NOT_DEVICES. Raises OSError ENOENT, …; ENODEV for no device."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        names = sorted(set(os.listdir(path)) - NOT_DEVICES)
        return [each for name in names for each in _if_device(f"{path.rstrip('/')}/{name}")]
    if not (stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode)):
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), path)
    kind = "c" if stat.S_ISCHR(found.st_mode) else "b"
    return [Device(path, kind, os.major(found.st_rdev), os.minor(found.st_rdev), stat.S_IMODE(found.st_mode))]


def _if_device(path: str) -> list[Device]:
    try:
        return [] if os.path.islink(path) else devices(path)
    except OSError:
        return []


def pack(path: str) -> Iterator[bytes]:
    """All of it as an uncompressed tar, with the folder itself as its first entry."""
    if not Path(path).is_dir():
        return changeset.write([(Entry("", "directory", 0o755), iter(()))])
    return _pack(merged.root([path]))


def _pack(node: Node) -> Iterator[bytes]:
    itself = layers.entry_of("", node.path, node.lstat)
    return changeset.write(chain([(itself, iter(()))], layers.pack(node)))


def unpack(path: str, archive: BinaryIO) -> None:
    """Fill the folder with what `pack` gave. Raises ValueError for another archive."""
    make(path)
    layers.Unpacker(path, None, rootless=os.geteuid() != 0).unpack(archive)


def copy_up(path: str, tree: Node, inside: str) -> None:
    """An empty folder takes what a container's file system has at `inside`, if that is a folder; links not followed."""
    make(path)
    source = merged.find(tree, inside)
    if source is not None and source.is_dir and not os.listdir(path):
        unpack(path, io.BytesIO(b"".join(_pack(source))))
