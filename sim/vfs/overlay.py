"""Overlay rules: one view of an `upper` tree that takes the writes and a `lower` tree that never changes.

A node of the view is a pair (upper, lower), either of which may be None. What the upper tree has wins; a whiteout
hides the lower name; two directories of one name are merged, unless the upper one is opaque. The first write to
something that only the lower tree has copies it up, with the directories above it. A filesystem without a lower tree is
the easy case of the same rules, so every tree of the simulated host goes through here. Source: the kernel's
Documentation/filesystems/overlayfs.rst (with redirect_dir=off, index=off, as Docker mounts it).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from typing import Protocol

from sim.vfs import content
from sim.vfs.filesystem import WHITEOUT, Directory, File, Inode, Special, Symlink, Tree, add, count_subdirectories, drop

Node = tuple[Inode | None, Inode | None]  # (upper, lower); (None, None): there is no such name


class Root(Protocol):
    """Where a walk inside one mount begins: a `Tree`, or the directory that a bind mount shows."""

    upper: Inode | None
    lower: Inode | None

    @property
    def tree(self) -> Tree: ...


def child(upper: Inode | None, lower: Inode | None, name: str) -> Node:
    """The node `name` in the directory that is `upper` over `lower`."""
    if upper is None:
        return None, lower.entries.get(name)  # type: ignore[union-attr]
    found = upper.entries.get(name)  # type: ignore[attr-defined]
    if lower is None:
        return found, None
    if found is WHITEOUT:
        return None, None
    below = lower.entries.get(name)  # type: ignore[attr-defined]
    if found is None:
        return None, below
    if below is None or not below.is_dir or not found.is_dir or found.opaque:
        return found, None
    return found, below


def names(upper: Inode | None, lower: Inode | None) -> list[str]:
    """The names in a directory, in no order."""
    if upper is None:
        return list(lower.entries)  # type: ignore[union-attr]
    above: dict[str, Inode] = upper.entries  # type: ignore[attr-defined]
    if lower is None:
        return list(above)
    merged = [name for name in lower.entries if name not in above]  # type: ignore[attr-defined]
    merged += [name for name, node in above.items() if node is not WHITEOUT]
    return merged


def copy_of(node: Inode) -> Inode:
    """A node for the upper tree that looks like this one of the lower tree; a directory comes without its entries."""
    copy: Inode
    if isinstance(node, File):
        copy = File(node.ino, node.mode, data=content.copy(node.data), size=node.size)
    elif node.is_dir:
        copy = Directory(node.ino, node.mode)
    elif isinstance(node, Symlink):
        copy = Symlink(node.ino, node.target)
    else:
        assert isinstance(node, Special)
        copy = Special(node.ino, node.mode, rdev=node.rdev)
    copy.like(node)
    return copy


def copy_up(root: Root, path: Sequence[str]) -> Node:
    """Make sure that the node at `path` (names below `root`) and all above it are in the upper tree; the node.

    Raises FileNotFoundError if it is not there.
    """
    upper, lower = root.upper, root.lower
    if upper is None:
        assert lower is not None
        upper = root.upper = copy_of(lower)
    for name in path:
        found, below = child(upper, lower, name)
        if found is None:
            if below is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
            found = copy_of(below)
            assert isinstance(upper, Directory)
            add(upper, name, found)
        upper, lower = found, below if found.is_dir else None
    return upper, lower


def insert(root: Root, parent: Sequence[str], name: str, node: Inode) -> Directory:
    """Enter a new node under a name that is free; the directory that now has it."""
    directory, lower = copy_up(root, parent)
    assert isinstance(directory, Directory)
    _place(directory, lower, name, node)
    return directory


def remove(root: Root, parent: Sequence[str], name: str) -> None:
    """Take a name away; a whiteout stays if the lower tree has it. Whether that is allowed is the caller's to know."""
    directory, lower = copy_up(root, parent)
    _take(root.tree, directory, lower, name)


