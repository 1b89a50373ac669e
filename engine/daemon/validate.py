"""What Docker refuses to create, and in which words.

Sources: moby daemon/container.go (verifyContainerSettings), daemon/daemon_unix.go, runconfig/. Each rule is a function
that raises InvalidParameter; the order is moby's, since of several mistakes the first is told.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace

from engine.daemon import limits, logdriver, security
from engine.daemon.config import SHM_SIZE, ContainerConfig, Healthcheck, HostConfig, Settings
from engine.daemon.mounts import requested, volumes_from
from engine.daemon.networks.ports import parse_port
from engine.daemon.signals import parse_signal
from engine.errors import InvalidParameter
from engine.host import HostInfo
from engine.spec import ALL_CAPABILITIES

MILLISECOND = 1_000_000
DEVICE_RULE = re.compile(r"[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}")
POLICIES = ("", "no", "always", "unless-stopped", "on-failure")
MASKED_PATHS = (
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
)  # fmt: skip
READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def check(settings: Settings, info: HostInfo) -> list[str]:
    """Warnings: what is allowed and yet probably not meant, or not to be had here.

    Raises InvalidParameter for the first mistake. `settings` as the client sent them.
    """
    config, host = settings.config, settings.host
    _network_mode(config, host)
    _container(config)
    _host(host)
    warnings = limits.check(host, info)
    _namespaces(host)
    if host.network_mode == "host" and (host.port_bindings or host.publish_all_ports):
        warnings.append("Published ports are discarded when using host network mode")
    for rule in host.device_cgroup_rules or ():
        if not DEVICE_RULE.fullmatch(rule):
            raise InvalidParameter(f"invalid device cgroup rule format: '{rule}'")
    security.parse(host)
    logdriver.check(host.log_config)
    requested(config, host)
    for text in host.volumes_from or ():
        volumes_from(text)
    return warnings


def adapt(host: HostConfig, info: HostInfo) -> HostConfig:
    """The daemon's defaults for what the client left open (moby: adaptContainerSettings)."""
    host = limits.supported(host, info)
    privileged = host.privileged
    swap = host.memory * 2 if host.memory > 0 and host.memory_swap == 0 else host.memory_swap
    policy = replace(host.restart_policy, name="no") if not host.restart_policy.name else host.restart_policy
    log = host.log_config if host.log_config.type else replace(host.log_config, type="json-file")
    masked = () if privileged else MASKED_PATHS
    readonly = () if privileged else READONLY_PATHS
    return replace(
        host,
        memory_swap=swap,
        pids_limit=host.pids_limit if host.pids_limit and host.pids_limit > 0 else None,
        restart_policy=policy,
        log_config=log,
        network_mode=host.network_mode or "default",
        shm_size=host.shm_size or SHM_SIZE,
        ipc_mode=host.ipc_mode or "private",
        cgroupns_mode=host.cgroupns_mode or "private",
        runtime=host.runtime or "runc",
        masked_paths=masked if host.masked_paths is None else host.masked_paths,
        readonly_paths=readonly if host.readonly_paths is None else host.readonly_paths,
    )


def _refuse(text: str) -> None:
    raise InvalidParameter(text)


def _network_mode(config: ContainerConfig, host: HostConfig) -> None:
    mode = host.network_mode
    of_container, of_host = mode.startswith("container:"), mode == "host"
    if mode == "container:":
        _refuse("Invalid network mode: invalid container format container:<name|id>")
    conflicts = (
        (of_container and config.hostname, "hostname and the network mode"),
        (host.uts_mode == "host" and config.hostname, "hostname and the UTS mode"),
        (host.uts_mode == "host" and config.domainname, "domainname and the UTS mode"),
        (of_container and host.dns, "dns and the network mode"),
        (of_container and host.extra_hosts, "custom host-to-IP mapping and the network mode"),
        ((of_container or of_host) and config.mac_address, "mac-address and the network mode"),
        (
            of_container and (host.port_bindings or host.publish_all_ports),
            "port publishing and the container type network mode",
        ),
        (of_container and config.exposed_ports, "port exposing and the container type network mode"),
    )
    for applies, what in conflicts:
        if applies:
            _refuse(f"conflicting options: {what}")


