"""The port between Docker and a host: what the engine asks of Linux, or of the pretence of it.

`Host` = `Runtime` + `Snapshotter` + `NetworkDriver` + `HostInfo`; its time is the `Loop`'s. Words are those of the OCI
runtime specification (create, start, kill, delete), containerd's snapshotter (prepare, commit, …) and libnetwork's
driver (join, leave). Hosts: `sim.host.SimHost`, `real.host.RealHost`. One conformance suite runs on every host:
tests/engine/test_host_conformance.py.

A host reports by one callback, `Host.listen`. It never calls the daemon in any other way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from engine.host.network import (
    NAME_SERVERS,
    Aliases,
    Connection,
    Datagrams,
    NetworkDriver,
    PortBinding,
    Ports,
    Published,
    Surroundings,
)
from engine.host.runtime import (
    STDERR,
    STDOUT,
    Exited,
    Input,
    News,
    OnOutput,
    OutOfMemory,
    Runtime,
    RuntimeFailure,
    Started,
    Stats,
)
from engine.host.snapshotter import (
    UNPACKING,
    Change,
    PathError,
    PathStat,
    Snapshotter,
    Unpacking,
)
from engine.loop import Loop
from engine.spec import Device

CONTROLLERS = frozenset(("cpu", "cpuset", "io", "memory", "pids", "swap"))


@dataclass(frozen=True, slots=True)
class HostInfo:
    """Facts for `docker info` and `docker version`."""

    name: str
    kernel_version: str
    operating_system: str
    os_version: str
    architecture: str  # "x86_64"
    os_type: str = "linux"
    cpus: int = 2
    memory: int = 8 << 30
    cgroup_driver: str = "cgroupfs"
    cgroup_version: str = "2"
    controllers: frozenset[str] = CONTROLLERS  # what its cgroups can limit: cgroup v2's names, and swap
    storage_driver: str = "overlay2"
    runtime: str = "runc"
    root: str = "/var/lib/docker"  # the daemon's own folder on it
    live_restore: bool = False  # containers outlive the daemon, and the next one finds them again
    lasting: bool = False  # snapshots and folders outlive the daemon: they need not be saved and brought back
    warnings: tuple[str, ...] = ()
    product: str = ""  # what it is a part of, "Docker Desktop 4.42.1 (196648)"
    labels: tuple[str, ...] = ()
    http_proxy: str = ""
    no_proxy: str = ""
    insecure_registries: tuple[str, ...] = ()
    seccomp: str = "builtin"  # the daemon's profile
    share_hint: str = ""  # how its user gives it folders; "": it has all there are
    drives: str = ""  # where its user's drives of Windows are, if it is a virtual machine on Windows


class Host(Runtime, Snapshotter, NetworkDriver, Protocol):
    """All of it, and the news."""

    loop: Loop
    info: HostInfo

    def listen(self, callback: Callable[[News], object]) -> None:
        """Whom to tell. Called once, by the daemon."""

    def write_file(self, path: str, data: bytes) -> None:
        """A small file of the daemon's on the host (a container's hosts, hostname, resolv.conf); parents are made."""

    def has_path(self, path: str) -> bool:
        """Is there anything of that name on the host? Links are followed."""

    def devices(self, path: str) -> list[Device]:
        """The device of that name on the host, or all in a folder of them, each with its own path.

        Raises OSError; ENODEV for what is no device.
        """

    def make_directory(self, path: str) -> None:
        """A folder on the host (a volume, a missing source of a bind mount), with its parents, if it is not there."""

    async def mount_folder(self, path: str, type: str, source: str, options: Sequence[str]) -> None:
        """Mount a file system, or another folder ("bind"), on a folder of the host; it is made if it is not there.

        Raises OSError.
        """

    async def unmount_folder(self, path: str) -> None:
        """Take that back; nothing happens if nothing is mounted there."""

    async def tree_size(self, path: str) -> int:
        """Bytes of all files in a folder on the host; 0 if it is not there."""

    def pack(self, path: str) -> Iterator[bytes]:
        """A folder on the host as an uncompressed tar; its first entry is the folder itself."""

    def unpack(self, path: str, archive: BinaryIO) -> None:
        """Fill a folder on the host with what `pack` gave; it is made if it is not there."""

    async def copy_up(self, path: str, key: str, inside: str) -> None:
        """An empty folder on the host takes what a container's file system has at `inside`, if that is a folder."""

    def remove_tree(self, path: str) -> None:
        """Remove the daemon's own folder on the host, if it is there."""

    async def close(self) -> None:
        """Stop everything; nothing of the host's is left."""


__all__ = [
    "NAME_SERVERS",
    "STDERR",
    "STDOUT",
    "UNPACKING",
    "Aliases",
    "Change",
    "Connection",
    "Datagrams",
    "Exited",
    "Host",
    "HostInfo",
    "Input",
    "NetworkDriver",
    "News",
    "OnOutput",
    "OutOfMemory",
    "PathError",
    "PathStat",
    "PortBinding",
    "Ports",
    "Published",
    "Runtime",
    "RuntimeFailure",
    "Snapshotter",
    "Started",
    "Stats",
    "Surroundings",
    "Unpacking",
]
