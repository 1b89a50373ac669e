"""What differs between a container's folder and what lies below it, for `docker diff`; sizes. Twin: sim/layers.py."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.host import Change
from engine.image.changeset import Entry
from real import merged
from real.layers import KINDS, entry_of, pieces
from real.merged import Node, is_opaque, is_whiteout

MODIFIED, ADDED, DELETED = 0, 1, 2


def changes(upper: str, below: Node, whole: bool = False) -> list[Change]:
    """`docker diff`: what a folder changes of the view below it, sorted by path.

    The parents of a change are changes too. Of a directory only mode and owner count (moby, pkg/archive/changes.go).
    `whole`: the folder is not an upper one but a copy of everything, and what it lacks has been removed.
    """
    found: list[Change] = []
    _compare(upper, below, "", found.append, whole)
    return sorted(found, key=lambda change: change.path)


def pack_changes(folder: str, below: Node) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """What a copy of everything differs in, as a layer's entries, sorted by name."""
    first_names: dict[tuple[int, int], str] = {}
    for change in changes(folder, below, whole=True):
        name = change.path[1:]
        if change.kind == DELETED:
            yield Entry(name, "whiteout"), iter(())
            continue
        path = f"{folder}/{name}"
        lstat = os.lstat(path)
        if stat.S_IFMT(lstat.st_mode) not in KINDS:
            continue
        entry, identity = entry_of(name, path, lstat), (lstat.st_dev, lstat.st_ino)
        is_dir = entry.kind == "directory"
        if lstat.st_nlink > 1 and not is_dir and (first := first_names.setdefault(identity, name)) != name:
            yield replace(entry, kind="hardlink", target=first, size=0), iter(())
        else:
            yield entry, pieces(path, entry.size) if entry.kind == "file" else iter(())


def _compare(folder: str, below: Node | None, path: str, report: Callable[[Change], None], whole: bool = False) -> bool:
    """Report the changes inside a directory; True if there were any."""
    changed = False
    names = set()
    for entry in os.scandir(folder):
        names.add(entry.name)
        here, lstat = f"{path}/{entry.name}", entry.stat(follow_symlinks=False)
        old = merged.child(below, entry.name) if below is not None and below.is_dir else None
        if is_whiteout(lstat):
            if old is not None:
                report(Change(here, DELETED))
                changed = True
            continue
        inside = stat.S_ISDIR(lstat.st_mode) and _compare(entry.path, old, here, report, whole)
        if old is None:
            report(Change(here, ADDED))
        elif inside or _differs(lstat, old.lstat):
            report(Change(here, MODIFIED))
        else:
            continue
        changed = True
    if below is not None and below.is_dir and (whole or is_opaque(folder)):
        for name, _ in merged.children(below):
            if name not in names:
                report(Change(f"{path}/{name}", DELETED))
                changed = True
    return changed


def _differs(new: os.stat_result, old: os.stat_result) -> bool:
    if (new.st_mode, new.st_uid, new.st_gid, new.st_rdev) != (old.st_mode, old.st_uid, old.st_gid, old.st_rdev):
        return True
    return not stat.S_ISDIR(new.st_mode) and (new.st_mtime_ns, new.st_size) != (old.st_mtime_ns, old.st_size)


def usage(folder: str) -> int:
    """Bytes of the regular files of a tree; a file with several names counts once."""
    sizes: dict[tuple[int, int], int] = {}
    for at, _, files, fd in os.fwalk(folder):
        del at
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                lstat = os.stat(name, dir_fd=fd, follow_symlinks=False)
                if stat.S_ISREG(lstat.st_mode):
                    sizes[lstat.st_dev, lstat.st_ino] = lstat.st_size
    return sum(sizes.values())
