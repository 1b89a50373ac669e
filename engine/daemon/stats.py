"""`docker stats`: usage as the API shows it, with the reading before for comparison (moby, daemon/stats)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from engine.host import Stats
from engine.timestamps import NEVER, rfc3339

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

PERIOD = 1.0  # seconds between two readings
UNLIMITED = (1 << 64) - 1  # how the API shows "no limit"
IGNORED_BLKIO = ("io_serviced", "io_queue", "io_service_time", "io_wait_time", "io_merged", "io_time", "sectors")


async def one_shot(engine: Engine, container: Container) -> dict[str, Any]:
    """A single reading, without the one before."""
    return document(container, await _read(engine, container), None)


async def compared(engine: Engine, container: Container) -> dict[str, Any]:
    """A reading after one second of watching, so that percentages can be told. At once if it does not run."""
    if not container.alive:
        return document(container, None, None)
    before = await _read(engine, container)
    await engine.loop.sleep(PERIOD)
    return document(container, await _read(engine, container), before)


async def stream(engine: Engine, container: Container) -> AsyncIterator[dict[str, Any]]:
    """A reading each second, until the container is removed."""
    before: tuple[int, Stats] | None = None
    while engine.containers.find(container.id) is container:
        now = await _read(engine, container)
        yield document(container, now, before)
        before = now
        await engine.loop.sleep(PERIOD)


async def _read(engine: Engine, container: Container) -> tuple[int, Stats] | None:
    """(time, usage); None if it does not run."""
    if not container.alive:
        return None
    return engine.loop.time, await engine.host.stats(container.id)


def document(container: Container, now: tuple[int, Stats] | None, before: tuple[int, Stats] | None) -> dict[str, Any]:
    """ContainerStatsResponse."""
    usage = now[1] if now else None
    shown: dict[str, Any] = {
        "name": f"/{container.name}",
        "id": container.id,
        "read": rfc3339(now[0]) if now else NEVER,
        "preread": rfc3339(before[0]) if before else NEVER,
        "pids_stats": _pids(usage),
        "blkio_stats": _blkio(usage),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _cpu(usage),
        "precpu_stats": _cpu(before[1] if before else None),
        "memory_stats": _memory(usage),
    }
    if usage is not None and usage.networks:
        shown["networks"] = {name: _network(counters) for name, counters in usage.networks.items()}
    return shown


def _pids(usage: Stats | None) -> dict[str, int]:
    if usage is None:
        return {}
    return {"current": usage.pids, "limit": usage.pids_limit if usage.pids_limit > 0 else UNLIMITED}


def _blkio(usage: Stats | None) -> dict[str, Any]:
    rows = None
    if usage is not None and (usage.block_read or usage.block_write):
        rows = [
            {"major": 254, "minor": 0, "op": "read", "value": usage.block_read},
            {"major": 254, "minor": 0, "op": "write", "value": usage.block_write},
        ]
    return {"io_service_bytes_recursive": rows} | {f"{name}_recursive": None for name in IGNORED_BLKIO}


def _cpu(usage: Stats | None) -> dict[str, Any]:
    usage_of_none = {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0}
    throttling = {"periods": 0, "throttled_periods": 0, "throttled_time": 0}
    if usage is None:
        return {"cpu_usage": usage_of_none, "throttling_data": throttling}
    return {
        "cpu_usage": {
            "total_usage": usage.cpu_total,
            "usage_in_kernelmode": usage.cpu_system,
            "usage_in_usermode": usage.cpu_user,
        },
        "system_cpu_usage": usage.host_cpu_total,
        "online_cpus": usage.online_cpus,
        "throttling_data": {
            "periods": usage.periods,
            "throttled_periods": usage.throttled_periods,
            "throttled_time": usage.throttled_time,
        },
    }


def _memory(usage: Stats | None) -> dict[str, Any]:
    if usage is None:
        return {}
    return {
        "usage": usage.memory_usage,
        "stats": {"file": usage.memory_file, "inactive_file": usage.memory_file},
        "limit": usage.memory_limit,
    } | ({"max_usage": usage.memory_max_usage} if usage.memory_max_usage else {})


def _network(counters: Any) -> dict[str, int]:
    names = ("rx_bytes", "rx_packets", "rx_errors", "rx_dropped", "tx_bytes", "tx_packets", "tx_errors", "tx_dropped")
    return {name: counters.get(name, 0) for name in names}
