"""A container's settings as clients give them: Config, HostConfig and NetworkingConfig of the Engine API v1.50.

Frozen, and therefore shared: containers made by equal requests have the same objects. Field names are the API's in
snake case, sizes are bytes, times nanoseconds; None is Go's nil, which the API shows as null. What is allowed is
another subject: engine/daemon/validate.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.api.decode import option
from engine.image.config import ImageConfig

SHM_SIZE = 64 << 20  # bytes, moby daemon/config: DefaultShmSize
STOP_TIMEOUT = 10  # seconds


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """`test`: () as the image says, ("NONE",), ("CMD", …) or ("CMD-SHELL", line). 0 is Docker's default."""

    test: tuple[str, ...] = option((), omit_empty=True)
    interval: int = option(0, omit_empty=True)
    timeout: int = option(0, omit_empty=True)
    start_period: int = option(0, omit_empty=True)
    start_interval: int = option(0, omit_empty=True)
    retries: int = option(0, omit_empty=True)


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """What is portable: it would be the same on another host."""

    hostname: str = ""
    domainname: str = ""
    user: str = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    exposed_ports: Mapping[str, Any] | None = option(omit_empty=True)
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    env: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = option(words=True)
    healthcheck: Healthcheck | None = option(omit_empty=True)
    args_escaped: bool = option(False, omit_empty=True)
    image: str = ""
    volumes: Mapping[str, Any] | None = None
    working_dir: str = ""
    entrypoint: tuple[str, ...] | None = option(words=True)
    network_disabled: bool = option(False, omit_empty=True)
    mac_address: str = option("", omit_empty=True)
    on_build: tuple[str, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = option("", omit_empty=True)
    stop_timeout: int | None = option(omit_empty=True)  # seconds; -1 waits for ever
    shell: tuple[str, ...] | None = option(omit_empty=True)


@dataclass(frozen=True, slots=True)
class LogConfig:
    type: str = ""
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """`name`: "" or "no", "always", "unless-stopped", "on-failure" (`maximum_retry_count` 0: without end)."""

    name: str = ""
    maximum_retry_count: int = 0

    @property
    def is_none(self) -> bool:
        return self.name in ("", "no")


@dataclass(frozen=True, slots=True)
class HostPort:
    """One binding of a port. `host_port` "" is any free one, "8000-8010" one of these."""

    host_ip: str = ""
    host_port: str = ""


@dataclass(frozen=True, slots=True)
class BindOptions:
    propagation: str = option("", omit_empty=True)
    non_recursive: bool = option(False, omit_empty=True)
    create_mountpoint: bool = option(False, omit_empty=True)
    read_only_non_recursive: bool = option(False, omit_empty=True)
    read_only_force_recursive: bool = option(False, omit_empty=True)


@dataclass(frozen=True, slots=True)
class DriverConfig:
    name: str = option("", omit_empty=True)
    options: Mapping[str, str] | None = option(omit_empty=True)


@dataclass(frozen=True, slots=True)
class VolumeOptions:
    no_copy: bool = option(False, omit_empty=True)
    labels: Mapping[str, str] | None = option(omit_empty=True)
    driver_config: DriverConfig | None = option(omit_empty=True)
    subpath: str = option("", omit_empty=True)


@dataclass(frozen=True, slots=True)
class ImageOptions:
    subpath: str = option("", omit_empty=True)


@dataclass(frozen=True, slots=True)
class TmpfsOptions:
    size_bytes: int = option(0, omit_empty=True)
    mode: int = option(0, omit_empty=True)
    options: tuple[tuple[str, ...], ...] | None = option(omit_empty=True)


@dataclass(frozen=True, slots=True)
class MountRequest:
    """One `--mount`. `type`: bind, volume, tmpfs, image."""

    type: str = option("", omit_empty=True)
    source: str = option("", omit_empty=True)
    target: str = option("", omit_empty=True)
    read_only: bool = option(False, omit_empty=True)
    consistency: str = option("", omit_empty=True)
    bind_options: BindOptions | None = option(omit_empty=True)
    volume_options: VolumeOptions | None = option(omit_empty=True)
    image_options: ImageOptions | None = option(omit_empty=True)
    tmpfs_options: TmpfsOptions | None = option(omit_empty=True)


@dataclass(frozen=True, slots=True)
class Ulimit:
    name: str = ""
    hard: int = 0
    soft: int = 0


@dataclass(frozen=True, slots=True)
class DeviceMapping:
    path_on_host: str = ""
    path_in_container: str = ""
    cgroup_permissions: str = ""


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    driver: str = ""
    count: int = 0
    device_ids: tuple[str, ...] | None = option(name="DeviceIDs")
    capabilities: tuple[tuple[str, ...], ...] | None = None
    options: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ThrottleDevice:
    path: str = ""
    rate: int = 0


@dataclass(frozen=True, slots=True)
class WeightDevice:
    path: str = ""
    weight: int = 0


@dataclass(frozen=True, slots=True)
class HostConfig:
    """What depends on this host. The order is that in which `docker inspect` shows it."""

    binds: tuple[str, ...] | None = None
    container_id_file: str = option("", name="ContainerIDFile")
    log_config: LogConfig = LogConfig()
    network_mode: str = ""
    port_bindings: Mapping[str, tuple[HostPort, ...] | None] = field(default_factory=dict)
    restart_policy: RestartPolicy = RestartPolicy()
    auto_remove: bool = False
    volume_driver: str = ""
    volumes_from: tuple[str, ...] | None = None
    console_size: tuple[int, ...] = (0, 0)
    annotations: Mapping[str, str] | None = option(omit_empty=True)
    cap_add: tuple[str, ...] | None = option(words=True)
    cap_drop: tuple[str, ...] | None = option(words=True)
    cgroupns_mode: str = ""
    dns: tuple[str, ...] | None = ()
    dns_options: tuple[str, ...] | None = ()
    dns_search: tuple[str, ...] | None = ()
    extra_hosts: tuple[str, ...] | None = None
    group_add: tuple[str, ...] | None = None
    ipc_mode: str = ""
    cgroup: str = ""
    links: tuple[str, ...] | None = None
    oom_score_adj: int = 0
    pid_mode: str = ""
    privileged: bool = False
    publish_all_ports: bool = False
    readonly_rootfs: bool = False
    security_opt: tuple[str, ...] | None = None
    storage_opt: Mapping[str, str] | None = option(omit_empty=True)
    tmpfs: Mapping[str, str] | None = option(omit_empty=True)
    uts_mode: str = option("", name="UTSMode")
    userns_mode: str = ""
    shm_size: int = 0
    sysctls: Mapping[str, str] | None = option(omit_empty=True)
    runtime: str = ""
    isolation: str = ""
    cpu_shares: int = 0
    memory: int = 0
    nano_cpus: int = 0
    cgroup_parent: str = ""
    blkio_weight: int = 0
    blkio_weight_device: tuple[WeightDevice, ...] | None = ()
    blkio_device_read_bps: tuple[ThrottleDevice, ...] | None = ()
    blkio_device_write_bps: tuple[ThrottleDevice, ...] | None = ()
    blkio_device_read_iops: tuple[ThrottleDevice, ...] | None = option((), name="BlkioDeviceReadIOps")
    blkio_device_write_iops: tuple[ThrottleDevice, ...] | None = option((), name="BlkioDeviceWriteIOps")
    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_realtime_period: int = 0
    cpu_realtime_runtime: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    devices: tuple[DeviceMapping, ...] | None = ()
    device_cgroup_rules: tuple[str, ...] | None = None
    device_requests: tuple[DeviceRequest, ...] | None = None
    memory_reservation: int = 0
    memory_swap: int = 0
    memory_swappiness: int | None = None
    oom_kill_disable: bool | None = None
    pids_limit: int | None = None
    ulimits: tuple[Ulimit, ...] | None = ()
    cpu_count: int = 0
    cpu_percent: int = 0
    io_maximum_iops: int = option(0, name="IOMaximumIOps")
    io_maximum_bandwidth: int = option(0, name="IOMaximumBandwidth")
    mounts: tuple[MountRequest, ...] | None = option(omit_empty=True)
    init: bool | None = option(omit_empty=True)
    masked_paths: tuple[str, ...] | None = None
    readonly_paths: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class EndpointIPAM:
    ipv4_address: str = option("", name="IPv4Address", omit_empty=True)
    ipv6_address: str = option("", name="IPv6Address", omit_empty=True)
    link_local_ips: tuple[str, ...] | None = option(name="LinkLocalIPs", omit_empty=True)


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """How to be on one network."""

    ipam_config: EndpointIPAM | None = option(name="IPAMConfig")
    links: tuple[str, ...] | None = None
    aliases: tuple[str, ...] | None = None
    mac_address: str = ""
    driver_opts: Mapping[str, str] | None = None
    gw_priority: int = 0


@dataclass(frozen=True, slots=True)
class NetworkingConfig:
    endpoints_config: Mapping[str, EndpointRequest | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """All that a create request says beside the name. Compared by identity: what is made of it can be kept by it."""

    config: ContainerConfig = ContainerConfig()
    host: HostConfig = HostConfig()
    networking: NetworkingConfig = NetworkingConfig()
    warnings: tuple[str, ...] = ()  # what the client is to be told of them


def merge(user: ContainerConfig, image: ImageConfig) -> ContainerConfig:
    """The user's settings over the image's (moby, daemon/commit.go: merge).

    ENTRYPOINT and CMD, as Docker's table says: a command alone replaces CMD; an entrypoint replaces ENTRYPOINT and
    drops CMD; `--entrypoint ""` is no entrypoint at all.
    """
    entrypoint, cmd = user.entrypoint, user.cmd
    if not entrypoint:
        cmd = cmd or image.cmd or None
        if entrypoint is None:
            entrypoint = image.entrypoint or None
    return replace(
        user,
        entrypoint=None if entrypoint == ("",) else entrypoint,
        cmd=cmd,
        user=user.user or image.user,
        env=merge_env(user.env or (), image.env),
        exposed_ports=_union(user.exposed_ports, image.exposed_ports),
        volumes=_union(user.volumes, image.volumes),
        working_dir=user.working_dir or image.working_dir,
        labels={**image.labels, **user.labels} if image.labels else user.labels,
        stop_signal=user.stop_signal or image.stop_signal,
        healthcheck=_merge_healthcheck(user.healthcheck, image),
        shell=user.shell or image.shell or None,
    )


def merge_env(user: tuple[str, ...], image: tuple[str, ...]) -> tuple[str, ...]:
    """The user's variables, then those of the image that they do not replace; of equal names the last counts.

    >>> merge_env(("A=1", "A=2"), ("PATH=/bin", "A=0"))
    ('A=2', 'PATH=/bin')
    """
    given = {entry.partition("=")[0]: entry for entry in user}
    return (*given.values(), *(entry for entry in image if entry.partition("=")[0] not in given))


def _union(user: Mapping[str, Any] | None, image: tuple[str, ...]) -> Mapping[str, Any] | None:
    return {**{name: {} for name in image}, **(user or {})} if image else user


def _merge_healthcheck(user: Healthcheck | None, image: ImageConfig) -> Healthcheck | None:
    """Each part that the user does not give is the image's."""
    theirs = image.healthcheck
    if theirs is None:
        return user
    user = user or Healthcheck()
    return Healthcheck(
        test=user.test or theirs.test,
        interval=user.interval or theirs.interval,
        timeout=user.timeout or theirs.timeout,
        start_period=user.start_period or theirs.start_period,
        start_interval=user.start_interval or theirs.start_interval,
        retries=user.retries or theirs.retries,
    )
