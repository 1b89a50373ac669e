"""The port between Docker and a host: what the engine asks of Linux, or of the pretence of it.

`Host` = `Runtime` + `Snapshotter` + `NetworkDriver` + `HostInfo`; its time is the `Loop`'s. Words are those of the OCI
runtime specification (create, start, kill, delete), containerd's snapshotter (prepare, commit, …) and libnetwork's
driver (join, leave). Hosts: `sim.host.SimHost`, `real.host.RealHost`. One conformance suite runs on every host:
tests/engine/test_host_conformance.py.

A host reports by one callback, `Host.listen`. It never calls the daemon in any other way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from engine.loop import Future, Loop
from engine.operations import Operation, Performed
from engine.spec import BridgeNetwork, Device, Link, Mount, Process, Resources, Spec

STDOUT, STDERR = 1, 2
Aliases = Sequence[tuple[str, str]]


class RuntimeFailure(Exception):
    """An operation failed; what was done before it has been undone.

    `str()` is runc's text, e.g. `exec: "nope": executable file not found in $PATH`.
    """

    def __init__(self, message: str, performed: Sequence[Performed] = ()) -> None:
        super().__init__(message)
        self.performed = tuple(performed)


# on_output(stream, data): STDOUT or STDERR (a terminal has STDOUT only). Returning a Future means: the reader is slow,
# wait for it before you go on.
OnOutput = Callable[[int, bytes], "Future[None] | None"]


class Input(Protocol):
    """A process's standard input, as its owner sees it. Writing after the process is gone does nothing."""

    def write(self, data: bytes) -> Future[None] | None:
        """Give bytes; a Future means: full, wait for it before writing more."""

    def close(self) -> None:
        """End of file (with a terminal: nothing, as hanging up is not typing ^D)."""

    def starving(self) -> bool:
        """True while the program waits to read and nothing is there: it waits for a person, not for time."""


@dataclass(frozen=True, slots=True)
class Started:
    """`pid` as the host sees it; `performed` what was done, for the trace."""

    pid: int
    input: Input
    performed: tuple[Performed, ...] = ()


@dataclass(frozen=True, slots=True)
class Exited:
    """News: a container's first process (exec_id ""), or an exec, has ended. `status` 0–255; 128+n for signal n."""

    container: str
    exec_id: str
    status: int
    oom_killed: bool = False


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """News: the kernel killed a process of this container because its memory limit was reached."""

    container: str


News = Exited | OutOfMemory


@dataclass(frozen=True, slots=True)
class Stats:
    """Usage so far. Times in ns, sizes in bytes. From cpu.stat, memory.*, pids.*, io.stat and the links."""

    cpu_total: int = 0
    cpu_user: int = 0
    cpu_system: int = 0
    host_cpu_total: int = 0
    online_cpus: int = 1
    throttled_periods: int = 0
    periods: int = 0
    throttled_time: int = 0
    memory_usage: int = 0
    memory_max_usage: int = 0
    memory_limit: int = 0
    memory_file: int = 0
    pids: int = 0
    pids_limit: int = 0
    block_read: int = 0
    block_write: int = 0
    networks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # {"eth0": {"rx_bytes": …}}


class Runtime(Protocol):
    """Containers as processes (OCI runtime verbs). Unknown ids raise KeyError; the daemon never asks for one."""

    async def create(self, spec: Spec, operations: Sequence[Operation], on_output: OnOutput) -> Started:
        """Perform the list up to its last operation, execve, and hold there. Raises RuntimeFailure."""

    async def start(self, id: str) -> tuple[Performed, ...]:
        """Let the held process execve. Raises RuntimeFailure (`executable file not found in $PATH`, …)."""

    async def exec(self, id: str, exec_id: str, process: Process, on_output: OnOutput) -> Started:
        """One more process inside a running container. Raises RuntimeFailure."""

    async def kill(self, id: str, signal: int, exec_id: str = "") -> None:
        """Send a signal to the first process (or to an exec's)."""

    async def pause(self, id: str) -> None: ...

    async def resume(self, id: str) -> None: ...

    async def resize(self, id: str, exec_id: str, height: int, width: int) -> None: ...

    async def update(self, id: str, resources: Resources) -> None: ...

    async def stats(self, id: str) -> Stats: ...

    async def ps(self, id: str) -> list[int]:
        """Process ids of the container as the host sees them, oldest first."""

    async def top(self, id: str, ps_args: str) -> tuple[list[str], list[list[str]]]:
        """What `ps <ps_args>` on the host says of them: titles and rows. Raises RuntimeFailure for ps's own errors."""

    async def delete(self, id: str) -> tuple[Performed, ...]:
        """Kill what is left and take back what was done. Also right after a failed or never started create."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of `docker diff`. `kind` 0 modified (C), 1 added (A), 2 deleted (D), as the API numbers them."""

    path: str
    kind: int


