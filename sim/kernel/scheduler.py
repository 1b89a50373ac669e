"""The processors: who may work, how fast, and who has to wait.

A process that works is a job with some seconds left. All jobs go on at once, each at a rate of at most one processor:
the processors are shared along the tree of cgroups, at every level in proportion to cpu.weight, and no group gets more
than its cpu.max. That is the ideal which the kernel's scheduler (EEVDF) comes close to within milliseconds. Nothing is
computed between two events: a job begins, a job ends, a limit changes. Groups that are bound to the same processors
share those; of sets that only overlap each is held to its own size. Source: cgroup-v2.rst "CPU"; sched(7).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.loop import SECOND, Future, Loop, Timer
from sim.cgroups.v2 import UNLIMITED, WEIGHT, Cgroup, cpu_list

if TYPE_CHECKING:
    from sim.kernel.processes import Process

GRAIN = 0.001  # seconds of work that a process may owe before it must wait for the processor
LOADS = (60.0, 300.0, 900.0)  # seconds: the three load averages
DONE = 1e-9  # seconds; less is rounding


class Job:
    """Work to be done: `left` in seconds, `rate` in processors."""

    __slots__ = ("done", "held", "left", "process", "rate")

    def __init__(self, process: Process, seconds: float, done: Future[None]) -> None:
        self.process, self.left, self.done = process, seconds, done
        self.rate = 0.0
        self.held = process.frozen or bool(process.stopped)


class Share:
    """A group that has work, while the processors are being divided. `cap`: how many processors it can use at most."""

    __slots__ = ("cap", "group", "jobs", "shares", "weight")

    def __init__(self, group: Cgroup) -> None:
        self.group = group
        self.jobs: list[Job] = []
        self.shares: list[Share] = []
        self.weight: float = group.limits.cpu_weight
        self.cap = 0.0


class Scheduler:
    """All processors of one kernel."""

    def __init__(self, loop: Loop, processors: int, root: Cgroup) -> None:
        self._loop, self.processors, self._root = loop, processors, root
        self.jobs: dict[Process, Job] = {}
        self._limited: list[Share] = []  # groups with a quota that have work now
        self._since = loop.time
        self._timer: Timer | None = None
        self._load = [0.0, 0.0, 0.0]

    async def work(self, process: Process, seconds: float) -> None:
        """Let a process use the processor for so long; it takes longer when others want it too."""
        job = Job(process, seconds, Future(self._loop))
        self.catch_up()
        self.jobs[process] = job
        self._divide()
        try:
            await job.done
        finally:
            if self.jobs.get(process) is job:  # ended before its time
                self.catch_up()
                del self.jobs[process]
                self._divide()

    def hold(self, process: Process, held: bool) -> None:
        """Frozen or stopped processes do not work."""
        job = self.jobs.get(process)
        if job is not None:
            self.catch_up()
            job.held, job.rate = held, 0.0
            self._divide()

    def changed(self) -> None:
        """A weight or a quota was changed."""
        self.catch_up()
        self._divide()

    def load(self) -> tuple[float, float, float]:
        """The load averages of the last 1, 5 and 15 minutes."""
        self.catch_up()
        return self._load[0], self._load[1], self._load[2]

    def catch_up(self) -> None:
        """Account for the time since the last event."""
        elapsed = (self._loop.time - self._since) / SECOND
        if elapsed <= 0:
            return
        self._since = self._loop.time
        running = 0
        for job in self.jobs.values():
            job.left -= job.rate * elapsed
            job.process.cpu_used += job.rate * elapsed
            running += not job.held
        for index, period in enumerate(LOADS):
            keep = math.exp(-elapsed / period)
            self._load[index] = self._load[index] * keep + running * (1 - keep)
        for share in self._limited:
            _count_throttling(share, elapsed)

    def _finish(self) -> None:
        """The timer: some job is through."""
        self._timer = None
        self.catch_up()
        for process, job in [(process, job) for process, job in self.jobs.items() if job.left <= DONE]:
            del self.jobs[process]
            job.done.set_result(None)
        self._divide()

    def _divide(self) -> None:
        """Give every job its rate, and set the timer for the first that will be through."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._limited = []
        jobs = [job for job in self.jobs.values() if not job.held]
        if not jobs:
            return
        root = self._tree(jobs)
        _set_caps(root)
        _fill(root, min(root.cap, float(self.processors)))
        soonest = min((job.left / job.rate for job in jobs if job.rate > 0), default=GRAIN)
        self._timer = self._loop.call_at(self._loop.time + math.ceil(max(soonest, 0.0) * SECOND), self._finish)

    def _tree(self, jobs: list[Job]) -> Share:
        """The cgroups that have work, as a tree."""
        root = Share(self._root)
        shares = {self._root: root}
        for job in jobs:
            group: Cgroup | None = job.process.cgroup
            if group not in shares:
                self._graft(shares, job.process.cgroup)
            shares[job.process.cgroup].jobs.append(job)
        return root

    def _graft(self, shares: dict[Cgroup, Share], group: Cgroup) -> Share:
        found = shares.get(group)
        if found is None:
            found = shares[group] = Share(group)
            assert group.parent is not None
            self._graft(shares, group.parent).shares.append(found)
            if group.limits.cpu_quota is not None:
                self._limited.append(found)
        return found


