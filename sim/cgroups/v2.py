"""cgroup v2: limits and accounts of groups of processes.

Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.processes import Process


class Cgroup:
    """One group. Limits of 0 mean "max"."""

    __slots__ = ("children", "memory", "name", "parent", "pids", "pids_max")

    def __init__(self, name: str = "", parent: Cgroup | None = None) -> None:
        self.name, self.parent = name, parent
        self.children: dict[str, Cgroup] = {}
        self.pids = self.pids_max = self.memory = 0

    def charge_process(self) -> None:
        """One more process. Raises OSError EAGAIN at pids.max."""
        group: Cgroup | None = self
        while group is not None:
            if group.pids_max and group.pids >= group.pids_max:
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            group = group.parent
        group = self
        while group is not None:
            group.pids += 1
            group = group.parent

    def uncharge_process(self, process: Process) -> None:
        group: Cgroup | None = self
        while group is not None:
            group.pids -= 1
            group = group.parent

    def charge_memory(self, size: int) -> None:
        group: Cgroup | None = self
        while group is not None:
            group.memory += size
            group = group.parent

    def uncharge_memory(self, size: int) -> None:
        self.charge_memory(-size)
