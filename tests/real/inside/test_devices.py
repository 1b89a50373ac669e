"""The eBPF program for cgroup v2's device rules, loaded by this kernel and asked by it.

A machine with cgroup v1 has a cgroup2 file system beside it as a rule, and that is enough for this.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from real.cgroups import DEVICES, devices


def _cgroup2() -> Path | None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line:
            return Path(line.split()[4])
    return None


def _opens(group: Path, path: str, flags: int = os.O_RDONLY) -> bool:
    """Can a process of the group open a device? It does nothing else with it."""
    pid = os.fork()
    if pid == 0:
        try:
            (group / "cgroup.procs").write_text("0")
            os.close(os.open(path, flags | os.O_NONBLOCK))
            os._exit(0)
        except PermissionError:
            os._exit(1)
        finally:
            os._exit(2)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, 1)
    return status == 0


def test_only_the_listed_devices_can_be_opened() -> None:
    root = _cgroup2()
    if root is None:
        pytest.skip("there is no cgroup2 file system")
    group = root / f"glassdock-test-{os.getpid()}"
    group.mkdir()
    try:
        assert _opens(group, "/dev/kmsg")
        devices.restrict(str(group), DEVICES)
        for name in ("null", "zero", "urandom", "full"):
            assert _opens(group, f"/dev/{name}", os.O_RDWR)
        assert not _opens(group, "/dev/kmsg")
        major, minor = os.major(os.stat("/dev/kmsg").st_rdev), os.minor(os.stat("/dev/kmsg").st_rdev)
        devices.restrict(str(group), (*DEVICES, ("c", major, minor, "r")))  # instead of the first program
        assert _opens(group, "/dev/kmsg")
    finally:
        group.rmdir()