def _set_caps(share: Share) -> None:
    """How many processors a group can use at most: one for each job, and its limits."""
    for below in share.shares:
        _set_caps(below)
    share.cap = len(share.jobs) + sum(below.cap for below in share.shares)
    limits = share.group.limits
    if limits is not UNLIMITED:
        if limits.cpu_quota is not None:
            share.cap = min(share.cap, limits.cpu_quota / limits.cpu_period)
        if limits.cpus:
            share.cap = min(share.cap, float(len(cpu_list(limits.cpus))))
    share.shares = _bundled(share)


def _bundled(share: Share) -> list[Share]:
    """Groups below that are bound to the same processors (cpuset.cpus) can use only these together."""
    bound: dict[frozenset[int], list[Share]] = {}
    for below in share.shares:
        bound.setdefault(frozenset(cpu_list(below.group.limits.cpus)), []).append(below)
    found = bound.pop(frozenset(), [])
    for processors, shares in bound.items():
        if len(shares) == 1:
            found += shares
            continue
        bundle = Share(share.group)
        bundle.shares, bundle.weight = shares, sum(below.weight for below in shares)
        bundle.cap = min(sum(below.cap for below in shares), float(len(processors)))
        found.append(bundle)
    return found


def _fill(share: Share, amount: float) -> None:
    """Divide `amount` processors among a group's jobs and the groups below, by weight, nobody over his cap."""
    open_: list[tuple[Share | Job, float, float]] = [(job, WEIGHT, 1.0) for job in share.jobs]
    open_ += [(below, below.weight, below.cap) for below in share.shares]
    given: list[tuple[Share | Job, float]] = []
    while open_:
        unit = amount / sum(weight for _, weight, _ in open_)
        full = [entry for entry in open_ if entry[1] * unit >= entry[2]]
        if not full:
            given += [(who, weight * unit) for who, weight, _ in open_]
            break
        given += [(who, cap) for who, _, cap in full]
        amount = max(0.0, amount - sum(cap for _, _, cap in full))
        open_ = [entry for entry in open_ if entry[1] * unit < entry[2]]
    for who, part in given:
        if isinstance(who, Job):
            who.rate = part
        else:
            _fill(who, part)


def _count_throttling(share: Share, elapsed: float) -> None:
    """cpu.stat: nr_periods, nr_throttled, throttled_usec of a group with a quota."""
    limits, events = share.group.limits, share.group.events
    assert limits.cpu_quota is not None
    periods = elapsed * 1e6 / limits.cpu_period
    events.periods += periods
    wanted = len(share.jobs) + sum(below.cap for below in share.shares)
    quota = limits.cpu_quota / limits.cpu_period
    if wanted > quota:
        events.throttled += periods
        events.throttled_time += elapsed * (1 - quota / wanted)
