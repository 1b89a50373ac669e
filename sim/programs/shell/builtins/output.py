"""Builtins that read and write: echo, printf, read, test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sim.programs.shell.builtins.table import Builtin
from sim.programs.shell.errors import ShellError
from sim.programs.shell.variables import NAME

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

_ECHO_OPTION = re.compile(r"-[neE]+")


async def complain(shell: Interpreter, message: str) -> None:
    """An error in the way of busybox's applets: no line number, and the shell's name only."""
    outer, shell.command_name = shell.command_name, "" if shell.dialect.name == "ash" else shell.command_name
    await shell.report(message)
    shell.command_name = outer


async def _echo(shell: Interpreter, argv: list[str]) -> int:
    """`echo [-neE] …`. dash takes no option but -n, and always carries out escapes."""
    words, escapes, end = argv[1:], shell.dialect.name == "dash", "\n"
    while words and _ECHO_OPTION.fullmatch(words[0]) and (shell.dialect.name != "dash" or words[0] == "-n"):
        option = words.pop(0)
        end = "" if "n" in option else end
        if shell.dialect.name != "dash":
            escapes = "e" in option if {"e", "E"} & set(option) else escapes
    text = " ".join(words)
    if escapes:
        from sim.programs.printf import unescape_echo

        text, stopped = unescape_echo(text)
        end = "" if stopped else end
    await shell.write(1, text + end)
    return 0


async def _printf(shell: Interpreter, argv: list[str]) -> int:
    from sim.programs.printf import USAGE, render

    words = argv[2:] if argv[1:2] == ["--"] else argv[1:]
    if not words:
        await complain(shell, USAGE)
        return 2
    printed = render(words[0], words[1:])
    for message in printed.errors:
        await complain(shell, message)
    await shell.write(1, printed.text)
    return printed.status


async def _test_words(shell: Interpreter, argv: list[str]) -> int:
    from sim.programs.test import TestError, arguments, evaluate

    try:
        return int(not evaluate(arguments(argv[0], argv[1:]), shell.proc))
    except TestError as error:
        await complain(shell, str(error))
        return 2


def _test(shell: Interpreter, argv: list[str]) -> object:
    """The two commonest forms at once, for the sake of loops; the rest in `_test_words`."""
    if len(argv) == 5 and argv[4] == "]" and argv[0] == "[":
        _, left, operator, right, _ = argv
        if operator in ("=", "=="):
            return int(left != right)
        if operator in _COMPARE and _small(left) and _small(right):
            return int(not _COMPARE[operator](int(left), int(right)))
    return _test_words(shell, argv)


def _small(text: str) -> bool:
    """Is it a number that needs no care?"""
    return text.isdecimal() and text.isascii() and len(text) < 19


_COMPARE = {
    "-eq": int.__eq__,
    "-ne": int.__ne__,
    "-lt": int.__lt__,
    "-le": int.__le__,
    "-gt": int.__gt__,
    "-ge": int.__ge__,
}


async def _read(shell: Interpreter, argv: list[str]) -> int:
    """`read [-r] [-s] [-p prompt] [-n count] [-t seconds] [-u fd] [-d end] [name …]`; status 1 at the end of input."""
    options, names = _read_options(argv[1:])
    for name in names:
        if not NAME.fullmatch(name):
            raise ShellError(f"{name}: bad variable name")
    fd = int(options.get("u", "0"))
    if "p" in options:
        await shell.write(2, options["p"])
    end = (options.get("d", "\n") or "\0")[0].encode(errors="surrogateescape")
    count = int(options["n"]) if options.get("n", "").isdecimal() else None
    line, complete = await _line(shell, fd, end, raw="r" in options, count=count, quiet="s" in options)
    _assign(shell, names or ["REPLY"], line, whole=not names)
    return 0 if complete else 1


def _read_options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    rest = list(words)
    while rest and len(rest[0]) > 1 and rest[0][0] == "-":
        word = rest.pop(0)
        if word == "--":
            break
        for index, letter in enumerate(word[1:], 1):
            if letter in "pntud":
                options[letter] = word[index + 1 :] or (rest.pop(0) if rest else "")
                break
            if letter not in "rsa":
                raise ShellError(f"illegal option -{letter}")
            options[letter] = ""
    return options, rest


async def _line(shell: Interpreter, fd: int, end: bytes, raw: bool, count: int | None, quiet: bool
                ) -> tuple[list[tuple[str, bool]], bool]:  # fmt: skip
    """Characters of one line with "was it escaped", byte by byte so that nothing more is taken; and if it was whole."""
    if quiet and shell.proc.isatty(fd):
        shell.proc.tcsetattr(fd, echo=False)
    data, escaped, complete = bytearray(), [], False
    try:
        while count is None or len(data) < count:
            byte = await _byte(shell, fd)
            if not byte:
                break
            if byte == end:
                complete = True
                break
            if byte == b"\\" and not raw:
                byte = await _byte(shell, fd)
                if byte and byte != b"\n":
                    data += byte
                    escaped.append(True)
                continue
            data += byte
            escaped.append(False)
        else:
            complete = True
    finally:
        if quiet and shell.proc.isatty(fd):
            shell.proc.tcsetattr(fd, echo=True)
    return _characters(bytes(data), escaped), complete


async def _byte(shell: Interpreter, fd: int) -> bytes:
    """One byte; b"" at the end, and when a trapped signal comes."""
    try:
        return await shell.proc.read(fd, 1)
    except InterruptedError:
        return b""
    except OSError as error:
        await shell.report(f"read error: {error.strerror}")
        return b""


def _characters(data: bytes, escaped: list[bool]) -> list[tuple[str, bool]]:
    """Bytes to characters; a character is escaped if its first byte is."""
    result: list[tuple[str, bool]] = []
    position = 0
    for char in data.decode(errors="surrogateescape"):
        result.append((char, escaped[position]))
        position += len(char.encode(errors="surrogateescape"))
    return result


def _assign(shell: Interpreter, names: list[str], line: list[tuple[str, bool]], whole: bool) -> None:
    """Split the line by IFS; the last name gets all the rest."""
    ifs = shell.variables.get("IFS") or ""
    if whole:
        shell.variables.set(names[0], "".join(char for char, _ in line))
        return
    blanks = "".join(char for char in ifs if char in " \t\n")
    position = 0
    for index, name in enumerate(names):
        while position < len(line) and not line[position][1] and line[position][0] in blanks:
            position += 1
        if index == len(names) - 1:
            shell.variables.set(name, _rest(line[position:], blanks, ifs))
            return
        start = position
        while position < len(line) and (line[position][1] or line[position][0] not in ifs):
            position += 1
        shell.variables.set(name, "".join(char for char, _ in line[start:position]))
        while position < len(line) and not line[position][1] and line[position][0] in blanks:
            position += 1
        ended = position > start and line[position - 1][0] in blanks
        if (
            position < len(line)
            and not line[position][1]
            and line[position][0] in ifs
            and not (ended and line[position][0] in blanks)
        ):
            position += 1


def _rest(line: list[tuple[str, bool]], blanks: str, ifs: str) -> str:
    """The last field: without the blanks at its end, and without one separator if nothing else is in it."""
    end = len(line)
    while end and not line[end - 1][1] and line[end - 1][0] in blanks:
        end -= 1
    text = "".join(char for char, _ in line[:end])
    if (
        end
        and line[end - 1][0] in ifs
        and not line[end - 1][1]
        and not any(char in ifs and not escaped for char, escaped in line[: end - 1])
    ):
        return text[:-1]
    return text


TABLE: dict[str, Builtin] = {
    "echo": Builtin(_echo),
    "printf": Builtin(_printf),
    "read": Builtin(_read),
    "test": Builtin(_test),  # type: ignore[arg-type]
    "[": Builtin(_test),  # type: ignore[arg-type]
}
