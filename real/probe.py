"""`glassdock check`: what this kernel and this user offer to a real host, why it matters, what to do if it is missing.

Every row is found out by asking the kernel, not by its version. Nothing is changed: what has to be tried is tried in a
process of its own, in namespaces of its own.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from real import capabilities, cgroups, hostnet, syscalls
from real.netlink.links import Links
from real.packetfilter import PacketFilter
from real.syscalls import NAMESPACES

YES, NO, PART = "yes", "no", "in part"


@dataclass(frozen=True, slots=True)
class Row:
    """`why` it matters, and `remedy` if it is missing. Without a `needed` row nothing runs."""

    name: str
    found: str
    why: str
    remedy: str = ""
    needed: bool = False


def rows() -> list[Row]:
    """All that is asked."""
    return [_user(), *_namespaces(), _mount_api(), _paths(), _overlay(), *_cgroups(), *_network(), _seccomp(), *_rest()]


def _user() -> Row:
    root = os.geteuid() == 0
    permitted = capabilities.own()[1]
    missing = [name for name in ("SYS_ADMIN", "SETUID", "SETGID", "CHOWN", "MKNOD", "NET_ADMIN", "SYS_PTRACE")
               if root and not permitted >> capabilities.NUMBERS[f"CAP_{name}"] & 1]  # fmt: skip
    found = NO if not root else PART if missing else YES
    remedy = f"missing: {', '.join(missing)}" if missing else "run it with sudo, or in a privileged container"
    return Row("root", found, "mounts, cgroups and devices belong to root", remedy, needed=True)


def _namespaces() -> list[Row]:
    reasons = {
        "mount": "a root file system of its own", "pid": "process numbers of its own, and one end for all",
        "network": "links, ports and addresses of its own", "uts": "a host name of its own",
        "ipc": "shared memory of its own", "cgroup": "sees its own limits only",
        "user": "root inside that is nobody outside; running without root", "time": "clocks of its own",
    }  # fmt: skip
    remedy = {"user": "sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone"}
    needed = ("mount", "pid", "uts", "ipc", "network")
    return [
        Row(f"{name} namespace", _tried(partial(syscalls.unshare, NAMESPACES[name])), why,
            remedy.get(name, "a kernel with CONFIG_NAMESPACES and root"), name in needed)
        for name, why in reasons.items()
    ]  # fmt: skip


def _tried(attempt: Callable[[], object]) -> str:
    """Does a call succeed in a process of its own?"""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            attempt()
            status = 0
        except OSError as error:
            status = error.errno or 1
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return YES if status == 0 else f"{NO} ({errno.errorcode.get(status, status)})"


def _mount_api() -> Row:
    found = _there(syscalls.FSOPEN) and _there(syscalls.MOUNT_SETATTR)
    return Row("fsopen, mount_setattr", YES if found else NO, "mounts that exist before they have a place",
               "Linux 5.12 or later", needed=True)  # fmt: skip


def _paths() -> Row:
    found = _there(syscalls.OPENAT2) and _there(syscalls.PIDFD_OPEN)
    return Row("openat2, pidfd_open", YES if found else NO, "paths that no link leads out of a container",
               "Linux 5.8 or later", needed=True)  # fmt: skip


def _there(number: int) -> bool:
    """Is there a system call of that number? Called with arguments that it refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    bad = ctypes.c_long(-1)
    return libc.syscall(ctypes.c_long(number), bad, bad, bad, bad, bad) >= 0 or ctypes.get_errno() != errno.ENOSYS


def _overlay() -> Row:
    found = _tried(_open_overlay)
    return Row("overlayfs", found, "layers below a writable folder, without copying",
               "modprobe overlay; Linux 6.5 or later for lowerdir+", needed=True)  # fmt: skip


def _open_overlay() -> None:
    fd = syscalls.fsopen("overlay")
    syscalls.fsconfig(fd, syscalls.FSCONFIG_SET_STRING, "lowerdir+", "/")


CONTROLLERS = {
    "memory": "--memory, and out-of-memory news",
    "cpu": "--cpus, --cpu-shares",
    "pids": "--pids-limit",
    "cpuset": "--cpuset-cpus",
    "freezer": "docker pause",
    "devices": "no access to the host's disks",
}


