"""Copies of this process behind walls: what a container is, for a program that is already in memory.

A container's program is executed afresh, which costs Python a second of imports. Here a process that has imported all
it needs prepares one read-only root, and is cloned into namespaces of its own as often as wanted. Twin: none; the
simulated host runs no programs of ours. For a process with one thread.

Source: namespaces(7), pivot_root(2), capabilities(7), setrlimit(2).
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from real import capabilities, cgroups, namespaces, seccomp, syscalls
from real.syscalls import AT_RECURSIVE, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, NAMESPACES

ONCE = ("network", "uts")  # one for all copies, which come one after the other: an empty network keeps nothing
OWN = ("mount", "pid", "ipc")  # new for each copy
DEVICES = ("null", "zero", "full", "random", "urandom")
NOBODY = 65534
HOME = "/submission"  # the only place that can be written to


@dataclass(frozen=True, slots=True)
class Limits:
    """What one copy may use. `cpus`: of the processor, 1.0 is one core; `disk`: of files below HOME, in memory."""

    memory: int  # bytes, of all its processes together where there is a cgroup, else of each
    processes: int
    cpus: float
    seconds: int  # of processor time, each process
    disk: int  # bytes


class Confinement:
    """`place`: an empty folder, the caller's to remove. `visible`: paths that the copies see, read-only, at the same
    place; `hidden`: paths below those that are covered. Raises OSError where the kernel or the user's rights do not do.
    """

    def __init__(self, place: str, visible: Sequence[str], hidden: Sequence[str], limits: Limits) -> None:
        self.place, self.limits = place, limits
        self.rootless = os.geteuid() != 0 or not mapped(NOBODY)  # or root in a user namespace that has nobody else
        self._groups = None if self.rootless else _groups()
        self._group = f"/glassdock-grade/{os.getpid()}"
        if os.geteuid() != 0:
            namespaces.become_root()
        syscalls.unshare(sum(NAMESPACES[name] for name in ("mount", *ONCE)))
        syscalls.sethostname(b"grade")
        _, self._permitted, self._bounding = capabilities.own()
        self._filter = seccomp.program("default", ())
        self._present = present(os.geteuid() if self.rootless else NOBODY)
        self._build(visible, hidden)
        self._limit()

    @property
    def words(self) -> str:
        """For people: what stands between a copy and this machine."""
        whose = ", user" if self.rootless else ""
        memory = f"cgroup v{self._groups.version}" if self._groups else "limits of each process"
        return f"namespaces ({', '.join((*OWN, *ONCE))}{whose}), read-only root, {memory}, seccomp"

    # -- once

    def _build(self, visible: Sequence[str], hidden: Sequence[str]) -> None:
        syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
        syscalls.mount("tmpfs", self.place, "tmpfs", syscalls.MS_NOSUID, "size=1m,mode=755")
        for path in sorted(set(visible)):
            self._show(path)
        for path in hidden:
            covered = self.place + path
            if os.path.isdir(covered):
                syscalls.mount("tmpfs", covered, "tmpfs", syscalls.MS_RDONLY, "size=4k")
            elif os.path.exists(covered):
                syscalls.mount("/dev/null", covered, None, syscalls.MS_BIND)
        for folder in (HOME, "/proc", "/dev"):
            os.makedirs(self.place + folder, exist_ok=True)
        for name in DEVICES:
            target = f"{self.place}/dev/{name}"
            os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC))
            syscalls.mount(f"/dev/{name}", target, None, syscalls.MS_BIND)
        syscalls.mount_setattr(self.place, 0, MOUNT_ATTR_RDONLY)

    def _show(self, path: str) -> None:
        target = self.place + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(path):
            with contextlib.suppress(FileExistsError):
                os.symlink(os.readlink(path), target)
            return
        if not os.path.exists(path) or os.path.ismount(target):
            return
        if os.path.isdir(path):
            os.makedirs(target, exist_ok=True)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC))
        syscalls.mount(path, target, None, syscalls.MS_BIND | syscalls.MS_REC)
        syscalls.mount_setattr(target, AT_RECURSIVE, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

    def _limit(self) -> None:
        """One group for all copies, of which there is one at a time."""
        groups = self._groups
        if groups is None:
            return
        groups.make(self._group, ())
        if "swap" in groups.controllers():
            groups.write(self._group, "memory.swap.max", "0")
        groups.write(self._group, "memory.max", str(self.limits.memory))
        groups.write(self._group, "pids.max", str(self.limits.processes))
        groups.write(self._group, "cpu.max", f"{int(self.limits.cpus * 100_000)} 100000")

    # -- for each copy

    def clone(self, furnish: Callable[[str], object]) -> int:
        """Its process number, and 0 in the copy, which has all descriptors but the standard ones closed.

        `furnish(folder)` fills HOME while the host's files can still be read; what it opens stays open. A copy that
        cannot be walled in ends with status 125, before anything else of it ran.
        """
        group = self._groups.entrance(self._group) if self._groups else -1
        try:
            pid = syscalls.clone(sum(NAMESPACES[name] for name in OWN), group)
        finally:
            if group >= 0:
                os.close(group)
        if pid:
            return pid
        try:
            self._enter(furnish)
        except BaseException as error:
            os.write(2, f"confine: {type(error).__name__}: {error}\n".encode())
            os._exit(125)
        return 0

    def oom_kills(self) -> int:
        """How many processes of copies the kernel has ended for want of memory, so far."""
        return self._groups.oom_kills(self._group) if self._groups else 0

    def close(self) -> None:
        """Take the group away. The namespaces go with this process."""
        if self._groups is not None:
            cgroups.end(self._groups, self._group)
            self._groups.remove(self._group)
            self._groups.remove_if_empty("/glassdock-grade")

    def _enter(self, furnish: Callable[[str], object]) -> None:
        """Guards in the only order that works: groups and mounts need rights, which then go."""
        if self._groups is not None:
            self._groups.join(self._group)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        syscalls.close_range(3)
        os.setsid()
        options = f"size={self.limits.disk},nr_inodes=20000,mode=1777"
        syscalls.mount("tmpfs", self.place + HOME, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, options)
        furnish(self.place + HOME)
        with contextlib.suppress(OSError):  # refused where the outer /proc is partly covered, as in some containers
            flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
            syscalls.mount("proc", self.place + "/proc", "proc", flags)
        os.chdir(self.place)
        syscalls.pivot_root(".", ".")
        syscalls.umount2(".", syscalls.MNT_DETACH)
        os.chdir(HOME)
        limit(self.limits, self._present)
        if not self.rootless:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            syscalls.prctl(syscalls.PR_SET_KEEPCAPS, 1)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        capabilities.keep((), self._permitted, self._bounding)
        syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
        syscalls.seccomp(self._filter)


def limit(limits: Limits, present: int) -> None:
    """Of this process, and of each that it makes. `present`: how many the user has already, which the kernel counts."""
    used = address_space()
    for name, value in (
        ("AS", used + limits.memory), ("CPU", limits.seconds), ("CORE", 0), ("NOFILE", 256), ("FSIZE", limits.disk),
        ("NPROC", present + limits.processes),
    ):  # fmt: skip
        number = getattr(resource, f"RLIMIT_{name}")
        _, most = resource.getrlimit(number)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(number, (value, value))


def address_space() -> int:
    """Bytes of this process's memory map: what was there before does not count as its own."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def mapped(uid: int) -> bool:
    """Is there such a user in this user namespace?"""
    with open("/proc/self/uid_map") as file:
        rows = [list(map(int, line.split())) for line in file]
    return any(first <= uid < first + count for first, _, count in rows)


def present(uid: int) -> int:
    """How many processes this user has."""
    found = 0
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found += os.stat(f"/proc/{name}").st_uid == uid
    return found


def _groups() -> cgroups.Driver | None:
    """Only with all that `Limits` asks for."""
    driver = cgroups.find()
    return driver if driver is not None and {"cpu", "memory", "pids"} <= driver.controllers() else None
