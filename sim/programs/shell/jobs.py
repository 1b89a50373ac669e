"""Background and stopped jobs (POSIX XCU 2.9.3.1), and waiting for children.

A wait status is as `Proc.wait` tells it: ≥ 0 an exit code, < 0 minus a signal, ≥ 256 stopped by the signal above 256.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.abi import WNOHANG, WUNTRACED
from sim.programs.shell.errors import ShellError

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

STOPPED = 256
QUIET = frozenset((2, 13))  # a command that INT or PIPE ended is not spoken of
SIGNAL_TEXTS = {
    1: "Hangup", 2: "Interrupt", 3: "Quit", 4: "Illegal instruction", 5: "Trace/breakpoint trap", 6: "Aborted",
    7: "Bus error", 8: "Floating point exception", 9: "Killed", 10: "User defined signal 1", 11: "Segmentation fault",
    12: "User defined signal 2", 13: "Broken pipe", 14: "Alarm clock", 15: "Terminated", 19: "Stopped (signal)",
    20: "Stopped", 21: "Stopped (tty input)", 22: "Stopped (tty output)",
}  # fmt: skip


def exit_status(status: int) -> int:
    """A wait status as `$?`."""
    if status >= STOPPED:
        return 128 + status - STOPPED
    return status if status >= 0 else 128 - status


def describe(status: int | None) -> str:
    """The state in the list of `jobs`."""
    if status is None:
        return "Running"
    if status == 0:
        return "Done"
    if 0 < status < STOPPED:
        return f"Done({status})"
    number = status - STOPPED if status > 0 else -status
    return SIGNAL_TEXTS.get(number, f"Signal {number}")


class Job:
    """The processes of one pipeline; `statuses` by pid, None while one runs."""

    __slots__ = ("number", "statuses", "text")

    def __init__(self, number: int, pids: Sequence[int], text: str) -> None:
        self.number = number
        self.statuses: dict[int, int | None] = dict.fromkeys(pids)
        self.text = text

    @property
    def pids(self) -> list[int]:
        return list(self.statuses)

    @property
    def status(self) -> int | None:
        """The last process's, None while any of them runs."""
        values = list(self.statuses.values())
        if any(value is None for value in values):
            return None
        return next((value for value in values if value is not None and value >= STOPPED), values[-1])

    def stopped(self) -> bool:
        return self.status is not None and self.status >= STOPPED

    def over(self) -> bool:
        return self.status is not None and self.status < STOPPED


class Jobs:
    """The table, in the order in which jobs became current: the last one is `%+`."""

    __slots__ = ("table",)

    def __init__(self) -> None:
        self.table: list[Job] = []

    def copy(self) -> Jobs:
        copied = Jobs()
        for job in self.table:
            twin = Job(job.number, (), job.text)
            twin.statuses = dict(job.statuses)
            copied.table.append(twin)
        return copied

    def add(self, pids: Sequence[int], text: str) -> Job:
        taken = {job.number for job in self.table}
        job = Job(next(n for n in range(1, len(taken) + 2) if n not in taken), pids, text)
        self.table.append(job)
        return job

    def note(self, pid: int, status: int) -> None:
        """News of a child."""
        for job in self.table:
            if pid in job.statuses:
                job.statuses[pid] = status

    def of(self, pid: int) -> Job | None:
        return next((job for job in self.table if pid in job.statuses), None)

    def find(self, spec: str) -> Job:
        """`%1`, `%+`, `%%`, `%-`, `%name`, `%?text`, or a pid. Raises ShellError."""
        found: list[Job]
        if spec in ("", "%", "%%", "%+"):
            if not self.table:
                raise ShellError("No current job")
            return self.table[-1]
        if spec == "%-":
            found = self.table[-2:][:1]
        elif spec[1:].isdecimal() and spec[0] == "%":
            found = [job for job in self.table if job.number == int(spec[1:])]
        elif spec.startswith("%?"):
            found = [job for job in self.table if spec[2:] in job.text]
        elif spec.startswith("%"):
            found = [job for job in self.table if job.text.startswith(spec[1:])]
        else:
            found = [job for job in self.table if spec.isdecimal() and int(spec) in job.statuses]
        if not found:
            raise ShellError(f"{spec}: no such job")
        return found[-1]

    def line(self, job: Job, pids: bool = False) -> str:
        """One line of `jobs`."""
        mark = "+" if self.table and self.table[-1] is job else "-" if self.table[-2:-1] == [job] else " "
        text = f"[{job.number}]{mark}  "
        if pids:
            text += f"{job.pids[-1]} "
        return (text + describe(job.status)).ljust(33) + job.text


async def wait_for(shell: Interpreter, pids: Sequence[int]) -> list[int]:
    """Wait until these children have ended (or one has stopped, with job control); their wait statuses.

    News of other children is noted, as the kernel tells of any child: so an init that is a shell reaps its orphans.
    """
    statuses: dict[int, int] = {}
    flags = WUNTRACED if shell.terminal is not None else 0
    while len(statuses) < len(pids):
        try:
            pid, status = await shell.proc.wait(-1, flags)
        except InterruptedError:
            continue
        except ChildProcessError:
            break
        if pid in pids:
            statuses[pid] = status
            if status >= STOPPED:
                break
        elif shell.jobs is not None:
            shell.jobs.note(pid, status)
    return [statuses.get(pid, 127) for pid in pids]


async def collect(shell: Interpreter, block: bool) -> bool:
    """Take news of one background child, waiting for it if `block`; False if there is none to come (or yet).

    Raises InterruptedError when a trapped signal comes first.
    """
    flags = (0 if block else WNOHANG) | (WUNTRACED if shell.terminal is not None else 0)
    try:
        pid, status = await shell.proc.wait(-1, flags)
    except ChildProcessError:
        return False
    if pid and shell.jobs is not None:
        shell.jobs.note(pid, status)
    return pid != 0


async def tell_changes(shell: Interpreter) -> None:
    """Before a prompt: say which background jobs have ended, and forget them."""
    if shell.jobs is None:
        return
    try:
        while await collect(shell, block=False):
            pass
    except InterruptedError:
        pass
    for job in list(shell.jobs.table):
        if job.over():
            await shell.write(2, shell.jobs.line(job) + "\n")
            shell.jobs.table.remove(job)
