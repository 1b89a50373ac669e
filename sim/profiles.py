"""What kind of machine is simulated: facts only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.host import HostInfo

DRIVES = "/run/desktop/mnt/host"  # where the machine of Docker Desktop has the drives of Windows


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
    desktop: str = ""  # the product in front of the machine, if it is the virtual one of Docker Desktop
    socket: str = ""  # how that one's users reach the daemon

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
            **(DESKTOP if self.desktop else {}),
            product=self.desktop,
            share_hint="to give containers a folder of yours, start `glassdock serve sim --allow-bind DIR`",
            drives=DRIVES if self.socket.startswith("npipe:") or sys.platform == "win32" else "",
            labels=(f"com.docker.desktop.address={self.socket}",) if self.desktop else (),
        )


# what every virtual machine of Docker Desktop says of itself
DESKTOP: Mapping[str, Any] = {
    "http_proxy": "http.docker.internal:3128",
    "no_proxy": "hubproxy.docker.internal",
    "insecure_registries": ("hubproxy.docker.internal:5555",),
    "seccomp": "unconfined",
    "warnings": ("WARNING: daemon is not using the default seccomp profile",),
}
PRODUCT = "Docker Desktop 4.42.1 (196648)"
HOST_INTERNAL = "192.168.65.254"  # the user's own computer, as containers of Docker Desktop see it
INTERNAL_NAMES = ("host.docker.internal", "gateway.docker.internal", "kubernetes.docker.internal")

LINUX = Profile(
    hostname="glassdock",
    operating_system="Debian GNU/Linux 12 (bookworm)",
    os_version="12",
    release="6.12.43-glassdock",
    version="#1 SMP PREEMPT_DYNAMIC Debian 6.12.43-1 (2025-08-27)",
)
WSL2 = Profile(
    hostname="docker-desktop",
    operating_system="Docker Desktop",
    os_version="",
    release="6.6.87.2-microsoft-standard-WSL2",
    version="#1 SMP PREEMPT_DYNAMIC Thu Jun  5 18:30:46 UTC 2025",
    cpus=8,
    memory=16_669_130_752 // 2,
    disk=1 << 40,
    desktop=PRODUCT,
    socket=r"npipe://\\.\pipe\docker_cli",
)
HYPERV = Profile(
    hostname="docker-desktop",
    operating_system="Docker Desktop",
    os_version="",
    release="6.10.14-linuxkit",
    version="#1 SMP PREEMPT_DYNAMIC Sat May 17 08:28:57 UTC 2025",
    cpus=2,
    memory=2_032_807_936,
    desktop=PRODUCT,
    socket=r"npipe://\\.\pipe\docker_cli",
)
MACOS = Profile(
    hostname="docker-desktop",
    operating_system="Docker Desktop",
    os_version="",
    release="6.10.14-linuxkit",
    version="#1 SMP PREEMPT_DYNAMIC Sat May 17 08:28:57 UTC 2025",
    cpus=8,
    memory=8_217_473_024,
    desktop=PRODUCT,
    socket="unix:///Users/student/Library/Containers/com.docker.docker/Data/docker-cli.sock",
)

PROFILES: Mapping[str, Profile] = {"linux": LINUX, "wsl2": WSL2, "hyperv": HYPERV, "macos": MACOS}
