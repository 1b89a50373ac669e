"""Processes: a family tree that stays true, whatever dies first."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.loop import Cancelled
from machine import call, machine, run, write
from sim.abi import SIG_IGN, WNOHANG, WUNTRACED, Proc
from sim.kernel.kernel import Kernel
from sim.kernel.processes import STOPPED
from sim.vfs import files
from sim.vfs.mounting import Superuser


def own(kernel: Kernel) -> int:
    """How many processes there are beside the host's own."""
    return len(kernel.host.pid.table) - len(machine().host.pid.table)


def test_a_child_runs_beside_its_parent_and_is_waited_for() -> None:
    async def child(proc: Proc) -> int:
        await proc.sleep(1)
        await proc.out(f"child of {proc.ppid}\n")
        return 7

    async def parent(proc: Proc) -> int:
        pid = proc.fork(child)
        await proc.out(f"parent {proc.pid}\n")
        assert await proc.wait(pid) == (pid, 7)
        return 0

    kernel = machine()
    status, out, _ = call(kernel, parent)
    number = out.split()[1].decode()
    assert (status, out.decode()) == (0, f"parent {number}\nchild of {number}\n")
    assert own(kernel) == 0


def test_wait_tells_of_signals_as_negative_numbers_and_of_nobody_as_echild() -> None:
    async def asleep(proc: Proc) -> int:
        await proc.pause()
        return 0

    async def parent(proc: Proc) -> int:
        pid = proc.fork(asleep)
        assert await proc.wait(pid, WNOHANG) == (0, 0)
        proc.kill(pid, 15)
        assert await proc.wait() == (pid, -15)
        with pytest.raises(ChildProcessError):
            await proc.wait()
        return 0

    assert call(machine(), parent)[0] == 0


def test_execve_keeps_the_number_and_the_descriptors_and_ends_the_old_program() -> None:
    async def parent(proc: Proc) -> int:
        spare = proc.dup(1, 10)  # close-on-exec
        try:
            await proc.execve("/bin/echo", ["echo", "new"], {})
        finally:
            with pytest.raises(OSError, match="Bad file descriptor"):
                await proc.write(spare, b"old program's last words")
        return 9

    kernel = machine()
    assert call(kernel, parent) == (0, b"new\n", b"")
    assert own(kernel) == 0


def test_execve_that_fails_returns_to_the_old_program() -> None:
    async def parent(proc: Proc) -> int:
        for path, number in (("/nope", errno.ENOENT), ("/etc/passwd", errno.EACCES), ("/tmp/text", errno.ENOEXEC)):
            with pytest.raises(OSError) as caught:
                await proc.execve(path, [path], {})
            assert caught.value.errno == number
        return 3

    kernel = machine()
    write(kernel, "/tmp/text", "echo no interpreter\n", 0o755)
    assert call(kernel, parent)[0] == 3


def test_a_real_program_of_another_image_stands_for_ours_of_its_name() -> None:
    kernel = machine()
    elf = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0"
    files.mkdir(Superuser(kernel.host.mount), "/bin/real")
    write(kernel, "/bin/real/echo", elf + b"\x3e\0" + bytes(90_000), 0o755)
    write(kernel, "/bin/real/game", elf + b"\x3e\0", 0o755)
    write(kernel, "/bin/real/ls", elf + b"\xb7\0", 0o755)  # of an ARM machine
    for name in (f"applet{number}" for number in range(60)):
        files.link(Superuser(kernel.host.mount), "/bin/real/echo", f"/bin/real/{name}")
    assert run(kernel, ["/bin/real/echo", "hi"])[1] == b"hi\n"
    assert run(kernel, ["/bin/real/applet7"])[2] == b"applet7: applet not found\n"  # by its many names it is busybox
    for other in ("game", "ls"):
        assert run(kernel, ["sh", "-c", f"/bin/real/{other}"])[0] in (126, 127)


def test_run_gives_the_statuses_of_a_shell() -> None:
    async def main(proc: Proc) -> int:
        found = [await proc.run([name]) for name in ("true", "false", "nope", "/etc/passwd", "/etc")]
        assert found == [0, 1, 127, 126, 126]
        return 0

    assert call(machine(), main)[0] == 0


def test_scripts_name_their_interpreter() -> None:
    kernel = machine()
    write(kernel, "/bin/greet", "#!/bin/echo hello\n", 0o755)
    assert run(kernel, ["greet", "you"]) == (0, b"hello /bin/greet you\n", b"")
    write(kernel, "/bin/loop", "#!/bin/loop\n", 0o755)
    with pytest.raises(OSError) as caught:
        run(kernel, ["loop"])
    assert caught.value.errno == errno.ELOOP


