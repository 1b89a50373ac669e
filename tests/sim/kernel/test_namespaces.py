"""PID namespaces: numbers at every level, never given twice, free again when a process is reaped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machine import machine, run
from sim.kernel.namespaces import PID_MAX, TYPES, Namespaces, PidNamespace
from sim.kernel.processes import Process


class Nobody:
    """As much of a process as a PID namespace asks for."""

    pids: tuple[int, ...] = ()


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_numbers_are_unique_at_every_level_and_come_back(steps: list[tuple[int, bool]]) -> None:
    host = PidNamespace(1)
    inner = PidNamespace(2, host)
    spaces = [host, inner, PidNamespace(3, inner), PidNamespace(4, host)]
    alive: list[tuple[PidNamespace, Process]] = []
    for index, leaves in steps:
        if leaves and alive:
            space, process = alive.pop(index % len(alive))
            space.leave(process)
        else:
            process: Process = Nobody()  # type: ignore[assignment, no-redef]
            spaces[index].enter(process)
            assert len(process.pids) == spaces[index].level + 1
            alive.append((spaces[index], process))
    for level, space in ((0, host), (1, inner)):
        inside = [process for where, process in alive if where is space or (space is host) or where.parent is space]
        assert sorted(space.table) == sorted(process.pids[level] for process in inside)
        assert space.number_of(()) == 0
    for space, process in alive:
        space.leave(process)
    assert not any(space.table for space in spaces)


def test_numbers_begin_again_at_300_when_all_were_used() -> None:
    space = PidNamespace(1)
    space.last = PID_MAX
    assert (space.reserve(), space.reserve()) == (300, 301)


def test_a_process_is_seen_from_above_and_not_from_beside() -> None:
    kernel = machine()
    host = kernel.host

    def space() -> Namespaces:
        inside = PidNamespace(next(kernel.inodes), host.pid)
        return Namespaces(host.cgroup, host.ipc, host.mount, host.network, inside, host.time, host.user, host.uts)

    first, second = kernel.clone(space()), kernel.clone(space())
    assert (first.pid, second.pid) == (1, 1)
    assert first.host_pid != second.host_pid
    assert host.pid.number(first) == first.host_pid
    assert first.namespaces.pid.number(second) == 0
    assert (first.ppid, first.namespaces.pid.init) == (0, first)


def test_every_namespace_has_a_number_of_its_own_in_proc() -> None:
    kernel = machine()
    numbers = [kernel.host.inode(type) for type in TYPES]
    assert len(set(numbers)) == len(TYPES)
    status, out, _ = run(kernel, ["readlink", "/proc/self/ns/pid"])
    assert (status, out) == (0, b"pid:[%d]\n" % kernel.host.inode("pid"))


@pytest.mark.parametrize("type", TYPES)
def test_kinds_of_namespaces_are_those_of_linux(type: str) -> None:
    assert hasattr(machine().host, type)
