"""What `docker stats` asks for, from a container's cgroup and links."""

from __future__ import annotations

from engine.host import Stats
from sim.cgroups.files import cpu_seconds
from sim.container import Container


def stats(container: Container) -> Stats:
    """engine.host.Runtime.stats."""
    kernel, group = container.kernel, container.cgroup
    if group is None:
        return Stats()
    kernel.scheduler.catch_up()
    limits, seen = group.limits, group.seen()
    cpu = int(cpu_seconds(group) * 1e9)
    return Stats(
        cpu_total=cpu,
        cpu_user=cpu * 3 // 4,
        cpu_system=cpu - cpu * 3 // 4,
        host_cpu_total=kernel.processor_time(),
        online_cpus=kernel.processors,
        throttled_periods=int(seen.throttled) if seen else 0,
        periods=int(seen.periods) if seen else 0,
        throttled_time=int(seen.throttled_time * 1e9) if seen else 0,
        memory_usage=group.usage(),
        memory_max_usage=max(group.usage(), seen.memory_peak if seen else 0),
        memory_limit=limits.memory_max if limits.memory_max is not None else kernel.memory,
        pids=group.pids,
        pids_limit=limits.pids_max or 0,
        block_read=seen.io_read if seen else 0,
        block_write=seen.io_written if seen else 0,
        networks=kernel.network_usage(container.namespaces),
    )
