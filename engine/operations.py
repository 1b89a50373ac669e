"""Kernel operations as data: what a container is made of.

Each says itself as the shell command that a person could type (`shell()`), at the height of unshare(1), mount(8) and
ip(8). A host performs a list of them in order; when one fails, `undo` of those already done is performed in reverse.
Both hosts get the same list. Paths inside the container are written as the container sees them; `{root}` in a shell
line stands for the container's root directory.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Operation:
    """The base: `man` names the manual page that explains it."""

    man: ClassVar[str] = ""

    def shell(self) -> str:
        """The command line that does the same."""
        raise TypeError(f"{type(self).__name__} has no shell words")

    def undo(self) -> Operation | None:
        """The operation that takes this one back; None if it goes with the process or its namespaces."""
        return None


@dataclass(frozen=True, slots=True)
class MakeCgroup(Operation):
    man: ClassVar[str] = "cgroups(7)"
    path: str  # "/docker/<id>"

    def shell(self) -> str:
        return f"mkdir /sys/fs/cgroup{self.path}"

    def undo(self) -> Operation:
        return RemoveCgroup(self.path)


@dataclass(frozen=True, slots=True)
class RemoveCgroup(Operation):
    man: ClassVar[str] = "cgroups(7)"
    path: str

    def shell(self) -> str:
        return f"rmdir /sys/fs/cgroup{self.path}"


@dataclass(frozen=True, slots=True)
class WriteCgroup(Operation):
    """Set one limit, in cgroup v2's file names ("memory.max", "cpu.max", "pids.max", "cpu.weight")."""

    man: ClassVar[str] = "cgroups(7)"
    path: str
    file: str
    value: str

    def shell(self) -> str:
        return f"echo {shlex.quote(self.value)} > /sys/fs/cgroup{self.path}/{self.file}"


@dataclass(frozen=True, slots=True)
class MountOverlay(Operation):
    """The image's read-only layers below, one writable layer on top. `lower` topmost first, as overlayfs takes it."""

    man: ClassVar[str] = "mount(8)"
    key: str  # the snapshot
    lower: tuple[str, ...]
    readonly: bool = False

    def shell(self) -> str:
        options = f"lowerdir={':'.join(self.lower)},upperdir={self.key}/upper,workdir={self.key}/work"
        return f"mount -t overlay overlay -o {options} {{root}}"

    def undo(self) -> Operation:
        return Unmount("/")


@dataclass(frozen=True, slots=True)
class Unshare(Operation):
    """Make new namespaces for the container's first process (clone(2) with CLONE_NEW* flags)."""

    man: ClassVar[str] = "unshare(1)"
    namespaces: tuple[str, ...]  # "pid", "network", "mount", …

    def shell(self) -> str:
        flags = [f"--{'net' if name == 'network' else name}" for name in self.namespaces]
        return " ".join(["unshare", *flags, "--fork"])


@dataclass(frozen=True, slots=True)
class JoinNamespace(Operation):
    """Enter a namespace that exists: the host's, or another container's (setns(2))."""

    man: ClassVar[str] = "nsenter(1)"
    type: str
    target: str  # "host" or "container:<id>"

    def shell(self) -> str:
        return f"nsenter --{'net' if self.type == 'network' else self.type} --target {self.target}"


@dataclass(frozen=True, slots=True)
class JoinCgroup(Operation):
    """The first process enters its cgroup before it runs anything."""

    man: ClassVar[str] = "cgroups(7)"
    path: str

    def shell(self) -> str:
        return f"echo $$ > /sys/fs/cgroup{self.path}/cgroup.procs"


@dataclass(frozen=True, slots=True)
class MakeBridge(Operation):
    """A switch in the kernel, with the host's own addresses on it: the gateways of its containers."""

    man: ClassVar[str] = "bridge(8)"
    name: str
    addresses: tuple[str, ...]
    mtu: int = 1500

    def shell(self) -> str:
        mtu = f" mtu {self.mtu}" if self.mtu != 1500 else ""
        addresses = "".join(f"ip addr add {address} dev {self.name} && " for address in self.addresses)
        return f"ip link add {self.name}{mtu} type bridge && {addresses}ip link set {self.name} up"

    def undo(self) -> Operation:
        return RemoveLink(self.name)


@dataclass(frozen=True, slots=True)
class AddRule(Operation):
    """A rule of the packet filter; `words` as iptables takes them after the chain."""

    man: ClassVar[str] = "iptables(8)"
    table: str
    chain: str
    words: str
    command: str = "iptables"

    def shell(self) -> str:
        return f"{self.command} -t {self.table} -A {self.chain} {self.words}"

    def undo(self) -> Operation:
        return RemoveRule(self.table, self.chain, self.words, self.command)


@dataclass(frozen=True, slots=True)
class RemoveRule(Operation):
    man: ClassVar[str] = "iptables(8)"
    table: str
    chain: str
    words: str
    command: str = "iptables"

    def shell(self) -> str:
        return f"{self.command} -t {self.table} -D {self.chain} {self.words}"


