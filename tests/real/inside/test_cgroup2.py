"""A machine that has cgroup v2 alone, without some of its controllers: one hierarchy, entered by the clone itself.

Most machines with cgroup v1 mount a cgroup2 file system beside it. In a mount namespace without v1's, that is all that
a daemon finds, with the controllers that v1 has left over: as on a Raspberry Pi, which is booted without memory's.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def _mounts(type: str) -> list[str]:
    rows = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [row[4] for row in rows if type in row[row.index("-") + 1 : row.index("-") + 2]]


UNIFIED = next(iter(_mounts("cgroup2")), "")
WITHOUT_V1 = ("unshare", "--mount", "sh", "-c", f'umount {" ".join(_mounts("cgroup"))} && exec "$@"', "sh")
DISCARDED = "Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded."

pytestmark = pytest.mark.skipif(not UNIFIED, reason="there is no cgroup2 file system")


@pytest.fixture(scope="module")
def daemon2(daemon: Any) -> Iterator[Any]:
    made = type(daemon)(before=WITHOUT_V1 if _mounts("cgroup") else ())
    yield made
    made.stop()
    assert not Path(UNIFIED, made.root.name).exists(), "the groups are taken away again"


@pytest.fixture
def sleeping(daemon2: Any) -> Iterator[Any]:
    container = daemon2.docker.containers.run(
        "busybox", ["sleep", "1000"], detach=True, network_mode="none", cgroup_parent=f"/{daemon2.root.name}"
    )
    container.reload()
    yield container
    container.remove(force=True)


def _group(container: Any) -> Path:
    lines = Path(f"/proc/{container.attrs['State']['Pid']}/cgroup").read_text().splitlines()
    return Path(UNIFIED + next(line for line in lines if line.startswith("0::")).removeprefix("0::"))


def test_the_first_process_is_born_in_its_group_and_exec_joins_it(daemon2: Any, sleeping: Any) -> None:
    group = _group(sleeping)
    assert group == Path(UNIFIED, daemon2.root.name, sleeping.id)
    assert (group / "cgroup.procs").read_text().split() == [str(sleeping.attrs["State"]["Pid"])]
    said = sleeping.exec_run(["sh", "-c", "grep ^0: /proc/self/cgroup"]).output
    assert said == b"0::/\n", "its own group is the root of what it sees"
    waiting = sleeping.client.api.exec_create(sleeping.id, ["sleep", "1000"])
    sleeping.client.api.exec_start(waiting, detach=True)
    daemon2.until(lambda: len((group / "cgroup.procs").read_text().split()), 2)
    assert len(sleeping.top()["Processes"]) == 2


def test_exec_where_processes_can_be_traced_joins_the_group_too(daemon2: Any) -> None:
    container = daemon2.docker.containers.run(
        "busybox", ["sleep", "1000"], detach=True, network_mode="none", cap_add=["SYS_PTRACE"]
    )
    try:
        assert container.exec_run(["grep", "^0:", "/proc/self/cgroup"]).output == b"0::/\n"
    finally:
        container.remove(force=True)


def test_pause_is_the_freezers(daemon2: Any, sleeping: Any) -> None:
    group = _group(sleeping)
    sleeping.pause()
    assert "frozen 1" in (group / "cgroup.events").read_text()
    sleeping.unpause()
    assert "frozen 0" in (group / "cgroup.events").read_text()


def test_the_end_of_the_first_process_is_the_end_of_all(daemon2: Any, sleeping: Any) -> None:
    group = _group(sleeping)
    sleeping.exec_run(["sh", "-c", "sleep 1000 & sleep 1000 &"])
    os.kill(sleeping.attrs["State"]["Pid"], signal.SIGKILL)
    assert sleeping.wait()["StatusCode"] == 137
    daemon2.until(group.exists, False)


def test_devices_are_refused_by_a_program_and_given_by_name(daemon2: Any) -> None:
    look, logger = "mknod /kmsg c 1 11; : < /kmsg && echo open", {"cap_add": ["SYSLOG"]}
    assert "Operation not permitted" in daemon2.sh(look, **logger)
    assert daemon2.sh(": < /dev/kmsg && echo open", devices=["/dev/kmsg:/dev/kmsg:r"], **logger) == "open\n"
    assert daemon2.sh(look, privileged=True) == "open\n"


def test_a_limit_that_this_kernel_has_not_is_discarded_with_dockers_warning(daemon2: Any) -> None:
    info = daemon2.docker.info()
    assert info["CgroupVersion"] == "2"
    controllers = Path(UNIFIED, "cgroup.controllers").read_text().split()
    assert info["MemoryLimit"] == ("memory" in controllers) and info["PidsLimit"] == ("pids" in controllers)
    if "memory" in controllers:
        pytest.skip("this kernel has memory's controller on v2")
    assert "WARNING: No memory limit support" in info["Warnings"]
    api = daemon2.docker.api
    made = api.create_container("busybox", ["true"], host_config=api.create_host_config(mem_limit="64m"))
    assert made["Warnings"] == [DISCARDED]
    assert api.inspect_container(made)["HostConfig"]["Memory"] == 0
    api.remove_container(made)


def test_what_a_container_has_used_is_told_as_far_as_it_is_counted(daemon2: Any, sleeping: Any) -> None:
    sleeping.exec_run(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"])
    used = sleeping.stats(stream=False)
    counted = dict(line.split() for line in (_group(sleeping) / "cpu.stat").read_text().splitlines())
    assert 0 < used["cpu_stats"]["cpu_usage"]["total_usage"] <= int(counted["usage_usec"]) * 1000


def test_a_killed_daemons_groups_are_taken_away_by_the_next(daemon2: Any, sleeping: Any) -> None:
    group = _group(sleeping)
    daemon2.kill()
    daemon2.start()
    daemon2.until(group.exists, False)
