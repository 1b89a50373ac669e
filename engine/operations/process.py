"""Operations of the first process on itself, just before it becomes the program."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar

from engine.operations.base import Operation


@dataclass(frozen=True, slots=True)
class SetRlimit(Operation):
    man: ClassVar[str] = "prlimit(1)"
    name: str
    soft: int
    hard: int

    def shell(self) -> str:
        return f"prlimit --{self.name}={self.soft}:{self.hard} --pid $$"


@dataclass(frozen=True, slots=True)
class SetOomScore(Operation):
    """Sooner (up to 1000) or later (down to -1000, never) than others when memory is short."""

    man: ClassVar[str] = "proc_pid_oom_score_adj(5)"
    adjustment: int

    def shell(self) -> str:
        return f"echo {self.adjustment} > /proc/self/oom_score_adj"


@dataclass(frozen=True, slots=True)
class SetUser(Operation):
    """`user` as the client wrote it; looked up in the container's own /etc/passwd and /etc/group."""

    man: ClassVar[str] = "setpriv(1)"
    user: str
    groups: tuple[str, ...] = ()

    def shell(self) -> str:
        user, _, group = self.user.partition(":")
        gid = f" --regid {shlex.quote(group)}" if group else ""
        return f"setpriv --reuid {shlex.quote(user or '0')}{gid} --init-groups"


@dataclass(frozen=True, slots=True)
class SetCapabilities(Operation):
    """Keep these and drop the rest from the bounding, effective and permitted sets."""

    man: ClassVar[str] = "capabilities(7)"
    keep: tuple[str, ...]

    def shell(self) -> str:
        kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in self.keep)
        return f"setpriv --bounding-set -all,{kept}"


@dataclass(frozen=True, slots=True)
class NoNewPrivileges(Operation):
    man: ClassVar[str] = "prctl(2)"

    def shell(self) -> str:
        return "setpriv --no-new-privs"


@dataclass(frozen=True, slots=True)
class LoadSeccomp(Operation):
    man: ClassVar[str] = "seccomp(2)"
    profile: str

    def shell(self) -> str:
        return f"seccomp --profile {self.profile}.json"


@dataclass(frozen=True, slots=True)
class ChangeDirectory(Operation):
    """The working directory; made if the image does not have it."""

    man: ClassVar[str] = "chdir(2)"
    path: str

    def shell(self) -> str:
        path = shlex.quote(self.path)
        return f"mkdir -p {path} && cd {path}" if self.path != "/" else "cd /"


@dataclass(frozen=True, slots=True)
class Execve(Operation):
    """Become the program. What runs now *is* the container."""

    man: ClassVar[str] = "execve(2)"
    args: tuple[str, ...]
    env: tuple[str, ...] = ()
    terminal: bool = False

    def shell(self) -> str:
        return "exec env -i " + shlex.join((*self.env, *self.args))
