"""The out-of-memory killer: when a group is at its memory.max, one of its processes has to go.

Source: the kernel's mm/oom_kill.c; cgroup-v2.rst, memory.oom.group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.kernel.signals import SIGKILL

if TYPE_CHECKING:
    from sim.cgroups.v2 import Cgroup
    from sim.kernel.processes import Process

SPARED = -1000  # oom_score_adj of a process that is never chosen


def make_room(process: Process, size: int) -> None:
    """Kill until `size` bytes more are allowed, or the process itself is dead."""
    while size > 0 and process.dying is None:
        group = process.cgroup.over(size)
        if group is None:
            if process.kernel.free_memory() >= size:
                return
            group = process.kernel.root_cgroup
        kill_one(group, process)


def shrink(group: Cgroup) -> None:
    """Its limit is lower now than what it has: kill until it fits."""
    limit = group.limits.memory_max
    while limit is not None and group.usage() > limit:
        alive = [process for process in group.everyone() if process.dying is None and process.status is None]
        if not alive:
            return
        kill_one(group, alive[0])


def kill_one(group: Cgroup, asking: Process) -> None:
    """The biggest process of the group; all of them with memory.oom.group."""
    candidates = [
        process
        for process in group.everyone()
        if process.dying is None and process.status is None and process.restrictions.oom_score_adj > SPARED
    ]
    victim = max(candidates, key=lambda process: (badness(process), process is asking), default=asking)
    victims = candidates if group.limits.memory_oom_group else [victim]
    for level in _up(group, victim):
        level.events.oom += level is group
        level.events.oom_kill += len(victims)
    asking.kernel.out_of_memory(victim.cgroup)
    for process in victims:
        process.release_memory()
        process.die(-SIGKILL)


def badness(process: Process) -> int:
    """Bytes: what it has, and a thousandth of the machine's memory for each point of oom_score_adj (oom_badness)."""
    return process.memory + process.restrictions.oom_score_adj * process.kernel.memory // 1000


def oom_score(process: Process) -> int:
    """proc_pid_oom_score(5): 0 (never) to 2000."""
    if process.restrictions.oom_score_adj <= SPARED:
        return 0
    return max(0, 2 * (1000 + badness(process) * 1000 // process.kernel.memory) // 3)


def _up(group: Cgroup, victim: Process) -> list[Cgroup]:
    """The victim's group, and those above it up to the one whose limit it was."""
    levels, level = [], victim.cgroup
    while level is not group and level.parent is not None:
        levels.append(level)
        level = level.parent
    return [*levels, group]