def test_an_orphan_goes_to_process_1_and_leaves_no_zombie() -> None:
    async def orphan(proc: Proc) -> int:
        await proc.sleep(5)
        await proc.out(f"my parent is {proc.ppid}\n")
        return 0

    async def parent(proc: Proc) -> int:
        proc.fork(orphan)
        return 0

    kernel = machine()
    assert call(kernel, parent) == (0, b"my parent is 1\n", b"")
    assert own(kernel) == 0


def test_children_are_not_kept_as_zombies_when_sigchld_is_ignored() -> None:
    async def child(proc: Proc) -> int:
        return 0

    async def parent(proc: Proc) -> int:
        proc.signal(17, SIG_IGN)
        proc.fork(child)
        await proc.sleep(1)
        assert [info.comm for info in proc.processes()].count("test") == 1
        with pytest.raises(ChildProcessError):
            await proc.wait()
        return 0

    assert call(machine(), parent)[0] == 0


def test_a_stopped_child_is_reported_once() -> None:
    async def child(proc: Proc) -> int:
        await proc.pause()
        return 0

    async def parent(proc: Proc) -> int:
        pid = proc.fork(child)
        proc.kill(pid, 19)
        assert await proc.wait(-1, WUNTRACED) == (pid, STOPPED + 19)
        assert await proc.wait(-1, WUNTRACED | WNOHANG) == (0, 0)
        assert next(info.state for info in proc.processes() if info.pid == pid) == "T"
        proc.kill(pid, 18)
        proc.kill(pid, 9)
        assert await proc.wait() == (pid, -9)
        return 0

    assert call(machine(), parent)[0] == 0


def test_a_program_that_is_cancelled_in_its_cleanup_still_ends() -> None:
    async def stubborn(proc: Proc) -> int:
        try:
            await proc.pause()
        except Cancelled:
            return 0  # nobody survives a signal by catching this
        return 1

    async def parent(proc: Proc) -> int:
        pid = proc.fork(stubborn)
        await proc.sleep(0.1)
        proc.kill(pid, 9)
        assert await proc.wait() == (pid, -9)
        return 0

    assert call(machine(), parent)[0] == 0


def test_what_a_killed_process_held_is_closed_at_once() -> None:
    async def child(proc: Proc) -> int:
        await proc.pause()
        return 0

    async def parent(proc: Proc) -> int:
        reader, writer = proc.pipe()
        pid = proc.fork(child)
        proc.close(writer)
        proc.kill(pid, 9)
        assert await proc.read(reader) == b""
        await proc.wait()
        return 0

    assert call(machine(), parent)[0] == 0


def test_groups_and_sessions() -> None:
    async def member(proc: Proc) -> int:
        await proc.pause()
        return 0

    async def parent(proc: Proc) -> int:
        first = proc.fork(member, setpgid=0)
        second = proc.fork(member, setpgid=first)
        other = proc.fork(member)
        assert (proc.getpgid(first), proc.getpgid(second), proc.getpgid(other)) == (first, first, proc.getpgid())
        proc.kill(-first, 15)
        assert {await proc.wait(-first), await proc.wait(-first)} == {(first, -15), (second, -15)}
        with pytest.raises(ProcessLookupError):
            proc.kill(-first, 0)
        proc.kill(other, 9)
        assert await proc.wait() == (other, -9)
        return 0

    assert call(machine(), parent)[0] == 0


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(("fork", "exit", "kill", "stop", "sleep", "run")), st.integers(0, 5)), max_size=8
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=5))
def test_no_process_task_or_descriptor_is_left_whatever_a_family_does(plans: list[list[Step]]) -> None:
    """Members fork, stop, kill their relatives and die in any order; in the end all numbers are free."""

    def member(depth: int) -> Any:
        async def main(proc: Proc) -> int:
            pids = []
            for verb, number in plans[depth % len(plans)]:
                if verb == "fork" and depth < 4:
                    pids.append(proc.fork(member(depth + 1)))
                elif verb == "exit":
                    return number
                elif verb in ("kill", "stop") and pids:
                    proc.kill(pids[number % len(pids)], {"kill": 9, "stop": 19}[verb])
                elif verb == "sleep":
                    await proc.sleep(number)
                elif verb == "run":
                    await proc.run(["true"])
            return 0

        return main

    async def top(proc: Proc) -> int:
        proc.fork(member(0), setpgid=0)
        await proc.sleep(100)
        proc.kill(-1, 9)
        return 0

    kernel = machine()
    before = set(kernel.host.pid.table)
    members = len(kernel.root_cgroup.members)
    call(kernel, top)
    kernel.loop.run(kernel.loop.sleep(1))
    alive = set(kernel.host.pid.table) & before
    assert set(kernel.host.pid.table) == alive
    assert len(kernel.root_cgroup.members) == kernel.root_cgroup.pids <= members
    assert not kernel.scheduler.jobs
