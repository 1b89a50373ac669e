"""`docker update`: other limits and another restart policy, also while it runs (moby, daemon/update.go).

What the request leaves open stays as it is. A limit takes effect in the container's cgroup at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.daemon import limits, specs
from engine.daemon.config import HostConfig
from engine.daemon.validate import check_restart_policy
from engine.errors import Conflict, EngineError, System, from_os
from engine.host import RuntimeFailure
from engine.lifecycle import State

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

# what is changed if the request has it (moby, container_unix.go: UpdateContainer)
NUMBERS = (
    "blkio_weight", "cpu_shares", "nano_cpus", "cpu_period", "cpu_quota", "cpuset_cpus", "cpuset_mems", "memory",
    "memory_swap", "memory_reservation", "cpu_realtime_period", "cpu_realtime_runtime",
)  # fmt: skip
# (wanted, set already, words): NanoCpus is another way to say the other two
CONFLICTS = (
    ("nano_cpus", "cpu_period", "Nano CPUs cannot be updated as CPU Period has already been set"),
    ("nano_cpus", "cpu_quota", "Nano CPUs cannot be updated as CPU Quota has already been set"),
    ("cpu_period", "nano_cpus", "CPU Period cannot be updated as NanoCPUs has already been set"),
    ("cpu_quota", "nano_cpus", "CPU Quota cannot be updated as NanoCPUs has already been set"),
)
SWAP = "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"
REMOVE_WINS = "Restart policy cannot be updated because AutoRemove is enabled for the container"


async def update(engine: Engine, container: Container, wanted: HostConfig) -> list[str]:
    """Warnings. Raises InvalidParameter for wrong values, Conflict for what cannot be changed together or now."""
    check_restart_policy(wanted)
    warnings = limits.check(wanted, engine.host.info, update=True)
    wanted = limits.supported(wanted, engine.host.info)
    with engine.trace.span("daemon", "container update", container=container.name):
        async with container.lock:
            before = container.settings
            try:
                if container.state in (State.REMOVING, State.DEAD):
                    raise Conflict('container is marked for removal and cannot be "update"')
                container.settings = replace(before, host=changed(container.host_config, wanted))
                await _apply(engine, container)
            except EngineError as error:
                container.settings = before
                raise type(error)(f"Cannot update container {container.id}: {error.message}") from None
            engine.containers.save(container)
    engine.events.publish("container", "update", container.id, container.attributes())
    return warnings


async def _apply(engine: Engine, container: Container) -> None:
    """To the running container; one that does not run has its limits when it is started."""
    if not container.alive:
        return
    try:
        await engine.host.update(container.id, specs.resources(container.host_config))
    except RuntimeFailure as failure:
        raise System(str(failure)) from None
    except OSError as error:  # a number that the kernel does not take
        raise from_os(error) from None


def changed(now: HostConfig, wanted: HostConfig) -> HostConfig:
    """The settings with what is wanted in them. Raises Conflict.

    >>> changed(HostConfig(memory=1 << 30, memory_swap=2 << 30), HostConfig(memory=2 << 30)).memory >> 30
    2
    """
    for one, other, words in CONFLICTS:
        if getattr(wanted, one) > 0 and getattr(now, other) > 0:
            raise Conflict(f"Conflicting options: {words}")
    if wanted.memory > now.memory_swap and wanted.memory and not wanted.memory_swap:
        raise Conflict(SWAP)
    policy = wanted.restart_policy
    if policy.name and not policy.is_none and now.auto_remove:
        raise Conflict(REMOVE_WINS)
    return replace(
        now,
        **{name: value for name in NUMBERS if (value := getattr(wanted, name))},
        pids_limit=now.pids_limit if wanted.pids_limit is None else max(wanted.pids_limit, 0),
        restart_policy=policy if policy.name else now.restart_policy,
    )
