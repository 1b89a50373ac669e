"""Builtins about the shell's state: variables, options, positional parameters, aliases, the working directory."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from sim.programs.shell.arithmetic import ArithmeticFailure, evaluate
from sim.programs.shell.builtins.control import number
from sim.programs.shell.builtins.table import Builtin
from sim.programs.shell.errors import ShellError
from sim.programs.shell.variables import NAME

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

# `set -o` names, in busybox's order; P is a letter of our own
OPTIONS = {
    "errexit": "e", "noglob": "f", "ignoreeof": "I", "monitor": "m", "noexec": "n", "xtrace": "x", "verbose": "v",
    "noclobber": "C", "allexport": "a", "notify": "b", "nounset": "u", "errtrace": "E", "vi": "V", "pipefail": "P",
}  # fmt: skip
_LETTERS = frozenset("efImnxvCabuEVsilch") | {"P"}


def quote(value: str) -> str:
    """A value in single quotes, as `export -p` and `set` print it."""
    return "'" + value.replace("'", "'\"'\"'") + "'"


def _named(argument: str) -> tuple[str, str | None]:
    """`name` or `name=value`. Raises ShellError for a bad name."""
    name, equals, value = argument.partition("=")
    if not NAME.fullmatch(name):
        raise ShellError(f"{name}: bad variable name")
    return name, value if equals else None


async def _export(shell: Interpreter, argv: list[str]) -> int:
    """`export name[=value] …`, `export -n name`, `export [-p]`"""
    variables, rest = shell.variables, argv[1:]
    undo = rest[:1] == ["-n"]
    if rest[:1] in (["-p"], ["-n"], ["--"]):
        rest = rest[1:]
    if not rest:
        for name in variables.export_names():
            await shell.write(1, _declaration("export", name, variables.exported.get(name)))
    for argument in rest:
        name, value = _named(argument)
        if undo:
            variables.unexport(name)
        else:
            variables.export(name, value)
    return 0


def _declare(shell: Interpreter, argv: list[str]) -> int:
    """bash's `declare [-x | -r] name[=value] …`: local inside a function. Other attributes are taken and ignored."""
    flags = "".join(word[1:] for word in argv[1:] if word[:1] in ("-", "+"))
    for argument in argv[1:]:
        if argument[:1] in ("-", "+"):
            continue
        name, value = _named(argument)
        if shell.variables.in_function and "g" not in flags:
            shell.variables.make_local(name)
        if value is not None:
            shell.variables.set(name, value)
        if "x" in flags:
            shell.variables.export(name)
        if "r" in flags:
            shell.variables.make_readonly(name)
    return 0


async def _readonly(shell: Interpreter, argv: list[str]) -> int:
    rest = argv[2:] if argv[1:2] == ["-p"] else argv[1:]
    if not rest:
        for name in shell.variables.readonly_names():
            await shell.write(1, _declaration("readonly", name, shell.variables.get(name)))
    for argument in rest:
        name, value = _named(argument)
        if value is not None:
            shell.variables.set(name, value)
        shell.variables.make_readonly(name)
    return 0


def _declaration(command: str, name: str, value: str | None) -> str:
    return f"{command} {name}\n" if value is None else f"{command} {name}={quote(value)}\n"


def _local(shell: Interpreter, argv: list[str]) -> int:
    if not shell.variables.in_function:
        raise ShellError("not in a function")
    for argument in argv[1:]:
        name, value = _named(argument)
        shell.variables.make_local(name)
        if value is not None:
            shell.variables.set(name, value)
    return 0


def _unset(shell: Interpreter, argv: list[str]) -> int:
    rest, functions = argv[1:], False
    while rest and rest[0] in ("-f", "-v", "--"):
        functions = rest[0] == "-f"
        rest = rest[1:]
    for name in rest:
        if functions:
            if shell.functions is not None:
                shell.functions.pop(name, None)
        else:
            shell.variables.unset(_named(name)[0])
    return 0


async def _set(shell: Interpreter, argv: list[str]) -> int:
    """`set [-euxfnvaC] [-o name] [--] [arg …]`; alone it lists the variables."""
    if len(argv) == 1:
        for name in sorted({*shell.variables.names(), "IFS", "OPTIND", "PS2", "PS4"}):
            await shell.write(1, f"{name}={quote(shell.variables.get(name) or '')}\n")
        return 0
    rest = argv[1:]
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        word, *rest = rest
        if word == "--":
            shell.positional = rest
            return 0
        for letter in word[1:]:
            if letter == "o":
                rest = await _set_named(shell, rest, on=word[0] == "-")
            elif letter not in _LETTERS:
                raise ShellError(f"illegal option {word[0]}{letter}")
            else:
                set_option(shell, letter, word[0] == "-")
    if rest and rest[0] == "-":  # `set - args`: also ends tracing
        set_option(shell, "x", False)
        shell.positional = rest[1:] or shell.positional
    elif rest:
        shell.positional = rest
    return 0


def set_option(shell: Interpreter, letter: str, on: bool) -> None:
    shell.options = shell.options.replace(letter, "") + (letter if on else "")


async def _set_named(shell: Interpreter, rest: list[str], on: bool) -> list[str]:
    """`-o name`; what is left of the arguments."""
    if not rest:
        for name, letter in OPTIONS.items():
            if on:
                line = f"{name:<15} {'on' if letter in shell.options else 'off'}"
            else:
                line = f"set {'-' if letter in shell.options else '+'}o {name}"
            await shell.write(1, line + "\n")
        return rest
    if rest[0] not in OPTIONS:
        await shell.report(f"illegal option {'-' if on else '+'}o {rest[0]}")
        return rest[1:]
    set_option(shell, OPTIONS[rest[0]], on)
    return rest[1:]


