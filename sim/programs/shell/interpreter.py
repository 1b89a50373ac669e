"""The interpreter: the state of one shell, and what it does with whole texts and with processes (POSIX XCU 2.12).

How each kind of command runs is in `commands`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from sim.abi import O_RDONLY, SIG_IGN, Proc
from sim.programs.shell import jobs, nodes, traps
from sim.programs.shell.builtins import BASH_BUILTINS, BUILTINS, DASH_BUILTINS
from sim.programs.shell.commands import run
from sim.programs.shell.dialects import Dialect, Place
from sim.programs.shell.errors import Exit, Interrupt, LoopJump, RedirectionError, Return, ShellError
from sim.programs.shell.parser import Parser, parse_program
from sim.programs.shell.tokens import ShellSyntaxError
from sim.programs.shell.unparser import command_text
from sim.programs.shell.variables import Variables

SIGSEGV = 11
Body = Callable[["Interpreter"], Coroutine[Any, Any, None]]


class Interpreter:
    """One shell process. What is seldom needed is made when it is."""

    __slots__ = (
        "aliases", "builtins", "command_name", "dialect", "functions", "hashed", "interactive", "iterations", "jobs",
        "last_background", "loops", "name", "options", "pending", "pid", "positional", "proc", "saved",
        "status", "substituted", "terminal", "tested", "traps", "variables",
    )  # fmt: skip

    def __init__(self, proc: Proc, dialect: Dialect, name: str, positional: Sequence[str] = ()) -> None:
        self.proc, self.dialect, self.name = proc, dialect, name
        self.positional = list(positional)
        self.builtins = BASH_BUILTINS if dialect.bash else DASH_BUILTINS if dialect.name == "dash" else BUILTINS
        self.variables = Variables(proc.env, proc.pid, proc.ppid)
        self.pid = proc.pid
        self.options = ""  # the letters of $-; P for pipefail
        self.status = 0
        self.functions: dict[str, nodes.Command] | None = None
        self.aliases: dict[str, str] | None = None
        self.traps: dict[int, str] | None = None
        self.jobs: jobs.Jobs | None = None
        self.hashed: tuple[str | None, dict[str, str]] | None = None
        self.pending: tuple[int, ...] = ()  # signals that have come
        self.saved: tuple[int, ...] = ()  # descriptors that are kept for a restore
        self.last_background: int | None = None
        self.command_name = ""  # the builtin or script that errors name
        self.interactive = False
        self.terminal: int | None = None  # descriptor of the controlling terminal, with job control
        self.loops = self.iterations = 0
        self.substituted: int | None = None  # the status of the last command substitution in this command
        self.tested = 0  # conditions around us, where `set -e` does not count

    # -- what expansion and builtins ask

    def special(self, name: str) -> str | None:
        if name == "?":
            return str(self.status)
        if name == "#":
            return str(len(self.positional))
        if name == "$":
            return str(self.pid)
        if name == "!":
            return None if self.last_background is None else str(self.last_background)
        if name == "-":
            return self.options.replace("P", "")
        return self.name

    async def substitute(self, body: nodes.Sequence) -> str:
        """Command substitution: a forked shell writes into a pipe."""
        reader, writer = self.proc.pipe()

        async def commands(child: Interpreter) -> None:
            await run(child, body, last=True)

        pid = self.fork(commands, fds={1: writer}, close=(reader, writer))
        self.proc.close(writer)
        pieces: list[bytes] = []
        while data := await self.read(reader):
            pieces.append(data)
        self.proc.close(reader)
        before = self.status
        await self.wait((pid,))
        self.substituted, self.status = self.status, before
        return b"".join(pieces).replace(b"\0", b"").decode(errors="surrogateescape").rstrip("\n")

    async def read(self, fd: int, size: int = 65536) -> bytes:
        """As Proc.read, but a signal does not end it: its trap runs later."""
        while True:
            try:
                return await self.proc.read(fd, size)
            except InterruptedError:
                if self.interactive:
                    await traps.run_pending(self)

    async def write(self, fd: int, text: str) -> None:
        """Raises OSError, but not for standard error: there is nobody left to tell."""
        try:
            await self.proc.write(fd, text.encode(errors="surrogateescape"))
        except InterruptedError:
            return
        except OSError:
            if fd != 2:
                raise

    async def report(self, message: str) -> None:
        """Tell an error on standard error, with `sh: ` and what else belongs before it."""
        if not message:
            return
        place = Place(self.name, self.command_name, self.variables.line, self.interactive)
        await self.write(2, self.dialect.prefix(place) + self.dialect.reword(message) + "\n")

    async def fail(self, error: ShellError) -> int:
        """Tell an error of the shell's; it becomes the status."""
        await self.report(str(error))
        if error.status is not None:
            self.status = error.status
        elif isinstance(error, RedirectionError):
            self.status = self.dialect.redirection_failure
        else:
            self.status = self.dialect.failure
        return self.status

    def on_signal(self, number: int) -> None:
        if number not in self.pending:
            self.pending = (*self.pending, number)

    def run(self, node: nodes.Command, last: bool = False) -> Coroutine[Any, Any, object]:
        """Run a command of the syntax tree; `last`: nothing follows in this shell."""
        return run(self, node, last)

    # -- whole texts

    async def run_text(self, text: str, line: int = 1, last: bool = False) -> None:
        """Run a program text, command by command. Raises ShellError for its syntax, when it comes to it."""
        program = parse_program(text, line, self.dialect.bash)
        final = program.commands[-1] if program.commands and program.error is None else None
        for command in program.commands:
            if "n" in self.options and not self.interactive:
                return
            await run(self, command, last and command is final)
            if self.aliases and command is not final:
                await self._run_with_aliases(text, command.end, line + text.count("\n", 0, command.end))
                return
        if program.error is not None:
            self.variables.line = program.error.line
            raise ShellError(self.dialect.syntax(str(program.error)), 2)

    async def _run_with_aliases(self, text: str, position: int, line: int) -> None:
        """The rest of a text after an alias was made: parsed as it is run, since aliases change how it reads."""
        if self.aliases is None:
            self.aliases = {}
        parser = Parser(text, position=position, line=line, bash=self.dialect.bash, aliases=self.aliases)
        try:
            while (command := parser.complete_command()) is not None:
                await run(self, command)
        except ShellSyntaxError as error:
            self.variables.line = error.line
            raise ShellError(self.dialect.syntax(str(error)), 2) from None

    async def finish(self, work: Coroutine[Any, Any, None]) -> int:
        """Do the work of a whole shell, then its EXIT trap; the exit status."""
        try:
            await work
        except (Exit, Return, LoopJump, Interrupt):
            pass
        except ShellError as error:
            await self.fail(error)
        except RecursionError:  # functions that call each other without end: the stack is full
            self.proc.kill(self.proc.pid, SIGSEGV)
            return 128 + SIGSEGV
        try:
            await traps.run_exit(self)
        except ShellError as error:
            await self.report(str(error))
        return self.status & 255

    # -- processes

    def fork(
        self,
        body: Body,
        *,
        fds: dict[int, int] | None = None,
        close: Sequence[int] = (),
        group: int | None = None,
        background: bool = False,
    ) -> int:
        """A copy of this shell runs `body`; its pid. `close`: descriptors that the child does not need."""
        child = self._copy()

        async def main(proc: Proc) -> int:
            child.proc, proc.env = proc, child.variables.exported
            for fd in (*close, *child.saved):
                if fd > 2:
                    proc.close(fd)
            child.saved = ()
            traps.reset(child)
            return await child.finish(_detached(child, body) if background and group is None else body(child))

        try:
            return self.proc.fork(main, fds, group)
        except OSError as error:  # the limit of processes
            raise ShellError(f"can't fork: {error.strerror or os.strerror(error.errno or 0)}") from None

    def _copy(self) -> Interpreter:
        child = Interpreter.__new__(Interpreter)
        for name in Interpreter.__slots__:
            setattr(child, name, getattr(self, name))
        child.variables, child.positional = self.variables.copy(), list(self.positional)
        child.functions = dict(self.functions) if self.functions else None
        child.aliases = dict(self.aliases) if self.aliases else None
        child.jobs = self.jobs.copy() if self.jobs is not None else None  # so that `jobs | wc -l` counts
        child.terminal, child.pending = None, ()
        return child

    async def wait(self, pids: Sequence[int], text: str = "") -> list[int]:
        """Wait for foreground children; sets `status` to the last's. With job control the terminal is theirs."""
        statuses = await jobs.wait_for(self, pids)
        if self.terminal is not None:
            self.proc.tcsetpgrp(self.terminal, self.pid)
        if any(status >= jobs.STOPPED for status in statuses):
            await self._keep_stopped(pids, statuses, text)
        for status in statuses:
            if status < 0 and -status not in jobs.QUIET:
                await self.write(2, jobs.describe(status) + "\n")
            elif status == -traps.SIGINT and self.terminal is not None:
                await self.write(2, "\n")
        self.status = jobs.exit_status(statuses[-1])
        return statuses

    async def _keep_stopped(self, pids: Sequence[int], statuses: Sequence[int], text: str) -> None:
        """Ctrl-Z: the pipeline becomes a job."""
        if self.jobs is None:
            self.jobs = jobs.Jobs()
        job = self.jobs.of(pids[0]) or self.jobs.add(pids, text)
        for pid, status in zip(pids, statuses, strict=True):
            job.statuses[pid] = status
        await self.write(2, "\n" + self.jobs.line(job) + "\n")

    def run_forked(self, node: nodes.Command, body: Body) -> Coroutine[Any, Any, object]:
        """Run in a forked shell, in the foreground; to be awaited until it is over."""
        pid = self.fork(body, group=0 if self.terminal is not None else None)
        if self.terminal is not None:
            self.proc.tcsetpgrp(self.terminal, pid)
        return self.wait((pid,), command_text(node) if self.terminal is not None else "")


async def _detached(shell: Interpreter, body: Body) -> None:
    """A background command without job control: nothing to read, and Ctrl-C is not for it."""
    proc = shell.proc
    try:
        empty = proc.open("/dev/null", O_RDONLY)
    except OSError as error:
        raise ShellError(f"can't open '/dev/null': {error.strerror}") from None
    if empty != 0:
        proc.dup2(empty, 0)
        proc.close(empty)
    proc.signal(traps.SIGINT, SIG_IGN)
    proc.signal(traps.SIGQUIT, SIG_IGN)
    await body(shell)
