"""cgroup v2: limits and accounts for groups of processes. Twin: real/cgroups/v2.py.

A charge goes up the tree; each level may refuse it. Files (memory.max, cpu.stat, …) are in sim/cgroups/files.py.
Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from engine.host import RuntimeFailure
from engine.operations import JoinCgroup, MakeCgroup, RemoveCgroup, WriteCgroup

if TYPE_CHECKING:
    from sim.container import Container, Handlers
    from sim.kernel.processes import Process

BASE_MEMORY = 384 << 10  # bytes of a small program
PERIOD = 100_000  # cpu.max, microseconds
WEIGHT = 100  # cpu.weight


DeviceRule = tuple[str, str, str]  # "c" or "b", major and minor number; "*" for any


class Limits:
    """What can be set. None of the numbers is "max"."""

    __slots__ = (
        "cpu_period", "cpu_quota", "cpu_weight", "cpus", "devices", "io_max", "io_weight", "memory_high", "memory_low",
        "memory_max", "memory_oom_group", "memory_swap", "mems", "pids_max",
    )  # fmt: skip

    def __init__(self) -> None:
        self.memory_max: int | None = None
        self.memory_high: int | None = None
        self.memory_swap: int | None = None
        self.memory_low = 0
        self.memory_oom_group = 0
        self.pids_max: int | None = None
        self.cpu_quota: int | None = None  # microseconds in a period
        self.cpu_period = PERIOD
        self.cpu_weight = WEIGHT
        self.io_weight = 100
        self.cpus = self.mems = ""
        self.devices: frozenset[DeviceRule] = frozenset()  # to be opened, beside the usual ones
        self.io_max: dict[str, dict[str, str]] = {}  # by device ("8:0"): what "rbps=1048576 wiops=10" said


UNLIMITED = Limits()  # shared by all groups in which nothing was set


class Events:
    """What has been counted, made when there is something to count."""

    __slots__ = ("cpu", "io_read", "io_written", "memory_peak", "oom", "oom_kill", "periods", "pids_max", "throttled",
                 "throttled_time")  # fmt: skip

    def __init__(self) -> None:
        self.cpu = 0.0  # seconds, of processes that are over
        self.io_read = self.io_written = 0
        self.memory_peak = 0
        self.oom = self.oom_kill = self.pids_max = 0
        self.periods = self.throttled = self.throttled_time = 0.0  # throttled_time in seconds


def cpu_list(text: str) -> list[int]:
    """ "0-2,5" -> [0, 1, 2, 5]"""
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal():
            numbers += range(int(first), int(last if last.isdecimal() else first) + 1)
    return numbers


class Cgroup:
    """One group. `pids` and `memory` count its descendants' too; `members` are its own processes."""

    __slots__ = ("_events", "children", "frozen", "limits", "members", "memory", "name", "parent", "pids")

    def __init__(self, name: str = "", parent: Cgroup | None = None) -> None:
        self.name, self.parent = name, parent
        self.children: dict[str, Cgroup] | None = None
        self.members: list[Process] = []
        self.limits = UNLIMITED
        self.pids = self.memory = 0
        self.frozen = False
        self._events: Events | None = None

    @property
    def path(self) -> str:
        """Below /sys/fs/cgroup."""
        return (self.parent.path.rstrip("/") + "/" + self.name) if self.parent is not None else "/"

    @property
    def events(self) -> Events:
        if self._events is None:
            self._events = Events()
        return self._events

    def seen(self) -> Events | None:
        """The counts, if anything has been counted."""
        return self._events

    def set(self) -> Limits:
        """Its own limits, to be changed."""
        if self.limits is UNLIMITED:
            self.limits = Limits()
        return self.limits

    # -- the tree

    def child(self, name: str) -> Cgroup:
        """Raises FileNotFoundError."""
        found = self.children.get(name) if self.children else None
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return found

    def make(self, name: str) -> Cgroup:
        """mkdir. Raises FileExistsError."""
        if self.children is None:
            self.children = {}
        if name in self.children:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
        made = self.children[name] = Cgroup(name, self)
        made.frozen = self.frozen
        return made

    def remove(self) -> None:
        """rmdir. Raises OSError EBUSY while it has processes or children."""
        if self.members or self.children or self.parent is None:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), self.name)
        if self.parent.children is not None:
            self.parent.children.pop(self.name, None)

    def everyone(self) -> list[Process]:
        """The processes of the group and of all below."""
        found = list(self.members)
        for child in (self.children or {}).values():
            found += child.everyone()
        return found

    # -- processes

    def attach(self, process: Process) -> None:
        """A new process of this group. Raises OSError EAGAIN at a pids.max on the way up."""
        group: Cgroup | None = self
        while group is not None:
            limit = group.limits.pids_max
            if limit is not None and group.pids >= limit:
                group.events.pids_max += 1
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            group = group.parent
        self._enter(process)

    def migrate(self, process: Process) -> None:
        """cgroup.procs: move a process here; limits do not apply to moving."""
        if process.cgroup is not self:
            process.cgroup.detach(process)
            self._enter(process)

    def _enter(self, process: Process) -> None:
        process.cgroup = self
        self.members.append(process)
        group: Cgroup | None = self
        while group is not None:
            group.pids += 1
            group.memory += process.memory
            group = group.parent
        if self.frozen:
            process.freeze()

    def detach(self, process: Process) -> None:
        """It has ended, or goes to another group."""
        self.members.remove(process)
        group: Cgroup | None = self
        while group is not None:
            group.pids -= 1
            group.memory -= process.memory
            group = group.parent

    def charge(self, size: int) -> None:
        """Bytes of memory that a process of this group has more (or fewer)."""
        group: Cgroup | None = self
        while group is not None:
            group.memory += size
            if size > 0 and group.limits is not UNLIMITED:
                group.events.memory_peak = max(group.events.memory_peak, group.usage())
            group = group.parent

    def usage(self) -> int:
        """memory.current, bytes: what was allocated, and the programs themselves."""
        return self.memory + self.pids * BASE_MEMORY

    def over(self, size: int) -> Cgroup | None:
        """The nearest group whose memory.max does not allow `size` bytes more."""
        group: Cgroup | None = self
        while group is not None:
            limit = group.limits.memory_max
            if limit is not None and group.usage() + size > limit:
                return group
            group = group.parent
        return None

    def processors(self, present: int) -> list[int]:
        """Numbers of those that its processes may run on: cpuset.cpus, its own or the nearest above."""
        group: Cgroup | None = self
        while group is not None:
            if group.limits.cpus:
                return sorted(number for number in cpu_list(group.limits.cpus) if number < present)
            group = group.parent
        return list(range(present))

    def freeze(self, frozen: bool) -> None:
        """cgroup.freeze, for this group and all below."""
        self.frozen = frozen
        for process in list(self.members):
            process.freeze() if frozen else process.thaw()
        for child in (self.children or {}).values():
            child.freeze(frozen)


