"""Character devices, fifos and the devpts filesystem: what opening a special file gives.

null, zero, full and random are in sim/vfs/openfiles.py. Source: tty(4), pts(4), fifo(7).
"""

from __future__ import annotations

import errno
import os
import stat as st
from typing import TYPE_CHECKING, Any

from sim.kernel.pipes import Fifo, Pipe
from sim.kernel.terminal import MAJOR
from sim.vfs.filesystem import Inode, Special
from sim.vfs.mounts import MakeRoot, MountNamespace, Row, make_tmpfs
from sim.vfs.synthetic import Listing, SyntheticTree, directory, folder

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel
    from sim.kernel.syscalls import SystemCalls

TTY = (5, 0)


def open_special(caller: SystemCalls, node: Special, path: str, flags: int) -> Any:
    """The open file of a fifo or a terminal. Raises OSError ENXIO."""
    kernel = caller.kernel
    if st.S_ISFIFO(node.mode):
        if node.object is None:
            node.object = Pipe(kernel.loop, node.ino)
        return Fifo(node.object, flags, path)
    terminal = None
    if not st.S_ISSOCK(node.mode) and not _may_open(caller, node):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), path)
    if node.rdev == TTY and caller.session is not None:
        terminal = caller.session.terminal
    elif node.rdev[0] == MAJOR:
        terminal = kernel.terminals.get(caller.space.first_id, {}).get(node.rdev[1])
    if terminal is None:
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), path)
    return terminal.open()


def _may_open(caller: SystemCalls, node: Special) -> bool:
    """What the device program of a container's cgroup says: terminals, and what the runtime has put into its /dev."""
    outside = caller.cgroup is caller.kernel.root_cgroup
    if outside or node.rdev == TTY or node.rdev[0] in (5, MAJOR):
        return True
    mine = ("b" if st.S_ISBLK(node.mode) else "c", *map(str, node.rdev))
    rules = caller.cgroup.limits.devices
    return any(all(word in (own, "*") for word, own in zip(rule, mine, strict=True)) for rule in rules)


def register(kernel: Kernel) -> None:
    """Let `mount -t devpts` work: a mount namespace sees its own terminals."""

    def make(space: MountNamespace, row: Row, context: Any) -> SyntheticTree:
        storage = space.storage
        ptmx = Special(next(storage.inos), st.S_IFCHR | 0o666, rdev=(5, 2))

        def table() -> dict[int, Any]:
            return kernel.terminals.get(space.first_id, {})

        def terminal(name: str) -> Inode | None:
            if not name.isdecimal() or int(name) not in table():
                return None
            return Special(3 + int(name), st.S_IFCHR | 0o620, 0, 5, kernel.loop.time, (MAJOR, int(name)))

        listing = Listing(terminal, lambda: map(str, table()), {"ptmx": ptmx})
        return SyntheticTree("devpts", storage.inos, next(storage.devices), lower=directory(1, listing, 0o755))

    kernel.storage.types["devpts"] = make
    kernel.storage.types.setdefault("mqueue", make_tmpfs)
    kernel.storage.types.setdefault("sysfs", _sysfs(kernel))


def _sysfs(kernel: Kernel) -> MakeRoot:
    """/sys: the folders that mounts are made in. One tree for all."""
    storage = kernel.storage
    root = folder(storage.inos, {"block": {}, "class": {}, "devices": {}, "fs": {"cgroup": {}}, "kernel": {}})
    tree = SyntheticTree("sysfs", storage.inos, next(storage.devices), lower=root)
    return lambda space, row, context: tree
