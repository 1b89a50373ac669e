"""The runtime of the simulated host: nothing is left of containers, whatever was done to them."""

from __future__ import annotations

import io
import itertools
import tarfile
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import operations, plan
from engine.host import Exited, News, RuntimeFailure
from engine.loop import Loop
from engine.operations import MakeCgroup, Operation, SetUser
from engine.spec import Mount, Namespace, Process, Spec
from sim.host import SimHost
from sim.kernel.loader import executable
from sim.performing import DURATIONS, HANDLERS
from sim.programs import registry

ENV = ("PATH=/bin",)
NAMESPACES = tuple(Namespace(type) for type in ("mount", "uts", "ipc", "pid", "network", "cgroup"))
MOUNTS = (
    Mount("/proc", "proc", "proc"),
    Mount("/dev", "tmpfs", "tmpfs", ("mode=755",)),
    Mount("/dev/pts", "devpts", "devpts"),
)


def base() -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in sorted(registry.APPLETS):
            member = tarfile.TarInfo(f"bin/{name}")
            data = executable("busybox")
            member.mode, member.size = 0o755, len(data)
            tar.addfile(member, io.BytesIO(data))
    stream.seek(0)
    return stream


def make_host() -> SimHost:
    host = SimHost(Loop(start=1_700_000_000_000_000_000), Random(1))
    host.loop.run(host.apply("base", None, base()))
    return host


def spec(id: str, *args: str, terminal: bool = False) -> Spec:
    return Spec(
        id,
        Process(args, ENV, terminal=terminal),
        id,
        cgroups_path=f"/docker/{id}",
        namespaces=NAMESPACES,
        mounts=MOUNTS,
    )


def test_every_kind_of_operation_is_performed_and_has_a_length() -> None:
    kinds = {kind for kind in vars(operations).values() if isinstance(kind, type) and issubclass(kind, Operation)}
    kinds.discard(Operation)
    assert kinds == DURATIONS.keys()
    assert {kind.__name__ for kind in kinds - HANDLERS.keys()} == {"Execve"}


def test_a_container_takes_as_long_as_on_a_real_machine() -> None:
    host = make_host()
    host.loop.run(host.prepare("c", "base"))
    began = host.loop.time
    wanted = spec("c", "true")
    host.loop.run(host.create(wanted, plan.plan(wanted, ("base",)), lambda stream, data: None))
    host.loop.run(host.start("c"))
    assert 2_000_000 < host.loop.time - began < 4_000_000


def test_times_of_operations_follow_each_other() -> None:
    host = make_host()
    host.loop.run(host.prepare("c", "base"))
    wanted = spec("c", "true")
    started = host.loop.run(host.create(wanted, plan.plan(wanted, ("base",)), lambda stream, data: None))
    moments = [(each.start, each.start + each.duration) for each in started.performed]
    assert all(end == next_ for (_, end), (next_, _) in itertools.pairwise(moments))
    assert moments[-1][1] == host.loop.time


ACTIONS = ("start", "exec", "exec-tty", "fail", "kill", "term", "pause", "resume", "type", "wait", "delete")
PROGRAMS = (
    ("true",),
    ("sleep", "1"),
    ("sleep", "1000"),
    ("sh", "-c", "sleep 2 & sleep 1"),
    ("sh", "-c", "while :; do sleep 0.3; done"),
    ("cat",),
    ("sh", "-c", "yes | head -n 1000 | cat"),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 30)), max_size=14))
def test_nothing_is_left_whatever_happens_to_containers(steps: list[tuple[str, int]]) -> None:
    host = make_host()
    kernel, loop, news = host.kernel, host.loop, list[News]()
    host.listen(news.append)
    before = (set(kernel.host.pid.table), kernel.root_cgroup.pids, len(kernel.storage.types))
    alive: list[str] = []
    inputs = []
    frozen: set[str] = set()

    async def run() -> None:
        for number, (action, choice) in enumerate(steps):
            program = PROGRAMS[choice % len(PROGRAMS)]
            if action in ("start", "fail"):
                id = f"c{number}"
                wanted = spec(id, *(("nope",) if action == "fail" else program), terminal=choice > 20)
                await host.prepare(id, "base")
                alive.append(id)
                started = await host.create(wanted, plan.plan(wanted, ("base",)), lambda stream, data: None)
                inputs.append(started.input)
                try:
                    await host.start(id)
                except RuntimeFailure:
                    continue
            if not alive:
                continue
            id = alive[choice % len(alive)]
            ended = any(isinstance(each, Exited) and each.container == id and not each.exec_id for each in news)
            container = kernel.containers[id]
            if action.startswith("exec") and container.execve is None and not ended and id not in frozen:
                process = Process(program, ENV, terminal=action == "exec-tty")
                inputs.append((await host.exec(id, f"e{number}", process, lambda stream, data: None)).input)
            elif action in ("kill", "term"):
                await host.kill(id, 9 if action == "kill" else 15)
            elif action in ("pause", "resume"):
                await (host.pause(id) if action == "pause" else host.resume(id))
                (frozen.add if action == "pause" else frozen.discard)(id)
            elif action == "type" and inputs:
                inputs[choice % len(inputs)].write(b"hello\r\x03")
            elif action == "wait":
                await loop.sleep(choice / 10)
            elif action == "delete":
                alive.remove(id)
                await host.delete(id)
                await host.remove(id)
        for id in alive:
            await host.delete(id)
            await host.remove(id)

    loop.run(run())
    loop.run(loop.sleep(0.1))
    assert (set(kernel.host.pid.table), kernel.root_cgroup.pids, len(kernel.storage.types)) == before
    assert not kernel.containers and not kernel.terminals and not kernel.scheduler.jobs
    groups = kernel.root_cgroup.children or {}
    assert not any(group.children or group.members for group in groups.values())
    assert kernel.root_cgroup.memory == 0
    exits = [(each.container, each.exec_id) for each in news if isinstance(each, Exited)]
    assert len(exits) == len(set(exits))


@pytest.mark.parametrize("operation", [MakeCgroup, SetUser])
def test_operations_have_lengths_in_nanoseconds(operation: type) -> None:
    assert 1_000 <= DURATIONS[operation] <= 10_000_000
