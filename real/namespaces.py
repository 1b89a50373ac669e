"""Namespaces, and the groups that a process is in: operations. Twin: sim/namespaces.py.

Source: namespaces(7), pid_namespaces(7), cgroup_namespaces(7), netdevice(7).
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct

from real import cgroups, syscalls
from real.performing import Container, Failure, Handler
from real.syscalls import NAMESPACES

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
LATER = ("cgroup",)  # entered after the clone, when the process is in its group: that becomes the root of what it sees


def become_root() -> None:
    """Rootless: this user is root in a user namespace, and nobody else is there at all (user_namespaces(7))."""
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(NAMESPACES["user"] | NAMESPACES["mount"])
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{file}", "w") as opened:
            opened.write(text)


def make_cgroup(container: Container, path: str, rules: tuple[str, ...]) -> None:
    """The group, and the devices that its processes may use."""
    groups = container.surroundings.cgroups
    container.cgroup = path
    if groups is not None:
        named = (*container.options["devices"], *map(cgroups.device, rules))
        groups.make(path, None if container.options["privileged"] else named)


def write_cgroup(container: Container, path: str, file: str, value: str) -> None:
    groups = container.surroundings.cgroups
    if groups is None:
        raise Failure(f"cannot set {file}: this daemon has no cgroup to limit with (see glassdock check)")
    groups.write(path, file, value)


def remove_cgroup(container: Container, path: str) -> None:
    if container.surroundings.cgroups is not None:
        container.surroundings.cgroups.remove(path)


def flags_of(namespaces: tuple[str, ...]) -> int:
    """For clone(2)."""
    return sum(NAMESPACES[name] for name in namespaces if name not in LATER)


def join_namespace(container: Container, type: str, target: str) -> None:
    """Another container's; the host's is where the process is already. The PID namespace was chosen by the clone."""
    if target != "host" and type != "pid":
        syscalls.setns(container.targets[target], NAMESPACES[type])


def join_cgroup(container: Container, path: str) -> None:
    """The group first, then a namespace in which it is the root."""
    if container.surroundings.cgroups is not None:
        container.surroundings.cgroups.join(path)
    if "cgroup" in container.options["unshare"]:
        syscalls.unshare(NAMESPACES["cgroup"])


def loopback_up(container: Container) -> None:
    bring_loopback_up()


def bring_loopback_up() -> None:
    """In this network namespace; quick if it is up already (a spare's is)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def set_hostname(container: Container, name: str, domain: str) -> None:
    syscalls.sethostname(os.fsencode(name))
    if domain:
        syscalls.setdomainname(os.fsencode(domain))


def set_sysctl(container: Container, name: str, value: str) -> None:
    if container.surroundings.rootless and name == "net.ipv4.ping_group_range":
        return  # groups that are not there: Docker does not set it in a user namespace either
    path = "/proc/sys/" + name.replace(".", "/")
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


HANDLERS: dict[str, Handler] = {
    "MakeCgroup": make_cgroup,
    "WriteCgroup": write_cgroup,
    "RemoveCgroup": remove_cgroup,
    "JoinNamespace": join_namespace,
    "JoinCgroup": join_cgroup,
    "LoopbackUp": loopback_up,
    "SetHostname": set_hostname,
    "SetSysctl": set_sysctl,
}
