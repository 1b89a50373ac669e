"""cgroupfs: groups as directories, limits and accounts as files, mounted at /sys/fs/cgroup.

A container has a cgroup namespace of its own: what it sees as the root is the group that it was put into. mkdir and
rmdir of programs are not supported, as the mount is read-only in a container. Source: cgroups(7).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.cgroups import files
from sim.cgroups.v2 import Cgroup
from sim.vfs.filesystem import Directory, Inode
from sim.vfs.mounts import MountNamespace, Row
from sim.vfs.synthetic import Listing, SyntheticFile, SyntheticTree, directory

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
            write = (lambda caller, data: _write(kernel, group, name, data)) if name in WRITABLE else None
            return SyntheticFile(next(inos), lambda caller: _read(group, name, caller), write)
        child = (group.children or {}).get(name)
        return _folder(kernel, child, inos) if child is not None else None

    def names() -> list[str]:
        return [name for name in files.READ if group.parent is not None or not name.startswith(NOT_IN_ROOT)]

    return directory(next(inos), Listing(find, lambda: [*names(), *(group.children or {})]), 0o755)


def _read(group: Cgroup, name: str, caller: Any) -> str:
    if name in ("cgroup.procs", "cgroup.threads"):
        space = caller.namespaces.pid if hasattr(caller, "namespaces") else None
        numbers = (space.number(process) if space else process.pids[0] for process in group.members)
        return "".join(f"{number}\n" for number in numbers)
    return files.read(group, name)


def _write(kernel: Kernel, group: Cgroup, name: str, data: bytes) -> None:
    files.write(group, name, data.decode(errors="replace"))
    kernel.scheduler.changed()


WRITABLE = files.WRITE.keys()
