"""The files of cgroup v2: what one reads in /sys/fs/cgroup/<group>/, and what writing to one does.

Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from sim.cgroups.v2 import PERIOD, Cgroup

CONTROLLERS = "cpuset cpu io memory pids"
PAGE = 4096  # bytes
IO_MAX = ("rbps", "wbps", "riops", "wiops")


def _invalid() -> OSError:
    return OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def _show(limit: int | None) -> str:
    return "max" if limit is None else str(limit)


def _number(text: str, least: int = 0) -> int:
    if not text.isdecimal() or int(text) < least:
        raise _invalid()
    return int(text)


def _limit(text: str) -> int | None:
    return None if text == "max" else _number(text)


def _size(text: str) -> int | None:
    """Bytes, also as "64M" (the kernel's memparse), in whole pages."""
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:].upper(), 1)
    found = _limit(text[:-1] if unit > 1 else text)
    return None if found is None else found * unit // PAGE * PAGE


def cpu_seconds(group: Cgroup) -> float:
    """What its processes have used, those that are over too."""
    seen = group.seen()
    used = seen.cpu if seen is not None else 0.0
    used += sum(process.cpu_used for process in group.members)
    return used + sum(cpu_seconds(child) for child in (group.children or {}).values())


def _cpu_stat(group: Cgroup) -> str:
    used = int(cpu_seconds(group) * 1_000_000)
    seen = group.seen()
    periods, throttled, time = (seen.periods, seen.throttled, seen.throttled_time) if seen else (0.0, 0.0, 0.0)
    return (
        f"usage_usec {used}\nuser_usec {used * 3 // 4}\nsystem_usec {used - used * 3 // 4}\n"
        f"nr_periods {int(periods)}\nnr_throttled {int(throttled)}\nthrottled_usec {int(time * 1_000_000)}\n"
    )


def _memory_events(group: Cgroup) -> str:
    seen = group.seen()
    oom, kills = (seen.oom, seen.oom_kill) if seen else (0, 0)
    return f"low 0\nhigh 0\nmax {oom}\noom {oom}\noom_kill {kills}\noom_group_kill 0\n"


def _memory_stat(group: Cgroup) -> str:
    used = group.usage()
    counts = {"anon": used, "file": 0, "kernel": 0, "sock": 0, "shmem": 0, "file_mapped": 0, "inactive_anon": 0}
    counts |= {"active_anon": used, "inactive_file": 0, "active_file": 0}
    return "".join(f"{name} {size}\n" for name, size in counts.items())


def _peak(group: Cgroup) -> int:
    seen = group.seen()
    return max(group.usage(), seen.memory_peak if seen else 0)


def _io_stat(group: Cgroup) -> str:
    seen = group.seen()
    if seen is None or not (seen.io_read or seen.io_written):
        return ""
    return (
        f"8:0 rbytes={seen.io_read} wbytes={seen.io_written} rios={seen.io_read >> 12} wios={seen.io_written >> 12}\n"
    )


def _io_max(group: Cgroup) -> str:
    rows = []
    for device, limits in group.limits.io_max.items():
        rows.append(f"{device} " + " ".join(f"{name}={limits.get(name, 'max')}" for name in IO_MAX) + "\n")
    return "".join(rows)


READ: dict[str, Callable[[Cgroup], str]] = {
    "cgroup.controllers": lambda group: f"{CONTROLLERS}\n",
    "cgroup.events": lambda group: f"populated {int(bool(group.pids))}\nfrozen {int(group.frozen)}\n",
    "cgroup.freeze": lambda group: f"{int(group.frozen)}\n",
    "cgroup.max.depth": lambda group: "max\n",
    "cgroup.max.descendants": lambda group: "max\n",
    "cgroup.procs": lambda group: "".join(f"{process.pids[-1]}\n" for process in group.members),
    "cgroup.subtree_control": lambda group: f"{CONTROLLERS}\n",
    "cgroup.threads": lambda group: "".join(f"{process.pids[-1]}\n" for process in group.members),
    "cgroup.type": lambda group: "domain\n",
    "cpu.max": lambda group: f"{_show(group.limits.cpu_quota)} {group.limits.cpu_period}\n",
    "cpu.stat": _cpu_stat,
    "cpu.weight": lambda group: f"{group.limits.cpu_weight}\n",
    "cpuset.cpus": lambda group: f"{group.limits.cpus}\n",
    "cpuset.mems": lambda group: f"{group.limits.mems}\n",
    "io.max": _io_max,
    "io.stat": _io_stat,
    "io.weight": lambda group: f"default {group.limits.io_weight}\n",
    "memory.current": lambda group: f"{group.usage()}\n",
    "memory.events": _memory_events,
    "memory.high": lambda group: f"{_show(group.limits.memory_high)}\n",
    "memory.low": lambda group: f"{group.limits.memory_low}\n",
    "memory.max": lambda group: f"{_show(group.limits.memory_max)}\n",
    "memory.min": lambda group: "0\n",
    "memory.oom.group": lambda group: f"{group.limits.memory_oom_group}\n",
    "memory.peak": lambda group: f"{_peak(group)}\n",
    "memory.stat": _memory_stat,
    "memory.swap.current": lambda group: "0\n",
    "memory.swap.max": lambda group: f"{_show(group.limits.memory_swap)}\n",
    "pids.current": lambda group: f"{group.pids}\n",
    "pids.events": lambda group: f"max {events.pids_max if (events := group.seen()) else 0}\n",
    "pids.max": lambda group: f"{_show(group.limits.pids_max)}\n",
    "pids.peak": lambda group: f"{group.pids}\n",
}