def _shift(shell: Interpreter, argv: list[str]) -> int:
    count = number(argv[1]) if len(argv) > 1 else 1
    if count > len(shell.positional):
        return 1
    del shell.positional[:count]
    return 0


async def _alias(shell: Interpreter, argv: list[str]) -> int:
    aliases = shell.aliases = shell.aliases if shell.aliases is not None else {}
    status = 0
    for argument in argv[1:] or sorted(aliases):
        name, equals, value = argument.partition("=")
        if equals and name:
            aliases[name] = value
        elif argument in aliases:
            await shell.write(1, f"{argument}={quote(aliases[argument])}\n")
        else:
            await shell.write(2, f"alias: {argument} not found\n")
            status = 1
    return status


async def _unalias(shell: Interpreter, argv: list[str]) -> int:
    aliases = shell.aliases if shell.aliases is not None else {}
    if argv[1:2] == ["-a"]:
        aliases.clear()
        return 0
    status = 0
    for name in argv[1:]:
        if aliases.pop(name, None) is None:
            await shell.write(2, f"unalias: {name} not found\n")
            status = 1
    return status


async def _getopts(shell: Interpreter, argv: list[str]) -> int:
    """`getopts optstring name [arg …]`: one option a call. OPTIND is the next argument; `_OPT` the place inside it."""
    if len(argv) < 3:
        raise ShellError("usage: getopts optstring var [arg]")
    spec, name, words = argv[1], argv[2], argv[3:] or shell.positional
    variables = shell.variables
    index, _, place = (variables.get("OPTIND") or "1").partition(".")
    at, inside = max(int(index) if index.isdecimal() else 1, 1), int(variables.private.get("_OPT", "") or place or 0)
    word = words[at - 1] if at <= len(words) else ""
    if not inside and (len(word) < 2 or word[0] != "-" or word == "--"):
        variables.set("OPTIND", str(at + (word == "--")))
        variables.set(name, "?")
        return 1
    letter, inside = word[inside or 1], (inside or 1) + 1
    at, inside = (at + 1, 0) if inside >= len(word) else (at, inside)
    variables.unset("OPTARG")
    found, message = letter, ""
    kind = spec.find(letter, spec.startswith(":")) if letter != ":" else -1
    if kind < 0:
        found, message = "?", f"Illegal option -{letter}\n"
    elif spec[kind + 1 : kind + 2] == ":":
        if not inside and at > len(words):
            found, message = (":" if spec[0] == ":" else "?"), f"No arg for -{letter} option\n"
        else:
            variables.set("OPTARG", word[inside:] if inside else words[at - 1])
            at, inside = at + 1, 0
    if message and spec[:1] == ":":
        variables.set("OPTARG", letter)
    elif message:
        await shell.write(2, message)
    variables.set("OPTIND", str(at))
    variables.private["_OPT"] = str(inside or "")
    variables.set(name, found)
    return 0


def _let(shell: Interpreter, argv: list[str]) -> int:
    value = 0
    for text in argv[1:]:
        try:
            value = evaluate(text, shell.variables)
        except ArithmeticFailure as error:
            raise ShellError(str(error)) from None
    return int(value == 0)


async def _cd(shell: Interpreter, argv: list[str]) -> int:
    """`cd [-L | -P] [folder | -]`. $PWD is the path as it was walked, unless -P."""
    rest, physical = argv[1:], False
    while rest and rest[0] in ("-L", "-P", "--"):
        physical = rest.pop(0) == "-P"
    home = shell.variables.get("HOME")
    target = rest[0] if rest else home
    if target is None:
        if shell.dialect.bash:
            raise ShellError("HOME not set", 1)
        return 0
    old = shell.variables.get("PWD") or shell.proc.cwd
    shows = target == "-"
    if shows:
        target = shell.variables.get("OLDPWD") or old
    path = target if target.startswith("/") else f"{old}/{target}"
    path = path if physical else os.path.normpath(path)
    path = "/" + path.lstrip("/") if target else old
    try:
        shell.proc.chdir(path)
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or errno.ENOENT)
        raise ShellError(f"can't cd to {target}: {reason}") from None
    new = shell.proc.cwd if physical else path
    shell.variables.set("OLDPWD", old)
    shell.variables.set("PWD", new)
    if shows:
        await shell.write(1, new + "\n")
    return 0


async def _pwd(shell: Interpreter, argv: list[str]) -> int:
    physical = argv[1:2] == ["-P"]
    await shell.write(1, (shell.proc.cwd if physical else shell.variables.get("PWD") or shell.proc.cwd) + "\n")
    return 0


BASH: dict[str, Builtin] = {"declare": Builtin(_declare), "typeset": Builtin(_declare)}

TABLE: dict[str, Builtin] = {
    "export": Builtin(_export, special=True),
    "readonly": Builtin(_readonly, special=True),
    "local": Builtin(_local, special=True),
    "unset": Builtin(_unset, special=True),
    "set": Builtin(_set, special=True),
    "shift": Builtin(_shift, special=True),
    "alias": Builtin(_alias),
    "unalias": Builtin(_unalias),
    "getopts": Builtin(_getopts),
    "let": Builtin(_let),
    "cd": Builtin(_cd),
    "chdir": Builtin(_cd),
    "pwd": Builtin(_pwd),
}
