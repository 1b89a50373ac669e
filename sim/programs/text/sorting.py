"""Order: sort, uniq, comm, shuf."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from random import Random
from typing import Any

from sim.abi import O_CREAT, O_TRUNC, O_WRONLY, Proc
from sim.programs.options import Failure, Options, Output, command
from sim.programs.text.inputs import Inputs, raw

COST = 2e-7  # seconds of CPU for one comparison
_NUMBER = re.compile(r"\s*(-?\d*\.?\d*)")
_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_MONTHS = ("", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, slots=True)
class Key:
    """-k F[.C][OPTS][,F[.C][OPTS]]; fields and characters from 1, `end` 0 is the end of the line."""

    field: int
    char: int
    end: int
    end_char: int
    flags: str

    def take(self, line: str, separator: str) -> str:
        begin = _position(line, separator, self.field, self.char, False)
        if not self.end:
            return line[begin:]
        return line[begin : _position(line, separator, self.end, self.end_char, True)]


def _fields(line: str, separator: str) -> list[tuple[int, int]]:
    """Where each field lies; without a separator, the blanks before a field belong to it."""
    if not separator:
        return [match.span() for match in re.finditer(r"\s*\S+", line)]
    spans, at = [], 0
    for part in line.split(separator):
        spans.append((at, at + len(part)))
        at += len(part) + 1
    return spans


def _position(line: str, separator: str, field: int, char: int, end: bool) -> int:
    spans = _fields(line, separator)
    if field > len(spans):
        return len(line)
    first, last = spans[field - 1]
    if end:
        return last if not char else min(first + char, len(line))
    return min(first + max(char, 1) - 1, len(line))


def key(text: str) -> Key:
    """Raises Failure."""
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?", text)
    if match is None or int(match[1]) == 0:
        raise Failure(f"bad field specification: {text}" if match is None else "-k: field numbers begin with 1", 2)
    return Key(int(match[1]), int(match[2] or 0), int(match[4] or 0), int(match[5] or 0), match[3] + (match[6] or ""))


def _human(text: str) -> tuple[int, float]:
    match = re.match(r"\s*(-?\d*\.?\d+)([KMGTP]?)", text)
    if match is None:
        return 0, 0.0
    value = float(match[1])
    return (_UNITS[match[2]] if value >= 0 else -_UNITS[match[2]]), value


def _numeric(text: str) -> float:
    match = _NUMBER.match(text)
    try:
        return float(match[1]) if match else 0.0
    except ValueError:
        return 0.0


def _version(text: str) -> list[tuple[int, int | str]]:
    return [(1, int(part)) if part.isdigit() else (0, part) for part in re.findall(r"\d+|\D+", text)]


def _month(text: str) -> int:
    word = text.strip()[:3].upper()
    return _MONTHS.index(word) if word in _MONTHS else 0


# the letter that says how → what to compare by
HOW: dict[str, Callable[[str], Any]] = {
    "n": _numeric, "g": _numeric, "h": _human, "V": _version, "M": _month,
}  # fmt: skip


def _plain(text: str, flags: str) -> str:
    if "b" in flags:
        text = text.lstrip()
    if "d" in flags:
        text = "".join(char for char in text if char.isalnum() or char in " \t")
    return text.upper() if "f" in flags else text


def comparison(keys: list[Key], flags: str, separator: str, stable: bool) -> Callable[[str, str], int]:
    def value(one: Key, line: str) -> tuple[Any, bool]:
        own = one.flags or flags
        how = next((HOW[letter] for letter in own if letter in HOW), None)
        text = one.take(line, separator)
        return (how(text) if how else raw(_plain(text, own))), "r" in own

    def compare(left: str, right: str) -> int:
        for one in keys:
            (a, reverse), (b, _) = value(one, left), value(one, right)
            if a != b:
                return (1 if a > b else -1) * (-1 if reverse else 1)
        if stable or left == right:
            return 0
        return (1 if raw(left) > raw(right) else -1) * (-1 if "r" in flags else 1)

    return compare


@command("ngMucszrhVbdfimo:k:t:ST:C",
         synopsis="[-nrughMcszbdfiokt] [-o FILE] [-k START[.OFS][OPTS][,END[.OFS][OPTS]] [FILE]...",
         about="Sort lines of text", status=2,
         long={"numeric-sort": "n", "reverse": "r", "unique": "u", "key:": "k", "field-separator:": "t", "output:": "o",
               "human-numeric-sort": "h", "ignore-case": "f", "stable": "s", "check": "c",
               "version-sort": "V"})  # fmt: skip
async def sort(proc: Proc, options: Options, operands: list[str]) -> int:
    flags = "".join(letter for letter in "ngMhVbdfr" if letter in options)
    separator = options.get("t")
    if "t" in options and len(separator) != 1:
        raise Failure("bad -t parameter", 2)
    keys = [key(text) for text in options.all("k")] or [Key(1, 0, 0, 0, "")]
    inputs = Inputs(proc, operands, b"\0" if "z" in options else b"\n", verb="open")
    lines = []
    while (line := await inputs.line()) is not None:
        lines.append(line)
    if inputs.failed:
        return 2
    compare = comparison(keys, flags, separator, stable=options.any("su"))
    if "c" in options:
        return await _check(proc, lines, compare)
    await proc.cpu(len(lines) * max(len(lines).bit_length(), 1) * COST)
    lines.sort(key=cmp_to_key(compare))
    if "u" in options:
        lines = [line for i, line in enumerate(lines) if i == 0 or compare(lines[i - 1], line) != 0]
    fd = proc.open(options["o"], O_WRONLY | O_CREAT | O_TRUNC) if "o" in options else 1
    async with Output(proc, fd) as out:
        for line in lines:
            await out.write(raw(line) + (b"\0" if "z" in options else b"\n"))
    return 0


async def _check(proc: Proc, lines: list[str], compare: Callable[[str, str], int]) -> int:
    for before, line in pairwise(lines):
        if compare(before, line) > 0:
            await proc.err(f"sort: disorder: {line}\n")
            return 1
    return 0


@command("cdiuf:s:w:z", synopsis="[-cduiz] [-f,s,w N] [FILE [OUTFILE]]", about="Discard duplicate lines",
         long={"count": "c", "repeated": "d", "unique": "u", "ignore-case": "i", "skip-fields:": "f",
               "skip-chars:": "s"},
         most=2)  # fmt: skip
async def uniq(proc: Proc, options: Options, operands: list[str]) -> int:
    def identity(line: str) -> str:
        text = re.sub(rf"^(?:\s*\S+){{0,{int(options.get('f', '0'))}}}", "", line)[int(options.get("s", "0")) :]
        text = text[: int(options["w"])] if "w" in options else text
        return text.lower() if "i" in options else text

    inputs = Inputs(proc, operands[:1], verb="open")
    fd = proc.open(operands[1], O_WRONLY | O_CREAT | O_TRUNC) if len(operands) > 1 else 1
    async with Output(proc, fd) as out:

        async def show(line: str, count: int) -> None:
            if ("d" in options and count < 2) or ("u" in options and count > 1):
                return
            await out.write((f"{count:7d} " if "c" in options else "").encode() + raw(line) + b"\n")

        held, count = "", 0
        while (line := await inputs.line()) is not None:
            if count and identity(line) == identity(held):
                count += 1
                continue
            if count:
                await show(held, count)
            held, count = line, 1
        if count:
            await show(held, count)
    return int(inputs.failed)


@command("123", synopsis="[-123] FILE1 FILE2", about="Compare FILE1 with FILE2", least=2, most=2)
async def comm(proc: Proc, options: Options, operands: list[str]) -> int:
    left, right = (Inputs(proc, [name]) for name in operands)
    indent = ["", "" if "1" in options else "\t", ("" if "1" in options else "\t") + ("" if "2" in options else "\t")]
    a, b = await left.line(), await right.line()
    async with Output(proc) as out:
        while a is not None or b is not None:
            column = 1 if b is None or (a is not None and raw(a) < raw(b)) else 2 if a is None or a != b else 3
            if str(column) not in options:
                await out.write(raw(indent[column - 1] + str(b if column == 2 else a)) + b"\n")
            if column != 2:
                a = await left.line()
            if column != 1:
                b = await right.line()
    return int(left.failed or right.failed)


@command("ei:n:o:zr", synopsis="[-n NUM] [-e [ARG...] | -i L-H | FILE]", about="Randomly permute lines")
async def shuf(proc: Proc, options: Options, operands: list[str]) -> int:
    """In an order drawn from the clock, which is the machine's only source of chance that a program has."""
    if "e" in options:
        lines = list(operands)
    elif "i" in options:
        low, _, high = options["i"].partition("-")
        lines = [str(n) for n in range(int(low), int(high) + 1)]
    else:
        inputs = Inputs(proc, operands, verb="open")
        lines = []
        while (line := await inputs.line()) is not None:
            lines.append(line)
    Random(proc.now()).shuffle(lines)
    if "o" in options:
        proc.dup2(proc.open(options["o"], O_WRONLY | O_CREAT | O_TRUNC), 1)
    async with Output(proc) as out:
        for line in lines[: int(options["n"])] if "n" in options else lines:
            await out.write(raw(line) + b"\n")
    return 0
