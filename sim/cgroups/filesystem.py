"""cgroupfs: groups as directories, limits and accounts as files, mounted at /sys/fs/cgroup.

A container has a cgroup namespace of its own: what it sees as the root is the group that it was put into. mkdir makes
a group, rmdir removes one, and a number written to cgroup.procs moves a process. Source: cgroups(7).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.cgroups import files
from sim.cgroups.v2 import Cgroup
from sim.vfs.filesystem import Directory, Inode
from sim.vfs.mounts import MountNamespace, Row
from sim.vfs.synthetic import Group, Listing, SyntheticFile, SyntheticTree

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel
    from sim.kernel.namespaces import Namespaces

NOT_IN_ROOT = (
    "cgroup.events",
    "cgroup.freeze",
    "cgroup.type",
    "cpu.max",
    "cpu.weight",
    "io.max",
    "io.weight",
    "memory.",
    "pids.",
)


def register(kernel: Kernel) -> None:
    """Let `mount -t cgroup2` work."""

    def make(space: MountNamespace, row: Row, context: Namespaces | None) -> SyntheticTree:
        storage = space.storage
        tree = _folder(kernel, (context or kernel.host).cgroup.root, storage.inos)
        return SyntheticTree("cgroup2", storage.inos, next(storage.devices), lower=tree, source=row.source)

    kernel.storage.types["cgroup2"] = make


def _folder(kernel: Kernel, group: Cgroup, inos: Iterator[int]) -> Directory:
    def find(name: str) -> Inode | None:
        if name in names():
            write = (lambda caller, data: _write(kernel, group, name, caller, data)) if name in WRITABLE else None
            return SyntheticFile(next(inos), lambda caller: _read(group, name, caller), write)
        child = (group.children or {}).get(name)
        return _folder(kernel, child, inos) if child is not None else None

    def names() -> list[str]:
        return [name for name in files.READ if group.parent is not None or not name.startswith(NOT_IN_ROOT)]

    made = Group(next(inos), group.make, lambda name: group.child(name).remove())
    made.entries = Listing(find, lambda: [*names(), *(group.children or {})])  # type: ignore[assignment]
    return made


def _read(group: Cgroup, name: str, caller: Any) -> str:
    if name in MEMBERS:
        space = caller.namespaces.pid if hasattr(caller, "namespaces") else None
        numbers = (space.number(process) if space else process.pids[0] for process in group.members)
        return "".join(f"{number}\n" for number in numbers)
    return files.read(group, name)


def _write(kernel: Kernel, group: Cgroup, name: str, caller: Any, data: bytes) -> None:
    if name in MEMBERS:
        _move(group, caller, data.decode(errors="replace").strip())
    else:
        files.write(group, name, data.decode(errors="replace"))
    kernel.scheduler.changed()


def _move(group: Cgroup, caller: Any, text: str) -> None:
    """A process, by its number in the writer's PID namespace; 0 is the writer. Raises OSError EINVAL, ESRCH."""
    if not text.isdecimal():
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    process = caller if text == "0" else caller.namespaces.pid.table.get(int(text))
    if process is None:
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    group.migrate(process)


MEMBERS = ("cgroup.procs", "cgroup.threads")
WRITABLE = {*files.WRITE, *MEMBERS}
