"""Word expansion (POSIX XCU 2.6): tilde, parameters, commands, arithmetic; then fields, pathnames, quote removal.

A word is expanded in two steps. `_chunks` makes a list of (kind, text), where the kind says what may still happen to
the text: QUOTED nothing, LITERAL globbing, SPLIT field splitting and globbing; BREAK is a border inside `"$@"`. Then
`_Fields` makes fields of the chunks. All is written as coroutines only because a command substitution has to wait.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Protocol

from sim.abi import Proc
from sim.programs.shell import nodes
from sim.programs.shell.arithmetic import ArithmeticFailure, evaluate
from sim.programs.shell.errors import ShellError
from sim.programs.shell.globbing import expand_path
from sim.programs.shell.nodes import ArithmeticExpansion, CommandSubstitution, Parameter, Part, Text, Word
from sim.programs.shell.patterns import compile_pattern, escape, is_pattern, unescape
from sim.programs.shell.variables import DEFAULT_IFS, NAME, Variables

QUOTED, LITERAL, SPLIT, BREAK = range(4)
Chunk = tuple[int, str]


class Shell(Protocol):
    """What expansion needs of the shell."""

    proc: Proc
    variables: Variables
    positional: list[str]
    options: str

    def special(self, name: str) -> str | None:
        """`$?`, `$$`, `$!`, `$#`, `$-`, `$0`; None while there is none."""

    async def substitute(self, body: nodes.Sequence) -> str:
        """What the commands print, without the newlines at the end."""


async def fields(shell: Shell, words: Sequence[Word]) -> list[str]:
    """The words of a command as its arguments. Raises ShellError."""
    result: list[str] = []
    for word in words:
        if (literal := word.literal) is not None:
            result.append(literal)
        elif (value := _quick(shell, word)) is not None:
            result.append(value)
        else:
            result += await _fields(shell, word)
    return result


async def string(shell: Shell, word: Word) -> str:
    """A word where it stays one: an assignment's value, a `case` word, a here-document. Raises ShellError."""
    if word.literal is not None:
        return word.literal
    return "".join([" " if kind == BREAK else text for kind, text in await _chunks(shell, word.parts, LITERAL)])


async def assigned(shell: Shell, word: Word) -> str:
    """An assignment's value: as `string`, but with a tilde after each colon, too."""
    if word.literal is not None:
        return word.literal
    chunks = await _chunks(shell, word.parts, LITERAL, after_colons=True)
    return "".join([" " if kind == BREAK else text for kind, text in chunks])


async def pattern(shell: Shell, word: Word) -> str:
    """A word as a pattern, with what was quoted escaped (see `patterns`). Raises ShellError."""
    result = ""
    for kind, text in await _chunks(shell, word.parts, LITERAL):
        result += escape(text) if kind == QUOTED else " " if kind == BREAK else text
    return result


async def regular_expression(shell: Shell, word: Word) -> str:
    """A word as a regular expression, with what was quoted escaped. Raises ShellError."""
    chunks = await _chunks(shell, word.parts, LITERAL)
    return "".join([re.escape(text) if kind == QUOTED else text for kind, text in chunks])


async def target(shell: Shell, word: Word) -> str:
    """The file name of a redirection: a pattern counts only if it matches exactly one file, and nothing is split."""
    if word.literal is not None:
        return word.literal
    return await string(shell, word)


# -- fields

_PLAIN = re.compile(r"[^\s*?\[\\]+")


def _quick(shell: Shell, word: Word) -> str | None:
    """The field of a word that is one plain `$x` or `"$x"` or `$((…))`; None if it needs more care."""
    parts = word.parts
    if len(parts) != 1:
        return None
    part = parts[0]
    if type(part) is Parameter:
        if part.operator or part.name in "@*":
            return None
        value = _value(shell, part.name)
        if value is None:
            return None
        if part.quoted or (_PLAIN.fullmatch(value) and shell.variables.get("IFS") == DEFAULT_IFS):
            return value
    return None


async def _fields(shell: Shell, word: Word) -> list[str]:
    split = _Fields(shell.variables.get("IFS"))
    for kind, text in await _chunks(shell, word.parts, LITERAL):
        split.add(kind, text)
    result: list[str] = []
    for field in split.end():
        if not is_pattern(field) or "f" in shell.options:
            result.append(unescape(field))
        else:
            result += expand_path(shell.proc, field) or [unescape(field)]
    return result


