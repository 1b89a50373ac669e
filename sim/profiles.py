"""What kind of machine is simulated: facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.host import HostInfo


@dataclass(frozen=True, slots=True)
class Profile:
    """Sizes in bytes. `used_memory` is taken by the host's own programs, `cached_memory` is its page cache."""

    hostname: str
    operating_system: str
    os_version: str
    release: str
    version: str
    machine: str = "x86_64"
    cpus: int = 2
    memory: int = 8 << 30
    disk: int = 64 << 30
    used_memory: int = 512 << 20
    cached_memory: int = 1 << 30

    @property
    def uname(self) -> Mapping[str, str]:
        return {"sysname": "Linux", "release": self.release, "version": self.version, "machine": self.machine}

    @property
    def info(self) -> HostInfo:
        return HostInfo(
            name=self.hostname,
            kernel_version=self.release,
            operating_system=self.operating_system,
            os_version=self.os_version,
            architecture=self.machine,
            cpus=self.cpus,
            memory=self.memory,
        )


LINUX = Profile(
    hostname="glassdock",
    operating_system="Debian GNU/Linux 12 (bookworm)",
    os_version="12",
    release="6.12.43-glassdock",
    version="#1 SMP PREEMPT_DYNAMIC Debian 6.12.43-1 (2025-08-27)",
)

PROFILES: Mapping[str, Profile] = {"linux": LINUX}
