"""mount -t overlay: directories of the host, shown as one.

Docker's own snapshots are overlays from the beginning (sim/snapshots.py). Here a process makes one by hand: the lower
directories are merged as they are now (what changes in them later is undefined in Linux, too), and the upper directory
takes the writes, where everyone can see them. Source: the kernel's Documentation/filesystems/overlayfs.rst.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from sim.vfs import overlay
from sim.vfs.filesystem import Directory, Inode, Tree
from sim.vfs.paths import Caller, Place, error, existing


class Union(Tree):
    """An overlay of directories that have names."""

    __slots__ = ()

    def __init__(self, lower: Directory, upper: Inode | None, place: Place, source: str) -> None:
        storage = place.space.storage
        super().__init__("overlay", storage.inos, next(storage.devices), upper, lower, source)

    @property
    def readonly(self) -> bool:
        """Without an upper directory nothing can be written."""
        return self.upper is None


def make(caller: Caller, options: Sequence[str], source: str) -> Union:
    """The filesystem that `options` describe: lowerdir=A:B (topmost first), and upperdir=, workdir= to write.

    Raises OSError EINVAL (no lowerdir; an upperdir without workdir, or on another filesystem), ENOENT, ENOTDIR, EBUSY.
    """
    words = dict(option.partition("=")[::2] for option in options)
    lowers = [_directory(caller, path) for path in words.get("lowerdir", "").split(":") if path]
    if not lowers or ("upperdir" in words and "workdir" not in words):
        raise error(errno.EINVAL, source)
    lower: Directory | None = None
    for place in reversed(lowers):
        lower = overlay.merge(lower, _as_one(place))
    assert lower is not None
    if "upperdir" not in words:
        return Union(lower, None, lowers[0], source)
    above, work = _directory(caller, words["upperdir"]), _directory(caller, words["workdir"])
    if above.row != work.row or _within(above, work) or _within(work, above):
        raise error(errno.EINVAL, source)
    upper, below = overlay.copy_up(above.root, above.inside)
    if below is not None:  # overlayfs takes no overlay as its upper directory
        raise error(errno.EINVAL, source)
    return Union(lower, upper, above, source)


def _directory(caller: Caller, path: str) -> Place:
    place = existing(caller, path)
    if not place.found().is_dir:
        raise error(errno.ENOTDIR, path)
    return place


def _within(place: Place, other: Place) -> bool:
    return place.names[: len(other.names)] == other.names


def _as_one(place: Place) -> Directory:
    """What a directory shows, whatever it is itself made of. Mounts in it are not seen through an overlay."""
    if place.upper is None:
        assert isinstance(place.lower, Directory)
        return place.lower
    assert isinstance(place.upper, Directory)
    return overlay.merge(place.lower, place.upper)


def unknown(space: Any, row: Any, context: Any) -> Tree:
    """An overlay is made when it is mounted (`make`), never at the first look."""
    raise error(errno.EINVAL, row.source)