@dataclass(frozen=True, slots=True)
class MakeVeth(Operation):
    """A virtual cable: one end on the host's bridge, the other in the container's network namespace."""

    man: ClassVar[str] = "veth(4)"
    host: str
    bridge: str
    inside: str

    def shell(self) -> str:
        return (
            f"ip link add {self.host} type veth peer name {self.inside} netns {{pid}} && "
            f"ip link set {self.host} master {self.bridge} up"
        )

    def undo(self) -> Operation:
        return RemoveLink(self.host)


@dataclass(frozen=True, slots=True)
class MakeDummy(Operation):
    """A link that leads nowhere: a network for those who share it."""

    man: ClassVar[str] = "ip-link(8)"
    name: str

    def shell(self) -> str:
        return f"ip link add {self.name} type dummy && ip link set {self.name} up"

    def undo(self) -> Operation:
        return RemoveLink(self.name)


@dataclass(frozen=True, slots=True)
class MakeSublink(Operation):
    """A link of the container's that shares one of the host's: with an own hardware address (macvlan) or without."""

    man: ClassVar[str] = "ip-link(8)"
    driver: str
    parent: str
    inside: str

    def shell(self) -> str:
        mode = "bridge" if self.driver == "macvlan" else "l2"
        return f"ip link add link {self.parent} name {self.inside} netns {{pid}} type {self.driver} mode {mode}"

    def undo(self) -> Operation:
        return RemoveLink(self.inside)


@dataclass(frozen=True, slots=True)
class RemoveLink(Operation):
    """A bridge, a cable by its end on the host (the other end goes with it), or a link that shares the host's."""

    man: ClassVar[str] = "ip-link(8)"
    name: str

    def shell(self) -> str:
        return f"ip link del {self.name}"


@dataclass(frozen=True, slots=True)
class SetAddress(Operation):
    """Address, hardware address and `up`, inside the container."""

    man: ClassVar[str] = "ip-address(8)"
    link: str
    address: str
    mac: str = ""
    others: tuple[str, ...] = ()  # more addresses of the same link

    def shell(self) -> str:
        mac = f"ip link set {self.link} address {self.mac} && " if self.mac else ""
        addresses = [address for address in (self.address, *self.others) if address]
        added = "".join(f"ip addr add {address} dev {self.link} && " for address in addresses)
        return f"{mac}{added}ip link set {self.link} up"


@dataclass(frozen=True, slots=True)
class LoopbackUp(Operation):
    man: ClassVar[str] = "ip-link(8)"

    def shell(self) -> str:
        return "ip link set lo up"


@dataclass(frozen=True, slots=True)
class AddRoute(Operation):
    man: ClassVar[str] = "ip-route(8)"
    destination: str  # "default" or a subnet
    gateway: str

    def shell(self) -> str:
        family = " -6" if ":" in self.gateway else ""
        return f"ip{family} route add {self.destination} via {self.gateway}"


@dataclass(frozen=True, slots=True)
class ReplaceRoute(Operation):
    """Another way out for what had one already; `before` "" if it had none. No `gateway`: the way out goes."""

    man: ClassVar[str] = "ip-route(8)"
    destination: str
    gateway: str
    before: str = ""

    def shell(self) -> str:
        family = " -6" if ":" in (self.gateway or self.before) else ""
        if not self.gateway:
            return f"ip{family} route del {self.destination}"
        return f"ip{family} route replace {self.destination} via {self.gateway}"

    def undo(self) -> Operation:
        return ReplaceRoute(self.destination, self.before, self.gateway)


@dataclass(frozen=True, slots=True)
class SetSysctl(Operation):
    man: ClassVar[str] = "sysctl(8)"
    name: str
    value: str

    def shell(self) -> str:
        return f"sysctl -w {self.name}={shlex.quote(self.value)}"


@dataclass(frozen=True, slots=True)
class MountFilesystem(Operation):
    """proc, sysfs, tmpfs, devpts, mqueue, cgroup2 or a bind mount, under the container's root."""

    man: ClassVar[str] = "mount(8)"
    type: str
    source: str
    target: str
    options: tuple[str, ...] = ()

    def shell(self) -> str:
        options = f" -o {','.join(self.options)}" if self.options else ""
        if self.type == "bind":
            return f"mount --bind{options} {shlex.quote(self.source)} {{root}}{shlex.quote(self.target)}"
        return f"mount -t {self.type}{options} {shlex.quote(self.source)} {{root}}{shlex.quote(self.target)}"

    def undo(self) -> Operation:
        return Unmount(self.target)


@dataclass(frozen=True, slots=True)
class Unmount(Operation):
    man: ClassVar[str] = "umount(8)"
    target: str

    def shell(self) -> str:
        return f"umount {{root}}{self.target}"


@dataclass(frozen=True, slots=True)
class MakeDevices(Operation):
    """null, zero, full, random, urandom, tty and the links fd, stdin, stdout, stderr, ptmx."""

    man: ClassVar[str] = "mknod(1)"
    devices: tuple[str, ...] = ("null", "zero", "full", "random", "urandom", "tty")

    def shell(self) -> str:
        return "; ".join(f"mknod -m 666 {{root}}/dev/{name} c …" for name in self.devices)


