"""Processors: shares follow weights, nobody gets more than his quota, and time passes for those who only compute."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.loop import SECOND
from machine import call, machine
from sim.abi import Proc
from sim.cgroups import files
from sim.cgroups.v2 import Cgroup
from sim.kernel.kernel import Kernel
from sim.kernel.loader import Program
from sim.kernel.processes import Process
from sim.kernel.scheduler import cpu_list


async def burn(proc: Proc) -> int:
    await proc.cpu(float(proc.argv[0]))
    return 0


async def spin(proc: Proc) -> int:
    while True:
        await proc.cpu(0.0001)


def begin(kernel: Kernel, group: Cgroup, main: object = burn, seconds: float = 1.0) -> Process:
    process = kernel.clone(kernel.host)
    group.migrate(process)
    process.replace(Program(main, (str(seconds),), "/bin/burn", "burn"), ())  # type: ignore[arg-type]
    return process


def group(kernel: Kernel, name: str, **limits: str) -> Cgroup:
    made = kernel.root_cgroup.make(name)
    for file, value in limits.items():
        files.write(made, file.replace("_", "."), value)
    return made


def used(process: Process) -> float:
    process.kernel.scheduler.catch_up()
    return process.cpu_used


def run(kernel: Kernel, seconds: float) -> None:
    kernel.loop.run(kernel.loop.sleep(seconds))


def test_work_takes_as_long_as_it_says_when_nobody_else_works() -> None:
    kernel = machine()
    began = kernel.loop.time
    process = begin(kernel, kernel.root_cgroup, seconds=2.5)
    process.on_exit = lambda process: ended.append((kernel.loop.time - began) / SECOND)
    ended: list[float] = []
    run(kernel, 10)
    assert ended == [pytest.approx(2.5, abs=1e-6)]
    assert process.cpu_used == pytest.approx(2.5)


def test_two_processors_are_shared_by_three() -> None:
    kernel = machine()
    all_ = [begin(kernel, kernel.root_cgroup, spin) for _ in range(3)]
    run(kernel, 3)
    assert [used(process) for process in all_] == [pytest.approx(2, rel=0.01)] * 3


def test_shares_follow_weights_and_one_process_uses_one_processor_at_most() -> None:
    kernel = machine()
    light, heavy = group(kernel, "light", cpu_weight="100"), group(kernel, "heavy", cpu_weight="300")
    first = [begin(kernel, light, spin) for _ in range(2)]
    second = [begin(kernel, heavy, spin) for _ in range(2)]
    run(kernel, 4)
    assert [used(process) for process in first] == [pytest.approx(1, rel=0.01)] * 2
    assert [used(process) for process in second] == [pytest.approx(3, rel=0.01)] * 2
    second[1].die(-9)
    run(kernel, 4)
    assert used(second[0]) == pytest.approx(7, rel=0.01)
    assert used(first[0]) == pytest.approx(3, rel=0.01)


def test_a_quota_holds_even_when_processors_are_idle() -> None:
    kernel = machine()
    half = group(kernel, "half", cpu_max="50000 100000")
    process = begin(kernel, half, spin)
    run(kernel, 10)
    assert used(process) == pytest.approx(5, rel=0.01)
    stat = dict(line.split() for line in files.read(half, "cpu.stat").splitlines())
    assert int(stat["usage_usec"]) == pytest.approx(5_000_000, rel=0.01)
    assert int(stat["nr_throttled"]) == pytest.approx(100, abs=2)
    assert int(stat["throttled_usec"]) > 0
    files.write(half, "cpu.max", "max")
    kernel.scheduler.changed()
    run(kernel, 10)
    assert used(process) == pytest.approx(15, rel=0.01)


def test_frozen_processes_do_not_work() -> None:
    kernel = machine()
    cold = group(kernel, "cold")
    process = begin(kernel, cold, spin)
    run(kernel, 1)
    files.write(cold, "cgroup.freeze", "1")
    before = used(process)
    run(kernel, 10)
    assert used(process) == before
    files.write(cold, "cgroup.freeze", "0")
    run(kernel, 1)
    assert used(process) == pytest.approx(before + 1, rel=0.01)


def test_a_killed_process_leaves_its_processor_at_once() -> None:
    kernel = machine()
    process = begin(kernel, kernel.root_cgroup, seconds=1000)
    run(kernel, 1)
    process.die(-9)
    run(kernel, 0.1)
    assert process.status == -9
    assert not kernel.scheduler.jobs


def test_system_calls_alone_let_time_pass() -> None:
    async def main(proc: Proc) -> int:
        began = proc.now()
        null = proc.open("/dev/null", 1)
        for _ in range(10_000):
            await proc.write(null, b"y\n")
        return int(0.01 < (proc.now() - began) / SECOND < 1)

    assert call(machine(), main)[0] == 1


def test_load_averages_rise_with_work() -> None:
    kernel = machine()
    for _ in range(4):
        begin(kernel, kernel.root_cgroup, seconds=1e6)
    run(kernel, 60)
    one, five, fifteen = kernel.scheduler.load()
    assert 2.3 < one < 2.7
    assert one > five > fifteen > 0


@pytest.mark.parametrize(("text", "numbers"), [("0", [0]), ("0-2,5", [0, 1, 2, 5]), ("", [])])
def test_lists_of_processors(text: str, numbers: list[int]) -> None:
    assert cpu_list(text) == numbers


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10_000), st.none() | st.integers(10, 300), st.integers(1, 4)), min_size=1, max_size=5
    )
)
def test_processors_are_fully_used_and_never_twice(groups: list[tuple[int, int | None, int]]) -> None:
    """Work conservation: the total is what the groups may take, or all there is."""
    kernel = machine()
    could, members = 0.0, []
    for index, (weight, percent, count) in enumerate(groups):
        made = group(kernel, f"g{index}", cpu_weight=str(weight))
        if percent is not None:
            files.write(made, "cpu.max", f"{percent * 1000} 100000")
        jobs = [begin(kernel, made, seconds=1e6) for _ in range(count)]
        members.append((made, jobs))
        could += min(count, percent / 100 if percent is not None else count)
    run(kernel, 1)
    rates = {process: job.rate for process, job in kernel.scheduler.jobs.items()}
    assert sum(rates.values()) == pytest.approx(min(2.0, could), rel=1e-6)
    assert all(0 < rate <= 1 + 1e-9 for rate in rates.values())
    for (made, jobs), (_, percent, _) in zip(members, groups, strict=True):
        assert len(made.members) == len(jobs)
        if percent is not None:
            assert sum(rates[job] for job in jobs) <= percent / 100 + 1e-9


def test_groups_on_the_same_processor_share_it_and_leave_the_others_alone() -> None:
    kernel = machine()
    loud = begin(kernel, group(kernel, "loud", cpuset_cpus="0", cpu_weight="200"), spin)
    quiet = begin(kernel, group(kernel, "quiet", cpuset_cpus="0", cpu_weight="100"), spin)
    free = begin(kernel, group(kernel, "free"), spin)
    run(kernel, 9)
    assert used(loud) == pytest.approx(6, rel=0.01)
    assert used(quiet) == pytest.approx(3, rel=0.01)
    assert used(free) == pytest.approx(9, rel=0.01)
