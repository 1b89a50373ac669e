"""The runtime of the simulated host: containers as processes, in the verbs of the OCI runtime specification.

`create` performs the list of operations and holds the first process before its last one, execve; `start` lets it go.
Twin: real/runtime.py.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import operations as ops
from engine.host import STDERR, STDOUT, Exited, News, OnOutput, OutOfMemory, RuntimeFailure, Started, Stats
from engine.operations import Execve, Operation, Performed
from engine.spec import Process as ProcessSpec
from engine.spec import Resources, Spec
from sim import credentials, init, performing, usage
from sim.cgroups import files as cgroup_files
from sim.container import Container, Exec
from sim.credentials import ERRORS
from sim.kernel import signals
from sim.kernel.descriptors import Description, Descriptors
from sim.kernel.kernel import Kernel
from sim.kernel.loader import Program, load
from sim.kernel.processes import Process
from sim.kernel.sessions import Session
from sim.kernel.syscalls import DEFAULT_PATH, SystemCalls
from sim.kernel.terminal import Terminal
from sim.performing import DURATIONS
from sim.streams import Sink, Source
from sim.vfs.paths import EXECUTE, allowed, resolve

SETNS = ops.Unshare(())  # exec's clone into namespaces that are there
EXEC_FORMAT = 255  # status of a first process that the kernel refused to execute


class Runtime:
    """engine.host.Runtime."""

    def __init__(self, kernel: Kernel, tell: Callable[[News], object]) -> None:
        self._kernel, self._loop, self._tell = kernel, kernel.loop, tell
        self._containers = kernel.containers
        kernel.on_out_of_memory = lambda group: tell(OutOfMemory(group.name))

    # -- create, start, exec

    async def create(
        self, spec: Spec, operations: Sequence[Operation], on_output: OnOutput, *, hold: bool = True
    ) -> Started:
        """See engine.host.Runtime."""
        container = self._containers[spec.id] = Container(self._kernel, spec.id, self._ended)
        try:
            performed = performing.perform(container, operations[:-1])
        except RuntimeFailure as failure:
            del self._containers[spec.id]
            await self._loop.sleep(performing.took(failure.performed))
            raise
        process, execve = container.process, operations[-1]
        assert process is not None and isinstance(execve, Execve)
        container.execve, container.init = execve, spec.init
        source, container.terminal = self._connect(process, spec.process, on_output)
        await self._loop.sleep(performing.took(performed))
        return Started(process.host_pid, source, tuple(performed))

    async def recover(self, wanted: Mapping[str, OnOutput]) -> dict[str, Started]:
        """See engine.host.Runtime: this host ends with its daemon."""
        return {}

    async def start(self, id: str) -> tuple[Performed, ...]:
        """See engine.host.Runtime."""
        container = self._containers[id]
        process, execve = container.process, container.execve
        assert process is not None and execve is not None
        began, length = self._loop.time, DURATIONS[Execve]
        environ = _with_home(execve.env, container.home)
        try:
            program = init.program(execve.args) if container.init else look_up(process, execve.args, environ)
        except RuntimeFailure as failure:
            await self._loop.sleep(length / 1e9)
            raise RuntimeFailure(str(failure), (Performed(execve, began, length, str(failure)),)) from None
        await self._loop.sleep(length / 1e9)
        container.execve = None
        process.on_exit = container.ended
        self._become(process, program, execve.args, environ)
        return (Performed(execve, began, length),)

    async def exec(self, id: str, exec_id: str, process: ProcessSpec, on_output: OnOutput) -> Started:
        """See engine.host.Runtime."""
        container = self._containers[id]
        assert container.namespaces is not None and container.cgroup is not None
        began = self._loop.time
        new = self._kernel.clone(container.namespaces)
        try:
            container.cgroup.migrate(new)
            user = credentials.look_up(new, process.user, process.groups)
            credentials.become(new, user)
            new.capabilities = frozenset(process.capabilities)
            if container.process is not None:
                new.restrictions = container.process.restrictions
            credentials.enter_directory(new, process.cwd)
            environ = _with_home(process.env, user.home)
            program = look_up(new, process.args, environ)
        except RuntimeFailure:
            new.exit(0)
            await self._loop.sleep(DURATIONS[ops.Unshare] / 1e9)
            raise
        source, terminal = self._connect(new, process, on_output)
        execve = Execve(process.args, environ, process.terminal)
        entry = Exec(container, exec_id, new, terminal)
        container.execs = {**(container.execs or {}), exec_id: entry}
        clone, length = DURATIONS[ops.Unshare], DURATIONS[Execve]
        await self._loop.sleep((clone + length) / 1e9)
        new.on_exit = entry.ended
        if new.status is None:
            self._become(new, program, process.args, environ)
        else:  # the container has ended meanwhile
            entry.ended(new)
        return Started(new.host_pid, source, (Performed(SETNS, began, clone), Performed(execve, began + clone, length)))

    def _connect(self, process: SystemCalls, wanted: ProcessSpec, on_output: OnOutput) -> tuple[Any, Any]:
        """Give a process its standard streams; what the daemon writes to, and the terminal if there is one."""
        if wanted.terminal:
            terminal = Terminal(self._kernel, process.space, on_output, wanted.console_size)
            process.session = Session(process)
            terminal.control(process)
            description = Description(terminal.open())
            process.descriptors = Descriptors({0: description, 1: description, 2: description})
            process.apply_limits()
            return terminal.input, terminal
        source = Source(self._loop)
        process.descriptors = Descriptors(
            {
                0: Description(source.end()),
                1: Description(Sink(on_output, STDOUT)),
                2: Description(Sink(on_output, STDERR)),
            }
        )
        process.apply_limits()
        return source, None

    def _become(
        self, process: SystemCalls, program: Program | OSError, args: Sequence[str], environ: tuple[str, ...]
    ) -> None:
        """execve, now that nothing is in its way but the file's format."""
        if process.status is not None:
            return
        if isinstance(program, Program):
            process.replace(program, environ)
            return
        reason = ERRORS.get(program.errno or 0, str(program.strerror).lower())
        process.descriptors.file(2).write(f"exec {program.filename or args[0]}: {reason}\n".encode())
        process.exit(EXEC_FORMAT)

    # -- signals and states

    async def kill(self, id: str, signal: int, exec_id: str = "") -> None:
        """See engine.host.Runtime."""
        try:
            process, _ = self._containers[id].program(exec_id)
        except KeyError:
            if exec_id:
                return  # it has ended
            raise
        if process is not None:
            signals.send(process, signal)

    async def pause(self, id: str) -> None:
        self.cgroup(id).freeze(True)

    async def resume(self, id: str) -> None:
        self.cgroup(id).freeze(False)

    async def resize(self, id: str, exec_id: str, height: int, width: int) -> None:
        _, terminal = self._containers[id].program(exec_id)
        if terminal is not None:
            terminal.resize(height, width)

    async def update(self, id: str, resources: Resources) -> None:
        """See engine.host.Runtime."""
        from engine.plan import cgroup_files as settings

        group = self.cgroup(id)
        for file, value in settings(resources):
            cgroup_files.write(group, file, value)
        self._kernel.scheduler.changed()

    async def stats(self, id: str) -> Stats:
        return usage.stats(self._containers[id])

    async def ps(self, id: str) -> list[int]:
        return [process.host_pid for process in self._containers[id].processes()]

    async def numbers(self, id: str) -> dict[int, int]:
        """See engine.host.Runtime."""
        return {process.host_pid: process.pids[-1] for process in self._containers[id].processes()}

    async def top(self, id: str, ps_args: str) -> tuple[list[str], list[list[str]]]:
        """See engine.host.Runtime."""
        from sim import hostps

        return hostps.top(self._kernel, self._containers[id].processes(), ps_args)

    # -- the end

    async def delete(self, id: str) -> tuple[Performed, ...]:
        """See engine.host.Runtime."""
        container = self._containers.pop(id, None)
        if container is None:
            return ()  # its create has failed and undone everything
        process, group, loop = container.process, container.cgroup, self._loop
        if process is not None and process.status is None:
            process.on_exit = None
            process.die(-signals.SIGKILL)
        if group is not None:
            for other in group.members[:]:
                other.die(-signals.SIGKILL)
            while group.members:
                await loop.sleep(0)
        performed = performing.release(container)
        await loop.sleep(performing.took(performed))
        return performed

    def cgroup(self, id: str) -> Any:
        """A container's group; None while it has none. Raises KeyError."""
        return self._containers[id].cgroup

    def _ended(self, container: Container, exec_id: str, status: int) -> None:
        seen = container.cgroup.seen() if container.cgroup is not None else None
        killed = seen is not None and seen.oom_kill > 0
        self._tell(Exited(container.id, exec_id, status if status >= 0 else 128 - status, killed))