def _cgroups() -> list[Row]:
    driver = cgroups.find()
    remedy = "mount cgroup2 at /sys/fs/cgroup, or cgroup v1's hierarchies below it"
    if os.geteuid() != 0:
        remedy = "cgroup v2, and a login by systemd, which delegates a group of it to its user"
    if driver is None:
        return [Row("cgroups", NO, "limits, pause, stats, and ending all of a container", remedy)]
    controllers = driver.controllers()
    own = {"freezer", "devices"} & set(driver.recipe[1]) if driver.version == "1" else {"freezer", "devices"}
    version = f"v{driver.version}" + (" (hybrid)" if driver.version == "1" and _unified() else "")
    found = [Row("cgroups", version, "limits, pause, stats, and ending all of a container")]
    for name, reason in CONTROLLERS.items():
        there = name in controllers or name in own
        found.append(Row(f"cgroup {name}", YES if there else NO, reason, "boot with cgroup_enable=" + name))
    swap = YES if "swap" in controllers else NO
    found.append(Row("swap accounting", swap, "--memory-swap", "boot with swapaccount=1"))
    return found


def _unified() -> bool:
    return " - cgroup2 " in Path("/proc/self/mountinfo").read_text()


def _seccomp() -> Row:
    known = platform.machine() in ("x86_64", "aarch64")
    loads = _tried(_load_filter) if known else NO
    remedy = (
        "a kernel with CONFIG_SECCOMP_FILTER"
        if known
        else f"there is no table of system calls for {platform.machine()}"
    )
    return Row("seccomp filter", loads, "system calls that a container has no business with fail", remedy)


def _load_filter() -> None:
    from real import seccomp

    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.seccomp(seccomp.program("default", ()))


def _network() -> list[Row]:
    """Each is tried in a network namespace of its own."""
    reasons = {
        "bridge": "--network bridge, and networks of one's own",
        "veth": "the cable between a container and its bridge",
        "macvlan": "docker network create -d macvlan",
        "ipvlan": "docker network create -d ipvlan",
    }
    found = [Row(name, _tried(partial(_make_link, name)), why, f"modprobe {name}") for name, why in reasons.items()]
    found.append(Row("nf_tables with NAT", _tried(_make_table), "ways out of a bridge, published ports, isolation",
                     "modprobe nft_chain_nat nft_masq nft_fib_inet"))  # fmt: skip
    forwards = YES if hostnet.forwards() else PART if hostnet.may_turn_on() else NO
    remedy = "off; the daemon turns it on for its first bridge" if forwards == PART else "sysctl net.ipv4.ip_forward=1"
    return [*found, Row("IPv4 forwarding", forwards, "ways out of a bridge", remedy), _user_mode_stack()]


def _make_link(kind: str) -> None:
    syscalls.unshare(NAMESPACES["network"])
    links, here = Links(), os.open("/proc/self/ns/net", os.O_RDONLY)
    links.add_bridge("bridge", 1500, "", 1)
    if kind == "veth":
        links.add_veth("veth", "bridge", 1500, 1, "eth0", here)
    elif kind != "bridge":
        links.add_sublink(kind, "bridge", "eth0", here)


def _make_table() -> None:
    syscalls.unshare(NAMESPACES["network"])
    PacketFilter("glassdock-check", 1, "").open(only_ours=False)


def _user_mode_stack() -> Row:
    found = next((name for name in ("pasta", "slirp4netns") if shutil.which(name)), "")
    return Row("user-mode stack", f"{found}, not driven" if found else NO, "networks for a daemon without root",
               "such a daemon has --network none, host and container:NAME")  # fmt: skip


def _rest() -> list[Row]:
    ps, busybox = shutil.which("ps"), shutil.which("busybox")
    return [
        Row("AppArmor", NO if not Path("/sys/kernel/security/apparmor").is_dir() else "left alone",
            "one more fence; this engine loads no profile", "nothing: containers run unconfined by it"),
        Row("ps", YES if ps else NO, "docker top", "install procps"),
        Row("static busybox", YES if busybox else NO, "glassdock images import-host", "install busybox-static"),
    ]  # fmt: skip


def main(words: Sequence[str] = ()) -> int:
    """Print the table; 1 if something is missing that nothing runs without."""
    if words:
        print("usage: glassdock check", file=sys.stderr)
        return 2
    found = rows()
    missing = [row.name for row in found if row.needed and row.found.startswith(NO)]
    try:
        print("\n".join((*_table(found), "", _verdict(missing))), flush=True)
    except BrokenPipeError:  # `| head` has seen enough; what Python still wants to write at its end goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if missing else 0


def _table(found: Sequence[Row]) -> Iterator[str]:
    yield f"Linux {platform.release()} on {platform.machine()}, Python {platform.python_version()}\n"
    yield f"{'feature':<24}{'here':<16}why it matters; what to do"
    for row in found:
        remedy = f"; {row.remedy}" if row.remedy and not row.found.startswith((YES, "v", "left")) else ""
        yield f"{row.name:<24}{row.found:<16}{row.why}{remedy}"


def _verdict(missing: Sequence[str]) -> str:
    if missing:
        return f"The real host cannot run here: {', '.join(missing)}. `glassdock serve sim` runs anywhere."
    return "The real host can run here: glassdock serve real"