class _Fields:
    """Collects chunks into fields (XCU 2.6.5). Fields are patterns: what was quoted is escaped."""

    def __init__(self, ifs: str | None) -> None:
        self._ifs = DEFAULT_IFS if ifs is None else ifs
        self._done: list[str] = []
        self._current: str | None = None

    def add(self, kind: int, text: str) -> None:
        if kind == QUOTED:
            self._current = (self._current or "") + escape(text)
        elif kind == LITERAL:
            self._current = (self._current or "") + text
        elif kind == BREAK:
            self._finish()
        else:
            self._split(text)

    def end(self) -> list[str]:
        self._finish()
        return self._done

    def _finish(self) -> None:
        if self._current is not None:
            self._done.append(self._current)
            self._current = None

    def _split(self, text: str) -> None:
        """Blanks of IFS end a field that has begun; other characters of IFS end one even if it is empty."""
        position = 0
        for separator in _separators(self._ifs).finditer(text) if self._ifs else ():
            if separator.start() > position:
                self._append(text[position : separator.start()])
            if self._current is None and separator.lastindex:
                self._current = ""
            self._finish()
            position = separator.end()
        if position < len(text):
            self._append(text[position:])

    def _append(self, text: str) -> None:
        self._current = (self._current or "") + text.replace("\\", "\\\\")


@lru_cache(maxsize=64)
def _separators(ifs: str) -> re.Pattern[str]:
    """One separator; group 1 takes part if it is more than blanks."""
    blanks = "".join(char for char in ifs if char in DEFAULT_IFS)
    others = "".join(char for char in ifs if char not in DEFAULT_IFS)
    blank = f"[{re.escape(blanks)}]" if blanks else "(?!)"
    return re.compile(f"{blank}*([{re.escape(others)}]){blank}*|{blank}+" if others else f"{blank}+")


# -- chunks


async def _chunks(shell: Shell, parts: tuple[Part, ...], unquoted: int, after_colons: bool = False) -> list[Chunk]:
    """Expand the parts. `unquoted` is the kind of plain text: LITERAL in a word, SPLIT in a `${x-word}`."""
    chunks: list[Chunk] = []
    for index, part in enumerate(parts):
        if type(part) is Text:
            value = part.value
            if not part.quoted and "~" in value:
                value = _tildes(shell, value, index == 0, index == len(parts) - 1, after_colons, chunks)
            if value or part.quoted:
                chunks.append((QUOTED if part.quoted else unquoted, value))
        elif type(part) is Parameter:
            await _parameter(shell, part, chunks)
        elif type(part) is CommandSubstitution:
            chunks.append((QUOTED if part.quoted else SPLIT, await shell.substitute(part.body)))
        elif type(part) is ArithmeticExpansion:
            chunks.append((QUOTED if part.quoted else SPLIT, str(await arithmetic(shell, part.expression))))
    return chunks


async def arithmetic(shell: Shell, expression: Word) -> int:
    """The value of an arithmetic expression. Raises ShellError."""
    text = expression.literal
    try:
        return evaluate(await string(shell, expression) if text is None else text, shell.variables)
    except ArithmeticFailure as error:
        raise ShellError(str(error)) from None


_TILDE = re.compile(r"~([\w.-]*)(?=/|$)", re.ASCII)
_TILDES = re.compile(r"(?:^|(?<=:))~([\w.-]*)(?=[/:]|$)", re.ASCII)


def _tildes(shell: Shell, text: str, first: bool, last: bool, after_colons: bool, chunks: list[Chunk]) -> str:
    """Put home directories into `chunks` in place of tildes (XCU 2.6.1); returns the text that is left."""
    position = 0
    for found in _TILDES.finditer(text) if after_colons else filter(None, [_TILDE.match(text)]):
        if (found.start() == 0 and not first) or (found.end() == len(text) and not last):
            continue
        home = _home(shell, found[1])
        if home is not None:
            chunks += [(LITERAL, text[position : found.start()]), (QUOTED, home)]
            position = found.end()
    return text[position:]


def _home(shell: Shell, user: str) -> str | None:
    if not user:
        return shell.variables.get("HOME")
    try:
        accounts = shell.proc.read_file("/etc/passwd").decode(errors="surrogateescape")
    except OSError:
        return None
    for line in accounts.splitlines():
        columns = line.split(":")
        if columns[0] == user and len(columns) > 5:
            return columns[5]
    return None


# -- parameters


def _value(shell: Shell, name: str) -> str | None:
    """A parameter's value, None if it is unset. Not for `@` and `*`."""
    first = name[0]
    if first.isalpha() or first == "_":
        return shell.variables.get(name)
    if name.isdecimal() and name != "0":
        index = int(name)
        return shell.positional[index - 1] if index <= len(shell.positional) else None
    return shell.special(name)


def _positional(shell: Shell, part: Parameter, chunks: list[Chunk], values: list[str]) -> None:
    """`$@`, `$*` and their quoted forms."""
    kind = QUOTED if part.quoted else SPLIT
    if part.quoted and part.name == "*":
        ifs = shell.variables.get("IFS")
        chunks.append((QUOTED, (" " if ifs is None else ifs[:1]).join(values)))
        return
    for index, value in enumerate(values):
        if index:
            chunks.append((BREAK, ""))
        chunks.append((kind, value))


