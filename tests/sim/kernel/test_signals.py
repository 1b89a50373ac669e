"""Signals: default actions, handlers, interrupted calls, and the special rule for process 1."""

from __future__ import annotations

import pytest

from machine import call, machine
from sim.abi import SIG_DFL, SIG_IGN, Proc
from sim.kernel import signals
from sim.kernel.kernel import Kernel
from sim.kernel.loader import Program
from sim.kernel.namespaces import Namespaces, PidNamespace
from sim.kernel.syscalls import SystemCalls


async def idle(proc: Proc) -> int:
    while True:
        try:
            await proc.sleep(1000)
        except InterruptedError:
            await proc.out("interrupted\n")


@pytest.mark.parametrize(("text", "number"), [("TERM", 15), ("SIGTERM", 15), ("term", 15), ("9", 9), ("RTMIN+3", 37)])
def test_signals_are_named_as_people_write_them(text: str, number: int) -> None:
    assert signals.number(text) == number


@pytest.mark.parametrize("text", ["NOPE", "65", "-1", ""])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid signal"):
        signals.number(text)


@pytest.mark.parametrize("number", range(1, 32))
def test_default_actions_are_those_of_the_manual_page(number: int) -> None:
    async def parent(proc: Proc) -> int:
        pid = proc.fork(idle)
        await proc.sleep(1)
        proc.kill(pid, number)
        await proc.sleep(1)
        state = next(info.state for info in proc.processes() if info.pid == pid)
        expected = "S" if number in signals.IGNORED else "T" if number in signals.STOPPING else "Z"
        assert state == expected
        proc.kill(pid, 9)
        assert await proc.wait() == (pid, -9 if expected != "Z" else -number)
        return 0

    assert call(machine(), parent)[0] == 0


def test_a_handler_runs_and_interrupts_the_call() -> None:
    async def child(proc: Proc) -> int:
        proc.signal(10, lambda number: heard.append(number))
        with pytest.raises(InterruptedError):
            await proc.sleep(1000)
        return 5

    async def parent(proc: Proc) -> int:
        pid = proc.fork(child)
        await proc.sleep(1)
        proc.kill(pid, 10)
        assert await proc.wait() == (pid, 5)
        assert proc.now() < began + 2_000_000_000
        return 0

    heard: list[int] = []
    kernel = machine()
    began = kernel.loop.time
    assert call(kernel, parent)[0] == 0
    assert heard == [10]


def test_kill_and_stop_cannot_be_handled() -> None:
    async def main(proc: Proc) -> int:
        for number in (9, 19, 0, 65):
            with pytest.raises(OSError, match="Invalid argument"):
                proc.signal(number, SIG_IGN)
        return 0

    assert call(machine(), main)[0] == 0


def test_a_stopped_process_hears_its_signals_when_it_goes_on() -> None:
    async def child(proc: Proc) -> int:
        proc.signal(10, lambda number: heard.append(number))
        try:
            await proc.sleep(1000)
        except InterruptedError:
            return 1
        return 0

    async def parent(proc: Proc) -> int:
        pid = proc.fork(child)
        await proc.sleep(1)
        proc.kill(pid, 19)
        proc.kill(pid, 10)
        await proc.sleep(1)
        assert not heard
        proc.kill(pid, 18)
        assert await proc.wait() == (pid, 1)
        return 0

    heard: list[int] = []
    assert call(machine(), parent)[0] == 0
    assert heard == [10]


def test_writing_to_a_pipe_that_nobody_reads_is_sigpipe() -> None:
    async def child(proc: Proc) -> int:
        reader, writer = proc.pipe()
        proc.close(reader)
        if proc.argv[0] == "deaf":
            proc.signal(13, SIG_IGN)
        try:
            await proc.write(writer, b"x")
        except BrokenPipeError:
            return 3
        return 0

    async def parent(proc: Proc) -> int:
        assert (await proc.wait(proc.fork(child)))[1] == -13
        proc.argv = ["deaf"]
        assert (await proc.wait(proc.fork(child)))[1] == 3
        return 0

    assert call(machine(), parent)[0] == 0


def test_handlers_survive_fork_and_only_ignoring_survives_execve() -> None:
    kernel = machine()
    process = kernel.clone(kernel.host)
    process.signal(10, lambda number: None)
    process.signal(12, SIG_IGN)
    assert process.signal(1, SIG_IGN) == SIG_DFL
    assert process.signal(1, SIG_DFL) == SIG_IGN
    child = process.duplicate()
    assert callable(child.action(10))
    process.replace(Program(idle, ("idle",), "/bin/idle", "idle"), ())
    assert (process.action(10), process.action(12)) == (SIG_DFL, SIG_IGN)
    kernel.loop.run(kernel.loop.sleep(1))


def container(kernel: Kernel) -> tuple[SystemCalls, PidNamespace]:
    """A process 1 of a PID namespace of its own, asleep."""
    host = kernel.host
    space = PidNamespace(1, host.pid)
    inside = Namespaces(host.cgroup, host.ipc, host.mount, host.network, space, host.time, host.user, host.uts)
    init = kernel.clone(inside)
    init.replace(Program(idle, ("idle",), "/bin/idle", "idle"), ())
    kernel.loop.run(kernel.loop.sleep(0.1))
    return init, space


@pytest.mark.parametrize("number", [2, 9, 15, 19])
def test_process_1_is_not_hurt_from_inside(number: int) -> None:
    kernel = machine()
    init, _ = container(kernel)
    signals.send(init, number, init)
    kernel.loop.run(kernel.loop.sleep(0.1))
    assert init.status is None and not init.stopped


@pytest.mark.parametrize("number", [1, 2, 15])
def test_process_1_without_a_handler_ignores_even_its_host(number: int) -> None:
    kernel = machine()
    init, _ = container(kernel)
    signals.send(init, number)
    kernel.loop.run(kernel.loop.sleep(0.1))
    assert init.status is None


def test_process_1_hears_what_it_has_a_handler_for() -> None:
    kernel = machine()
    init, _ = container(kernel)
    heard: list[int] = []
    init.signal(15, heard.append)
    signals.send(init, 15, init)
    assert heard == [15]


def test_sigkill_of_the_host_ends_process_1_and_all_of_its_namespace() -> None:
    kernel = machine()
    init, space = container(kernel)
    other = kernel.clone(init.namespaces)
    other.replace(Program(idle, ("idle",), "/bin/idle", "idle"), ())
    ended: list[int | None] = []
    init.on_exit = lambda process: ended.append(process.status)
    signals.send(init, 9)
    kernel.loop.run(kernel.loop.sleep(0.1))
    assert ended == [-9]
    assert other.status == -9
    assert not space.table


def test_a_process_without_rights_may_not_signal_others() -> None:
    async def main(proc: Proc) -> int:
        proc.uid = 1000
        with pytest.raises(PermissionError):
            proc.kill(1, 15)
        with pytest.raises(ProcessLookupError):
            proc.kill(99999, 15)
        with pytest.raises(OSError, match="Invalid argument"):
            proc.kill(proc.pid, 65)
        return 0

    assert call(machine(), main)[0] == 0