@dataclass(frozen=True, slots=True)
class PathStat:
    """lstat(2) of a path in a snapshot. `mode` with the type bits; `size` in bytes; `mtime` in ns since 1970.

    `target`: where the path leads when all links are followed, a last one too, as far as they lead to something; without
    links, absolute, seen from the snapshot's root.
    """

    name: str  # as it was asked for: "b" for "/a/b/", "." for "/a/.", "/" for "/"
    mode: int
    size: int
    mtime: int
    target: str


@dataclass(frozen=True, slots=True)
class Unpacking:
    """How an archive is unpacked into a snapshot. `owner`: uid and gid of all that is made; None: the archive's own."""

    keep_kinds: bool = False  # never put something else in a directory's place, nor a directory in something else's
    owner: tuple[int, int] | None = None


UNPACKING = Unpacking()


class PathError(OSError):
    """A system call on a path failed. `str()` in Go's words: `open /x: no space left on device`."""

    def __init__(self, number: int, operation: str, path: str) -> None:
        super().__init__(number, os.strerror(number), path)
        self.operation = operation

    def __str__(self) -> str:
        reason = str(self.strerror)
        return f"{self.operation} {self.filename}: {reason[:1].lower()}{reason[1:]}"


class Snapshotter(Protocol):
    """Layers on disk (containerd's words). Committed snapshots are read-only and named by ChainID."""

    def exists(self, name: str) -> bool: ...

    async def apply(self, name: str, parent: str | None, diff: BinaryIO) -> int:
        """Unpack an *uncompressed* layer tar on top of `parent` and commit it as `name`; returns its size in bytes.

        Raises ValueError for a hostile or broken archive; then nothing is kept.
        """

    async def prepare(self, key: str, parent: str | None, *, init: bool = True) -> None:
        """A writable snapshot. `init`: with the mount points that a container needs (moby's init layer)."""

    async def restore(self, key: str, parent: str | None, diff: BinaryIO) -> None:
        """`prepare`, and unpack into the writable part what `diff` had given before."""

    def layers(self, key: str) -> tuple[str, ...]:
        """Names of the committed snapshots below `key` or `name`, topmost first."""

    async def commit(self, name: str, key: str) -> None: ...

    def diff(self, key: str) -> Iterator[bytes]:
        """The writable part as an uncompressed layer tar, with whiteouts."""

    def export(self, key: str) -> Iterator[bytes]:
        """The whole merged tree as an uncompressed tar."""

    async def changes(self, key: str) -> list[Change]: ...

    async def usage(self, key: str) -> int:
        """Bytes of the writable part alone."""

    # Files of a writable snapshot, as root sees them in a mount namespace of its own: the snapshot is `/`, `volumes`
    # are bound into it (their targets are made if they are missing), nothing else is mounted. Links lead nowhere else.

    async def stat_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> PathStat:
        """A link at the end is followed only where a slash comes after it. Raises PathError."""

    def pack_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> Iterator[bytes]:
        """What is there as an uncompressed tar; its first entry is the last name of `path`, and the others lie below.

        "/a/b" gives b/, b/c …; "/a/b/." gives ./, ./c …; "/" gives /, /a …. A link at the end is not followed. Raises
        PathError before the first piece is asked for.
        """

    async def unpack_path(
        self,
        key: str,
        path: str,
        archive: BinaryIO,
        volumes: Sequence[Mount] = (),
        *,
        options: Unpacking = UNPACKING,
    ) -> None:
        """Unpack an *uncompressed* tar into the directory `path`, following links that lead there.

        Names are below `path` also if they begin with a slash; directories that are missing on the way are made (0755,
        root). What was unpacked before an error stays. Raises PathError (ENOTDIR, ENOENT for `path` itself; ENOSPC,
        EROFS, …) and ValueError for a broken or hostile archive.
        """

    async def remove(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class PortBinding:
    """`docker run -p ip:host:container/protocol`. Host port 0: any free one; with `host_port_end`, one of a range."""

    container_port: int
    protocol: str = "tcp"
    host_ip: str = "0.0.0.0"
    host_port: int = 0
    host_port_end: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """Ports that lead into a container now, with the host's real ports, and what was done for it."""

    ports: tuple[PortBinding, ...]
    performed: tuple[Performed, ...] = ()


class NetworkDriver(Protocol):
    """Bridges, cables and published ports (libnetwork's words). Address management is the daemon's."""

    async def create_network(
        self, network: BridgeNetwork, operations: Sequence[Operation]
    ) -> tuple[Performed, ...]:
        """Raises RuntimeFailure after undoing what was done."""

    async def delete_network(self, id: str) -> tuple[Performed, ...]:
        """Take back what `create_network` did. One that is not there does not mind."""

    async def join(
        self, network: str, container: str, link: Link, names: Sequence[str] = (), aliases: Aliases = ()
    ) -> None:
        """Reserve a place: `names` mean the container in the network's DNS, for all on it; joining again changes them.

        `aliases` are (alias, name) pairs that only this container may use. The cable itself is laid by operations:
        those of `Runtime.create` for a container that starts, those of `configure` for one that runs.
        """

    async def configure(self, container: str, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """Perform operations on links and routes of a running container. RuntimeFailure after undoing."""

    async def leave(self, network: str, container: str) -> None:
        """Forget its place, names and published ports there; unplug the cable if there still is one."""

    async def publish(self, network: str, container: str, ports: Sequence[PortBinding]) -> Published:
        """Make ports of the host lead to the container's place on a network (ProgramExternalConnectivity).

        Raises RuntimeFailure (`Bind for 0.0.0.0:80 failed: port is already allocated`), and then none is published.
        """

    async def withdraw(self, network: str, container: str) -> tuple[Performed, ...]:
        """Free the published ports (RevokeExternalConnectivity)."""

    def publish_through(self, ports: Ports) -> None:
        """Open and close published ports there too: a pretended host has none that the world could reach."""

    async def dial(self, host_ip: str, port: int) -> Connection:
        """Connect to a published TCP port of the host. Raises OSError, as connect(2)."""

    def dial_datagrams(self, host_ip: str, port: int, receive: Callable[[bytes], object]) -> Datagrams:
        """A UDP socket of the host's, connected to a published port; `receive` is called with each answer."""


class Ports(Protocol):
    """Real ports for published ones (engine.api.publish)."""

    def open(self, host_ip: str, port: int, protocol: str = "tcp") -> None:
        """Listen. Raises OSError."""

    def close(self, host_ip: str, port: int, protocol: str = "tcp") -> None: ...


class Datagrams(Protocol):
    """Whom a published UDP port is spoken to by: one client of the world's."""

    def send(self, data: bytes) -> None:
        """One datagram; it may get lost."""

    def close(self) -> None: ...


class Connection(Protocol):
    """A connection into a container."""

    async def read(self, size: int = 65536) -> bytes:
        """b"" at the end. Raises ConnectionResetError."""

    async def write(self, data: bytes) -> None:
        """All of it. Raises BrokenPipeError."""

    def shutdown(self) -> None:
        """No more will be written; reading goes on."""

    def close(self) -> None: ...


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
    storage_driver: str = "overlay2"
    runtime: str = "runc"
    root: str = "/var/lib/docker"  # the daemon's own folder on it
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
