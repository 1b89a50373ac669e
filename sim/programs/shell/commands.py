"""How each kind of command runs (POSIX XCU 2.9): one function for each node type; `_RUN` at the end says which.

A function leaves the command's status in `shell.status`. `last` means that nothing follows in this shell, so that an
external command need not be forked: the shell becomes it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from sim.programs.shell import expansion, jobs, nodes, traps
from sim.programs.shell.errors import LoopJump, RedirectionError, ShellError
from sim.programs.shell.execution import NOT_FOUND
from sim.programs.shell.patterns import matches
from sim.programs.shell.redirections import Undo, redirect, restore
from sim.programs.shell.simple import simple
from sim.programs.shell.unparser import command_text

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

BATCH = 64  # loop iterations between two looks at the clock
ITERATION = 10e-6  # seconds of CPU that an iteration takes


Running = Coroutine[Any, Any, object]  # a command being run; several functions only choose which, and hand it on


def run(shell: Interpreter, node: nodes.Command, last: bool = False) -> Running:
    """Run any command. Raises ShellError, Exit, Return, LoopJump, Interrupt."""
    return _RUN[type(node)](shell, node, last)


# -- lists and pipelines


def _sequence(shell: Interpreter, node: nodes.Sequence, last: bool) -> Running:
    commands = node.commands
    if len(commands) == 1:
        return _RUN[type(commands[0])](shell, commands[0], last)
    return _several(shell, commands, last)


async def _several(shell: Interpreter, commands: Sequence[nodes.Command], last: bool) -> None:
    final = len(commands) - 1
    for index, command in enumerate(commands):
        await _RUN[type(command)](shell, command, last and index == final)
    if final < 0:
        shell.status = 0


async def _and_or(shell: Interpreter, node: nodes.AndOr, last: bool) -> None:
    await _tested(shell, node.left)
    if (shell.status == 0) == (node.operator == "&&"):
        await _RUN[type(node.right)](shell, node.right, last)


async def _tested(shell: Interpreter, node: nodes.Command) -> None:
    """Run a command whose status is looked at, so that `set -e` does not count."""
    shell.tested += 1
    try:
        await _RUN[type(node)](shell, node, False)
    finally:
        shell.tested -= 1


async def _pipeline(shell: Interpreter, node: nodes.Pipeline, last: bool) -> None:
    if len(node.commands) == 1:
        await _tested(shell, node.commands[0])
    else:
        pids = _start_pipeline(shell, node, background=False)
        text = command_text(node) if shell.terminal is not None else ""
        statuses = [jobs.exit_status(status) for status in await shell.wait(pids, text)]
        if "P" in shell.options:
            shell.status = next((status for status in reversed(statuses) if status), 0)
    if node.negated:
        shell.status = int(shell.status == 0)
        if shell.pending:
            await traps.run_pending(shell)
    else:
        await traps.check(shell)


def _start_pipeline(shell: Interpreter, node: nodes.Pipeline, background: bool) -> list[int]:
    """Fork every element, connected by pipes; with job control in a process group of their own."""
    pids: list[int] = []
    proc, previous = shell.proc, -1
    for index, command in enumerate(node.commands):
        reader, writer = proc.pipe() if index < len(node.commands) - 1 else (-1, -1)
        fds = ({0: previous} if previous >= 0 else {}) | ({1: writer} if writer >= 0 else {})
        group = None if shell.terminal is None else pids[0] if pids else 0

        async def element(child: Interpreter, command: nodes.Command = command) -> None:
            await _RUN[type(command)](child, command, True)

        opened = [fd for fd in (previous, reader, writer) if fd >= 0]
        pids.append(shell.fork(element, fds=fds, close=opened, group=group, background=background and not index))
        for fd in (previous, writer):
            if fd >= 0:
                proc.close(fd)
        previous = reader
    if shell.terminal is not None and not background:
        proc.tcsetpgrp(shell.terminal, pids[0])
    return pids


async def _background(shell: Interpreter, node: nodes.Background, last: bool) -> None:
    command = node.command
    if isinstance(command, nodes.Pipeline) and not command.negated:
        pids = _start_pipeline(shell, command, background=True)
    else:

        async def body(child: Interpreter) -> None:
            await _RUN[type(command)](child, command, True)

        pids = [shell.fork(body, group=None if shell.terminal is None else 0, background=True)]
    if shell.jobs is None:
        shell.jobs = jobs.Jobs()
    shell.jobs.add(pids, command_text(command) if shell.terminal is not None else "")
    shell.last_background, shell.status = pids[-1], 0


# -- compound commands


def _brace_group(shell: Interpreter, node: nodes.BraceGroup, last: bool) -> Running:
    return _sequence(shell, node.body, last)


async def _subshell(shell: Interpreter, node: nodes.Subshell, last: bool) -> None:
    if last and shell.traps is None:
        await _sequence(shell, node.body, True)
        return

    async def body(child: Interpreter) -> None:
        await _sequence(child, node.body, True)

    await shell.run_forked(node, body)
    await traps.check(shell)


async def _if(shell: Interpreter, node: nodes.If, last: bool) -> None:
    await _tested(shell, node.condition)
    if shell.status == 0:
        await _sequence(shell, node.then, last)
    elif node.otherwise is not None:
        await _RUN[type(node.otherwise)](shell, node.otherwise, last)
    else:
        shell.status = 0


async def _while(shell: Interpreter, node: nodes.While, last: bool) -> None:
    status = 0
    shell.loops += 1
    try:
        while True:
            try:
                await _tested(shell, node.condition)
                if (shell.status == 0) == node.until:
                    break
                await _sequence(shell, node.body, False)
                status = shell.status
            except LoopJump as jump:
                status = 0
                if _leaves(shell, jump):
                    break
            await _iterated(shell)
    finally:
        shell.loops -= 1
    shell.status = status


async def _for(shell: Interpreter, node: nodes.For, last: bool) -> None:
    shell.variables.line = node.line
    values = list(shell.positional) if node.words is None else await expansion.fields(shell, node.words)
    shell.status = 0
    shell.loops += 1
    try:
        for value in values:
            shell.variables.set(node.name, value)
            try:
                await _sequence(shell, node.body, False)
            except LoopJump as jump:
                shell.status = 0
                if _leaves(shell, jump):
                    break
            await _iterated(shell)
    finally:
        shell.loops -= 1


async def _arithmetic_for(shell: Interpreter, node: nodes.ArithmeticFor, last: bool) -> None:
    shell.variables.line = node.line
    shell.status = 0
    shell.loops += 1
    try:
        await expansion.arithmetic(shell, node.first)
        while not node.condition.parts or await expansion.arithmetic(shell, node.condition):
            try:
                await _sequence(shell, node.body, False)
            except LoopJump as jump:
                shell.status = 0
                if _leaves(shell, jump):
                    break
            await expansion.arithmetic(shell, node.step)
            await _iterated(shell)
    finally:
        shell.loops -= 1


def _leaves(shell: Interpreter, jump: LoopJump) -> bool:
    """Does a `break` or `continue` end this loop? One that is meant for an outer loop goes on to it."""
    if jump.levels > 1 and shell.loops > 1:
        jump.levels -= 1
        raise jump
    return not jump.goes_on


async def _iterated(shell: Interpreter) -> None:
    """A loop takes time, so that an endless one lets the others run."""
    shell.iterations += 1
    if shell.iterations >= BATCH:
        shell.iterations = 0
        try:
            await shell.proc.cpu(BATCH * ITERATION)
        except InterruptedError:
            await traps.run_pending(shell)


async def _case(shell: Interpreter, node: nodes.Case, last: bool) -> None:
    shell.variables.line = node.line
    word = await expansion.string(shell, node.word)
    shell.status = 0
    for item in node.items:
        for pattern in item.patterns:
            if matches(await expansion.pattern(shell, pattern), word):
                if item.body is not None:
                    await _sequence(shell, item.body, last)
                return


async def _define(shell: Interpreter, node: nodes.Function, last: bool) -> None:
    if shell.functions is None:
        shell.functions = {}
    shell.functions[node.name] = node.body
    shell.status = 0


async def _conditional(shell: Interpreter, node: nodes.Conditional, last: bool) -> None:
    from sim.programs.shell.conditional import evaluate

    shell.variables.line = node.line
    if "[[" in shell.dialect.lacks:
        await shell.fail(ShellError("[[: not found", NOT_FOUND))
        return
    shell.status = await evaluate(shell, node.words)
    await traps.check(shell)


async def _arithmetic(shell: Interpreter, node: nodes.ArithmeticCommand, last: bool) -> None:
    shell.variables.line = node.line
    shell.status = int(await expansion.arithmetic(shell, node.expression) == 0)
    await traps.check(shell)


async def _redirected(shell: Interpreter, node: nodes.Redirected, last: bool) -> None:
    undo: Undo = []
    try:
        try:
            await redirect(shell, node.redirections, undo)
        except RedirectionError as error:
            await shell.fail(error)
        else:
            await _RUN[type(node.command)](shell, node.command, False)
    finally:
        restore(shell, undo)


_RUN: dict[type, Callable[[Interpreter, Any, bool], Running]] = {
    nodes.SimpleCommand: simple,
    nodes.Pipeline: _pipeline,
    nodes.AndOr: _and_or,
    nodes.Background: _background,
    nodes.Sequence: _sequence,
    nodes.BraceGroup: _brace_group,
    nodes.Subshell: _subshell,
    nodes.If: _if,
    nodes.While: _while,
    nodes.For: _for,
    nodes.Case: _case,
    nodes.Function: _define,
    nodes.Conditional: _conditional,
    nodes.ArithmeticCommand: _arithmetic,
    nodes.ArithmeticFor: _arithmetic_for,
    nodes.Redirected: _redirected,
}
