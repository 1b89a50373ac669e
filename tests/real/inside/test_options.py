"""What the options of `docker run` do on the kernel, typed into Docker's own command, and seen from inside.

What docs/coverage.md says of an option on the real host is shown here, or by the recorded conversations and the parity
scenarios, which run on that host as well. Options of the client alone are the same whatever the host.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
STATUS = "grep -E '^({})' /proc/self/status"
OURS = (sys.executable, "-m", "engine.client.command")  # where Docker's own is not there

# words between `docker run --rm` and the image; shell line; its output, a regular expression
SEEN: list[tuple[str, str, str]] = [
    (
        "--add-host box:1.2.3.4 --add-host up:host-gateway",
        "grep -E 'box|up' /etc/hosts",
        r"1\.2\.3\.4\tbox\n172\.\S+\tup",
    ),
    ("--cap-add SYS_ADMIN", "mkdir /m; mount -t tmpfs x /m && hostname new && hostname", "new"),
    ("--cap-drop ALL", STATUS.format("CapEff"), "CapEff:\t0000000000000000"),
    ("--cgroup-parent /lab --cgroupns host", "grep -E 'pids|^0::/.' /proc/self/cgroup", r"\d+:\S*:/lab/[0-9a-f]{64}"),
    ("--cpu-period 50000 --cpu-quota 25000", "true", ""),
    ("--cpuset-cpus 0 --cpuset-mems 0", STATUS.format("Cpus_allowed_list"), "Cpus_allowed_list:\t0"),
    (
        "--device /dev/kmsg:/dev/x:r --cap-add SYSLOG",
        ": < /dev/x && echo open; : > /dev/x",
        "open\nsh: can't create /dev/x: Operation not permitted",
    ),
    ("--device-cgroup-rule 'c 1:11 r' --cap-add SYSLOG", "mknod /k c 1 11; : < /k && echo open", "open"),
    (
        "--dns 9.9.9.9 --dns-search lab --dns-option ndots:3",
        "cat /etc/resolv.conf",
        r"search lab\nnameserver 9\.9\.9\.9\noptions ndots:3",
    ),
    (
        "--hostname h --domainname example.org",
        "hostname; cat /proc/sys/kernel/domainname; hostname -f",
        "h\nexample.org\nh.example.org",
    ),
    ("--entrypoint echo", "x", "-c x"),
    ("--env A=1 --env B", "echo $A-$B", "1-from-me"),
    ("--group-add 44", "id -G", "0( .*)? 44"),
    ("--init", "cat /proc/1/comm", "docker-init"),
    ("--network net --ip 10.77.0.9", "ip -4 addr show eth0 | grep -o 'inet [0-9.]*'", "inet 10.77.0.9"),
    ("--network net --ip6 fd77::9", "ip -6 addr show eth0 | grep -o 'fd77::9'", "fd77::9"),
    ("--network net --mac-address 02:42:00:00:00:09", "cat /sys/class/net/eth0/address", "02:42:00:00:00:09"),
    ("--network none", "ls /sys/class/net", "lo"),
    ("--network host", "ls /sys/class/net | grep -c lo", "1"),
    ("--network container:partner", "hostname", "partner"),
    ("--network net --network-alias other", "nslookup other | tail -3 | grep -c Address", "1"),
    ("--link partner:friend", "grep -c friend /etc/hosts; env | grep -c FRIEND_NAME", "1\n1"),
    ("--ipc none", "mount | grep -c /dev/shm", "0"),
    ("--ipc host", "readlink /proc/self/ns/ipc", "{ipc}"),
    ("--pid host", "readlink /proc/self/ns/pid", "{pid}"),
    ("--uts host", "readlink /proc/self/ns/uts", "{uts}"),
    ("--userns host", "cat /proc/self/uid_map", r"0\s+0\s+\d+"),
    ("--oom-score-adj 500", "cat /proc/self/oom_score_adj", "500"),
    ("--pids-limit 3", "sleep 1 & sleep 1 & sleep 1 & wait", "sh: can't fork: Resource temporarily unavailable"),
    (
        "--privileged",
        STATUS.format("CapEff|Seccomp:") + "; test -e /dev/kmsg && echo all",
        r"CapEff:\t000001f[0-9a-f]{9}\nSeccomp:\t0\nall",
    ),
    ("--read-only", "touch /x", "touch: /x: Read-only file system"),
    (
        "--read-only --tmpfs /t:size=3m,mode=700",
        "df -m /t | tail -1 | tr -s ' ' | cut -d' ' -f2; stat -c %a /t",
        "3\n700",
    ),
    ("--security-opt no-new-privileges", STATUS.format("NoNewPrivs|Seccomp:"), "NoNewPrivs:\t1\nSeccomp:\t2"),
    ("--security-opt seccomp=unconfined", STATUS.format("Seccomp:"), "Seccomp:\t0"),
    ("--shm-size 5m", "df -m /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2", "5"),
    (
        "--sysctl net.core.somaxconn=77 --sysctl kernel.msgmax=9000",
        "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax",
        "77\n9000",
    ),
    ("--ulimit nofile=20:40", "ulimit -n; ulimit -Hn", "20\n40"),
    ("--user 1000:2000 --workdir /a/b", "id -u; id -g; pwd", "1000\n2000\n/a/b"),
    ("--user nobody", "id -un", "nobody"),
    ("--volume data:/v", "echo kept >> /v/f; cat /v/f", "(kept\n?)+"),
    ("--volume {folder}:/v:ro", "cat /v/f; touch /v/g", "mine\ntouch: /v/g: Read-only file system"),
    ("--volumes-from partner:ro", "cat /shared/f; touch /shared/g", "theirs\ntouch: /shared/g: Read-only file system"),
    ("--mount type=tmpfs,target=/t,tmpfs-size=1m", "df -m /t | tail -1 | tr -s ' ' | cut -d' ' -f2", "1"),
    ("--mount type=bind,source={folder},target=/v,readonly", "cat /v/f", "mine"),
    ("--tty", "tty", r"/dev/pts/0\r?"),
]
# words; the cgroup's file by v1's path or by v2's; its value
LIMITS: list[tuple[str, str, str, str]] = [
    ("--memory 64m --memory-swap 96m", "memory/memory.limit_in_bytes", "memory.max", "67108864"),
    ("--memory 64m --memory-swap 96m", "memory/memory.memsw.limit_in_bytes", "memory.swap.max", "100663296|33554432"),
    ("--memory-reservation 32m", "memory/memory.soft_limit_in_bytes", "memory.low", "33554432"),
    ("--cpus 0.5", "cpu/cpu.cfs_quota_us", "cpu.max", "50000|50000 100000"),
    ("--cpu-shares 512", "cpu/cpu.shares", "cpu.weight", "5\\d\\d|20"),
    ("--cpuset-cpus 0", "cpuset/cpuset.cpus", "cpuset.cpus", "0"),
    ("--pids-limit 77", "pids/pids.max", "pids.max", "77"),
    ("--device-read-bps {disk}:1mb", "blkio/blkio.throttle.read_bps_device", "io.max", r"\d+:\d+ (rbps=)?1048576.*"),
    ("--device-write-bps {disk}:1mb", "blkio/blkio.throttle.write_bps_device", "io.max", r"\d+:\d+ .*1048576.*"),
    ("--device-read-iops {disk}:7", "blkio/blkio.throttle.read_iops_device", "io.max", r"\d+:\d+ .*7.*"),
    ("--device-write-iops {disk}:7", "blkio/blkio.throttle.write_iops_device", "io.max", r"\d+:\d+ .*7.*"),
    ("--memory-swappiness 10", "memory/memory.swappiness", "memory.low", "10|0"),
    ("--memory 64m --oom-kill-disable", "memory/memory.oom_control", "memory.low", "(?s)oom_kill_disable 1.*|0"),
]
# words; what is said of them
REFUSED = [
    ("--cpu-rt-runtime 1000", "WARNING: Your kernel does not support CPU real-time runtime"),
    ("--blkio-weight-device /dev/null:300", "WARNING: Your kernel does not support Block I/O weight_device"),
    ("--storage-opt size=1g", "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"),
    ("--runtime crun", "unknown or invalid runtime name: crun"),
    ("--log-driver syslog", "no log driver named 'syslog' is registered"),
    ("--isolation hyperv", "invalid isolation 'hyperv' on linux"),
    ("--cpu-percent 5", "is only supported on a Docker daemon running on windows"),
    ("--device-cgroup-rule nonsense", "invalid device cgroup format 'nonsense'"),
]


def docker(daemon: Any, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["docker"] if shutil.which("docker") else OURS
    own = {"DOCKER_HOST": f"unix://{daemon.socket}", "DOCKER_CONFIG": str(daemon.root), "B": "from-me"}
    return subprocess.run(
        [*command, *words], capture_output=True, text=True, env=os.environ | own, cwd=ROOT, timeout=60
    )


@pytest.fixture(scope="module")
def furnished(daemon: Any) -> Iterator[Any]:
    """With a network, a running partner, and a folder of this computer's."""
    folder = daemon.root / "folder"
    folder.mkdir()
    (folder / "f").write_text("mine\n")
    daemon.folder = folder
    docker(daemon, "network", "create", "--subnet", "10.77.0.0/24", "--ipv6", "--subnet", "fd77::/64", "net")
    done = docker(daemon, "run", "-d", "--name", "partner", "--hostname", "partner", "-v", "/shared", "busybox",
                  "sh", "-c", "echo theirs > /shared/f; sleep 1000")  # fmt: skip
    assert done.returncode == 0, done.stderr
    yield daemon
    docker(daemon, "rm", "-fv", "partner")
    docker(daemon, "network", "rm", "net")


