"""cgroup v1: a hierarchy for each controller. Twin of real/cgroups/v2.py; the simulated host has v2 only.

A container has a folder of the same path in each hierarchy. Limits come in v2's words and are translated by a table.
Source: the kernel's Documentation/admin-guide/cgroup-v1/.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Sequence

from real.cgroups import DEVICES, Device, find_folders, number, put, read, remove_if_empty, remove_tree, table

UNLIMITED = 1 << 62  # the kernel shows "no limit" as a little less than 2^63
FILES = {  # cgroup v2's name: (controller, file here)
    "memory.low": ("memory", "memory.soft_limit_in_bytes"),
    "pids.max": ("pids", "pids.max"),
    "cpuset.cpus": ("cpuset", "cpuset.cpus"),
    "cpuset.mems": ("cpuset", "cpuset.mems"),
    "io.bfq.weight": ("blkio", "blkio.bfq.weight"),
    "memory.oom_control": ("memory", "memory.oom_control"),
    "memory.swappiness": ("memory", "memory.swappiness"),
}
THROTTLES = {"rbps": "read_bps", "wbps": "write_bps", "riops": "read_iops", "wiops": "write_iops"}  # in io.max and here
LIMITING = ("blkio", "cpu", "cpuset", "memory", "pids")
TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")  # ns in a unit of cpuacct.stat


class Cgroups:
    """real.cgroups.Driver. `hierarchies`: where each controller is mounted."""

    version = "1"

    def __init__(self, hierarchies: dict[str, str]) -> None:
        self.recipe = ("v1", hierarchies)
        self._places = hierarchies
        self._mounts = tuple(dict.fromkeys(hierarchies.values()))  # cpu and cpuacct may be one
        self._usual = tuple(mount for mount in self._mounts if mount != hierarchies.get("cpuset"))
        self._swap: dict[str, str] = {}  # memory.swap.max of groups that wait for their memory.max

    def controllers(self) -> frozenset[str]:
        """See real.cgroups.Driver."""
        found = {"io" if name == "blkio" else name for name in self._places if name in LIMITING}
        swap = os.path.exists(f"{self._places.get('memory')}/memory.memsw.limit_in_bytes")
        return frozenset(found | {"swap"} if swap else found)

    def _folder(self, controller: str, path: str) -> str:
        return self._places.get(controller, "/nonexistent") + path

    # -- make, limit, enter, remove

    def make(self, path: str, devices: Sequence[Device] | None) -> None:
        """See real.cgroups.Driver."""
        parent = path.rpartition("/")[0]
        for mount in self._usual:
            try:
                os.mkdir(mount + path)
            except FileNotFoundError:
                os.makedirs(mount + parent, exist_ok=True)
                os.mkdir(mount + path)
        if devices is not None and "devices" in self._places:
            self._restrict_devices(path, (*DEVICES, *devices))

    def _make_cpuset(self, path: str) -> None:
        """Only where one is asked for. A new group has no CPUs at all, and nobody could enter it."""
        root, above = self._places["cpuset"], ""
        os.makedirs(root + path, exist_ok=True)
        for name in path.strip("/").split("/"):
            here = f"{above}/{name}"
            for file in ("cpuset.cpus", "cpuset.mems"):
                if not read(f"{root}{here}/{file}").strip():
                    put(f"{root}{here}/{file}", read(f"{root}{above}/{file}"))
            above = here

    def _restrict_devices(self, path: str, devices: Sequence[Device]) -> None:
        folder = self._folder("devices", path)
        put(f"{folder}/devices.deny", "a")
        fd = os.open(f"{folder}/devices.allow", os.O_WRONLY | os.O_CLOEXEC)
        try:
            for type, major, minor, access in devices:
                numbers = ":".join("*" if each < 0 else str(each) for each in (major, minor))
                os.write(fd, f"{type} {numbers} {access}".encode())
        finally:
            os.close(fd)

    def write(self, path: str, file: str, value: str) -> None:
        """See real.cgroups.Driver."""
        if file == "memory.swap.max":
            self._swap[path] = value
        elif file == "memory.max":
            self._write_memory(path, value, self._swap.pop(path, ""))
        elif file == "cpu.max":
            quota, _, period = value.partition(" ")
            put(self._folder("cpu", path) + "/cpu.cfs_period_us", period)
            put(self._folder("cpu", path) + "/cpu.cfs_quota_us", "-1" if quota == "max" else quota)
        elif file == "cpu.weight":
            put(self._folder("cpu", path) + "/cpu.shares", str(shares(int(value))))
        elif file == "io.max":  # "8:0 rbps=1048576"
            disk, name, rate = value.replace("=", " ").split()
            put(f"{self._folder('blkio', path)}/blkio.throttle.{THROTTLES[name]}_device", f"{disk} {rate}")
        else:
            controller, name = FILES[file]
            if controller == "cpuset":
                self._make_cpuset(path)
            put(f"{self._folder(controller, path)}/{name}", value)

    def _write_memory(self, path: str, limit: str, swap: str) -> None:
        """Memory, and memory with swap, which must never be the smaller of the two: in whichever order that holds."""
        folder = self._folder("memory", path)
        both = "-1" if swap == "max" else str(int(limit) + int(swap)) if swap and limit != "max" else ""
        writes = [("memory.limit_in_bytes", "-1" if limit == "max" else limit)]
        if both and os.path.exists(f"{folder}/memory.memsw.limit_in_bytes"):
            writes.append(("memory.memsw.limit_in_bytes", both))
        elif number(read(f"{folder}/memory.memsw.limit_in_bytes"), UNLIMITED) < UNLIMITED:
            writes.insert(0, ("memory.memsw.limit_in_bytes", "-1"))
        try:
            for file, value in writes:
                put(f"{folder}/{file}", value)
        except OSError:
            for file, value in reversed(writes):
                put(f"{folder}/{file}", value)

    def entrance(self, path: str) -> int:
        return -1

    def join(self, path: str) -> None:
        """By `tasks`, which moves a thread without waiting as `cgroup.procs` does (10 ms)."""
        for mount in self._mounts:
            try:
                fd = os.open(f"{mount}{path}/tasks", os.O_WRONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                if mount in self._usual:
                    raise
                continue  # it has no cpuset of its own
            try:
                os.write(fd, b"0")
            finally:
                os.close(fd)

    def remove(self, path: str) -> None:
        """See real.cgroups.Driver."""
        self._swap.pop(path, None)
        for mount in self._mounts:
            remove_tree(mount + path)

    def remove_if_empty(self, path: str) -> None:
        for mount in self._mounts:
            remove_if_empty(mount + path)

    def find(self, names: set[str]) -> list[str]:
        """See real.cgroups.Driver."""
        return sorted({path for mount in self._mounts for path in find_folders(mount, names)})

    # -- its processes

    def processes(self, path: str) -> list[int]:
        """See real.cgroups.Driver."""
        found: set[int] = set()
        first = self._mounts[0] if "pids" not in self._places else self._places["pids"]
        for folder, _, files in os.walk(first + path):
            if "cgroup.procs" in files:
                found.update(map(int, read(f"{folder}/cgroup.procs").split()))
        return sorted(found)

    def kill(self, path: str) -> None:
        """Frozen first, if there are several, so that none can fork away."""
        pids = self.processes(path)
        if len(pids) > 1:
            self.freeze(path, True)
            pids = self.processes(path)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if len(pids) > 1 or self.frozen(path):
            self.freeze(path, False)

    def freeze(self, path: str, frozen: bool) -> None:
        """Asks, and waits until it is so; a process in the middle of a fork makes the kernel begin again."""
        state = self._folder("freezer", path) + "/freezer.state"
        wanted = "FROZEN" if frozen else "THAWED"
        for _ in range(1000):
            put(state, wanted)
            if read(state).strip() == wanted:
                return
            time.sleep(0.001)

    def frozen(self, path: str) -> bool:
        return read(self._folder("freezer", path) + "/freezer.state").strip() in ("FROZEN", "FREEZING")

    # -- what it has used

    def oom_kills(self, path: str) -> int:
        return table(read(self._folder("memory", path) + "/memory.oom_control")).get("oom_kill", 0)

    def watch_oom(self, path: str) -> tuple[int, int] | None:
        """An eventfd that the kernel writes to (cgroup.event_control)."""
        folder = self._folder("memory", path)
        try:
            control = os.open(f"{folder}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            put(f"{folder}/cgroup.event_control", f"{event} {control}")
        except OSError:
            os.close(event)
            return None
        finally:
            os.close(control)
        return event, select.EPOLLIN

    def usage(self, path: str) -> dict[str, int]:
        """See real.cgroups.Driver."""
        cpu, memory = self._folder("cpu", path), self._folder("memory", path)
        pids, spent = self._folder("pids", path), self._folder("cpuacct", path)
        ticks, throttling = table(read(f"{spent}/cpuacct.stat")), table(read(f"{cpu}/cpu.stat"))
        limit = number(read(f"{memory}/memory.limit_in_bytes"))
        moved = _transferred(read(self._folder("blkio", path) + "/blkio.throttle.io_service_bytes_recursive"))
        return {
            "cpu_total": number(read(f"{spent}/cpuacct.usage")),
            "cpu_user": ticks.get("user", 0) * TICK,
            "cpu_system": ticks.get("system", 0) * TICK,
            "periods": throttling.get("nr_periods", 0),
            "throttled_periods": throttling.get("nr_throttled", 0),
            "throttled_time": throttling.get("throttled_time", 0),
            "memory_usage": number(read(f"{memory}/memory.usage_in_bytes")),
            "memory_max_usage": number(read(f"{memory}/memory.max_usage_in_bytes")),
            "memory_limit": limit if limit < UNLIMITED else 0,
            "memory_file": table(read(f"{memory}/memory.stat")).get("total_inactive_file", 0),
            "pids": number(read(f"{pids}/pids.current")),
            "pids_limit": number(read(f"{pids}/pids.max")),
            "block_read": moved.get("Read", 0),
            "block_write": moved.get("Write", 0),
        }


def _transferred(text: str) -> dict[str, int]:
    """Lines "8:0 Read 4096", added up by their second word."""
    found: dict[str, int] = {}
    for words in map(str.split, text.splitlines()):
        if len(words) == 3:
            found[words[1]] = found.get(words[1], 0) + int(words[2])
    return found


def shares(weight: int) -> int:
    """cgroup v2's weight as v1's shares: the usual one is the usual one, the rest as runc's conversion, turned round.

    >>> shares(39), shares(1), shares(10000)
    (1024, 2, 262144)
    """
    return 1024 if weight == 39 else 2 + (weight - 1) * 262142 // 9999