# -- operations


def make_cgroup(container: Container, operation: MakeCgroup) -> None:
    """mkdir -p, as runc does."""
    group = container.kernel.root_cgroup
    *parents, name = operation.path.strip("/").split("/")
    for part in parents:
        group = (group.children or {}).get(part) or group.make(part)
    container.cgroup = group.make(name)
    if operation.rules:
        limits = container.cgroup.set()
        limits.devices |= {_rule(text) for text in operation.rules}


def _rule(text: str) -> DeviceRule:
    """
    >>> _rule("c 1:11 r"), _rule("a *:* rwm")
    (('c', '1', '11'), ('*', '*', '*'))
    """
    kind, numbers, _ = text.split()
    major, minor = numbers.split(":")
    return "*" if kind == "a" else kind, major, minor


def write_cgroup(container: Container, operation: WriteCgroup) -> None:
    from sim.cgroups import files

    assert container.cgroup is not None
    try:
        files.write(container.cgroup, operation.file, operation.value)
    except OSError as error:
        reason = str(error.strerror).lower()
        raise RuntimeFailure(f"failed to write {operation.value!r} to {operation.file!r}: {reason}") from None


def join_cgroup(container: Container, operation: JoinCgroup) -> None:
    assert container.cgroup is not None and container.process is not None
    container.cgroup.migrate(container.process)


def remove_cgroup(container: Container, operation: RemoveCgroup) -> None:
    if container.cgroup is not None:
        container.cgroup.remove()
        container.cgroup = None


HANDLERS: Handlers = {
    MakeCgroup: make_cgroup,
    WriteCgroup: write_cgroup,
    JoinCgroup: join_cgroup,
    RemoveCgroup: remove_cgroup,
}
