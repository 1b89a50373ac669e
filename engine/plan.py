"""What to do to the kernel for a container: a pure function from its `Spec` to a list of operations.

The order is that in which moby, runc and runc's init do it: file system and cgroup from outside, then the namespaces,
the network, the mounts, the new root, and at the end the process gives up one privilege after the other and becomes the
program. Operations that are the same for every container are made once and shared.

Sources: moby daemon/oci_linux.go, oci/defaults.go; runc libcontainer/{process,rootfs,standard_init,init}_linux.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from engine.operations import (
    AddRoute,
    AddRule,
    ChangeDirectory,
    Execve,
    JoinCgroup,
    JoinNamespace,
    LoadSeccomp,
    LoopbackUp,
    MakeBridge,
    MakeCgroup,
    MakeDevice,
    MakeDevices,
    MakeDummy,
    MakeSublink,
    MakeVeth,
    MaskPath,
    MountFilesystem,
    MountOverlay,
    NoNewPrivileges,
    Operation,
    PivotRoot,
    ReadonlyPath,
    SetAddress,
    SetCapabilities,
    SetHostname,
    SetOomScore,
    SetRlimit,
    SetSysctl,
    SetUser,
    Unshare,
    WriteCgroup,
    undo_list,
)
from engine.spec import BridgeNetwork, Link, Mount, Namespace, Resources, Spec

__all__ = ["cable", "forwarding", "network", "plan", "undo_list"]

LOOPBACK, DEVICES, PIVOT, NO_NEW_PRIVILEGES = LoopbackUp(), MakeDevices(), PivotRoot(), NoNewPrivileges()
READONLY_ROOT = ReadonlyPath("/")
shared = lru_cache(1024)  # what many containers have in common is made once
CPU_PERIOD = 100_000  # microseconds, the kernel's default


def plan(spec: Spec, lower: tuple[str, ...] = ()) -> tuple[Operation, ...]:
    """The operations that make the container and run its program; the last is Execve.

    `lower`: names of the read-only layers below the container's own, topmost first.
    """
    process = spec.process
    return (
        MountOverlay(spec.rootfs, lower),
        MakeCgroup(spec.cgroups_path, spec.device_rules),
        *_limits(spec.cgroups_path, spec.resources),
        *_namespaces(spec.namespaces),
        JoinCgroup(spec.cgroups_path),
        *_network(spec),
        *(_mount(mount) for mount in spec.mounts),
        DEVICES,
        *(MakeDevice(each.path, each.kind, each.major, each.minor, each.mode) for each in spec.devices),
        PIVOT,
        *_identity(spec),
        *_paths(spec.readonly_paths, spec.masked_paths, spec.readonly),
        *(SetRlimit(name, soft, hard) for name, soft, hard in process.rlimits),
        *((SetOomScore(process.oom_score_adj),) if process.oom_score_adj else ()),
        *((NO_NEW_PRIVILEGES,) if process.no_new_privileges else ()),
        *((_seccomp(spec.seccomp),) if spec.seccomp else ()),
        _directory(process.cwd),
        _user(process.user, process.groups),
        _capabilities(process.capabilities),
        Execve(process.args, process.env, process.terminal),
    )


def _limits(path: str, resources: Resources) -> Iterator[Operation]:
    for file, value in cgroup_files(resources):
        yield WriteCgroup(path, file, value)


@shared
def cgroup_files(resources: Resources) -> tuple[tuple[str, str], ...]:
    """Limits as cgroup v2 files, in the order in which runc writes them; two that are there no more have v1's names."""
    files: list[tuple[str, str]] = []
    if resources.memory or resources.memory_swap:
        if swap := _swap(resources):
            files.append(("memory.swap.max", swap))
        if resources.memory:
            files.append(("memory.max", _or_max(resources.memory)))
    if resources.oom_kill_disable:
        files.append(("memory.oom_control", "1"))
    if resources.memory_swappiness >= 0:
        files.append(("memory.swappiness", str(resources.memory_swappiness)))
    if resources.memory_reservation:
        files.append(("memory.low", str(resources.memory_reservation)))
    if resources.pids:
        files.append(("pids.max", _or_max(resources.pids)))
    if resources.cpu_shares:
        files.append(("cpu.weight", str(cpu_weight(resources.cpu_shares))))
    if resources.cpu_quota or resources.cpu_period:
        quota = str(resources.cpu_quota) if resources.cpu_quota > 0 else "max"
        files.append(("cpu.max", f"{quota} {resources.cpu_period or CPU_PERIOD}"))
    if resources.cpuset_cpus:
        files.append(("cpuset.cpus", resources.cpuset_cpus))
    if resources.cpuset_mems:
        files.append(("cpuset.mems", resources.cpuset_mems))
    if resources.blkio_weight:
        files.append(("io.bfq.weight", str(resources.blkio_weight)))
    files += [("io.max", row) for row in resources.blkio_throttle]
    return tuple(files)


def _or_max(limit: int) -> str:
    return "max" if limit < 0 else str(limit)


def _swap(resources: Resources) -> str:
    """cgroup v2 counts swap alone, where Docker's setting is memory and swap together."""
    if resources.memory_swap == 0:
        return ""
    return "max" if resources.memory_swap < 0 else str(resources.memory_swap - max(resources.memory, 0))


