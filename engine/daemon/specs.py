"""From a container's settings to its runtime specification (moby, daemon/oci_linux.go).

What equal settings have in common (capabilities, namespaces, limits, pseudo file systems) is a `Template`, made once
for each `Settings` object; `spec` adds what is this container's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from engine.daemon import files, security
from engine.daemon.config import ContainerConfig, HostConfig, Settings
from engine.daemon.container import Container
from engine.daemon.validate import normal_capability
from engine.spec import ALL_CAPABILITIES, DEFAULT_CAPABILITIES, Device, Link, Mount, Namespace, Process, Resources, Spec

DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CPU_PERIOD = 100_000  # microseconds
NANO = 1_000_000_000

# moby, oci/defaults.go: DefaultLinuxSpec
PROC = Mount("/proc", "proc", "proc", ("nosuid", "noexec", "nodev"))
DEV = Mount("/dev", "tmpfs", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k"))
PTS_OPTIONS = ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")
PTS = Mount("/dev/pts", "devpts", "devpts", PTS_OPTIONS)
MQUEUE = Mount("/dev/mqueue", "mqueue", "mqueue", ("nosuid", "noexec", "nodev"))
OPEN_NETWORK = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}
NAMESPACES = ("mount", "uts", "ipc", "pid", "network", "cgroup")


@dataclass(frozen=True, slots=True)
class Template:
    """The part of a `Spec` that equal settings share."""

    capabilities: tuple[str, ...]
    namespaces: tuple[Namespace, ...]
    resources: Resources
    mounts: tuple[Mount, ...]
    sysctl: Mapping[str, str]
    rlimits: tuple[tuple[str, int, int], ...]
    no_new_privileges: bool
    seccomp: str
    path: str  # "PATH=…"
    hostname: str  # "HOSTNAME=…" if the settings have it, else it is the container's own
    env: tuple[str, ...]  # the rest
    command: tuple[str, ...]


@lru_cache(256)
def template(settings: Settings) -> Template:
    host = settings.host
    options = security.parse(host)
    env = environment(settings.config)
    path = env.pop("PATH", DEFAULT_PATH)
    hostname = env.pop("HOSTNAME", "")
    return Template(
        capabilities=_capabilities(host),
        namespaces=_namespaces(host),
        resources=resources(host),
        mounts=_mounts(host),
        sysctl=_sysctls(host),
        rlimits=tuple((limit.name, limit.soft, limit.hard) for limit in host.ulimits or ()),
        no_new_privileges=options.no_new_privileges,
        seccomp=_seccomp(host, options.seccomp),
        path=path,
        hostname=hostname,
        env=tuple(env.values()),
        command=(settings.config.entrypoint or ()) + (settings.config.cmd or ()),
    )


def spec(
    container: Container,
    links: tuple[Link, ...],
    root: str,
    linked_env: tuple[str, ...] = (),
    devices: tuple[Device, ...] = (),
    throttles: tuple[str, ...] = (),
) -> Spec:
    """What the host is to make; `root` is the daemon's folder on it, `linked_env` what `--link` brings."""
    common, config = template(container.settings), container.settings.config
    host = container.settings.host
    return Spec(
        id=container.id,
        process=process(container, linked_env),
        rootfs=container.id,
        hostname=container.hostname,
        domainname=config.domainname,
        readonly=host.readonly_rootfs,
        mounts=_all_mounts(container, common, root),
        namespaces=common.namespaces,
        resources=replace(common.resources, blkio_throttle=throttles) if throttles else common.resources,
        cgroups_path=f"/{host.cgroup_parent.strip('/') or 'docker'}/{container.id}",
        links=links,
        sysctl=common.sysctl,
        masked_paths=host.masked_paths or (),
        readonly_paths=host.readonly_paths or (),
        seccomp=common.seccomp,
        init=bool(host.init),
        privileged=host.privileged,
        devices=devices,
        device_rules=host.device_cgroup_rules or (),
    )


def process(container: Container, linked_env: tuple[str, ...] = ()) -> Process:
    """The container's first process."""
    common, config = template(container.settings), container.settings.config
    host = container.settings.host
    return Process(
        args=common.command,
        env=(common.path, common.hostname or f"HOSTNAME={container.hostname}", *linked_env, *common.env),
        cwd=config.working_dir or "/",
        user=config.user,
        groups=host.group_add or (),
        terminal=config.tty,
        console_size=(host.console_size[0], host.console_size[1]) if len(host.console_size) == 2 else (0, 0),
        capabilities=common.capabilities,
        rlimits=common.rlimits,
        no_new_privileges=common.no_new_privileges,
        oom_score_adj=host.oom_score_adj,
    )


def environment(config: ContainerConfig) -> dict[str, str]:
    """Entries by name: TERM if there is a terminal, then the settings' own."""
    entries = {"TERM": "TERM=xterm"} if config.tty else {}
    return entries | {entry.partition("=")[0]: entry for entry in config.env or () if "=" in entry}


