"""Builtins that steer: jumps, `eval`, `.`, `exec`, `command`, `trap`, `exit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.kernel.signals import number as signal_number
from sim.programs.shell import traps
from sim.programs.shell.builtins.table import Builtin
from sim.programs.shell.errors import Exit, LoopJump, Return, ShellError
from sim.programs.shell.execution import NOT_FOUND, execute, find

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter


def number(text: str) -> int:
    """A count on the command line. Raises ShellError."""
    if not (text.isascii() and text.isdigit()):
        raise ShellError(f"Illegal number: {text}")
    return int(text)


def _true(shell: Interpreter, argv: list[str]) -> int:
    return 0


def _false(shell: Interpreter, argv: list[str]) -> int:
    return 1


def _break(shell: Interpreter, argv: list[str]) -> int:
    levels = number(argv[1]) if len(argv) > 1 else 1
    if levels < 1:
        raise ShellError(f"Illegal number: {argv[1]}")
    if shell.loops:
        raise LoopJump(levels, goes_on=argv[0] == "continue")
    return 0


def _return(shell: Interpreter, argv: list[str]) -> int:
    if len(argv) > 1:
        shell.status = number(argv[1]) & 255
    raise Return


def _exit(shell: Interpreter, argv: list[str]) -> int:
    if len(argv) > 1:
        shell.status = number(argv[1]) & 255
    raise Exit


async def _eval(shell: Interpreter, argv: list[str]) -> int:
    shell.status = 0
    await shell.run_text(" ".join(argv[1:]), shell.variables.line)
    return shell.status


async def _dot(shell: Interpreter, argv: list[str]) -> int:
    """`. file`: run it in this shell. It is looked for in $PATH if its name has no slash."""
    if len(argv) < 2:
        raise ShellError("filename argument required" if shell.dialect.bash else "")
    path = _script(shell, argv[1])
    try:
        text = shell.proc.read_file(path).decode(errors="surrogateescape")
    except OSError as error:
        raise ShellError(f"can't open '{argv[1]}': {error.strerror}") from None
    outer, positional = shell.command_name, shell.positional
    shell.command_name = argv[1]
    if len(argv) > 2:
        shell.positional = argv[2:]
    shell.status = 0
    try:
        await shell.run_text(text)
    except Return:
        pass
    finally:
        if len(argv) > 2:
            shell.positional = positional
    shell.command_name = outer
    return shell.status


def _script(shell: Interpreter, name: str) -> str:
    if "/" in name:
        return name
    for folder in (shell.variables.get("PATH") or "").split(":"):
        path = f"{folder or '.'}/{name}"
        if shell.proc.access(path, 4):
            return path
    return name


async def _exec(shell: Interpreter, argv: list[str]) -> int:
    """`exec command`: become it. Alone it only makes its redirections stay."""
    if len(argv) == 1:
        return 0
    try:
        await execute(shell, argv[1:], dict(shell.variables.environment()))
    except ShellError as error:
        status = await shell.fail(error)
        if shell.interactive:
            return status
        raise Exit from None
    return 0


async def _command(shell: Interpreter, argv: list[str]) -> int:
    """`command [-v | -V | -p] name …`: run it, but no function of this name; or say what it is."""
    rest = argv[1:]
    while rest and rest[0] in ("-v", "-V", "-p", "--"):
        option, *rest = rest
        if option in ("-v", "-V") and rest:
            return await _describe(shell, rest[0], brief=option == "-v")
    if not rest:
        return 0
    builtin = shell.builtins.get(rest[0])
    if builtin is not None:
        shell.command_name = rest[0]
        result = builtin.call(shell, rest)
        return result if isinstance(result, int) else await result
    try:
        find(shell, rest[0])
    except ShellError as error:
        shell.command_name = "command" if shell.command_name != "command" else ""
        return await shell.fail(error)

    async def program(child: Interpreter) -> None:
        child.command_name = ""
        await execute(child, rest, dict(child.variables.environment()))

    await shell.wait((shell.fork(program, group=0 if shell.terminal is not None else None),))
    return shell.status


async def _type(shell: Interpreter, argv: list[str]) -> int:
    statuses = [await _describe(shell, name, brief=False) for name in argv[1:]]
    return max(statuses, default=0)


async def _describe(shell: Interpreter, name: str, brief: bool) -> int:
    """What a name stands for, as `command -v` (brief) or `type` says it."""
    from sim.programs.shell.tokens import RESERVED

    if name in RESERVED:
        text = name if brief else f"{name} is a shell keyword"
    elif shell.aliases and name in shell.aliases:
        value = shell.aliases[name]
        text = f"alias {name}='{value}'" if brief else f"{name} is an alias for {value}"
    elif shell.functions and name in shell.functions:
        text = name if brief else f"{name} is a function"
    elif name in shell.builtins:
        special = "special " if shell.builtins[name].special and not shell.dialect.bash else ""
        text = name if brief else f"{name} is a {special}shell builtin"
    else:
        path = _program(shell, name)
        if path is None:
            if not brief:
                await shell.write(2 if shell.dialect.bash else 1, f"{name}: not found\n")
            return 1 if shell.dialect.bash else NOT_FOUND
        text = path if brief else f"{name} is {path}"
    await shell.write(1, text + "\n")
    return 0


def _program(shell: Interpreter, name: str) -> str | None:
    if "/" in name and not shell.proc.access(name, 1):
        return None
    try:
        return find(shell, name)
    except ShellError:
        return None


async def _trap(shell: Interpreter, argv: list[str]) -> int:
    """`trap [action] signal …`; alone it lists. An action of `-`, or a number first, means the default."""
    rest = argv[2:] if argv[1:2] == ["--"] else argv[1:]
    if not rest or rest == ["-p"]:
        for signal, command in sorted((shell.traps or {}).items()):
            await shell.write(1, f"trap -- '{_escaped(command)}' {traps.signal_name(signal)}\n")
        return 0
    if rest == ["-l"]:
        return 0
    action: str | None = None
    if len(rest) > 1 and not rest[0].isdigit():
        action, rest = (None if rest[0] == "-" else rest[0]), rest[1:]
    status = 0
    for name in rest:
        try:
            signal = 0 if name.upper() in ("EXIT", "0") else signal_number(name)
        except ValueError:
            await shell.report(f"{name}: invalid signal specification")
            status = 1
            continue
        try:
            traps.set_trap(shell, signal, action)
        except OSError:  # KILL and STOP cannot be caught; the shell does not mind
            continue
    return status


def _escaped(text: str) -> str:
    return text.replace("'", "'\\''")


TABLE: dict[str, Builtin] = {
    ":": Builtin(_true, special=True),
    ".": Builtin(_dot, special=True),
    "source": Builtin(_dot, special=True),
    "true": Builtin(_true),
    "false": Builtin(_false),
    "break": Builtin(_break, special=True),
    "continue": Builtin(_break, special=True),
    "return": Builtin(_return, special=True),
    "exit": Builtin(_exit, special=True),
    "eval": Builtin(_eval, special=True),
    "exec": Builtin(_exec, special=True),
    "command": Builtin(_command),
    "type": Builtin(_type),
    "trap": Builtin(_trap, special=True),
}
