"""The host before the first container: its own files, and the processes that one sees with ps.

These processes do nothing; they are there because a Debian machine with Docker has them, and `docker top`, `--pid=host`
and orphans (which go to process 1) need them. Sizes are typical ones.
"""

from __future__ import annotations

import stat as st
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.operations.files import DEVICES as CONTAINER_DEVICES
from sim import layerstore
from sim.abi import SIG_IGN
from sim.kernel.loader import executable
from sim.kernel.sessions import Session
from sim.kernel.signals import SIGCHLD
from sim.kernel.syscalls import SystemCalls
from sim.vfs import files, mounting
from sim.vfs.filesystem import Directory, File, add
from sim.vfs.paths import existing

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel

# command line, resident MiB
PROCESSES = (
    ("/sbin/init", 12),
    ("/lib/systemd/systemd-journald", 14),
    ("/lib/systemd/systemd-udevd", 6),
    ("/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only", 4),
    ("/lib/systemd/systemd-logind", 7),
    ("/usr/sbin/cron -f", 3),
    ("/sbin/agetty -o -p -- \\u --noclear - linux", 2),
    ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 8),
    ("/usr/bin/containerd", 48),
    ("/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock", 86),
)

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin
messagebus:x:100:107::/nonexistent:/usr/sbin/nologin
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
"""
GROUP = """\
root:x:0:
daemon:x:1:
tty:x:5:
www-data:x:33:
docker:x:996:
nogroup:x:65534:
"""
OS_RELEASE = """\
PRETTY_NAME="{system}"
NAME="Debian GNU/Linux"
VERSION_ID="{version}"
ID=debian
HOME_URL="https://www.debian.org/"
"""
FOLDERS = (
    "boot", "dev", "etc", "home", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp", "usr", "usr/bin", "usr/lib",
    "usr/sbin", "var",
)  # fmt: skip
# what Debian's packages bash, coreutils, util-linux, procps, iproute2 and their like lay down, for who sits at the host
PROGRAMS = {
    "bin": "[ arch awk base64 basename bash busybox cat chgrp chmod chown cksum clear cmp comm cp curl cut dash date "
    "dd df diff dirname dmesg du echo env expand expr factor false find findmnt fold free grep egrep fgrep groups "
    "gunzip gzip head hostname id install kill less link ln logname ls lscpu lsns md5sum mkdir mkfifo mktemp mount "
    "mountpoint mv nice nl nohup nproc nsenter od paste pgrep pidof ping pkill printenv printf ps pstree pwd readlink "
    "realpath rev rm rmdir sed seq setpriv setsid sha256sum shuf sleep sort split stat stress stty su sync tac tail "
    "tar tee test time timeout top touch tr tree true truncate tty umount uname unexpand uniq unlink unshare uptime "
    "vi w watch wc wget which who whoami xargs xxd yes zcat",
    "sbin": "capsh chroot ip nologin pivot_root ss sysctl",
}
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "usr/bin/sh": "dash", "var/run": "/run"}

# what is in /dev beside the usual ones: kind, numbers, mode
DEVICES = {
    "console": (st.S_IFCHR, (5, 1), 0o600),
    "fuse": (st.S_IFCHR, (10, 229), 0o666),
    "kmsg": (st.S_IFCHR, (1, 11), 0o644),
    "net/tun": (st.S_IFCHR, (10, 200), 0o666),
    "sda": (st.S_IFBLK, (8, 0), 0o660),
    "sda1": (st.S_IFBLK, (8, 1), 0o660),
}


def start_processes(kernel: Kernel) -> None:
    """Process 1 and the daemons of the host."""
    init: SystemCalls | None = None
    for line, size in PROCESSES:
        process = SystemCalls(kernel, init, kernel.host, kernel.root_cgroup)
        process.argv = line.split(" ")
        process.executable = "/lib/systemd/systemd" if init is None else process.argv[0]
        process.memory = size << 20
        kernel.root_cgroup.attach(process)
        kernel.enter(process)
        process.session = Session(process)
        if init is None:
            init = process
            init.handlers = {SIGCHLD: SIG_IGN}  # orphans are let go at once
    kernel.root_cgroup.memory = 0  # the profile counts what the host itself takes


def make_files(kernel: Kernel) -> None:
    """The host's root filesystem, as far as somebody may look."""
    root, profile = kernel.root, kernel.profile
    for folder in FOLDERS:
        mounting.make_directories(root, f"/{folder}")
    for folder, names in PROGRAMS.items():
        _install(kernel, f"/usr/{folder}", names.split())
    for path, target in LINKS.items():
        files.symlink(root, target, f"/{path}")
    files.chmod(root, "/tmp", 0o1777)
    files.write_file(root, "/etc/passwd", PASSWD.encode())
    files.write_file(root, "/etc/group", GROUP.encode())
    files.write_file(root, "/etc/hostname", f"{profile.hostname}\n".encode())
    release = OS_RELEASE.format(system=profile.operating_system, version=profile.os_version)
    files.write_file(root, "/etc/os-release", release.encode())
    mounting.make_devices(kernel.host.mount, tuple(CONTAINER_DEVICES))
    for name, (kind, number, mode) in DEVICES.items():
        mounting.make_device(kernel.host.mount, f"/dev/{name}", kind | mode, number)
    mounting.make_directories(root, "/dev/shm", 0o1777)
    layerstore.show(kernel)
    files.mknod(root, "/run/docker.sock", st.S_IFSOCK | 0o660)
    mounting.mount_at(kernel.host.mount, "proc", "/proc", "proc", ())
    mounting.mount_at(kernel.host.mount, "sysfs", "/sys", "sysfs", ())
    mounting.mount_at(kernel.host.mount, "cgroup2", "/sys/fs/cgroup", "cgroup2", ())


def _install(kernel: Kernel, folder: str, names: Sequence[str]) -> None:
    """Executable files (they are many: entered without a walk for each)."""
    directory, now = existing(kernel.root, folder).found(), kernel.storage.now()
    assert isinstance(directory, Directory)
    for name in names:
        add(directory, name, File(next(kernel.storage.inos), 0o755, mtime=now, data=executable(name)))
