"""cgroup v2: one hierarchy for all controllers. Twins: sim/cgroups/v2.py, real/cgroups/v1.py.

Source: the kernel's Documentation/admin-guide/cgroup-v2.rst; device rules are an eBPF program on the group
(BPF_CGROUP_DEVICE, real/cgroups/devices.py).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Sequence

from real.cgroups import DEVICES, Device, find_folders, number, put, read, remove_if_empty, remove_tree, table

CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids")
OTHER_NAMES = {"io.bfq.weight": "io.weight"}  # tried where the first is not there


class Cgroups:
    """real.cgroups.Driver. `mount`: where the hierarchy is; `root`: the group in it below which all of ours are."""

    version = "2"

    def __init__(self, root: str, mount: str) -> None:
        self.recipe = ("v2", {"": root, "mount": mount})
        self._root, self._delegated = root, root.removeprefix(mount)

    def controllers(self) -> frozenset[str]:
        """See real.cgroups.Driver. No file of the root says whether swap is counted: a group below it is asked."""
        found = frozenset(read(f"{self._root}/cgroup.controllers").split()) & set(CONTROLLERS)
        below = next((entry.path for entry in os.scandir(self._root) if entry.is_dir()), "")
        counted = "memory" in found and (not below or os.path.exists(f"{below}/memory.swap.max"))
        return found | {"swap"} if counted else found

    # -- make, limit, enter, remove

    def make(self, path: str, devices: Sequence[Device] | None) -> None:
        """The group and its parents; each parent hands its controllers down."""
        here = self._root
        *parents, name = path.strip("/").split("/")
        for parent in parents:
            self._hand_down(here)
            here = f"{here}/{parent}"
            with contextlib.suppress(FileExistsError):
                os.mkdir(here)
        self._hand_down(here)
        os.mkdir(f"{here}/{name}")
        if devices is not None and not self._delegated:  # a user may load no such program, and can make no device
            from real.cgroups import devices as rules

            rules.restrict(f"{here}/{name}", (*DEVICES, *devices))

    def _hand_down(self, folder: str) -> None:
        """cgroup.subtree_control: all that are there and not handed down yet."""
        there = read(f"{folder}/cgroup.controllers").split()
        done = read(f"{folder}/cgroup.subtree_control").split()
        for controller in CONTROLLERS:
            if controller in there and controller not in done:
                with contextlib.suppress(OSError):  # EBUSY: somebody else's processes are in this group itself
                    put(f"{folder}/cgroup.subtree_control", f"+{controller}")

    def write(self, path: str, file: str, value: str) -> None:
        """See real.cgroups.Driver."""
        target = f"{self._root}{path}/{file}"
        other = OTHER_NAMES.get(file)
        if other and not os.path.exists(target):
            target = f"{self._root}{path}/{other}"
        put(target, value)

    def entrance(self, path: str) -> int:
        """See real.cgroups.Driver."""
        return os.open(self._root + path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def join(self, path: str) -> None:
        """Nothing is left to do after clone3(CLONE_INTO_CGROUP); an exec enters by writing."""
        if f"0::{self._delegated}{path}\n" not in read("/proc/self/cgroup"):
            put(f"{self._root}{path}/cgroup.procs", "0")

    def remove(self, path: str) -> None:
        """See real.cgroups.Driver."""
        remove_tree(self._root + path)

    def remove_if_empty(self, path: str) -> None:
        remove_if_empty(self._root + path)

    def find(self, names: set[str]) -> list[str]:
        return find_folders(self._root, names)

    # -- its processes

    def processes(self, path: str) -> list[int]:
        """See real.cgroups.Driver."""
        found: set[int] = set()
        for folder, _, files in os.walk(self._root + path):
            if "cgroup.procs" in files:
                found.update(map(int, read(f"{folder}/cgroup.procs").split()))
        return sorted(found)

    def kill(self, path: str) -> None:
        """cgroup.kill (Linux 5.14), or one by one."""
        file = f"{self._root}{path}/cgroup.kill"
        if os.path.exists(file):
            put(file, "1")
            return
        for pid in self.processes(path):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def freeze(self, path: str, frozen: bool) -> None:
        """Asks, and waits until it is so."""
        folder = self._root + path
        put(f"{folder}/cgroup.freeze", str(int(frozen)))
        for _ in range(1000):
            if table(read(f"{folder}/cgroup.events")).get("frozen", int(frozen)) == int(frozen):
                return
            time.sleep(0.001)

    def frozen(self, path: str) -> bool:
        return read(f"{self._root}{path}/cgroup.freeze").strip() == "1"

    # -- what it has used

    def oom_kills(self, path: str) -> int:
        return table(read(f"{self._root}{path}/memory.events")).get("oom_kill", 0)

    def watch_oom(self, path: str) -> tuple[int, int] | None:
        """memory.events is a file that can be polled: POLLPRI when it has changed."""
        try:
            fd = os.open(f"{self._root}{path}/memory.events", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        os.read(fd, 4096)
        return fd, select.EPOLLPRI

    def usage(self, path: str) -> dict[str, int]:
        """See real.cgroups.Driver."""
        folder = self._root + path
        spent, memory = table(read(f"{folder}/cpu.stat")), table(read(f"{folder}/memory.stat"))
        moved = _transferred(read(f"{folder}/io.stat"))
        used = number(read(f"{folder}/memory.current"))
        return {
            "cpu_total": spent.get("usage_usec", 0) * 1000,
            "cpu_user": spent.get("user_usec", 0) * 1000,
            "cpu_system": spent.get("system_usec", 0) * 1000,
            "periods": spent.get("nr_periods", 0),
            "throttled_periods": spent.get("nr_throttled", 0),
            "throttled_time": spent.get("throttled_usec", 0) * 1000,
            "memory_usage": used,
            "memory_max_usage": number(read(f"{folder}/memory.peak"), used),
            "memory_limit": number(read(f"{folder}/memory.max")),
            "memory_file": memory.get("inactive_file", 0),
            "pids": number(read(f"{folder}/pids.current")),
            "pids_limit": number(read(f"{folder}/pids.max")),
            "block_read": moved.get("rbytes", 0),
            "block_write": moved.get("wbytes", 0),
        }


def _transferred(text: str) -> dict[str, int]:
    """Lines "8:0 rbytes=4096 wbytes=0 …", added up by name."""
    found: dict[str, int] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if equals and value.isdecimal():
            found[name] = found.get(name, 0) + int(value)
    return found
