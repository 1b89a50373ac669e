"""Control groups: one interface, two kernels' worth of files. `find` says which this machine has.

A `Driver` is named by what it needs to be made again, so that the zygote has the same one as the daemon. Limits are
written in cgroup v2's words everywhere; v1 translates them.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

Device = tuple[str, int, int, str]  # type (c, b, or a for all), major, minor (-1 for all), access

# what every container may use (moby, oci/devices; runc, specconv.AllowedDevices)
DEVICES: tuple[Device, ...] = (
    ("c", -1, -1, "m"),
    ("b", -1, -1, "m"),
    ("c", 1, 3, "rwm"),  # null
    ("c", 1, 5, "rwm"),  # zero
    ("c", 1, 7, "rwm"),  # full
    ("c", 1, 8, "rwm"),  # random
    ("c", 1, 9, "rwm"),  # urandom
    ("c", 5, 0, "rwm"),  # tty
    ("c", 5, 1, "rwm"),  # console
    ("c", 5, 2, "rwm"),  # ptmx
    ("c", 136, -1, "rwm"),  # pseudo-terminals
)


class Driver(Protocol):
    """One kernel's groups. `path` is "/docker/<id>" in each hierarchy. All raise OSError."""

    version: str
    recipe: tuple[str, dict[str, str]]  # for `make`

    def controllers(self) -> frozenset[str]:
        """What it can limit, as engine.host.CONTROLLERS has it."""

    def make(self, path: str, devices: Sequence[Device] | None) -> None:
        """The group, with its parents. Its processes may use DEVICES and these; None: all that there are."""

    def write(self, path: str, file: str, value: str) -> None:
        """One limit, by cgroup v2's name of its file."""

    def entrance(self, path: str) -> int:
        """A descriptor for clone3(CLONE_INTO_CGROUP), or -1 where processes enter by `join`."""

    def join(self, path: str) -> None:
        """This process, which has one thread, enters."""

    def remove(self, path: str) -> None:
        """The group, which must be empty."""

    def remove_if_empty(self, path: str) -> None:
        """A parent that was made on the way, if nothing is in it any more."""

    def find(self, names: set[str]) -> list[str]:
        """Paths of all groups with one of these names."""

    def processes(self, path: str) -> list[int]:
        """Of the group and those below, oldest first."""

    def kill(self, path: str) -> None:
        """SIGKILL for all of them."""

    def freeze(self, path: str, frozen: bool) -> None: ...

    def oom_kills(self, path: str) -> int:
        """How many processes the kernel has killed for want of memory."""

    def watch_oom(self, path: str) -> tuple[int, int] | None:
        """A descriptor and the epoll event that says: something was killed. None if that cannot be had."""

    def usage(self, path: str) -> dict[str, int]:
        """Fields of engine.host.Stats."""


def device(rule: str) -> Device:
    """
    >>> device("c 1:11 r"), device("a *:* rwm")
    (('c', 1, 11, 'r'), ('a', -1, -1, 'rwm'))
    """
    type, numbers, access = rule.split()
    major, minor = (-1 if each == "*" else int(each) for each in numbers.split(":"))
    return type, major, minor, access


def find(mountinfo: str | None = None) -> Driver | None:
    """The driver for what is mounted; None if there is nothing to limit with, or it may not be used."""
    text = mountinfo if mountinfo is not None else read("/proc/self/mountinfo")
    hierarchies: dict[str, str] = {}
    unified = ""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        place, (type, _, options) = before.split()[4], after.split()[:3]
        if type == "cgroup2":
            unified = unified or place
        elif type == "cgroup":
            hierarchies |= {name: place for name in options.split(",") if name in CONTROLLERS}
    if hierarchies:
        writable = all(os.access(place, os.W_OK) for place in hierarchies.values() if os.path.isdir(place))
        return make(("v1", hierarchies)) if writable else None
    if unified and (root := _ours(unified)):
        return make(("v2", {"": root, "mount": unified}))
    return None


CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids")


def _ours(mount: str) -> str:
    """The group below which we may make others: all of cgroup2 for root; for a user, what systemd has delegated.

    That is the outermost of the groups around us which belongs to us: user@1000.service of a user's session. Source:
    systemd's CGROUP_DELEGATION; cgroup-v2.rst, "Delegation". "" if there is none.
    """
    if os.access(f"{mount}/cgroup.procs", os.W_OK):
        return mount
    line = next((line for line in read("/proc/self/cgroup").splitlines() if line.startswith("0::")), "0::/")
    here = mount
    for name in line.removeprefix("0::").strip("/").split("/"):
        here = f"{here}/{name}"
        if os.access(here, os.W_OK) and os.access(f"{here}/cgroup.procs", os.W_OK):
            return here
    return ""


def make(recipe: tuple[str, Mapping[str, str]]) -> Driver:
    """A driver from what another one says of itself."""
    version, hierarchies = recipe
    if version == "v1":
        from real.cgroups import v1

        return v1.Cgroups(dict(hierarchies))
    from real.cgroups import v2

    return v2.Cgroups(hierarchies[""], hierarchies["mount"])


def read(path: str) -> str:
    """A file of the kernel's, whole; "" if it is not there."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def put(path: str, value: str) -> None:
    """Write, without making a file that is not there. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def remove_tree(folder: str) -> None:
    """rmdir, groups below first; the kernel removes the files. Waits a little for processes that are just leaving."""
    if _removed(folder):  # as a rule there are none below, and to look takes longer
        return
    for each in _below(folder):
        remove_tree(each)
    for pause in PAUSES:
        if _removed(folder):
            return
        time.sleep(pause)
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(folder)


def _removed(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _below(folder: str) -> list[str]:
    """The groups just below this one."""
    try:
        return [entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def find_folders(root: str, names: set[str]) -> list[str]:
    """Folders with one of these names, as paths below `root`."""
    found = []
    for folder, below, _ in os.walk(root):
        found += [f"{folder}/{name}".removeprefix(root) for name in below if name in names]
    return found


def remove_if_empty(folder: str) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(folder)


PAUSES = (0.0005, 0.002, 0.01, 0.05, 0.2, 1.0)  # seconds


def table(text: str) -> dict[str, int]:
    """Lines of a name and a number."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def number(text: str, default: int = 0) -> int:
    """
    >>> number("42"), number("max", -1)
    (42, -1)
    """
    return int(text) if text.strip().isdecimal() else default


def end(groups: Driver, path: str) -> None:
    """Kill all, and see that they are gone; blocks."""
    for pause in (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0):
        groups.kill(path)
        time.sleep(pause)
        if not groups.processes(path):
            return