def _container(config: ContainerConfig) -> None:
    if config.working_dir and not config.working_dir.startswith("/"):
        _refuse(f"the working directory '{config.working_dir}' is invalid, it needs to be an absolute path")
    if config.stop_signal:
        parse_signal(config.stop_signal)
    for entry in config.env or ():
        if not entry or entry.startswith("="):
            _refuse(f"invalid environment variable: {entry}")
    for port in config.exposed_ports or ():
        parse_port(port)
    if config.healthcheck is not None:
        _healthcheck(config.healthcheck)


def _healthcheck(check: Healthcheck) -> None:
    times = {
        "Interval": check.interval,
        "Timeout": check.timeout,
        "StartPeriod": check.start_period,
        "StartInterval": check.start_interval,
    }
    for name, value in times.items():
        if value != 0 and value < MILLISECOND:
            _refuse(f"{name} in Healthcheck cannot be less than 1ms")
    if check.retries < 0:
        _refuse("Retries in Healthcheck cannot be negative")


def _host(host: HostConfig) -> None:
    if host.auto_remove and not host.restart_policy.is_none:
        _refuse("can't create 'AutoRemove' container with restart policy")
    if host.shm_size < 0:
        _refuse("SHM size can not be less than 0")
    for entry in host.extra_hosts or ():
        _extra_host(entry)
    for port, bindings in host.port_bindings.items():
        parse_port(port)
        for binding in bindings or ():
            for number in binding.host_port.split("-") if binding.host_port else ():
                if not number.isdecimal() or int(number) > 65535:
                    _refuse(f'invalid port specification: "{binding.host_port}"')
    check_restart_policy(host)
    if host.isolation not in ("", "default"):
        _refuse(f"invalid isolation '{host.isolation}' on linux")
    for name, capabilities in (("CapAdd", host.cap_add), ("CapDrop", host.cap_drop)):
        for capability in capabilities or ():
            if normal_capability(capability) not in ("ALL", *ALL_CAPABILITIES):
                _refuse(f'invalid {name}: unknown capability: "{capability}"')
    if host.storage_opt:
        _refuse("--storage-opt is supported only for overlay over xfs with 'pquota' mount option")
    if "" in (host.annotations or {}):
        _refuse("invalid Annotations: the empty string is not permitted as an annotation key")
    if not -1000 <= host.oom_score_adj <= 1000:
        _refuse(f"Invalid value {host.oom_score_adj}, range for oom score adj is [-1000, 1000]")
    for target in host.tmpfs or ():
        _tmpfs(target)


def _extra_host(entry: str) -> None:
    name, separator, address = entry.partition("=" if "=" in entry else ":")
    if not separator or not name:
        _refuse(f'bad format for add-host: "{entry}"')
    if address != "host-gateway":
        try:
            ipaddress.ip_address(address.strip("[]"))
        except ValueError:
            _refuse(f'invalid IP address in add-host: "{address}"')


def _tmpfs(target: str) -> None:
    if not target.startswith("/"):
        _refuse(f"invalid mount path: '{target}' mount path must be absolute")
    if not target.strip("/."):
        _refuse("invalid specification: destination can't be '/'")


def check_restart_policy(host: HostConfig) -> None:
    """Raises InvalidParameter."""
    policy = host.restart_policy
    if policy.name not in POLICIES:
        _refuse(f"invalid restart policy '{policy.name}'")
    if policy.name != "on-failure" and policy.maximum_retry_count != 0:
        _refuse(f"maximum retry count cannot be used with restart policy '{policy.name}'")
    if policy.maximum_retry_count < 0:
        _refuse("maximum retry count cannot be negative")


def _namespaces(host: HostConfig) -> None:
    rules = (
        ("IPC", host.ipc_mode, ("", "none", "private", "shareable", "host")),
        ("PID", host.pid_mode, ("", "host")),
    )
    for name, mode, words in rules:
        if mode not in words and not mode.startswith("container:"):
            _refuse(f"invalid {name} mode: {mode}")
    if host.uts_mode not in ("", "host"):
        _refuse(f"invalid UTS mode: {host.uts_mode}")
    if host.userns_mode not in ("", "host"):
        _refuse(f"invalid user namespace mode: {host.userns_mode}")
    if host.cgroupns_mode not in ("", "private", "host"):
        _refuse(f"invalid cgroup namespace mode: {host.cgroupns_mode}")
    if host.runtime not in ("", "runc", "io.containerd.runc.v2"):
        _refuse(f"unknown or invalid runtime name: {host.runtime}")


def normal_capability(name: str) -> str:
    """
    >>> normal_capability("net_admin"), normal_capability("all")
    ('CAP_NET_ADMIN', 'ALL')
    """
    name = name.upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"