@pytest.mark.parametrize(("words", "line", "expected"), SEEN, ids=[row[0].split()[0] for row in SEEN])
def test_an_option_is_seen_inside(furnished: Any, words: str, line: str, expected: str) -> None:
    spaces = {name: Path(f"/proc/self/ns/{name}").readlink() for name in ("ipc", "pid", "uts")}
    filled = shlex.split(words.format(folder=furnished.folder))
    program = ("-c", line) if "--entrypoint" in words else ("sh", "-c", line)
    done = docker(furnished, "run", "--rm", *filled, "busybox", *program)
    wanted = re.escape(str(spaces[expected[1:-1]])) if expected[1:-1] in spaces else expected
    said = (done.stdout + done.stderr).strip()
    assert re.fullmatch(wanted, said), said


def test_what_cannot_be_given_is_said(furnished: Any) -> None:
    for words, said in REFUSED:
        done = docker(furnished, "create", *words.split(), "busybox", "true")
        assert said in done.stderr, done
        assert (done.returncode == 0) == said.startswith("WARNING")


@pytest.mark.parametrize(
    ("words", "old", "new", "value"), LIMITS, ids=[f"{row[0].split()[0]}-{row[2]}" for row in LIMITS]
)
def test_a_limit_stands_in_the_kernels_file(furnished: Any, words: str, old: str, new: str, value: str) -> None:
    disk = next((f"/dev/{name}" for name in sorted(os.listdir("/sys/block")) if Path("/dev", name).exists()), "")
    if "{disk}" in words and not disk:
        pytest.skip("this machine has no disk")
    id = docker(furnished, "run", "-d", *words.format(disk=disk).split(), "busybox", "sleep", "100").stdout.strip()
    try:
        root = Path("/sys/fs/cgroup")
        places = (root / old.replace("/", f"/docker/{id}/"), root / "docker" / id / new)
        found = [path.read_text().strip() for path in places if path.exists()]
        assert any(re.fullmatch(value, text) for text in found), found
    finally:
        docker(furnished, "rm", "-f", id)
