"""Operations on namespaces: namespaces(7), and what they hold besides files and networks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar

from engine.operations.base import Operation


@dataclass(frozen=True, slots=True)
class Unshare(Operation):
    """Make new namespaces for the container's first process (clone(2) with CLONE_NEW* flags)."""

    man: ClassVar[str] = "unshare(1)"
    namespaces: tuple[str, ...]  # "pid", "network", "mount", …

    def shell(self) -> str:
        flags = [f"--{'net' if name == 'network' else name}" for name in self.namespaces]
        return " ".join(["unshare", *flags, "--fork"])


@dataclass(frozen=True, slots=True)
class JoinNamespace(Operation):
    """Enter a namespace that exists: the host's, or another container's (setns(2))."""

    man: ClassVar[str] = "nsenter(1)"
    type: str
    target: str  # "host" or "container:<id>"

    def shell(self) -> str:
        return f"nsenter --{'net' if self.type == 'network' else self.type} --target {self.target}"


@dataclass(frozen=True, slots=True)
class SetHostname(Operation):
    man: ClassVar[str] = "hostname(1)"
    name: str
    domain: str = ""

    def shell(self) -> str:
        domain = f" && domainname {shlex.quote(self.domain)}" if self.domain else ""
        return f"hostname {shlex.quote(self.name)}{domain}"


@dataclass(frozen=True, slots=True)
class SetSysctl(Operation):
    man: ClassVar[str] = "sysctl(8)"
    name: str
    value: str

    def shell(self) -> str:
        return f"sysctl -w {self.name}={shlex.quote(self.value)}"