def cpu_weight(shares: int) -> int:
    """cgroup v1's shares (2 to 262144, 1024 is usual) as v2's weight (1 to 10000), as runc 1.1 converts them.

    >>> cpu_weight(1024), cpu_weight(2), cpu_weight(262144)
    (39, 1, 10000)
    """
    shares = min(max(shares, 2), 262144)
    return 1 + (shares - 2) * 9999 // 262142


@shared
def _namespaces(namespaces: tuple[Namespace, ...]) -> tuple[Operation, ...]:
    joined = tuple(JoinNamespace(each.type, each.path) for each in namespaces if each.path)
    return (*joined, Unshare(tuple(each.type for each in namespaces if not each.path)))


def _network(spec: Spec) -> Iterator[Operation]:
    """Only into a network namespace of its own."""
    if any(each.type == "network" and each.path for each in spec.namespaces):
        return
    yield LOOPBACK
    for link in spec.links:
        yield from cable(link)


def cable(link: Link) -> Iterator[Operation]:
    """From a bridge into the network namespace: the way of a container that starts, or that is connected later."""
    if link.driver == "bridge":
        yield MakeVeth(link.host_name, link.bridge, link.name)
    else:
        yield MakeSublink(link.driver, link.bridge, link.name)
    others = (*((link.address6,) if link.address6 else ()), *link.others)
    yield SetAddress(link.name, link.address, link.mac, others)
    for gateway in (link.gateway, link.gateway6):
        if gateway:
            yield _default_route(gateway)


@shared
def _default_route(gateway: str) -> Operation:
    return AddRoute("default", gateway)


def network(wanted: BridgeNetwork) -> tuple[Operation, ...]:
    """A bridge and the rules around it (libnetwork, drivers/bridge/setup_ip_tables_linux.go); or a link to share."""
    if wanted.driver != "bridge":
        return () if wanted.parent else (MakeDummy(wanted.bridge),)
    pairs = ((wanted.subnet, wanted.gateway), (wanted.subnet6, wanted.gateway6))
    addresses = tuple(f"{gateway}/{subnet.rpartition('/')[2]}" for subnet, gateway in pairs if subnet and gateway)
    rules = [rule for subnet, _ in pairs if subnet for rule in _rules(wanted, subnet)]
    return (MakeBridge(wanted.bridge, addresses, wanted.mtu), *rules)


def _rules(wanted: BridgeNetwork, subnet: str) -> Iterator[Operation]:
    bridge, command = wanted.bridge, "ip6tables" if ":" in subnet else "iptables"
    isolation = "DOCKER-ISOLATION-STAGE-1"
    if wanted.internal:
        yield AddRule("filter", isolation, f"! -s {subnet} -o {bridge} -j DROP", command)
        yield AddRule("filter", isolation, f"! -d {subnet} -i {bridge} -j DROP", command)
    else:
        if wanted.masquerade:
            yield AddRule("nat", "POSTROUTING", f"-s {subnet} ! -o {bridge} -j MASQUERADE", command)
        yield AddRule("filter", isolation, f"-i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2", command)
        yield AddRule("filter", "DOCKER-ISOLATION-STAGE-2", f"-o {bridge} -j DROP", command)
    if not wanted.icc:
        yield AddRule("filter", "FORWARD", f"-i {bridge} -o {bridge} -j DROP", command)


def forwarding(bridge: str, protocol: str, host_ip: str, host_port: int, address: str, port: int) -> Operation:
    """A port of the host that leads into a container."""
    where = f"-d {host_ip} " if host_ip not in ("", "0.0.0.0", "::") else ""
    target, command = (f"[{address}]:{port}", "ip6tables") if ":" in address else (f"{address}:{port}", "iptables")
    words = f"{where}! -i {bridge} -p {protocol} --dport {host_port} -j DNAT --to-destination {target}"
    return AddRule("nat", "DOCKER", words, command)


def _mount(mount: Mount) -> Operation:
    if mount.type == "bind":
        return MountFilesystem("bind", mount.source, mount.target, mount.options)
    return _pseudo_mount(mount)


@shared
def _pseudo_mount(mount: Mount) -> Operation:
    return MountFilesystem(mount.type, mount.source, mount.target, mount.options)


def _identity(spec: Spec) -> Iterator[Operation]:
    if any(each.type == "uts" and not each.path for each in spec.namespaces):
        yield SetHostname(spec.hostname, spec.domainname)
    for name, value in spec.sysctl.items():
        yield _sysctl(name, value)


@shared
def _sysctl(name: str, value: str) -> Operation:
    return SetSysctl(name, value)


@shared
def _paths(readonly: tuple[str, ...], masked: tuple[str, ...], readonly_root: bool) -> tuple[Operation, ...]:
    return (
        *(ReadonlyPath(path) for path in readonly),
        *(MaskPath(path) for path in masked),
        *((READONLY_ROOT,) if readonly_root else ()),
    )


@shared
def _seccomp(profile: str) -> Operation:
    return LoadSeccomp(profile)


@shared
def _directory(path: str) -> Operation:
    return ChangeDirectory(path)


@shared
def _user(user: str, groups: tuple[str, ...]) -> Operation:
    return SetUser(user, groups)


@shared
def _capabilities(keep: tuple[str, ...]) -> Operation:
    return SetCapabilities(keep)
