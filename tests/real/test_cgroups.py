"""Both drivers on folders that look like the kernel's: which files are written, with which values, and what is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

if sys.platform != "linux":
    pytest.skip("the real host is Linux only", allow_module_level=True)

from engine.plan import cgroup_files
from engine.spec import Resources
from real import cgroups
from real.cgroups import v1, v2

PATH = "/docker/abc"
HYBRID = """\
30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 25 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
33 25 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
34 25 0:30 / /nonexistent/unified rw - cgroup2 cgroup2 rw
"""
RESOURCES = Resources(
    memory=64 << 20, memory_swap=96 << 20, memory_reservation=32 << 20, pids=50, cpu_shares=1024, cpu_quota=50_000,
    cpu_period=100_000, cpuset_cpus="0-1",
)  # fmt: skip


def group(root: Path, files: dict[str, str]) -> Path:
    folder = root / PATH.strip("/")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def limit(driver: Any, resources: Resources) -> None:
    for file, value in cgroup_files(resources):
        driver.write(PATH, file, value)


def test_what_is_mounted_decides_which_driver(tmp_path: Path) -> None:
    found = cgroups.find(HYBRID)
    assert found is not None and found.version == "1"
    assert found.recipe[1]["cpuacct"] == "/sys/fs/cgroup/cpu,cpuacct" and "systemd" not in str(found.recipe)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tmp_path / "cgroup.procs").write_text("")
    pure = cgroups.find(f"30 25 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n")
    place = str(tmp_path)
    assert pure is not None and (pure.version, pure.recipe) == ("2", ("v2", {"": place, "mount": place}))
    assert cgroups.find("30 25 0:26 / / rw - ext4 /dev/x rw\n") is None
    again = cgroups.make(found.recipe)
    assert again.recipe == found.recipe


def test_what_a_kernel_was_booted_without_is_known(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io pids hugetlb\n")  # a Raspberry Pi's
    assert v2.Cgroups(str(tmp_path), str(tmp_path)).controllers() == {"cpuset", "cpu", "io", "pids"}
    (tmp_path / "cgroup.controllers").write_text("memory pids\n")
    assert v2.Cgroups(str(tmp_path), str(tmp_path)).controllers() == {"memory", "pids", "swap"}
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "memory.max").write_text("max\n")
    assert v2.Cgroups(str(tmp_path), str(tmp_path)).controllers() == {"memory", "pids"}
    places = dict.fromkeys(("memory", "freezer", "blkio"), str(tmp_path))
    assert v1.Cgroups(places).controllers() == {"memory", "io"}
    (tmp_path / "memory.memsw.limit_in_bytes").write_text("")
    assert v1.Cgroups(places).controllers() == {"memory", "io", "swap"}


def test_limits_on_v2_are_written_as_they_are_named(tmp_path: Path) -> None:
    names = ("memory.max", "memory.swap.max", "memory.low", "pids.max", "cpu.weight", "cpu.max", "cpuset.cpus")
    folder = group(tmp_path, dict.fromkeys(names, ""))
    limit(v2.Cgroups(str(tmp_path), str(tmp_path)), RESOURCES)
    assert {name: (folder / name).read_text() for name in names} == {
        "memory.max": "67108864", "memory.swap.max": "33554432", "memory.low": "33554432", "pids.max": "50",
        "cpu.weight": "39", "cpu.max": "50000 100000", "cpuset.cpus": "0-1",
    }  # fmt: skip


def test_limits_on_v1_are_translated(tmp_path: Path) -> None:
    files = {
        "memory": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes"),
        "cpu": ("cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us"),
        "pids": ("pids.max",), "cpuset": ("cpuset.cpus", "cpuset.mems"),
    }  # fmt: skip
    folders = {name: group(tmp_path / name, dict.fromkeys(names, "")) for name, names in files.items()}
    for folder in (tmp_path / "cpuset", tmp_path / "cpuset" / "docker"):
        for name in files["cpuset"]:
            (folder / name).write_text("0-3")
    limit(v1.Cgroups({name: str(tmp_path / name) for name in files}), RESOURCES)
    found = {name: (folders[controller] / name).read_text() for controller, names in files.items() for name in names}
    assert found == {
        "memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "100663296",
        "memory.soft_limit_in_bytes": "33554432", "cpu.shares": "1024", "cpu.cfs_quota_us": "50000",
        "cpu.cfs_period_us": "100000", "pids.max": "50", "cpuset.cpus": "0-1", "cpuset.mems": "0-3",
    }  # fmt: skip


def test_a_parent_on_v2_hands_its_controllers_down(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "docker"):
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.controllers").write_text("cpu memory hugetlb")
        (folder / "cgroup.subtree_control").write_text("cpu")
    v2.Cgroups(str(tmp_path), str(tmp_path)).make(PATH, None)
    assert (tmp_path / "docker" / "abc").is_dir()
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory"


def test_usage_on_v2(tmp_path: Path) -> None:
    group(tmp_path, {
        "cpu.stat": "usage_usec 5000\nuser_usec 4000\nsystem_usec 1000\nnr_throttled 2\nthrottled_usec 70\n",
        "memory.current": "4096\n", "memory.peak": "8192\n", "memory.max": "max\n",
        "memory.stat": "anon 1\ninactive_file 512\n", "memory.events": "oom 1\noom_kill 4\n",
        "pids.current": "3\n", "pids.max": "max\n",
        "io.stat": "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n",
    })  # fmt: skip
    driver = v2.Cgroups(str(tmp_path), str(tmp_path))
    used = driver.usage(PATH)
    assert (used["cpu_total"], used["cpu_user"], used["throttled_time"]) == (5_000_000, 4_000_000, 70_000)
    assert (used["memory_usage"], used["memory_max_usage"], used["memory_limit"], used["memory_file"]) == (
        4096,
        8192,
        0,
        512,
    )
    assert (used["pids"], used["pids_limit"], used["block_read"], used["block_write"]) == (3, 0, 11, 22)
    assert driver.oom_kills(PATH) == 4


def test_usage_on_v1(tmp_path: Path) -> None:
    folder = group(tmp_path, {
        "cpuacct.usage": "5000000\n", "cpuacct.stat": "user 4\nsystem 1\n",
        "cpu.stat": "nr_periods 9\nnr_throttled 2\nthrottled_time 70000\n", "memory.usage_in_bytes": "4096\n",
        "memory.max_usage_in_bytes": "8192\n", "memory.limit_in_bytes": "9223372036854771712\n",
        "memory.stat": "total_inactive_file 512\n", "pids.current": "3\n", "pids.max": "7\n",
        "blkio.throttle.io_service_bytes_recursive": "8:0 Read 10\n8:0 Write 20\n8:16 Read 1\nTotal 31\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
    })  # fmt: skip
    assert folder.is_dir()
    driver = v1.Cgroups(dict.fromkeys(("cpu", "cpuacct", "memory", "pids", "blkio"), str(tmp_path)))
    used = driver.usage(PATH)
    assert (used["cpu_total"], used["cpu_user"], used["throttled_time"]) == (5_000_000, 4 * v1.TICK, 70_000)
    assert (used["memory_limit"], used["pids_limit"], used["block_read"], used["block_write"]) == (0, 7, 11, 20)
    assert driver.oom_kills(PATH) == 4


def test_groups_are_found_again_by_name(tmp_path: Path) -> None:
    for name in ("docker/abc", "docker/other", "x/y/abc"):
        (tmp_path / name).mkdir(parents=True)
    driver = v2.Cgroups(str(tmp_path), str(tmp_path))
    assert sorted(driver.find({"abc"})) == ["/docker/abc", "/x/y/abc"]
    driver.remove("/docker/abc")
    driver.remove_if_empty("/docker")
    assert (tmp_path / "docker").is_dir() and not (tmp_path / "docker" / "abc").exists()
