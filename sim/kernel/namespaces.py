"""Namespaces: what a group of processes sees of the machine as if it were their own.

`Namespaces` is the set that a process lives in (the kernel's nsproxy), shared by all processes of a container. The
system calls that change it are in sim/kernel/spacecalls.py. PID
namespaces are nested: a process has one number in each, from the host's down to its own. Source: namespaces(7),
pid_namespaces(7), uts_namespaces(7).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.kernel.signals import SIGKILL, send

if TYPE_CHECKING:
    from sim.cgroups.v2 import Cgroup
    from sim.kernel.processes import Pids, Process
    from sim.kernel.userspaces import UserNamespace
    from sim.vfs.mounts import MountNamespace

TYPES = ("cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts")
LINKS = {"cgroup": "cgroup", "ipc": "ipc", "mount": "mnt", "network": "net", "pid": "pid", "time": "time",
         "user": "user", "uts": "uts"}  # fmt: skip  # names in /proc/PID/ns
KINDS = {short: type for type, short in LINKS.items()}
FIRST_MOUNT = 4_027_000_000  # inode numbers of mount namespaces, above all others
PID_MAX = 4_194_304  # /proc/sys/kernel/pid_max on 64 bits
RESERVED_PIDS = 300  # what is never given out again after the numbers have gone round
# A namespace has a pid_max of its own since Linux 6.14. A small one, so that a fork bomb that nobody has limited
# ends before the computer that simulates it has noticed.
NESTED_PID_MAX = 4096


class PidNamespace:
    """Numbers for processes. `init` is its number 1; when that ends, all end."""

    __slots__ = ("init", "inode", "last", "level", "max", "parent", "table")

    def __init__(self, inode: int, parent: PidNamespace | None = None) -> None:
        self.inode, self.parent = inode, parent
        self.level: int = 0 if parent is None else parent.level + 1
        self.last = 0
        self.max: int = PID_MAX if parent is None else min(NESTED_PID_MAX, parent.max)
        self.table: dict[int, Process] = {}
        self.init: Process | None = None

    def enter(self, process: Process) -> None:
        """Give a process its numbers here and in all namespaces above. Raises OSError EAGAIN if there are no more."""
        if len(self.table) >= self.max - RESERVED_PIDS:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        space: PidNamespace | None = self
        numbers: list[int] = []
        while space is not None:
            number = space.reserve()
            space.table[number] = process
            if number == 1:
                space.init = process
            numbers.append(number)
            space = space.parent
        numbers.reverse()
        process.pids = tuple(numbers)

    def leave(self, process: Process) -> None:
        """It is reaped: its numbers are free."""
        space: PidNamespace | None = self
        while space is not None:
            space.table.pop(process.pids[space.level], None)
            space = space.parent

    def number(self, process: Process) -> int:
        """The process's number here; 0 if it cannot be seen from here."""
        if self.level == 0:
            return process.pids[0]
        space = process.namespaces.pid
        while space.level > self.level and space.parent is not None:
            space = space.parent
        return process.pids[self.level] if space is self else 0

    def number_of(self, pids: Pids) -> int:
        """The same for the numbers of a process that may be gone (a group's leader)."""
        return pids[self.level] if len(pids) > self.level else 0

    def processes(self) -> Iterator[Process]:
        """All that can be seen from here, oldest first."""
        return iter(list(self.table.values()))

    def group(self, pids: Pids) -> list[Process]:
        """The members of a process group."""
        return [process for process in self.table.values() if process.group is pids or process.group == pids]

    def kill_all(self, last: Process) -> None:
        """Its init has ended: nobody survives (zap_pid_ns_processes)."""
        if len(self.table) > 1 or last.pids[-1] not in self.table:
            for process in list(self.table.values()):
                if process is not last:
                    send(process, SIGKILL)

    def reserve(self) -> int:
        """The next free number."""
        number = self.last + 1
        while number in self.table or number > self.max:
            number = RESERVED_PIDS if number > self.max else number + 1
        self.last = number
        return number


class UtsNamespace:
    """Host name and NIS domain name. `owner` as in MountNamespace."""

    __slots__ = ("domain", "hostname", "inode", "owner")

    def __init__(self, inode: int, hostname: str, domain: str = "", owner: UserNamespace | None = None) -> None:
        self.inode, self.hostname, self.domain, self.owner = inode, hostname, domain, owner


class CgroupNamespace:
    """What its processes see as the root of the cgroup hierarchy. Source: cgroup_namespaces(7)."""

    __slots__ = ("inode", "root")

    def __init__(self, inode: int, root: Cgroup) -> None:
        self.inode, self.root = inode, root


class Namespaces:
    """The eight that a process lives in, and the PID namespace of its children (pid_for_children).

    Of ipc and time only the identity matters: an inode number.
    """

    __slots__ = (*TYPES, "children")

    def __init__(self, cgroup: CgroupNamespace, ipc: int, mount: MountNamespace, network: Any, pid: PidNamespace,
                 time: int, user: UserNamespace, uts: UtsNamespace) -> None:  # fmt: skip
        self.cgroup, self.ipc, self.mount, self.network = cgroup, ipc, mount, network
        self.pid, self.time, self.user, self.uts = pid, time, user, uts
        self.children = pid

    def replaced(self, **changed: Any) -> Namespaces:
        """Others in place of some (keys: TYPES, and children)."""
        new = Namespaces(**{type: changed.get(type, getattr(self, type)) for type in TYPES})
        new.children = changed.get("children", new.pid if "pid" in changed else self.children)
        return new

    def inode(self, type: str) -> int:
        """The number in a link of /proc/PID/ns, "pid:[4026531836]"."""
        found = getattr(self, type)
        if type == "mount":
            return FIRST_MOUNT + self.mount.first_id
        number: int = found if isinstance(found, int) else found.inode
        return number
