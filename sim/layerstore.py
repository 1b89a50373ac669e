"""/var/lib/docker/overlay2 on the simulated host: the folders in which Docker's layers lie.

Nothing is kept here twice: a layer's `diff` is the layer itself (sim/snapshots.py), shown under the name that
`docker inspect` gives it. A container's `diff` is what it has written so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.snapshots import STORE, Snapshots
from sim.vfs import mounting
from sim.vfs.filesystem import Directory, Inode, add
from sim.vfs.paths import existing
from sim.vfs.synthetic import Listing, directory

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel


def show(kernel: Kernel) -> None:
    """Enter the folder into the host's root filesystem."""
    parent, _, name = STORE.rpartition("/")
    mounting.make_directories(kernel.root, parent)
    where = existing(kernel.root, parent).found()
    assert isinstance(where, Directory)
    inos, snapshots = kernel.storage.inos, kernel.snapshots
    listing = Listing(lambda folder: _layer(snapshots, folder, inos), snapshots.folders)
    add(where, name, directory(next(inos), listing, 0o710))


def _layer(snapshots: Snapshots, folder: str, inos: Iterator[int]) -> Inode | None:
    """The folder of one layer; what Docker keeps in it beside `diff` is empty while nothing is mounted."""
    diff = snapshots.diff_of(folder)
    if diff is None:
        return None
    made = directory(next(inos), {"diff": diff}, 0o710)
    for name in ("merged", "work"):
        add(made, name, Directory(next(inos), 0o700))
    return made
