"""What a container needs before it can start: of the host (devices, sources of mounts), of others (their namespaces).

Sources: moby daemon/oci_linux.go, daemon/container_operations_unix.go, volume/mounts; runc, configs/validate.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.daemon import image_mounts, logdriver, security
from engine.daemon.files import shared_memory
from engine.errors import Conflict, EngineError, InvalidParameter, NotFound, System
from engine.spec import Device

if TYPE_CHECKING:
    from engine.daemon.config import DeviceMapping, HostConfig
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

NO_TASK = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
)
OF_IPC = frozenset(
    ("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
     "kernel.shm_rmid_forced")
)  # fmt: skip


def check(engine: Engine, container: Container) -> None:
    """All that can be said without touching the host. Raises EngineError."""
    host = container.host_config
    for wanted in host.device_requests or ():
        sets = " ".join(f"[{' '.join(capabilities)}]" for capabilities in wanted.capabilities or ())
        raise System(f'could not select device driver "{wanted.driver}" with capabilities: [{sets}]')
    _owners(engine, host)
    security.check_profile(security.parse(host).seccomp)
    if host.log_config.config:
        logdriver.rotation(host.log_config)
    if host.sysctls:
        check_sysctls(host)


# -- other containers


def _owners(engine: Engine, host: HostConfig) -> None:
    """Another container's namespace is there only while that one runs; its IPC only if it wants to share that."""
    if host.network_mode.startswith("container:"):
        owner = engine.containers.get(host.network_mode.removeprefix("container:"))
        if not owner.alive:
            raise Conflict(f"cannot join network of a non running container: {owner.id}")
    for what, mode in (("PID", host.pid_mode), ("IPC", host.ipc_mode)):
        if not mode.startswith("container:"):
            continue
        try:
            owner = _running(engine, mode.removeprefix("container:"))
        except EngineError as error:
            raise type(error)(f"failed to join {what} namespace: {error.message}") from None
        if what == "IPC" and owner.host_config.ipc_mode in ("private", "none"):
            raise InvalidParameter(
                f"failed to join IPC namespace: container {owner.id}: non-shareable IPC (hint: use "
                "IpcMode:shareable for the donor container)"
            )


def _running(engine: Engine, name: str) -> Container:
    try:
        owner = engine.containers.get(name)
    except NotFound as error:
        raise InvalidParameter(error.message) from None
    if not owner.alive:
        raise Conflict(f"container {owner.id} is not running")
    return owner


# -- the kernel's settings


def check_sysctls(host: HostConfig) -> None:
    """Only those of a namespace of its own can be a container's (runc's rules). Raises InvalidParameter."""
    for name in host.sysctls or ():
        if (reason := _refused(name, host)) is not None:
            raise InvalidParameter(f'{NO_TASK}sysctl "{name}" {reason}: unknown')


def _refused(name: str, host: HostConfig) -> str | None:
    if name in OF_IPC or name.startswith("fs.mqueue."):
        return "is not allowed in the hosts ipc namespace" if host.ipc_mode == "host" else None
    if name.startswith("net."):
        return "is not allowed in the hosts network namespace" if host.network_mode == "host" else None
    if name == "kernel.domainname" and host.uts_mode != "host":
        return None
    if name == "kernel.hostname" and host.uts_mode != "host":
        return 'is not allowed as it conflicts with the OCI "hostname" field'
    return "is not in a separate kernel namespace"


# -- the host


async def mount(engine: Engine, container: Container) -> None:
    """Folders for binds, volumes that are file systems, a /dev/shm that others may join. Raises System."""
    if container.mounts:
        _make_sources(engine, container)
        await engine.volumes.mount(container)
        await image_mounts.mount(engine, container)
    host = container.host_config
    if host.ipc_mode == "shareable":
        path, options = shared_memory(engine.host.info.root, container.id), ("mode=1777", f"size={host.shm_size}")
        await engine.host.mount_folder(path, "tmpfs", "shm", options)


def missing_sources(engine: Engine, container: Container) -> list[str]:
    """Warnings: the user means folders that this host has never had, and would wonder why they are empty."""
    if not (hint := engine.host.info.share_hint):
        return []
    return [
        f"{point.source} is not on the host {engine.host.info.name}, which makes an empty folder of that name; {hint}"
        for point in container.mounts
        if point.create and not engine.host.has_path(point.source.rpartition("/")[0] or "/")
    ]


async def give_back(engine: Engine, container: Container) -> None:
    """What `mount` has mounted, when the container has ended."""
    if container.mounts:
        await engine.volumes.unmount(container)
        await image_mounts.unmount(engine, container)
    if container.host_config.ipc_mode == "shareable":
        await engine.host.unmount_folder(shared_memory(engine.host.info.root, container.id))


def _make_sources(engine: Engine, container: Container) -> None:
    """What `-v` names on the host and is not there becomes a folder (moby, volume/mounts: MountPoint.Setup)."""
    for point in container.mounts:
        if not point.create or engine.host.has_path(point.source):
            continue
        try:
            engine.host.make_directory(point.source)
        except OSError as error:
            raise System(
                f"error while creating mount source path '{point.source}': mkdir {point.source}: {reason(error)}"
            ) from None


def devices(engine: Engine, container: Container) -> tuple[Device, ...]:
    """Those of `--device`, or all that the host has. Raises System."""
    host = container.host_config
    if host.privileged:
        return tuple(engine.host.devices("/dev"))
    return tuple(each for wanted in host.devices or () for each in _device(engine, wanted))


def _device(engine: Engine, wanted: DeviceMapping) -> Iterator[Device]:
    path = wanted.path_on_host
    inside = wanted.path_in_container or path
    try:
        found = engine.host.devices(path)
    except OSError as error:
        why = "not a device node" if error.errno == errno.ENODEV else reason(error)
        raise System(f'error gathering device information while adding custom device "{path}": {why}') from None
    for device in found:
        yield replace(device, path=inside + device.path.removeprefix(path), access=wanted.cgroup_permissions or "rwm")


# HostConfig's lists, and what io.max calls the limit
THROTTLES = (
    ("blkio_device_read_bps", "rbps"),
    ("blkio_device_write_bps", "wbps"),
    ("blkio_device_read_iops", "riops"),
    ("blkio_device_write_iops", "wiops"),
)


def throttles(engine: Engine, host: HostConfig) -> tuple[str, ...]:
    """Limits of single disks, by their numbers, as rows of io.max. Raises System for a disk that is not there."""
    return tuple(
        f"{_number(engine, limit.path)} {name}={limit.rate}"
        for attribute, name in THROTTLES
        for limit in getattr(host, attribute) or ()
    )


def _number(engine: Engine, path: str) -> str:
    try:
        device = engine.host.devices(path)[0]
    except (OSError, IndexError) as error:
        why = reason(error) if isinstance(error, OSError) else "not a device"
        raise System(f"stat {path}: {why}") from None
    return f"{device.major}:{device.minor}"


def reason(error: OSError) -> str:
    """The kernel's words as Go prints them."""
    return str(error.strerror or error).lower()
