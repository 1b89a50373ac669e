"""What differs between the shells that this program plays: prompts, banners and the wording of errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error happened: the shell's `$0`, the builtin or script being run (or ""), the line."""

    name: str
    command: str
    line: int
    interactive: bool
    script: bool  # commands come from a file


@dataclass(frozen=True, slots=True)
class Dialect:
    """`words` replaces texts of ash's by the dialect's own; `{}` stands for the subject."""

    name: str
    prefix: Callable[[Place], str]
    prompt: Callable[[int], str]  # user id -> $PS1
    banner: str = ""
    bash: bool = False
    edits: bool = True  # edits its lines itself; else the terminal does
    first_line: int = 1  # the number of the first line of `-c`'s text
    syntax: Callable[[str], str] = "syntax error: {}".format
    missing_script: int = 2  # the status for a script file that is not there
    words: Mapping[str, str] = field(default_factory=dict)

    def word(self, text: str, subject: str) -> str:
        """`text` about `subject`, as this shell says it.

        >>> BASH.word("{}: not found", "nope")
        'nope: command not found'
        """
        return self.words.get(text, text).replace("{}", subject)


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


_UNEXPECTED = re.compile(r"unexpected (.*?)( \(expecting .*\))?")


def _bash_prefix(place: Place) -> str:
    text = f"{place.name}: line {place.line}: " if place.script else f"{place.name}: "
    return text + f"{place.command}: " if place.command and place.command != place.name else text


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
    words={"can't open {}: no such file": "cannot open {}: No such file",
           "can't create {}: nonexistent directory": "cannot create {}: Directory nonexistent",
           "can't open {}: ": "cannot open {}: ",
           "can't open '{}': ": "cannot open {}: ",
           "No such file or directory": "No such file",
           "can't create {}: ": "cannot create {}: "},
)  # fmt: skip
BASH = Dialect(
    "bash",
    _bash_prefix,
    prompt=lambda uid: "\\u@\\h:\\w\\$ ",
    bash=True,
    syntax=_bash_syntax,
    missing_script=127,
    words={"{}: not found": "{}: command not found",
           "can't cd to {}: ": "{}: ",
           "can't open {}: no such file": "{}: No such file or directory",
           "can't create {}: nonexistent directory": "{}: No such file or directory",
           "can't open {}: ": "{}: ",
           "can't create {}: ": "{}: ",
           "can't open '{}': ": "{}: ",
           "{}: parameter not set": "{}: unbound variable",
           "{}: is read only": "{}: readonly variable"},
)  # fmt: skip
