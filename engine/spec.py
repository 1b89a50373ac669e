"""What a container is to be, in the words of the OCI runtime specification 1.2 (config.json), as frozen data.

Only what some operation needs is here; names follow the specification in snake case. Sizes are bytes, CPU times are
microseconds (`quota`, `period`) as the kernel takes them. The daemon makes a `Spec` from a container's settings;
`engine.plan` turns it into kernel operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.linux import ALL_CAPABILITIES as ALL_CAPABILITIES
from engine.linux import DEFAULT_CAPABILITIES as DEFAULT_CAPABILITIES


@dataclass(frozen=True, slots=True)
class Process:
    """What to execute (`process`). `user` is "name|uid[:group|gid]", looked up in the container's root."""

    args: tuple[str, ...]
    env: tuple[str, ...] = ()
    cwd: str = "/"
    user: str = ""
    groups: tuple[str, ...] = ()
    terminal: bool = False
    console_size: tuple[int, int] = (0, 0)  # rows, columns
    capabilities: tuple[str, ...] = DEFAULT_CAPABILITIES
    rlimits: tuple[tuple[str, int, int], ...] = ()  # ("nofile", soft, hard)
    no_new_privileges: bool = False
    oom_score_adj: int = 0


@dataclass(frozen=True, slots=True)
class Mount:
    """One entry of `mounts`. `options` are mount(8)'s words: "ro", "rbind", "size=64m", …"""

    target: str
    type: str
    source: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the host (linux.devices). `path` inside; `kind` "c" or "b"; `access` of "rwm" in its cgroup."""

    path: str
    kind: str
    major: int
    minor: int
    mode: int = 0o660
    access: str = "rwm"


@dataclass(frozen=True, slots=True)
class Namespace:
    """`path` empty: a new one. Else join: "host", or "container:<id>"."""

    type: str  # pid | network | mount | ipc | uts | user | cgroup | time
    path: str = ""


@dataclass(frozen=True, slots=True)
class Resources:
    """cgroup limits; 0 or "" is "not set", -1 is "unlimited"."""

    memory: int = 0
    memory_reservation: int = 0
    memory_swap: int = 0
    cpu_shares: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    pids: int = 0
    blkio_weight: int = 0
    blkio_throttle: tuple[str, ...] = ()  # rows of io.max: "8:0 rbps=1048576"
    oom_kill_disable: bool = False  # this and the next: cgroup v1 only
    memory_swappiness: int = -1  # 0 to 100


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface of the container. Addresses with prefix length, "172.17.0.2/16".

    `driver` bridge: a cable to a bridge; macvlan, ipvlan: a second self of a link of the host's.
    """

    bridge: str  # on the host, "docker0"; or the parent, "eth0"
    host_name: str  # of the veth's host end
    name: str  # inside, "eth0"
    mac: str
    address: str = ""
    gateway: str = ""  # "" for no default route
    address6: str = ""
    gateway6: str = ""
    others: tuple[str, ...] = ()  # link-local addresses
    mtu: int = 1500
    driver: str = "bridge"


@dataclass(frozen=True, slots=True)
class BridgeNetwork:
    """A bridge network, or one that shares a link of the host's (macvlan, ipvlan).

    Subnets and gateways may be "" (no addresses of that family); gateways without prefix length. `internal`: no way
    out. `icc`: its containers may talk to each other. `masquerade`: what goes out bears the host's address.
    """

    id: str
    name: str
    bridge: str  # the bridge's name on the host, "br-0123456789ab"
    subnet: str = ""
    gateway: str = ""
    subnet6: str = ""
    gateway6: str = ""
    internal: bool = False
    icc: bool = True
    masquerade: bool = True
    mtu: int = 1500
    driver: str = "bridge"
    parent: str = ""  # of macvlan and ipvlan; "" for a link that leads nowhere, which is made under the bridge's name


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole container. `rootfs` is the snapshot's key; `cgroups_path` like "/docker/<id>"."""

    id: str
    process: Process
    rootfs: str
    hostname: str = ""
    domainname: str = ""
    readonly: bool = False
    mounts: tuple[Mount, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    resources: Resources = Resources()
    cgroups_path: str = ""
    links: tuple[Link, ...] = ()
    sysctl: Mapping[str, str] = field(default_factory=dict)
    masked_paths: tuple[str, ...] = ()
    readonly_paths: tuple[str, ...] = ()
    seccomp: str = ""  # profile name: "default" | "" for unconfined
    init: bool = False  # a reaper as PID 1
    privileged: bool = False
    devices: tuple[Device, ...] = ()
    device_rules: tuple[str, ...] = ()  # "c 1:11 r", "b *:* rwm", "a *:* m" (linux.resources.devices)
