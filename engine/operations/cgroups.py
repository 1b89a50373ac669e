"""Operations on control groups: cgroups(7). A limit is a number in a file."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar

from engine.operations.base import Operation


@dataclass(frozen=True, slots=True)
class MakeCgroup(Operation):
    """`rules`: devices that its processes may use beside the usual ones, "c 1:11 r" (`--device-cgroup-rule`).

    They are shown as cgroup v1's file has them; v2 takes an eBPF program, for which there is no shell line.
    """

    man: ClassVar[str] = "cgroups(7)"
    path: str  # "/docker/<id>"
    rules: tuple[str, ...] = ()

    def shell(self) -> str:
        lines = [f"mkdir /sys/fs/cgroup{self.path}"]
        lines += [f"echo {shlex.quote(rule)} > /sys/fs/cgroup{self.path}/devices.allow" for rule in self.rules]
        return " && ".join(lines)

    def undo(self) -> Operation:
        return RemoveCgroup(self.path)


@dataclass(frozen=True, slots=True)
class RemoveCgroup(Operation):
    man: ClassVar[str] = "cgroups(7)"
    path: str

    def shell(self) -> str:
        return f"rmdir /sys/fs/cgroup{self.path}"


@dataclass(frozen=True, slots=True)
class WriteCgroup(Operation):
    """Set one limit, in cgroup v2's file names ("memory.max", "cpu.max", "pids.max", "cpu.weight")."""

    man: ClassVar[str] = "cgroups(7)"
    path: str
    file: str
    value: str

    def shell(self) -> str:
        return f"echo {shlex.quote(self.value)} > /sys/fs/cgroup{self.path}/{self.file}"


@dataclass(frozen=True, slots=True)
class JoinCgroup(Operation):
    """The first process enters its cgroup before it runs anything."""

    man: ClassVar[str] = "cgroups(7)"
    path: str

    def shell(self) -> str:
        return f"echo $$ > /sys/fs/cgroup{self.path}/cgroup.procs"