async def _parameter(shell: Shell, part: Parameter, chunks: list[Chunk]) -> None:
    many = part.name in "@*"
    operation = _OPERATIONS.get(part.operator)
    if many and part.operator in ("", ":"):
        values = await _slice(shell, part) if part.operator else shell.positional
        _positional(shell, part, chunks, values)
        return
    value = ((" ".join(shell.positional) or None) if shell.positional else None) if many else _value(shell, part.name)
    if operation is not None:
        if value is None and "u" in shell.options and not many:
            raise ShellError(f"{part.name}: parameter not set")
        chunks.append((QUOTED if part.quoted else SPLIT, await operation(shell, part, value or "")))
        return
    present = value is not None and (value != "" or not part.operator.startswith(":"))
    if part.operator[-1:] == "+":
        if present:
            chunks += await _argument(shell, part)
        elif part.quoted:
            chunks.append((QUOTED, ""))
    elif present:
        if many:
            _positional(shell, part, chunks, shell.positional)
        else:
            chunks.append((QUOTED if part.quoted else SPLIT, value or ""))
    else:
        await _absent(shell, part, chunks)


async def _absent(shell: Shell, part: Parameter, chunks: list[Chunk]) -> None:
    """A parameter without a (usable) value: what `-`, `=`, `?` do then, or `set -u`."""
    operator = part.operator[-1:]
    if operator == "-":
        chunks += await _argument(shell, part)
    elif operator == "=":
        if not NAME.fullmatch(part.name):
            raise ShellError(f"{part.name}: bad variable name")
        value = await string(shell, part.arguments[0])
        shell.variables.set(part.name, value)
        chunks.append((QUOTED if part.quoted else SPLIT, value))
    elif operator == "?":
        unset = "parameter not set" if part.operator == "?" else "parameter not set or null"
        raise ShellError(f"{part.name}: {await string(shell, part.arguments[0]) or unset}")
    elif "u" in shell.options and part.name not in "@*":
        raise ShellError(f"{part.name}: parameter not set")
    elif part.quoted:
        chunks.append((QUOTED, ""))


async def _argument(shell: Shell, part: Parameter) -> list[Chunk]:
    chunks = await _chunks(shell, part.arguments[0].parts, SPLIT)
    return chunks or ([(QUOTED, "")] if part.quoted else [])


async def _length(shell: Shell, part: Parameter, value: str) -> str:
    return str(len(shell.positional) if part.name in "@*" else len(value))


async def _trim_prefix(shell: Shell, part: Parameter, value: str) -> str:
    expression = compile_pattern(await pattern(shell, part.arguments[0]), part.operator == "#")
    found = expression.match(value)
    return value[found.end() :] if found else value


async def _trim_suffix(shell: Shell, part: Parameter, value: str) -> str:
    expression = compile_pattern(await pattern(shell, part.arguments[0]))
    starts = range(len(value) + 1) if part.operator == "%%" else range(len(value), -1, -1)
    for start in starts:
        if expression.fullmatch(value, start):
            return value[:start]
    return value


async def _replace(shell: Shell, part: Parameter, value: str) -> str:
    """`${x/pattern/replacement}`; an empty pattern replaces nothing."""
    wanted = await pattern(shell, part.arguments[0])
    replacement = await string(shell, part.arguments[1]) if len(part.arguments) > 1 else ""
    if not wanted:
        return value
    return compile_pattern(wanted).sub(lambda _: replacement, value, count=part.operator == "/")


async def _change_case(shell: Shell, part: Parameter, value: str) -> str:
    """bash's `${x^}`, `${x^^}`, `${x,}`, `${x,,}`"""
    change = str.upper if part.operator[0] == "^" else str.lower
    return change(value) if len(part.operator) == 2 else change(value[:1]) + value[1:]


async def _offsets(shell: Shell, part: Parameter, size: int) -> slice:
    """`:offset:length` as a slice of `size` things; a negative offset counts from the end."""
    start = await arithmetic(shell, part.arguments[0])
    start = max(size + start, 0) if start < 0 else min(start, size)
    if len(part.arguments) == 1:
        return slice(start, size)
    length = await arithmetic(shell, part.arguments[1])
    return slice(start, max(start, size + length) if length < 0 else min(start + length, size))


async def _substring(shell: Shell, part: Parameter, value: str) -> str:
    return value[await _offsets(shell, part, len(value))]


async def _slice(shell: Shell, part: Parameter) -> list[str]:
    """`${@:2:3}`; number 0 is `$0`."""
    everything = [shell.special("0") or "", *shell.positional]
    return everything[await _offsets(shell, part, len(everything))]


_OPERATIONS: dict[str, Callable[[Shell, Parameter, str], Awaitable[str]]] = {
    "length": _length,
    "#": _trim_prefix,
    "##": _trim_prefix,
    "%": _trim_suffix,
    "%%": _trim_suffix,
    "/": _replace,
    "//": _replace,
    ":": _substring,
    "^": _change_case,
    "^^": _change_case,
    ",": _change_case,
    ",,": _change_case,
}
