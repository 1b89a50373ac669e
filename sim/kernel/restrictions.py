"""What a process may not do beside its capabilities: resource limits, no_new_privs, seccomp; and how soon it is killed.

Children inherit it and execve keeps it. Equal ones are one object, as most processes have the same.
Source: getrlimit(2), prctl(2), seccomp(2), proc_pid_oom_score_adj(5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from sim.kernel.descriptors import LIMIT as NOFILE

INFINITY = -1


class Limit(NamedTuple):
    """How /proc/PID/limits calls it, and what a container has of it: soft and hard."""

    title: str
    unit: str
    soft: int = INFINITY
    hard: int = INFINITY


RLIMITS = {
    "cpu": Limit("Max cpu time", "seconds"),
    "fsize": Limit("Max file size", "bytes"),
    "data": Limit("Max data size", "bytes"),
    "stack": Limit("Max stack size", "bytes", 8 << 20),
    "core": Limit("Max core file size", "bytes"),
    "rss": Limit("Max resident set", "bytes"),
    "nproc": Limit("Max processes", "processes"),
    "nofile": Limit("Max open files", "files", NOFILE, 1 << 20),
    "memlock": Limit("Max locked memory", "bytes", 8 << 20, 8 << 20),
    "as": Limit("Max address space", "bytes"),
    "locks": Limit("Max file locks", "locks"),
    "sigpending": Limit("Max pending signals", "signals", 31640, 31640),
    "msgqueue": Limit("Max msgqueue size", "bytes", 819_200, 819_200),
    "nice": Limit("Max nice priority", "", 0, 0),
    "rtprio": Limit("Max realtime priority", "", 0, 0),
    "rttime": Limit("Max realtime timeout", "us"),
}  # in the kernel's order


@dataclass(frozen=True, slots=True)
class Restrictions:
    """`rlimits`: those that were set, as (name, soft, hard)."""

    rlimits: tuple[tuple[str, int, int], ...] = ()
    no_new_privileges: bool = False
    seccomp: bool = False
    oom_score_adj: int = 0

    def rlimit(self, name: str) -> tuple[int, int]:
        """Soft and hard; INFINITY for none. Raises KeyError for a name that there is not."""
        known = RLIMITS[name]
        return next(((soft, hard) for own, soft, hard in self.rlimits if own == name), (known.soft, known.hard))


NONE = Restrictions()


@lru_cache(256)
def changed(old: Restrictions, **what: Any) -> Restrictions:
    """The same with some fields replaced; equal questions give the same object."""
    return replace(old, **what)


@lru_cache(256)
def limited(old: Restrictions, name: str, soft: int, hard: int) -> Restrictions:
    """The same with another resource limit."""
    others = tuple(row for row in old.rlimits if row[0] != name)
    return replace(old, rlimits=(*others, (name, soft, hard)))
