"""Namespaces: what a group of processes sees of the machine as if it were their own.

`Namespaces` is the set that a process lives in (the kernel's nsproxy), shared by all processes of a container. PID
namespaces are nested: a process has one number in each, from the host's down to its own. Source: namespaces(7),
pid_namespaces(7), uts_namespaces(7).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.host import RuntimeFailure
from engine.operations import JoinNamespace, SetHostname, SetSysctl, Unshare
from sim.kernel.signals import SIGKILL, send

if TYPE_CHECKING:
    from sim.container import Container, Handlers
    from sim.kernel.processes import Pids, Process
    from sim.vfs.mounts import MountNamespace

TYPES = ("cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts")
LINKS = {"cgroup": "cgroup", "ipc": "ipc", "mount": "mnt", "network": "net", "pid": "pid", "time": "time",
         "user": "user", "uts": "uts"}  # fmt: skip  # names in /proc/PID/ns
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
    """Host name and NIS domain name."""

    __slots__ = ("domain", "hostname", "inode")

    def __init__(self, inode: int, hostname: str, domain: str = "") -> None:
        self.inode, self.hostname, self.domain = inode, hostname, domain


class Namespaces:
    """The eight that a process lives in. Of cgroup, ipc, time and user only the identity matters: an inode number."""

    __slots__ = TYPES

    def __init__(self, cgroup: int, ipc: int, mount: MountNamespace, network: Any, pid: PidNamespace, time: int,
                 user: int, uts: UtsNamespace) -> None:  # fmt: skip
        self.cgroup, self.ipc, self.mount, self.network = cgroup, ipc, mount, network
        self.pid, self.time, self.user, self.uts = pid, time, user, uts

    def inode(self, type: str) -> int:
        """The number in a link of /proc/PID/ns, "pid:[4026531836]"."""
        found = getattr(self, type)
        if type == "mount":
            return FIRST_MOUNT + self.mount.first_id
        number: int = found if isinstance(found, int) else found.inode
        return number


# -- operations


def join_namespace(container: Container, operation: JoinNamespace) -> None:
    """Remembered until the first process is made, which happens in `unshare`."""
    container.joined = {**(container.joined or {}), operation.type: operation.target}


def unshare(container: Container, operation: Unshare) -> None:
    """clone(2): the first process, in new namespaces where the operation says so."""
    kernel, new, joined = container.kernel, operation.namespaces, container.joined or {}
    host = kernel.host

    def of(type: str) -> Any:
        owner = joined.get(type, "host").removeprefix("container:")
        found = host if owner == "host" else kernel.containers[owner].namespaces
        return getattr(found or host, type)

    space = container.space
    assert space is not None
    inodes = kernel.inodes
    container.namespaces = Namespaces(
        cgroup=next(inodes) if "cgroup" in new else of("cgroup"),
        ipc=next(inodes) if "ipc" in new else of("ipc"),
        mount=space,
        network=kernel.new_network() if "network" in new else of("network"),
        pid=PidNamespace(next(inodes), host.pid) if "pid" in new else of("pid"),
        time=host.time,
        user=host.user,
        uts=UtsNamespace(next(inodes), host.uts.hostname) if "uts" in new else of("uts"),
    )
    space.context = container.namespaces.pid
    container.process = kernel.clone(container.namespaces)


def set_hostname(container: Container, operation: SetHostname) -> None:
    assert container.namespaces is not None
    uts = container.namespaces.uts
    uts.hostname, uts.domain = operation.name, operation.domain


def set_sysctl(container: Container, operation: SetSysctl) -> None:
    assert container.namespaces is not None
    name, spaces = operation.name, container.namespaces
    if name == "kernel.domainname":
        spaces.uts.domain = operation.value
        return
    try:
        container.kernel.sysctls.write(spaces, name, operation.value)
    except FileNotFoundError as error:
        raise RuntimeFailure(f"open {error.filename}: no such file or directory") from None


HANDLERS: Handlers = {
    JoinNamespace: join_namespace,
    Unshare: unshare,
    SetHostname: set_hostname,
    SetSysctl: set_sysctl,
}
