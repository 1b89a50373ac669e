"""The runtime of the real host: containers as processes, in the verbs of the OCI runtime specification.

The zygote does what the kernel is asked for; here is what the daemon knows of it. `create` ends when the first process
holds before execve; `start` lets it go. Twin: sim/runtime.py.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import operations as ops
from engine.host import (
    Exited,
    News,
    OnOutput,
    RuntimeFailure,
    Started,
)
from engine.loop import Future
from engine.operations import Execve, Operation, Performed
from engine.spec import Process, Spec
from real import cgroups, console, encoding, seccomp, wire
from real.cgroups import Driver
from real.container import Channel, Container, Running
from real.keeping import RUNS
from real.launch import Connection
from real.outofmemory import MemoryWatch
from real.poller import Poller

SETNS = ops.Unshare(())  # exec's clone into namespaces that are there
UNMOUNT_ROOT = ops.Unmount("/")
SIGKILL = 9


class Runtime:
    """engine.host.Runtime."""

    def __init__(
        self, poller: Poller, zygote: Connection, cgroups: Driver | None, tell: Callable[[News], object], live: bool
    ) -> None:
        self._poller, self._loop, self._zygote, self._cgroups, self._tell = poller, poller.loop, zygote, cgroups, tell
        self.containers: dict[str, Container] = {}
        self._running: dict[int, Running] = {}
        self._serial = 0
        self._live = live
        self._memory = MemoryWatch(poller, cgroups, tell)
        self.on_birth: Callable[[str, int], object] = lambda id, pid: None  # a container has a process, not yet ready
        zygote.on_exit = self._exited
        zygote.on_loss = self._lost

    # -- create, start, exec

    async def create(
        self, spec: Spec, operations: Sequence[Operation], on_output: OnOutput, *, hold: bool = True
    ) -> Started:
        """See engine.host.Runtime."""
        container = self.containers[spec.id] = Container(spec)
        execve = operations[-1]
        assert isinstance(execve, Execve)
        new = next((each.namespaces for each in operations if isinstance(each, ops.Unshare)), ())
        options = encoding.options(spec.process) | {
            "init": spec.init,
            "privileged": spec.privileged,
            "devices": [(each.kind, each.major, each.minor, each.access) for each in spec.devices],
            "unshare": new,
            "seccomp": seccomp.program(spec.seccomp, spec.process.capabilities) if spec.seccomp else b"",
        }
        process = container.first = self._new(container, "", execve)
        try:
            message = ("create", process.serial, spec.id, options, [encoding.encode(each) for each in operations])
            times = await self._begin(process, message, spec.process.terminal, on_output, hold)
        except _Failed as failure:
            del self.containers[spec.id]
            raise RuntimeFailure(str(failure), await self._undo(container, operations, failure)) from None
        self._memory.begin(container)
        self._keep(process)
        assert process.input is not None
        return Started(process.pid, process.input, self._performed(operations, times))

    async def start(self, id: str) -> tuple[Performed, ...]:
        """See engine.host.Runtime."""
        process = self.containers[id].first
        assert process is not None
        return (await self._let_go(process),)

    async def exec(self, id: str, exec_id: str, process: Process, on_output: OnOutput) -> Started:
        """See engine.host.Runtime."""
        container = self.containers[id]
        spec = container.spec
        execve = Execve(process.args, process.env, process.terminal)
        running = container.execs[exec_id] = self._new(container, exec_id, execve)
        options = encoding.options(process) | {
            "init": False,
            "cgroup": spec.cgroups_path,
            "traced": "CAP_SYS_PTRACE" in spec.process.capabilities,
            "seccomp": seccomp.program(spec.seccomp, process.capabilities) if spec.seccomp else b"",
        }
        steps = [*encoding.exec_steps(spec, process), encoding.encode(execve)]
        began = self._loop.time
        try:
            message = ("exec", running.serial, id, options, steps)
            times = await self._begin(running, message, process.terminal, on_output, hold=False)
            last = await self._let_go(running)
        except _Failed as failure:
            container.execs.pop(exec_id, None)
            raise RuntimeFailure(str(failure), (Performed(SETNS, began, 0, str(failure)),)) from None
        except RuntimeFailure:
            container.execs.pop(exec_id, None)
            raise
        assert running.input is not None
        length = sum(length for _, length in times)
        return Started(running.pid, running.input, (Performed(SETNS, self._moment(times[0][0]), length), last))

    def _new(self, container: Container, exec_id: str, execve: Execve) -> Running:
        self._serial += 1
        made = self._running[self._serial] = Running(container, exec_id, self._serial, execve)
        return made

    async def _begin(
        self, process: Running, message: tuple[Any, ...], terminal: bool, call: OnOutput, hold: bool
    ) -> Any:
        """Ask the zygote, connect the streams; returns when all but execve is done, with the times. Raises _Failed."""
        ours, theirs = wire.pair()
        process.channel = Channel(self._poller, ours)
        given = [] if terminal else process.open_pipes(self._poller, call, self._input_shut(process))
        try:
            self._zygote.send(message, (theirs.fileno(), *given))
            if not hold:
                process.channel.go()
        finally:
            theirs.close()
            for fd in given:
                os.close(fd)
        ready = None
        while ready is None or not process.pid:
            received = await process.channel.receive()
            if received is None:
                self._forget(process)
                raise _Failed("the process has ended before it could begin", [])
            (kind, *told), files = received
            if kind == "cloned":
                process.pid = told[0]
                self.on_birth(process.container.id, process.pid)
            elif kind == "ready":
                ready = told[0]
                if files:
                    process.connect_terminal(self._poller, files[0], call)
            else:
                await self._until_gone(process)
                raise _Failed(told[0], told[1])
        if not hold:
            process.ready = sum(ready[-1])
        return ready

    async def _until_gone(self, process: Running) -> None:
        """It has said that it failed: nothing of it is left when this returns."""
        assert process.channel is not None
        while (received := await process.channel.receive()) is not None:
            process.pid = received[0][1]  # cloned
        if process.pid and process.status is None:
            process.over = Future(self._loop)
            await process.over
        self._forget(process)

    async def _let_go(self, process: Running) -> Performed:
        """execve, and what came of it. Raises RuntimeFailure."""
        channel, begin = process.channel, process.ready or time.monotonic_ns()
        assert channel is not None
        if not process.ready:
            channel.go()
        received = await channel.receive()
        performed = Performed(process.execve, self._moment(begin), time.monotonic_ns() - begin)
        if received is not None:
            text = received[0][1]
            failed = Performed(process.execve, performed.start, performed.duration, text)
            await self._until_gone(process)
            raise RuntimeFailure(text, (failed,))
        channel.close()
        process.started = True
        if process.status is not None:
            self._loop.call_soon(lambda: self._ended(process))
        return performed

    # -- signals and states

    async def kill(self, id: str, signal: int, exec_id: str = "") -> None:
        """See engine.host.Runtime."""
        container = self.containers[id]
        process = container.execs.get(exec_id) if exec_id else container.first
        if process is not None and process.status is None:
            self._zygote.send(("kill", process.serial, signal))

    async def resize(self, id: str, exec_id: str, height: int, width: int) -> None:
        container = self.containers[id]
        process = container.execs.get(exec_id) if exec_id else container.first
        if process is not None and process.terminal >= 0 and process.outputs[0].fd >= 0:
            with contextlib.suppress(OSError):
                console.resize(process.terminal, height, width)

    # -- the end

    def _exited(self, serial: int, status: int) -> None:
        """The zygote's news. Until `start` has heard of execve, it waits."""
        process = self._running.get(serial)
        if process is None:
            return
        process.status = status
        if process.over is not None:
            process.over.set_result(None)
        if process.started:
            self._ended(process)

    def _lost(self) -> None:
        """Somebody has killed the zygote: all that it ran has died with it (PR_SET_PDEATHSIG)."""
        for serial, process in list(self._running.items()):
            if process.channel is not None and not process.started:
                process.channel.give_up()
            self._exited(serial, 128 + SIGKILL)

    def _ended(self, process: Running) -> None:
        """What it has written first, then the news."""
        container = process.container
        for output in process.outputs:
            output.drain()
        open_outputs = [output for output in process.outputs if output.fd >= 0]
        if open_outputs and not process.exec_id and "pid" in encoding.new_namespaces(container.spec):
            waiting = open_outputs[0]  # the daemon is slow; nobody else can have it open
            waiting.ended.add_done_callback(lambda: self._ended(process))
            return
        killed = self._memory.check(container)
        self._forget(process)
        assert process.status is not None
        self._tell(Exited(container.id, process.exec_id, process.status, killed and not process.exec_id))

    def _forget(self, process: Running) -> None:
        """Close what belongs to a process that is over, or that never was. Output goes on where others hold it."""
        self._running.pop(process.serial, None)
        if process.channel is not None:
            process.channel.close()
        if process.input is not None:
            process.input.shut()
        for output in process.outputs:
            if process.status is None or process.terminal >= 0 or not process.exec_id:
                output.close()
        if process.exec_id:
            process.container.execs.pop(process.exec_id, None)

    async def delete(self, id: str) -> tuple[Performed, ...]:
        """See engine.host.Runtime."""
        container = self.containers.pop(id, None)
        if container is None:
            return ()  # its create has failed and undone everything
        return await self._take_back(container, unmount=True)

    async def _take_back(self, container: Container, unmount: bool) -> tuple[Performed, ...]:
        """Kill, and remove the group; the mount goes with the last process."""
        begin = time.monotonic_ns()
        path, groups = container.spec.cgroups_path, self._cgroups
        for process in (*container.execs.values(), container.first):
            if process is None:
                continue
            if process.status is None:
                self._zygote.send(("kill", process.serial, SIGKILL))
            self._forget(process)
            for output in process.outputs:
                output.close()
            if self._live:
                self._zygote.send(("forget", process.serial))
        self._memory.end(container)
        if groups is not None:
            left = groups.processes(path)
            if left:
                await self._poller.work(cgroups.end, groups, path)
        unmounted = time.monotonic_ns()
        if groups is not None:
            if left:
                await self._poller.work(groups.remove, path)
            else:
                groups.remove(path)
        removed = time.monotonic_ns()
        performed = []
        if groups is not None:
            performed.append(Performed(ops.RemoveCgroup(path), self._moment(unmounted), removed - unmounted))
        if unmount:
            performed.append(Performed(UNMOUNT_ROOT, self._moment(begin), unmounted - begin))
        return tuple(performed)

    async def _undo(self, container: Container, operations: Sequence[Operation], failure: _Failed) -> list[Performed]:
        """What was performed, with the error at the one that failed, and what was taken back."""
        performed = list(self._performed(operations, failure.times))
        if performed:
            last = performed[-1]
            performed[-1] = Performed(last.operation, last.start, last.duration, str(failure))
        kinds = {type(each.operation) for each in performed[:-1]}
        back = await self._take_back(container, ops.MountOverlay in kinds)
        return performed + [each for each in back if ops.MakeCgroup in kinds or each.operation is UNMOUNT_ROOT]

    async def close(self) -> None:
        for id in list(self.containers):
            await self.delete(id)

    # -- from one daemon to the next

    def _keep(self, process: Running) -> None:
        """Have the zygote keep what the next daemon needs to go on with it."""
        if not self._live or process.input is None or process.serial not in self._running:
            return
        files = [process.input.fd, *(output.fd for output in process.outputs if not process.execve.terminal)]
        if -1 not in files:  # or it has ended already
            note = pickle.dumps(process.container.spec)
            self._zygote.send(("keep", process.serial, process.container.id, note), tuple(files))

    async def recover(self, wanted: Mapping[str, OnOutput]) -> dict[str, Started]:
        """See engine.host.Runtime."""
        found, self._zygote.found = self._zygote.found, []
        started = {}
        for each in found:
            self._serial = max(self._serial, each.serial)
            container = Container(pickle.loads(each.note))
            call, spec = wanted.get(each.id), container.spec.process
            process = Running(container, "", each.serial, Execve(spec.args, spec.env, spec.terminal))
            container.first = self._running[each.serial] = process
            process.take_over(self._poller, each.pid, each.files, call or _nobody, self._input_shut(process))
            if call is None:
                await self._take_back(container, unmount=False)
            else:
                self.containers[each.id] = container
                assert process.input is not None
                started[each.id] = Started(process.pid, process.input)
                self._memory.begin(container)
                if each.status != RUNS:
                    self._exited(each.serial, each.status)
        return started

    def _input_shut(self, process: Running) -> Callable[[], object]:
        """The zygote's copy of the input must go with ours: a program sees the end when nobody can write any more."""
        return lambda: self._zygote.send(("close_input", process.serial)) if self._live else None

    # -- times

    def _moment(self, monotonic: int) -> int:
        """A time of the monotonic clock as the loop's."""
        self._loop.time = self._loop.clock.read(self._loop.time)
        return self._loop.time - (time.monotonic_ns() - monotonic)

    def _performed(self, operations: Sequence[Operation], times: Any) -> tuple[Performed, ...]:
        shift = self._moment(0)
        return tuple(
            Performed(operation, begin + shift, length)
            for operation, (begin, length) in zip(operations, times, strict=False)
        )


def _nobody(stream: int, data: bytes) -> None:
    """Who listens to a container that is about to be ended."""


class _Failed(Exception):
    """A process could not be made; `times` of what was done until then."""

    def __init__(self, text: str, times: list[tuple[int, int]]) -> None:
        super().__init__(text)
        self.times = times
