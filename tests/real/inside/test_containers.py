"""What the kernel says of a container agrees with what was asked for."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from real import capabilities

DEFAULT = 0xA80425FB  # Docker's default capabilities, as /proc/PID/status shows them


def _status(text: str) -> dict[str, str]:
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def test_namespaces_are_the_containers_own_or_shared_as_asked(daemon: Any) -> None:
    container = daemon.docker.containers.run("busybox", ["sleep", "100"], detach=True, network_mode="none")
    try:
        container.reload()
        pid = container.attrs["State"]["Pid"]
        for name in ("mnt", "pid", "net", "uts", "ipc", "cgroup"):
            assert os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}")
        assert os.readlink(f"/proc/{pid}/ns/user") == os.readlink("/proc/self/ns/user")
        links = daemon.sh("readlink /proc/1/ns/net; readlink /proc/1/ns/ipc", network_mode=f"container:{container.id}")
        assert links.split()[0] == os.readlink(f"/proc/{pid}/ns/net")
        assert links.split()[1] != os.readlink(f"/proc/{pid}/ns/ipc")
        table = Path(f"/proc/{pid}/mountinfo").read_text()
        assert " / / rw" in table.splitlines()[0] and "overlay" in table.splitlines()[0]
        assert str(daemon.root) not in "".join(line.split(" - ")[0].split()[4] for line in table.splitlines())
    finally:
        container.remove(force=True)


def test_capabilities_filter_and_privileges(daemon: Any) -> None:
    own = _status(daemon.sh("cat /proc/self/status"))
    assert [int(own[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")] == [DEFAULT] * 3
    assert (own["CapInh"], own["CapAmb"], own["Seccomp"], own["NoNewPrivs"]) == ("0" * 16, "0" * 16, "2", "0")
    added = _status(daemon.sh("cat /proc/self/status", cap_add=["NET_ADMIN"], cap_drop=["CHOWN"]))
    assert int(added["CapEff"], 16) == DEFAULT & ~1 | 1 << capabilities.NUMBERS["CAP_NET_ADMIN"]
    none = _status(daemon.sh("cat /proc/self/status", cap_drop=["ALL"], security_opt=["no-new-privileges"]))
    assert (int(none["CapBnd"], 16), none["NoNewPrivs"]) == (0, "1")
    user = _status(daemon.sh("cat /proc/self/status", user="1000:1000"))
    assert (user["Uid"].split(), int(user["CapEff"], 16), int(user["CapBnd"], 16)) == (["1000"] * 4, 0, DEFAULT)
    free = _status(daemon.sh("cat /proc/self/status", security_opt=["seccomp=unconfined"]))
    assert free["Seccomp"] == "0"


def test_limits_are_what_the_cgroup_files_say(daemon: Any) -> None:
    container = daemon.docker.containers.run(
        "busybox", ["sleep", "100"], detach=True, network_mode="none", mem_limit="64m", memswap_limit="96m",
        nano_cpus=500_000_000, cpu_shares=512, pids_limit=33, cpuset_cpus="0",
    )  # fmt: skip
    try:
        root = Path("/sys/fs/cgroup")
        if not (root / "memory").is_dir():
            pytest.skip("cgroup v2: see test_cgroups_v2")
        at = f"docker/{container.id}"
        read = lambda name: (root / name.split(".")[0].replace("cpu", "cpu") / at / name).read_text().strip()  # noqa: E731
        assert (root / "memory" / at / "memory.limit_in_bytes").read_text() == f"{64 << 20}\n"
        assert (root / "memory" / at / "memory.memsw.limit_in_bytes").read_text() == f"{96 << 20}\n"
        assert read("cpu.cfs_quota_us") == "50000" and read("cpu.cfs_period_us") == "100000"
        assert abs(int(read("cpu.shares")) - 512) <= 26  # by way of cgroup v2's coarser weight
        assert read("pids.max") == "33" and read("cpuset.cpus") == "0"
        container.update(mem_limit="32m", memswap_limit="32m")
        assert (root / "memory" / at / "memory.limit_in_bytes").read_text() == f"{32 << 20}\n"
    finally:
        container.remove(force=True)


def test_half_a_cpu_is_half_a_cpu(daemon: Any) -> None:
    container = daemon.docker.containers.run(
        "busybox", ["sh", "-c", "while :; do :; done"], detach=True, network_mode="none", nano_cpus=200_000_000
    )
    try:
        first = container.stats(stream=False)["cpu_stats"]["cpu_usage"]["total_usage"]
        begin = time.monotonic()
        time.sleep(1)
        second = container.stats(stream=False)["cpu_stats"]["cpu_usage"]["total_usage"]
        assert (second - first) / (time.monotonic() - begin) / 1e9 < 0.5
    finally:
        container.remove(force=True)


@pytest.mark.parametrize(
    ("script", "errno"),
    [("mount -t tmpfs x /tmp", "denied"), ("hostname x", "not permitted"), ("unshare -u true", "not permitted"),
     ("chroot / true", ""), ("swapon /dev/null", "not permitted")],
)  # fmt: skip
def test_calls_that_must_fail_do(daemon: Any, script: str, errno: str) -> None:
    status, said = daemon.run("sh", "-c", script)
    assert errno in said and (status != 0) == bool(errno)


def test_all_devices_are_those_of_the_machine_and_not_its_open_terminals(daemon: Any) -> None:
    ours, theirs = os.openpty()
    try:
        assert daemon.sh("ls /dev/pts; test -e /dev/kmsg && echo all", privileged=True) == "ptmx\nall\n"
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_is_the_containers_own(daemon: Any) -> None:
    said = daemon.sh("tty; ls -l /dev/console; stty size", tty=True)
    assert said.splitlines()[0].strip() == "/dev/pts/0"
    assert "136," in said


def test_files_of_the_daemon_and_volumes(daemon: Any) -> None:
    said = daemon.sh("cat /etc/hostname; touch /etc/hosts; umask; stat -c %a /dev/shm", hostname="earth")
    assert said.split() == ["earth", "0022", "1777"]
    volume = daemon.docker.volumes.create()
    bound = {volume.name: {"bind": "/v", "mode": "rw"}}
    daemon.sh("echo kept > /v/x", volumes=bound)
    assert daemon.sh("cat /v/x", volumes=bound) == "kept\n"
    assert "Read-only" in daemon.sh("touch /v/y", volumes={volume.name: {"bind": "/v", "mode": "ro"}})
    volume.remove()


def test_containers_start_without_what_makes_them_start_quickly(daemon: Any, until: Any) -> None:
    """The spare and the nursery are killed: the zygote does without, and has others soon."""
    for name in ("glassdock-spare", "glassdock-nurse"):
        daemon.run("true")
        for pid in _children(daemon.zygote(), name):
            os.kill(pid, signal.SIGKILL)
        assert daemon.run("echo", "here") == (0, "here\n")
        daemon.run("true")
        until(lambda: len(_children(daemon.zygote(), "glassdock-spare")), 1)


def _children(pid: int, name: str) -> list[int]:
    """Those whose name begins so."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):  # it has just ended
            if Path(f"/proc/{child}/comm").read_text().startswith(name):
                found.append(int(child))
    return found