def owner_of_files(container: Container) -> str:
    """The id of the container whose hosts, hostname and resolv.conf it has."""
    mode = container.settings.host.network_mode
    return mode.removeprefix("container:") if mode.startswith("container:") else container.id


def _all_mounts(container: Container, common: Template, root: str) -> tuple[Mount, ...]:
    """What the user mounts replaces what Docker would mount there; folders come before what is below them."""
    ours = (*_shared_memory(container, root), *files.mounts(root, owner_of_files(container)))
    if not container.mounts:
        return (*common.mounts, *ours)
    taken = {point.destination for point in container.mounts}
    standard = [
        mount for mount in common.mounts if mount.target not in taken and not ("/dev" in taken and _below_dev(mount))
    ]
    theirs = [point.spec() for point in container.mounts]
    theirs += [mount for mount in ours if mount.target not in taken]
    return (*standard, *sorted(theirs, key=lambda mount: mount.target.count("/")))


def _shared_memory(container: Container, root: str) -> tuple[Mount, ...]:
    """A /dev/shm that is somebody else's, too."""
    mode = container.settings.host.ipc_mode
    if mode in ("private", "none"):
        return ()
    owner = mode.removeprefix("container:") if mode.startswith("container:") else container.id
    source = "/dev/shm" if mode == "host" else files.shared_memory(root, owner)
    return (Mount("/dev/shm", "bind", source, ("rbind", "rprivate")),)


def _below_dev(mount: Mount) -> bool:
    return mount.target.startswith("/dev/")


def _capabilities(host: HostConfig) -> tuple[str, ...]:
    if host.privileged:
        return ALL_CAPABILITIES
    added = [normal_capability(name) for name in host.cap_add or ()]
    dropped = [normal_capability(name) for name in host.cap_drop or ()]
    kept = list(ALL_CAPABILITIES) if "ALL" in added else [] if "ALL" in dropped else list(DEFAULT_CAPABILITIES)
    kept = [name for name in kept if name not in dropped]
    return tuple(dict.fromkeys(kept + [name for name in added if name != "ALL"])) if added else tuple(kept)


def _namespaces(host: HostConfig) -> tuple[Namespace, ...]:
    """Each new, unless a mode names the host's or another container's."""
    modes = {"network": host.network_mode, "pid": host.pid_mode, "ipc": host.ipc_mode, "uts": host.uts_mode}
    modes["cgroup"] = host.cgroupns_mode
    paths = {type: mode for type, mode in modes.items() if mode == "host" or mode.startswith("container:")}
    if "network" in paths and paths["network"] != "host":
        paths["uts"] = paths["network"]  # the same host name goes with the same network
    return tuple(Namespace(type, paths.get(type, "")) for type in NAMESPACES)


def _sysctls(host: HostConfig) -> Mapping[str, str]:
    """With a network of its own everybody may ping, and listen on any port (moby, daemon/oci_linux.go)."""
    own_network = host.network_mode != "host" and not host.network_mode.startswith("container:")
    return {**(OPEN_NETWORK if own_network else {}), **(host.sysctls or {})}


def _mounts(host: HostConfig) -> tuple[Mount, ...]:
    access = ("rw",) if host.privileged else ("ro",)
    kept = ("nosuid", "noexec", "nodev")
    found = [PROC, DEV, PTS, Mount("/sys", "sysfs", "sysfs", kept + access)]
    found += [Mount("/sys/fs/cgroup", "cgroup2", "cgroup", access + kept), MQUEUE]
    if host.ipc_mode == "private":
        found.append(Mount("/dev/shm", "tmpfs", "shm", (*kept, "mode=1777", f"size={host.shm_size}")))
    return tuple(found)


def resources(host: HostConfig) -> Resources:
    """The limits, as the runtime takes them."""
    quota, period = host.cpu_quota, host.cpu_period
    if host.nano_cpus > 0:
        quota, period = host.nano_cpus * CPU_PERIOD // NANO, CPU_PERIOD
    return Resources(
        memory=host.memory,
        memory_reservation=host.memory_reservation,
        memory_swap=host.memory_swap,
        cpu_shares=host.cpu_shares,
        cpu_quota=quota,
        cpu_period=period,
        cpuset_cpus=host.cpuset_cpus,
        cpuset_mems=host.cpuset_mems,
        pids=_pids(host.pids_limit),
        blkio_weight=host.blkio_weight,
        oom_kill_disable=bool(host.oom_kill_disable),
        memory_swappiness=-1 if host.memory_swappiness is None else host.memory_swappiness,
    )


def _pids(limit: int | None) -> int:
    """Never said: not set. Taken back by `docker update`: unlimited."""
    if limit is None:
        return 0
    return limit if limit > 0 else -1


def _seccomp(host: HostConfig, profile: str) -> str:
    """The name of the profile for the runtime; "" for none."""
    if profile == security.UNCONFINED or (host.privileged and not profile):
        return ""
    return "custom" if profile else "default"