def rename(root: Root, old: Sequence[str], new: Sequence[str]) -> None:
    """Move a node over what is at `new`, which the caller has found replaceable.

    A directory that the lower tree has a part of cannot be moved (EXDEV, the caller's to say, too).
    """
    node, _ = copy_up(root, old)
    assert node is not None
    source, source_lower = copy_up(root, old[:-1])
    target, target_lower = copy_up(root, new[:-1])
    if isinstance(target, Directory) and isinstance(source, Directory) and target.move(new[-1], source, old[-1]):
        return
    if child(target, target_lower, new[-1]) != (None, None):
        _take(root.tree, target, target_lower, new[-1])
    node.nlink += not node.is_dir  # never without a name
    _place(target, target_lower, new[-1], node)
    _take(root.tree, source, source_lower, old[-1])


def merge(lower: Inode | None, upper: Directory) -> Directory:
    """The view of a committed layer over what is below, as a tree of its own that shares all that is equal.

    Neither tree changes. Where a part of the view is a part of `upper` or `lower`, it is the same object. (Trees can be
    deeper than Python's stack, so parents are listed before children, and merged after them.)
    """
    todo: list[tuple[Inode | None, Directory, int, str]] = [(lower, upper, -1, "")]  # with parent's place, and name
    for place, (below, directory, _, _) in enumerate(todo):
        covered = _entries_below(below, directory)
        todo += [
            (covered.get(name), node, place, name)
            for name, node in directory.entries.items()
            if isinstance(node, Directory)
        ]
    merged: list[dict[str, Directory]] = [{} for _ in todo]
    view = upper
    for place in range(len(todo) - 1, -1, -1):
        below, directory, parent, name = todo[place]
        view = _merge_one(_entries_below(below, directory), directory, merged[place])
        if parent >= 0:
            merged[parent][name] = view
    return view


def _entries_below(lower: Inode | None, upper: Directory) -> dict[str, Inode]:
    """What a directory shows of the one below it."""
    return lower.entries if isinstance(lower, Directory) and not upper.opaque else {}


def _merge_one(below: dict[str, Inode], upper: Directory, merged: dict[str, Directory]) -> Directory:
    """One directory, its subdirectories being `merged`."""
    entries: dict[str, Inode] = dict(below)
    changed = bool(below) or upper.opaque
    for name, node in upper.entries.items():
        if node is WHITEOUT:
            entries.pop(name, None)
            changed = True
        else:
            entries[name] = merged.get(name, node)
            changed = changed or entries[name] is not node
    if not changed:
        return upper
    view = Directory(upper.ino, upper.mode)
    view.like(upper)
    view.entries = entries
    count_subdirectories(view)
    return view


def freeze(directory: Directory) -> None:
    """Nothing will write to this tree any more: give its files their shareable form."""
    for node in nodes(directory):
        if isinstance(node, File):
            node.data = content.frozen(node.data)


def nodes(directory: Directory) -> Iterator[Inode]:
    """All that is in a tree, in no order."""
    todo = [directory]
    while todo:
        for node in todo.pop().entries.values():
            yield node
            if isinstance(node, Directory):
                todo.append(node)


def _place(directory: Inode | None, lower: Inode | None, name: str, node: Inode) -> None:
    assert isinstance(directory, Directory)
    if isinstance(node, Directory) and lower is not None and name in lower.entries:  # type: ignore[attr-defined]
        node.opaque = True
    add(directory, name, node)


def _take(tree: Tree, directory: Inode | None, lower: Inode | None, name: str) -> None:
    assert isinstance(directory, Directory)
    if name in directory.entries:
        node = drop(directory, name)
        if isinstance(node, File) and node.nlink == 0:
            tree.grow(-node.size)
    if lower is not None and name in lower.entries:  # type: ignore[attr-defined]
        directory.entries[name] = WHITEOUT
