"""Limits of memory, processors, processes and disks: what Docker refuses, and what it drops with a warning.

Which of them a kernel has depends on its version of cgroups, and on the controllers that it was booted with (memory is
off on a Raspberry Pi until somebody asks for it). Source: moby, daemon/daemon_unix.go
(verifyPlatformContainerResources) and pkg/sysinfo; the order is moby's, since of several mistakes the first is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, NoReturn

from engine.daemon.config import HostConfig
from engine.errors import InvalidParameter
from engine.host import HostInfo

MINIMUM_MEMORY = 6 << 20  # bytes; runc needs as much to start
UNLIMITED = -1
DISCARDED = "or the cgroup is not mounted."
SWAPPINESS = f"Your kernel does not support memory swappiness capabilities {DISCARDED} Memory swappiness discarded."
OOM_KILL = "Your kernel does not support OomKillDisable. OomKillDisable discarded."
REALTIME_PERIOD = f"Your kernel does not support CPU real-time period {DISCARDED} CPU real-time period discarded."
REALTIME_RUNTIME = f"Your kernel does not support CPU real-time runtime {DISCARDED} CPU real-time runtime discarded."
WEIGHT_DEVICE = f"Your kernel does not support Block I/O weight_device {DISCARDED} Weight-device discarded."
CPU_PERCENT = "linux does not support CPU percent. Percent discarded."
NO_LIMIT_NO_KILL = (
    "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out "
    "of resources."
)
NO_SWAP = f"Your kernel does not support swap limit capabilities {DISCARDED} Memory limited without swap."
NO_CFS = "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted"


@dataclass(frozen=True, slots=True)
class Needing:
    """Settings that need a controller, and what moby says when it drops them."""

    controller: str
    settings: tuple[str, ...]
    warning: str


DROPPED = (
    Needing("memory", ("memory", "memory_swap"),
            f"Your kernel does not support memory limit capabilities {DISCARDED} Limitation discarded."),
    Needing("memory", ("memory_reservation",),
            f"Your kernel does not support memory soft limit capabilities {DISCARDED} Limitation discarded."),
    Needing("pids", ("pids_limit",),
            f"Your kernel does not support PIDs limit capabilities {DISCARDED} PIDs limit discarded."),
    Needing("cpu", ("cpu_shares",), f"Your kernel does not support CPU shares {DISCARDED} Shares discarded."),
    Needing("cpu", ("cpu_period", "cpu_quota"),
            "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded."),
    Needing("cpuset", ("cpuset_cpus", "cpuset_mems"),
            f"Your kernel does not support cpuset {DISCARDED} Cpuset discarded."),
    Needing("io", ("blkio_weight",), f"Your kernel does not support Block I/O weight {DISCARDED} Weight discarded."),
    Needing("io", ("blkio_device_read_bps",),
            f"Your kernel does not support BPS Block I/O read limit {DISCARDED} Block I/O BPS read limit discarded."),
    Needing("io", ("blkio_device_write_bps",),
            f"Your kernel does not support BPS Block I/O write limit {DISCARDED} Block I/O BPS write limit discarded."),
    Needing("io", ("blkio_device_read_iops",),
            f"Your kernel does not support IOPS Block read limit {DISCARDED} Block I/O IOPS read limit discarded."),
    Needing("io", ("blkio_device_write_iops",),
            f"Your kernel does not support IOPS Block write limit {DISCARDED} Block I/O IOPS write limit discarded."),
)  # fmt: skip

NOTHING: dict[str, Any] = {field.name: field.default for field in fields(HostConfig)}


def check(host: HostConfig, info: HostInfo, update: bool = False) -> list[str]:
    """Warnings. Raises InvalidParameter for the first mistake. `update`: the rest is what the container has."""
    if host.nano_cpus > 0 and "cpu" not in info.controllers:
        _refuse(NO_CFS)
    warnings = [*_memory(host, info, update), *_processors(host, info)]
    warnings += [each.warning for each in _dropped(host, info)]
    warnings += [NO_SWAP] if _without_swap(host, info) else []
    _disks(host)
    if host.blkio_weight_device:
        warnings.append(WEIGHT_DEVICE)
    return warnings


def supported(host: HostConfig, info: HostInfo) -> HostConfig:
    """Without what the warnings of `check` call discarded."""
    changed = {name: NOTHING[name] for each in _dropped(host, info) for name in each.settings}
    if _without_swap(host, info):
        changed["memory_swap"] = UNLIMITED
    changed |= {"cpu_realtime_period": 0, "cpu_realtime_runtime": 0, "cpu_percent": 0, "blkio_weight_device": ()}
    if info.cgroup_version != "1":
        changed |= {"memory_swappiness": None, "oom_kill_disable": None}
    elif host.memory_swappiness == UNLIMITED:
        changed["memory_swappiness"] = None
    return replace(host, **changed)


def _dropped(host: HostConfig, info: HostInfo) -> Iterator[Needing]:
    """What is asked for and needs a controller that is not there. A limit of -1 asks for none."""
    for each in DROPPED:
        if each.controller in info.controllers:
            continue
        if any(value and value != UNLIMITED for value in (getattr(host, name) for name in each.settings)):
            yield each


def _without_swap(host: HostConfig, info: HostInfo) -> bool:
    limited = host.memory > 0 and host.memory_swap != UNLIMITED
    return limited and "memory" in info.controllers and "swap" not in info.controllers


def _refuse(text: str) -> NoReturn:
    raise InvalidParameter(text)


def _memory(host: HostConfig, info: HostInfo, update: bool) -> list[str]:
    memory, swap, reservation, swappiness = (
        host.memory, host.memory_swap, host.memory_reservation, host.memory_swappiness,
    )  # fmt: skip
    old, warnings = info.cgroup_version == "1", []
    if memory != 0 and memory < MINIMUM_MEMORY:
        _refuse("Minimum memory limit allowed is 6MB")
    if memory > 0 and 0 < swap < memory:
        _refuse("Minimum memoryswap limit should be larger than memory limit, see usage")
    if memory == 0 and swap > 0 and not update:
        _refuse("You should always set the Memory limit when using Memoryswap limit, see usage")
    if swappiness is not None and swappiness != UNLIMITED:
        if not old:
            warnings.append(SWAPPINESS)
        elif not 0 <= swappiness <= 100:
            _refuse(f"Invalid value: {swappiness}, valid memory swappiness range is 0-100")
    if 0 < reservation < MINIMUM_MEMORY:
        _refuse("Minimum memory reservation allowed is 6MB")
    if 0 < memory < reservation:
        _refuse("Minimum memory limit can not be less than memory reservation limit, see usage")
    if host.oom_kill_disable:
        if not old:
            warnings.append(OOM_KILL)
        elif memory == 0:
            warnings.append(NO_LIMIT_NO_KILL)
    return warnings


def _processors(host: HostConfig, info: HostInfo) -> list[str]:
    warnings = []
    if host.nano_cpus > 0 and host.cpu_period > 0:
        _refuse("Conflicting options: Nano CPUs and CPU Period cannot both be set")
    if host.nano_cpus > 0 and host.cpu_quota > 0:
        _refuse("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
    if not 0 <= host.nano_cpus <= info.cpus * 10**9:
        _refuse(f"Range of CPUs is from 0.01 to {info.cpus}.00, as there are only {info.cpus} CPUs available")
    if host.cpu_shares < 0:
        _refuse("shares: invalid argument")
    if host.cpu_period != 0 and not 1000 <= host.cpu_period <= 1_000_000:
        _refuse("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < host.cpu_quota < 1000:
        _refuse("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    if host.cpu_percent > 0:
        warnings.append(CPU_PERCENT)
    warnings += [REALTIME_PERIOD] if host.cpu_realtime_period else []
    warnings += [REALTIME_RUNTIME] if host.cpu_realtime_runtime else []
    _cpuset("cpus", "CPUs", host.cpuset_cpus, info.cpus)
    _cpuset("mems", "memory nodes", host.cpuset_mems, 1)
    return warnings


def _cpuset(name: str, what: str, text: str, available: int) -> None:
    """A list like "0-2,4"."""
    wanted: set[int] = set()
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        if not first.isdecimal() or not (last if dash else first).isdecimal() or int(last or first) < int(first):
            _refuse(f"Invalid value {text} for cpuset {name}: invalid format: {text}")
        wanted |= {int(first), int(last or first)}
    if wanted and max(wanted) >= available:
        known = f"0-{available - 1}" if available > 1 else "0"
        _refuse(f"Requested {what} are not available - requested {text}, available: {known}")


def _disks(host: HostConfig) -> None:
    if host.blkio_weight > 0 and not 10 <= host.blkio_weight <= 1000:
        _refuse("Range of blkio weight is from 10 to 1000")
    if host.io_maximum_bandwidth or host.io_maximum_iops:
        _refuse("Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps")