@dataclass(frozen=True, slots=True)
class MakeDevice(Operation):
    """One more device node, of a device that the host has (`docker run --device`)."""

    man: ClassVar[str] = "mknod(1)"
    path: str
    kind: str  # "c" or "b"
    major: int
    minor: int
    mode: int = 0o660

    def shell(self) -> str:
        return f"mknod -m {self.mode:o} {{root}}{shlex.quote(self.path)} {self.kind} {self.major} {self.minor}"


@dataclass(frozen=True, slots=True)
class PivotRoot(Operation):
    """Make the container's root the root of the mount namespace and let go of the host's."""

    man: ClassVar[str] = "pivot_root(8)"

    def shell(self) -> str:
        return "cd {root} && pivot_root . . && umount -l ."


@dataclass(frozen=True, slots=True)
class MaskPath(Operation):
    """Hide a path that tells too much: /dev/null over a file, an empty tmpfs over a directory."""

    man: ClassVar[str] = "mount(8)"
    path: str

    def shell(self) -> str:
        return f"mount --bind /dev/null {self.path}"


@dataclass(frozen=True, slots=True)
class ReadonlyPath(Operation):
    man: ClassVar[str] = "mount(8)"
    path: str

    def shell(self) -> str:
        if self.path == "/":
            return "mount -o remount,ro /"
        return f"mount --bind {self.path} {self.path} && mount -o remount,bind,ro {self.path}"


@dataclass(frozen=True, slots=True)
class SetHostname(Operation):
    man: ClassVar[str] = "hostname(1)"
    name: str
    domain: str = ""

    def shell(self) -> str:
        domain = f" && domainname {shlex.quote(self.domain)}" if self.domain else ""
        return f"hostname {shlex.quote(self.name)}{domain}"


@dataclass(frozen=True, slots=True)
class SetRlimit(Operation):
    man: ClassVar[str] = "prlimit(1)"
    name: str
    soft: int
    hard: int

    def shell(self) -> str:
        return f"prlimit --{self.name}={self.soft}:{self.hard} --pid $$"


@dataclass(frozen=True, slots=True)
class SetOomScore(Operation):
    """Sooner (up to 1000) or later (down to -1000, never) than others when memory is short."""

    man: ClassVar[str] = "proc_pid_oom_score_adj(5)"
    adjustment: int

    def shell(self) -> str:
        return f"echo {self.adjustment} > /proc/self/oom_score_adj"


@dataclass(frozen=True, slots=True)
class SetUser(Operation):
    """`user` as the client wrote it; looked up in the container's own /etc/passwd and /etc/group."""

    man: ClassVar[str] = "setpriv(1)"
    user: str
    groups: tuple[str, ...] = ()

    def shell(self) -> str:
        user, _, group = self.user.partition(":")
        gid = f" --regid {shlex.quote(group)}" if group else ""
        return f"setpriv --reuid {shlex.quote(user or '0')}{gid} --init-groups"


@dataclass(frozen=True, slots=True)
class SetCapabilities(Operation):
    """Keep these and drop the rest from the bounding, effective and permitted sets."""

    man: ClassVar[str] = "capabilities(7)"
    keep: tuple[str, ...]

    def shell(self) -> str:
        kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in self.keep)
        return f"setpriv --bounding-set -all,{kept}"


@dataclass(frozen=True, slots=True)
class NoNewPrivileges(Operation):
    man: ClassVar[str] = "prctl(2)"

    def shell(self) -> str:
        return "setpriv --no-new-privs"


@dataclass(frozen=True, slots=True)
class LoadSeccomp(Operation):
    man: ClassVar[str] = "seccomp(2)"
    profile: str

    def shell(self) -> str:
        return f"seccomp --profile {self.profile}.json"


@dataclass(frozen=True, slots=True)
class ChangeDirectory(Operation):
    """The working directory; made if the image does not have it."""

    man: ClassVar[str] = "chdir(2)"
    path: str

    def shell(self) -> str:
        path = shlex.quote(self.path)
        return f"mkdir -p {path} && cd {path}" if self.path != "/" else "cd /"


@dataclass(frozen=True, slots=True)
class Execve(Operation):
    """Become the program. What runs now *is* the container."""

    man: ClassVar[str] = "execve(2)"
    args: tuple[str, ...]
    env: tuple[str, ...] = ()
    terminal: bool = False

    def shell(self) -> str:
        return "exec env -i " + shlex.join((*self.env, *self.args))


@dataclass(frozen=True, slots=True)
class Performed:
    """What a host says of an operation it performed: begin and length in ns, and the error it met, if any."""

    operation: Operation
    start: int
    duration: int
    error: str | None = None


def undo_list(done: Sequence[Operation]) -> list[Operation]:
    """The operations that take back what was done, last first."""
    return [back for operation in reversed(done) if (back := operation.undo()) is not None]
