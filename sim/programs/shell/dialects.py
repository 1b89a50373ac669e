"""What differs between the shells that this program plays: prompts, banners and the wording of errors.

Everywhere else errors are ash's; a dialect's `rewrites` say them in its own words just before they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error happened: the shell's `$0`, the builtin or script being run (or ""), the line."""

    name: str
    command: str
    line: int
    interactive: bool


@dataclass(frozen=True, slots=True)
class Dialect:
    """`rewrites`: (what an error of ash's looks like, how this shell says it); the first that fits counts."""

    name: str
    prefix: Callable[[Place], str]
    prompt: Callable[[int], str]  # user id -> $PS1
    banner: str = ""
    bash: bool = False
    edits: bool = True  # edits its lines itself; else the terminal does
    first_line: int = 1  # the number of the first line of `-c`'s text
    syntax: Callable[[str], str] = "syntax error: {}".format
    missing_script: int = 2  # the status for a script file that is not there
    failure: int = 2  # the status of an error in a builtin, or of the shell itself
    redirection_failure: int = 1
    lacks: frozenset[str] = frozenset()  # builtins of ash's that it does not have
    rewrites: tuple[tuple[re.Pattern[str], str], ...] = ()

    def reword(self, message: str) -> str:
        """An error of ash's, as this shell says it.

        >>> BASH.reword("nope: not found")
        'nope: command not found'
        """
        for pattern, template in self.rewrites:
            if found := pattern.fullmatch(message):
                return found.expand(template)
        return message


def _ash_prefix(place: Place) -> str:
    text = f"{place.name}: "
    if place.command:
        if place.command != place.name:
            text += f"{place.command}: "
        if not place.interactive:
            text += f"line {place.line}: "
    return text


def _dash_prefix(place: Place) -> str:
    text = f"{place.name}: {place.line}: "
    return text + f"{place.command}: " if place.command and place.command != place.name else text


def _bash_prefix(place: Place) -> str:
    text = f"{place.name}: " if place.interactive else f"{place.name}: line {place.line}: "
    silent = ("", ".", "source", "eval", "command", place.name)  # what they run speaks for itself
    return text if place.command in silent else text + f"{place.command}: "


_UNEXPECTED = re.compile(r"unexpected (.*?)( \(expecting .*\))?")


def _dash_syntax(message: str) -> str:
    """`unexpected "fi"` -> `Syntax error: "fi" unexpected`"""
    found = _UNEXPECTED.fullmatch(message)
    if found:
        return f"Syntax error: {found[1]} unexpected{found[2] or ''}"
    return f"Syntax error: {message[:1].upper()}{message[1:]}"


def _bash_syntax(message: str) -> str:
    found = _UNEXPECTED.fullmatch(message)
    if found is None:
        quote = "unexpected EOF while looking for matching `\"'"
        return quote if message == "unterminated quoted string" else f"syntax error: {message}"
    if found[1] == "end of file":
        return "syntax error: unexpected end of file"
    return "syntax error near unexpected token `" + found[1].strip('"') + "'"


def _rewrites(table: dict[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.DOTALL), template) for pattern, template in table.items())


ASH = Dialect(
    "ash",
    _ash_prefix,
    prompt=lambda uid: "\\w \\$ ",
    banner="\n\nBusyBox v1.37.0 (2024-09-26 21:31:42 UTC) built-in shell (ash)\n"
    "Enter 'help' for a list of built-in commands.\n\n",
    first_line=0,
)
DASH = Dialect(
    "dash",
    _dash_prefix,
    prompt=lambda uid: "$ " if uid else "# ",
    edits=False,
    syntax=_dash_syntax,
    redirection_failure=2,
    lacks=frozenset({"source", "let", "[[", "help", "chdir"}),
    rewrites=_rewrites(
        {
            r"can't open '?(.*?)'?: (?:no such file|No such file or directory)": r"cannot open \1: No such file",
            r"can't create (.*): nonexistent directory": r"cannot create \1: Directory nonexistent",
            r"can't (open|create) (.*)": r"cannot \1 \2",
            r"can't cd to (.*): .*": r"can't cd to \1",
            r"(.*): bad number": r"Illegal number: \1",
            r"missing ]": r"missing ]",
            r"(.*): unknown operand": r"\1: unexpected operator",
            r"invalid number '(.*)'": r"\1: expected numeric value",
            r"can't kill pid .*: (.*)": r"\1\n",
            r"divide by zero": r"arithmetic expression: division by zero",
            r"can't fork: .*": r"Cannot fork",
            r"Syntax error: Bad substitution": r"Bad substitution",
        }
    ),
)
BASH = Dialect(
    "bash",
    _bash_prefix,
    prompt=lambda uid: "\\u@\\h:\\w\\$ ",
    bash=True,
    syntax=_bash_syntax,
    missing_script=127,
    failure=1,
    rewrites=_rewrites(
        {
            r"(.*/.*): not found": r"\1: No such file or directory",
            r"(.*): not found": r"\1: command not found",
            r"can't (?:open|create) (.*): (?:no such file|nonexistent directory)": r"\1: No such file or directory",
            r"can't open '(.*)': (.*)": r"\1: \2",
            r"can't (?:open|create|cd to) (.*)": r"\1",
            r"(.*): parameter not set": r"\1: unbound variable",
            r"(.*): is read only": r"\1: readonly variable",
            r"(.*): bad number": r"\1: integer expression expected",
            r"missing ]": r"missing `]'",
            r"(.*): unknown operand": r"\1: binary operator expected",
            r"invalid number '(.*)'": r"\1: invalid number",
            r"can't kill pid (.*): (.*)": r"(\1) - \2",
            r"divide by zero": r"division by 0",
            r"can't (fork: .*)": r"\1",
            r"Illegal number: (.*)": r"\1: numeric argument required",
            r"not in a function": r"can only be used in a function",
        }
    ),
)
