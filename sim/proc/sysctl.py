"""Kernel parameters, as sysctl(8) names them. /proc/sys shows them as files.

Those of "net" belong to a network namespace, some to an IPC namespace, the rest to the machine.
"""

from __future__ import annotations

import errno
import os
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.kernel.namespaces import Namespaces

Values = tuple[tuple[str, str], ...]

# names and first values
SYSCTLS: dict[str, str] = {
    "fs.file-max": "9223372036854775807",
    "fs.inotify.max_user_instances": "128",
    "fs.inotify.max_user_watches": "65536",
    "fs.mqueue.msg_max": "10",
    "kernel.cap_last_cap": "40",
    "kernel.msgmax": "8192",
    "kernel.msgmnb": "16384",
    "kernel.msgmni": "32000",
    "kernel.ngroups_max": "65536",
    "kernel.panic": "0",
    "kernel.pid_max": "4194304",
    "kernel.sem": "32000\t1024000000\t500\t32000",
    "kernel.shm_rmid_forced": "0",
    "kernel.shmall": "18446744073692774399",
    "kernel.shmmax": "18446744073692774399",
    "kernel.shmmni": "4096",
    "kernel.threads-max": "63281",
    "net.core.somaxconn": "4096",
    "net.ipv4.conf.all.forwarding": "0",
    "net.ipv4.icmp_echo_ignore_all": "0",
    "net.ipv4.ip_default_ttl": "64",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_unprivileged_port_start": "1024",
    "net.ipv4.ping_group_range": "1\t0",
    "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "vm.max_map_count": "65530",
    "vm.overcommit_memory": "0",
    "vm.swappiness": "60",
}
IN_COLUMNS = frozenset(name for name, value in SYSCTLS.items() if "\t" in value)
OWN_IPC = ("fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm")  # of the IPC namespace (ipc_namespaces(7))


class Sysctls:
    """The values that were set: for each namespace (0: the machine) a mapping, shared by all that have equal ones."""

    def __init__(self) -> None:
        self._values: dict[int, Values] = {}

    def read(self, namespaces: Namespaces, name: str) -> str:
        """Raises FileNotFoundError for a name that is not known."""
        try:
            first = SYSCTLS[name]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path(name)) from None
        if name == "kernel.pid_max":
            return str(namespaces.pid.max)
        if not self._values:
            return first
        return dict(self._values.get(_owner(namespaces, name), ())).get(name, first)

    def write(self, namespaces: Namespaces, name: str, value: str) -> None:
        """Raises FileNotFoundError for a name that is not known."""
        if name not in SYSCTLS:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path(name))
        if name in IN_COLUMNS:
            value = "\t".join(value.split())
        if name == "kernel.pid_max" and value.isdecimal():
            namespaces.pid.max = int(value)
            return
        owner = _owner(namespaces, name)
        self._values[owner] = _with(self._values.get(owner, ()), name, value)

    def forget(self, namespace: int) -> None:
        """A namespace is gone."""
        self._values.pop(namespace, None)


@lru_cache(1024)
def _with(values: Values, name: str, value: str) -> Values:
    return tuple(sorted({**dict(values), name: value}.items()))


def _owner(namespaces: Namespaces, name: str) -> int:
    if name.startswith("net."):
        return namespaces.inode("network")
    return namespaces.inode("ipc") if name.startswith(OWN_IPC) else 0


def path(name: str) -> str:
    return "/proc/sys/" + name.replace(".", "/")
