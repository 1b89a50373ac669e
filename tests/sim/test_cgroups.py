"""cgroup v2: charges go up the tree, limits refuse, files say what is so."""

from __future__ import annotations

import errno

import pytest

from machine import call, machine, run
from sim.abi import Main, Proc
from sim.cgroups import files
from sim.cgroups.v2 import BASE_MEMORY, Cgroup
from sim.kernel.kernel import Kernel
from sim.vfs import mounting


def inside(kernel: Kernel, group: Cgroup, main: Main) -> tuple[int, bytes, bytes]:
    """Run a program whose first act is to go into a group."""

    async def enter(proc: Proc) -> int:
        group.migrate(proc)  # type: ignore[arg-type]
        return await main(proc)

    return call(kernel, enter)


@pytest.fixture
def kernel() -> Kernel:
    return machine()


def test_pids_max_makes_fork_fail_at_any_level(kernel: Kernel) -> None:
    async def child(proc: Proc) -> int:
        await proc.sleep(1)
        return 0

    async def main(proc: Proc) -> int:
        proc.fork(child)
        proc.fork(child)
        with pytest.raises(BlockingIOError) as caught:
            proc.fork(child)
        assert caught.value.errno == errno.EAGAIN
        assert files.read(outer, "pids.current") == files.read(inner, "pids.current") == "3\n"
        await proc.sleep(2)
        await proc.wait()
        await proc.wait()
        assert (await proc.wait(proc.fork(child)))[1] == 0
        return 0

    outer = kernel.root_cgroup.make("outer")
    inner = outer.make("inner")
    files.write(outer, "pids.max", "3")
    assert inside(kernel, inner, main)[0] == 0
    assert files.read(outer, "pids.events") == "max 1\n"
    assert (outer.pids, inner.pids) == (0, 0)


def test_memory_max_ends_in_the_oom_killer_for_the_biggest(kernel: Kernel) -> None:
    async def hog(proc: Proc) -> int:
        await proc.allocate(40 << 20)
        await proc.sleep(1000)
        return 0

    async def main(proc: Proc) -> int:
        pid = proc.fork(hog)
        await proc.sleep(1)
        await proc.allocate(30 << 20)
        assert await proc.wait() == (pid, -9)
        return 0

    group = kernel.root_cgroup.make("small")
    files.write(group, "memory.max", str(64 << 20))
    told: list[Cgroup] = []
    kernel.on_out_of_memory = told.append
    assert inside(kernel, group, main)[0] == 0
    assert told == [group]
    assert "oom_kill 1\n" in files.read(group, "memory.events")
    assert int(files.read(group, "memory.peak")) > 40 << 20
    assert (group.memory, kernel.root_cgroup.memory) == (0, 0)


def test_who_asks_for_too_much_alone_is_killed_himself(kernel: Kernel) -> None:
    async def main(proc: Proc) -> int:
        for _ in range(100):
            await proc.allocate(1 << 20)
        return 0

    group = kernel.root_cgroup.make("small")
    files.write(group, "memory.max", str(16 << 20))
    assert inside(kernel, group, main)[0] == 137


def test_memory_is_given_back(kernel: Kernel) -> None:
    async def main(proc: Proc) -> int:
        await proc.allocate(8 << 20)
        assert int(files.read(group, "memory.current")) == (8 << 20) + BASE_MEMORY
        await proc.allocate(-100 << 20)
        assert int(files.read(group, "memory.current")) == BASE_MEMORY
        await proc.allocate(5 << 20)
        return 0

    group = kernel.root_cgroup.make("g")
    assert inside(kernel, group, main)[0] == 0
    assert group.usage() == 0


@pytest.mark.parametrize(
    ("file", "text", "shown"),
    [
        ("memory.max", "67108864", "67108864\n"),
        ("memory.max", "max", "max\n"),
        ("pids.max", "20\n", "20\n"),
        ("cpu.max", "50000", "50000 100000\n"),
        ("cpu.max", "max 50000", "max 50000\n"),
        ("cpu.weight", "39", "39\n"),
        ("cpuset.cpus", "0-1", "0-1\n"),
    ],
)
def test_limits_read_as_they_were_written(file: str, text: str, shown: str) -> None:
    group = Cgroup("g")
    before = files.read(group, file)
    files.write(group, file, text)
    assert files.read(group, file) == shown
    assert files.read(Cgroup("other"), file) == before


@pytest.mark.parametrize(
    ("file", "text", "number"),
    [
        ("memory.max", "lots", errno.EINVAL),
        ("pids.max", "-1", errno.EINVAL),
        ("cpu.max", "10", errno.EINVAL),
        ("cpu.weight", "0", errno.EINVAL),
        ("cpu.weight", "10001", errno.ERANGE),
        ("cgroup.freeze", "2", errno.EINVAL),
        ("cpu.stat", "1", errno.EACCES),
        ("no.such", "1", errno.ENOENT),
    ],
)
def test_wrong_values_are_refused_and_nothing_changes(file: str, text: str, number: int) -> None:
    group = Cgroup("g")
    before = {name: files.read(group, name) for name in files.READ}
    with pytest.raises(OSError) as caught:
        files.write(group, file, text)
    assert caught.value.errno == number
    assert {name: files.read(group, name) for name in files.READ} == before


def test_groups_are_made_and_removed_like_directories() -> None:
    root = Cgroup()
    child = root.make("a").make("b")
    assert child.path == "/a/b"
    with pytest.raises(FileExistsError):
        root.make("a")
    with pytest.raises(OSError, match="busy"):
        root.child("a").remove()
    child.remove()
    root.child("a").remove()
    with pytest.raises(FileNotFoundError):
        root.child("a")


def test_freezing_holds_groups_below_and_newcomers(kernel: Kernel) -> None:
    async def main(proc: Proc) -> int:
        await proc.sleep(1)
        return 0

    outer = kernel.root_cgroup.make("outer")
    inner = outer.make("inner")
    outer.freeze(True)
    process = kernel.clone(kernel.host)
    inner.migrate(process)
    assert process.frozen and files.read(inner, "cgroup.events") == "populated 1\nfrozen 1\n"
    outer.freeze(False)
    assert not process.frozen
    process.exit(0)


def test_killing_a_frozen_group_works(kernel: Kernel) -> None:
    async def main(proc: Proc) -> int:
        await proc.sleep(1000)
        return 0

    group = kernel.root_cgroup.make("g")
    kernel.loop.call_later(1, lambda: group.freeze(True))
    kernel.loop.call_later(2, lambda: files.write(group, "cgroup.kill", "1"))
    assert inside(kernel, group, main)[0] == 137


def test_the_files_are_in_sys_fs_cgroup(kernel: Kernel) -> None:
    mounting.mount_at(kernel.host.mount, "cgroup2", "/sys/fs/cgroup", "cgroup2", ())
    group = kernel.root_cgroup.make("docker")
    files.write(group, "memory.max", "1048576")
    assert run(kernel, ["cat", "/sys/fs/cgroup/docker/memory.max"]) == (0, b"1048576\n", b"")
    assert run(kernel, ["sh", "-c", "echo 7 > /sys/fs/cgroup/docker/pids.max"])[0] == 0
    assert group.limits.pids_max == 7
    assert run(kernel, ["sh", "-c", "echo x > /sys/fs/cgroup/docker/pids.max"])[0] != 0
