"""Containers as processes: the OCI runtime's verbs, their streams, and the news of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.loop import Future
from engine.operations import Operation, Performed
from engine.spec import Process, Resources, Spec

STDOUT, STDERR = 1, 2


class RuntimeFailure(Exception):
    """An operation failed; what was done before it has been undone.

    `str()` is runc's text, e.g. `exec: "nope": executable file not found in $PATH`.
    """

    def __init__(self, message: str, performed: Sequence[Performed] = ()) -> None:
        super().__init__(message)
        self.performed = tuple(performed)


# on_output(stream, data): STDOUT or STDERR (a terminal has STDOUT only). Returning a Future means: the reader is slow,
# wait for it before you go on.
OnOutput = Callable[[int, bytes], "Future[None] | None"]


class Input(Protocol):
    """A process's standard input, as its owner sees it. Writing after the process is gone does nothing."""

    def write(self, data: bytes) -> Future[None] | None:
        """Give bytes; a Future means: full, wait for it before writing more."""

    def close(self) -> None:
        """End of file (with a terminal: nothing, as hanging up is not typing ^D)."""

    def starving(self) -> bool:
        """True while the program waits to read and nothing is there: it waits for a person, not for time."""


@dataclass(frozen=True, slots=True)
class Started:
    """`pid` as the host sees it; `performed` what was done, for the trace."""

    pid: int
    input: Input
    performed: tuple[Performed, ...] = ()


@dataclass(frozen=True, slots=True)
class Exited:
    """News: a container's first process (exec_id ""), or an exec, has ended. `status` 0–255; 128+n for signal n."""

    container: str
    exec_id: str
    status: int
    oom_killed: bool = False


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """News: the kernel killed a process of this container because its memory limit was reached."""

    container: str


News = Exited | OutOfMemory


@dataclass(frozen=True, slots=True)
class Stats:
    """Usage so far. Times in ns, sizes in bytes. From cpu.stat, memory.*, pids.*, io.stat and the links."""

    cpu_total: int = 0
    cpu_user: int = 0
    cpu_system: int = 0
    host_cpu_total: int = 0
    online_cpus: int = 1
    throttled_periods: int = 0
    periods: int = 0
    throttled_time: int = 0
    memory_usage: int = 0
    memory_max_usage: int = 0
    memory_limit: int = 0
    memory_file: int = 0
    pids: int = 0
    pids_limit: int = 0
    block_read: int = 0
    block_write: int = 0
    networks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # {"eth0": {"rx_bytes": …}}


class Runtime(Protocol):
    """Containers as processes (OCI runtime verbs). Unknown ids raise KeyError; the daemon never asks for one."""

    async def create(
        self, spec: Spec, operations: Sequence[Operation], on_output: OnOutput, *, hold: bool = True
    ) -> Started:
        """Perform the list up to its last operation, execve, and hold there. Raises RuntimeFailure.

        `hold` False: `start` follows at once, whatever comes, so the process need not wait for it.
        """

    async def recover(self, wanted: Mapping[str, OnOutput]) -> dict[str, Started]:
        """Find containers again that went on without a daemon, by id; any that is not wanted is ended.

        They run, or the news of their end follows. A host whose containers end with their daemon finds none.
        """

    async def start(self, id: str) -> tuple[Performed, ...]:
        """Let the held process execve. Raises RuntimeFailure (`executable file not found in $PATH`, …)."""

    async def exec(self, id: str, exec_id: str, process: Process, on_output: OnOutput) -> Started:
        """One more process inside a running container. Raises RuntimeFailure."""

    async def kill(self, id: str, signal: int, exec_id: str = "") -> None:
        """Send a signal to the first process (or to an exec's)."""

    async def pause(self, id: str) -> None: ...

    async def resume(self, id: str) -> None: ...

    async def resize(self, id: str, exec_id: str, height: int, width: int) -> None: ...

    async def update(self, id: str, resources: Resources) -> None: ...

    async def stats(self, id: str) -> Stats: ...

    async def ps(self, id: str) -> list[int]:
        """Process ids of the container as the host sees them, oldest first."""

    async def numbers(self, id: str) -> dict[int, int]:
        """{number on the host: number in the process's own PID namespace} of all processes, oldest first."""

    async def top(self, id: str, ps_args: str) -> tuple[list[str], list[list[str]]]:
        """What `ps <ps_args>` on the host says of them: titles and rows. Raises RuntimeFailure for ps's own errors."""

    async def delete(self, id: str) -> tuple[Performed, ...]:
        """Kill what is left and take back what was done. Also right after a failed or never started create."""