def _with_home(environ: tuple[str, ...], home: str) -> tuple[str, ...]:
    """runc adds HOME if the settings do not have it."""
    if any(entry.startswith("HOME=") for entry in environ):
        return environ
    return (*environ, f"HOME={home}")


# -- looking a command up, with the words of Go's os/exec


def look_up(process: Process, args: Sequence[str], environ: Sequence[str]) -> Program | OSError:
    """The program to become, or the error that execve will meet. Raises RuntimeFailure."""
    name = args[0]
    if "/" in name:
        if (reason := _refused(process, name)) is not None:
            raise RuntimeFailure(f'exec: "{name}": {reason}')
        path = name
    else:
        folders = next((entry[5:] for entry in environ if entry.startswith("PATH=")), DEFAULT_PATH)
        candidates = (f"{folder or '.'}/{name}" for folder in folders.split(":"))
        found = next((candidate for candidate in candidates if _refused(process, candidate) is None), None)
        if found is None:
            raise RuntimeFailure(f'exec: "{name}": executable file not found in $PATH')
        path = found
    try:
        return load(process, path, args)
    except OSError as error:
        return OSError(error.errno, error.strerror, path)


def _refused(process: Process, path: str) -> str | None:
    """Why this is not a file to execute; None if it is."""
    try:
        node = resolve(process, path).node
    except OSError as error:
        return f"stat {path}: {ERRORS.get(error.errno or 0, str(error.strerror).lower())}"
    if node is None:
        return f"stat {path}: {ERRORS[errno.ENOENT]}"
    if node.is_dir:
        return ERRORS[errno.EISDIR]
    return None if allowed(process, node, EXECUTE) else ERRORS[errno.EACCES]
