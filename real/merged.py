"""What overlayfs shows, computed: several folders on top of each other, with whiteouts and opaque directories.

Nothing is mounted for this, so that archives, `docker diff` and the mount points that a container needs can be had of
any snapshot at any time. Source: the kernel's Documentation/filesystems/overlayfs.rst. Twin: sim/vfs/overlay.py.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


class Node:
    """One name: `path` on the host of the topmost one, its `lstat`, and for a directory all folders that it merges."""

    __slots__ = ("folders", "lstat", "path")

    def __init__(self, path: str, lstat: os.stat_result, folders: list[str]) -> None:
        self.path, self.lstat, self.folders = path, lstat, folders

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.lstat.st_mode)


def root(folders: Sequence[str]) -> Node:
    """The root of folders, topmost first."""
    return Node(folders[0], os.lstat(folders[0]), list(folders))


def is_whiteout(lstat: os.stat_result) -> bool:
    return stat.S_ISCHR(lstat.st_mode) and lstat.st_rdev == 0


def is_opaque(path: str) -> bool:
    """Does a directory hide what lies below?"""
    for name in OPAQUE:
        try:
            if os.getxattr(path, name, follow_symlinks=False) == b"y":
                return True
        except OSError:
            continue
    return False


def child(node: Node, name: str) -> Node | None:
    """What a directory has under a name."""
    found: Node | None = None
    for folder in node.folders:
        path = f"{folder}/{name}"
        try:
            lstat = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if is_whiteout(lstat) or (found is not None and not stat.S_ISDIR(lstat.st_mode)):
            break
        if found is None:
            found = Node(path, lstat, [])
            if not found.is_dir:
                break
        found.folders.append(path)
        if is_opaque(path):
            break
    return found


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """All that a directory shows, sorted by name."""
    names: set[str] = set()
    for folder in node.folders:
        names.update(os.listdir(folder))
    for name in sorted(names):
        if (found := child(node, name)) is not None:
            yield name, found


def find(node: Node, path: str) -> Node | None:
    """What lies at a path; links are not followed."""
    found: Node | None = node
    for name in filter(None, path.split("/")):
        if found is None or not found.is_dir:
            return None
        found = child(found, name)
    return found
