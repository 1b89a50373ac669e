"""Simple commands (POSIX XCU 2.9.1): assignments, functions, builtins, programs; and their trace (`set -x`)."""

from __future__ import annotations

import os
import re
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sim.programs.shell import expansion, nodes, traps
from sim.programs.shell.builtins import Builtin
from sim.programs.shell.builtins.output import complain
from sim.programs.shell.errors import RedirectionError, Return, ShellError
from sim.programs.shell.execution import execute, find
from sim.programs.shell.redirections import Undo, expand_words, redirect, restore

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter


async def simple(shell: Interpreter, node: nodes.SimpleCommand, last: bool) -> None:
    shell.variables.line = node.line
    shell.substituted = None
    argv = await expansion.fields(shell, node.words)
    if not argv:
        await _assign_only(shell, node)
    else:
        function = shell.functions.get(argv[0]) if shell.functions is not None else None
        builtin = shell.builtins.get(argv[0]) if function is None else None
        if "x" in shell.options and not node.assignments:
            await _trace(shell, [_quoted(word) for word in argv])
        if builtin is not None and not node.assignments and not node.redirections:
            await _builtin(shell, builtin, argv)
        elif function is None and builtin is None:
            if node.redirections:
                node = replace(node, redirections=await expand_words(shell, node.redirections))
            env = await _environment(shell, node, argv) if node.assignments else None
            await _external(shell, node, argv, env, last)
        else:
            await _surrounded(shell, node, argv, function, builtin, last)
    if shell.pending or shell.status:
        await traps.check(shell)


async def _assign_only(shell: Interpreter, node: nodes.SimpleCommand) -> None:
    """No command: assignments stay, redirections only open files. The status is a command substitution's, or 0."""
    undo: Undo = []
    try:
        await redirect(shell, node.redirections, undo)
    except RedirectionError as error:
        await shell.fail(error)
        return
    finally:
        restore(shell, undo)
    traced = []
    for assignment in node.assignments:
        value = await _value(shell, assignment)
        shell.variables.set(assignment.name, value)
        traced.append(f"{assignment.name}={_quoted(value)}")
        if "a" in shell.options:
            shell.variables.export(assignment.name)
    if "x" in shell.options:
        await _trace(shell, traced)
    shell.status = shell.substituted or 0


async def _value(shell: Interpreter, assignment: nodes.Assignment) -> str:
    value = await expansion.assigned(shell, assignment.value)
    return (shell.variables.get(assignment.name) or "") + value if assignment.append else value


async def _builtin(shell: Interpreter, builtin: Builtin, argv: list[str]) -> None:
    """Call a builtin. An error in it ends a regular one with status 2, and a special one with the shell."""
    outer, shell.command_name = shell.command_name, argv[0]
    try:
        result = builtin.call(shell, argv)
        shell.status = result if type(result) is int else await result  # type: ignore[misc]
    except ShellError as error:
        await shell.fail(error)
        if builtin.special and not shell.dialect.bash:
            raise ShellError("", shell.status) from None
    except OSError as error:  # what it prints has nowhere to go
        await complain(shell, f"write error: {error.strerror or os.strerror(error.errno or 0)}")
        shell.status = 1
    finally:
        shell.command_name = outer


async def _surrounded(
    shell: Interpreter,
    node: nodes.SimpleCommand,
    argv: list[str],
    function: nodes.Command | None,
    builtin: Builtin | None,
    last: bool,
) -> None:
    """A function or builtin with assignments or redirections around it. They stay for special builtins and `exec`."""
    undo: Undo = []
    special = builtin is not None and builtin.special and not shell.dialect.bash
    try:
        await redirect(shell, node.redirections, None if argv[0] == "exec" else undo)
    except RedirectionError as error:
        restore(shell, undo)
        await shell.fail(error)
        if special:
            raise ShellError("", shell.status) from None
        return
    if not special:
        shell.variables.enter()
    try:
        await _assign_around(shell, node, argv, special)
        if builtin is not None:
            await _builtin(shell, builtin, argv)
        elif function is not None:
            await _function(shell, function, argv, last and not undo)
    finally:
        if not special:
            shell.variables.leave()
        restore(shell, undo)


async def _assign_around(shell: Interpreter, node: nodes.SimpleCommand, argv: list[str], stays: bool) -> None:
    traced = []
    for assignment in node.assignments:
        value = await _value(shell, assignment)
        if not stays:
            shell.variables.make_local(assignment.name)
        shell.variables.set(assignment.name, value)
        if not stays:
            shell.variables.export(assignment.name)
        traced.append(f"{assignment.name}={_quoted(value)}")
    if traced and "x" in shell.options:
        await _trace(shell, [*traced, *(_quoted(word) for word in argv)])


async def _function(shell: Interpreter, body: nodes.Command, argv: list[str], last: bool) -> None:
    """The caller has entered a scope of variables for it."""
    outer, shell.positional = shell.positional, argv[1:]
    loops, shell.loops = shell.loops, 0
    depth = shell.variables.in_function
    shell.variables.in_function = True
    try:
        await shell.run(body, last)
    except Return:
        pass
    finally:
        shell.positional, shell.loops, shell.variables.in_function = outer, loops, depth


async def _environment(shell: Interpreter, node: nodes.SimpleCommand, argv: list[str]) -> dict[str, str]:
    """The environment of a program that has assignments before it."""
    env = dict(shell.variables.environment())
    traced = []
    for assignment in node.assignments:
        env[assignment.name] = await _value(shell, assignment)
        traced.append(f"{assignment.name}={_quoted(env[assignment.name])}")
    if "x" in shell.options:
        await _trace(shell, [*traced, *(_quoted(word) for word in argv)])
    return env


def _external(
    shell: Interpreter, node: nodes.SimpleCommand, argv: list[str], env: dict[str, str] | None, last: bool
) -> Coroutine[Any, Any, object]:
    """A program: in a child, or in place of this shell. `env` None: the exported variables."""
    path = env.get("PATH") if env is not None else None

    async def program(child: Interpreter) -> None:
        await redirect(child, node.redirections, None)
        await execute(child, argv, dict(child.variables.environment()) if env is None else env, path)

    if last and shell.traps is None:
        return program(shell)
    try:
        find(shell, argv[0], path)
    except ShellError as error:
        return _missing(shell, node, error)
    return shell.run_forked(node, program)


async def _missing(shell: Interpreter, node: nodes.SimpleCommand, error: ShellError) -> None:
    """There is no such command: say so where its standard error would have gone."""
    undo: Undo = []
    try:
        await redirect(shell, node.redirections, undo)
    except RedirectionError as failure:
        error = failure
    try:
        await shell.fail(error)
    finally:
        restore(shell, undo)


# -- tracing (set -x)

_SAFE = re.compile(r"[\w+,\-./:@\]^]+", re.ASCII)


def _quoted(word: str) -> str:
    """A word as `set -x` shows it."""
    return word if _SAFE.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"


async def _trace(shell: Interpreter, words: Sequence[str]) -> None:
    await shell.write(2, (shell.variables.get("PS4") or "") + " ".join(words) + "\n")