def _set_cpu_max(group: Cgroup, text: str) -> None:
    quota, _, period = text.partition(" ")
    limits = group.set()
    limits.cpu_quota = None if quota == "max" else _number(quota, 1000)
    limits.cpu_period = _number(period, 1000) if period else limits.cpu_period or PERIOD


def _set_weight(group: Cgroup, text: str) -> None:
    weight = _number(text, 1)
    if weight > 10_000:
        raise OSError(errno.ERANGE, os.strerror(errno.ERANGE))
    group.set().cpu_weight = weight


def _set_size(name: str) -> Callable[[Cgroup, str], None]:
    return lambda group, text: setattr(group.set(), name, _size(text))


def _set_memory_max(group: Cgroup, text: str) -> None:
    from sim.kernel.oom import shrink

    group.set().memory_max = _size(text)
    shrink(group)


def _set_text(name: str) -> Callable[[Cgroup, str], None]:
    return lambda group, text: setattr(group.set(), name, text)


def _set_io_max(group: Cgroup, text: str) -> None:
    """ "8:0 rbps=1048576 wiops=max" """
    device, *words = text.split(" ")
    row = dict(group.limits.io_max.get(device, {}))
    for word in words:
        name, _, value = word.partition("=")
        if name not in IO_MAX or not (value == "max" or value.isdecimal()):
            raise _invalid()
        row[name] = value
    group.set().io_max = {**group.limits.io_max, device: row}


def _freeze(group: Cgroup, text: str) -> None:
    if text not in ("0", "1"):
        raise _invalid()
    group.freeze(text == "1")


def _kill(group: Cgroup, text: str) -> None:
    from sim.kernel.signals import SIGKILL, send

    for process in group.everyone():
        send(process, SIGKILL)


def _enable(group: Cgroup, text: str) -> None:
    """Every controller is enabled in every group from the beginning, as systemd does it on the way to a container."""
    if any(word[:1] != "+" or word[1:] not in CONTROLLERS.split() for word in text.split()):
        raise _invalid()


WRITE: dict[str, Callable[[Cgroup, str], object]] = {
    "cgroup.subtree_control": _enable,
    "cgroup.freeze": _freeze,
    "cgroup.kill": _kill,
    "cpu.max": _set_cpu_max,
    "cpu.weight": _set_weight,
    "cpuset.cpus": _set_text("cpus"),
    "cpuset.mems": _set_text("mems"),
    "io.bfq.weight": lambda group, text: setattr(group.set(), "io_weight", _number(text, 1)),
    "io.max": _set_io_max,
    "io.weight": lambda group, text: setattr(group.set(), "io_weight", _number(text.removeprefix("default "), 1)),
    "memory.high": _set_size("memory_high"),
    "memory.low": lambda group, text: setattr(group.set(), "memory_low", _size(text) or 0),
    "memory.max": _set_memory_max,
    "memory.oom.group": lambda group, text: setattr(group.set(), "memory_oom_group", _number(text)),
    "memory.swap.max": _set_size("memory_swap"),
    "pids.max": lambda group, text: setattr(group.set(), "pids_max", _limit(text)),
}


def read(group: Cgroup, name: str) -> str:
    """Raises FileNotFoundError."""
    if name not in READ:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return READ[name](group)


def write(group: Cgroup, name: str, text: str) -> None:
    """Raises OSError: ENOENT, EACCES (read-only), EINVAL, ERANGE."""
    if name not in WRITE:
        number = errno.EACCES if name in READ else errno.ENOENT
        raise OSError(number, os.strerror(number), name)
    WRITE[name](group, text.strip())
