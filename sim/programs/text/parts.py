"""Parts of a text: head, tail, cut, wc, split, tee, nl, tac, rev, strings."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from sim.abi import O_APPEND, O_CREAT, O_TRUNC, O_WRONLY, Proc
from sim.programs.options import Failure, Options, Output, command, is_gnu, report
from sim.programs.text.inputs import Inputs, raw

SUFFIXES = {"": 1, "b": 512, "k": 1024, "K": 1024, "m": 1 << 20, "M": 1 << 20, "g": 1 << 30, "G": 1 << 30}
FOLLOW = 1.0  # seconds between two looks of `tail -f`


def amount(text: str) -> int:
    """ "10", "2k". Raises Failure."""
    match = re.fullmatch(r"(\d+)([bkKmMgG]?)", text)
    if match is None:
        raise Failure(f"invalid number '{text}'")
    return int(match[1]) * SUFFIXES[match[2]]


async def _open(proc: Proc, name: str) -> int | None:
    try:
        return 0 if name == "-" else proc.open(name)
    except OSError as error:
        await report(proc, name, error, "" if not is_gnu(proc) else "open")
        return None


@command("n:c:qv", synopsis="[OPTIONS] [FILE]...", about="Print first 10 lines of FILEs (or stdin)", digits="n",
         long={"lines:": "n", "bytes:": "c", "quiet": "q", "verbose": "v"})  # fmt: skip
async def head(proc: Proc, options: Options, operands: list[str]) -> int:
    text = options.get("c") or options.get("n", "10")
    count, from_end = amount(text.lstrip("-+")), text.startswith("-")
    status = 0
    for index, name in enumerate(operands or ["-"]):
        fd = await _open(proc, name)
        if fd is None:
            status = 1
            continue
        await _title(proc, options, operands, name, index)
        if "c" in options:
            await _head_bytes(proc, fd, count, from_end)
        else:
            await _head_lines(proc, fd, count, from_end)
        if fd:
            proc.close(fd)
    return status


async def _title(proc: Proc, options: Options, names: list[str], name: str, index: int) -> None:
    if (len(names) > 1 or "v" in options) and "q" not in options:
        shown = "standard input" if name == "-" else name
        await proc.out(("\n" if index else "") + f"==> {shown} <==\n")


async def _head_bytes(proc: Proc, fd: int, count: int, from_end: bool) -> None:
    if from_end:
        data = await proc.read_all(fd)
        await proc.write(1, data[: max(len(data) - count, 0)])
        return
    while count > 0 and (data := await proc.read(fd, min(count, 65536))):
        count -= len(data)
        await proc.write(1, data)


async def _head_lines(proc: Proc, fd: int, count: int, from_end: bool) -> None:
    if from_end:
        lines = (await proc.read_all(fd)).splitlines(keepends=True)
        await proc.write(1, b"".join(lines[: max(len(lines) - count, 0)]))
        return
    while count > 0 and (data := await proc.read(fd)):
        lines = data.splitlines(keepends=True)[:count]
        await proc.write(1, b"".join(lines))
        count -= sum(line.endswith(b"\n") for line in lines)


@command("n:c:fFqvs:", synopsis="[OPTIONS] [FILE]...", about="Print last 10 lines of FILEs (or stdin)", digits="n",
         long={"lines:": "n", "bytes:": "c", "follow": "f", "quiet": "q", "verbose": "v", "retry": "F"})  # fmt: skip
async def tail(proc: Proc, options: Options, operands: list[str]) -> int:
    text = options.get("c") or options.get("n", "10")
    count = amount(text.lstrip("-+"))
    status, followed = 0, []
    for index, name in enumerate(operands or ["-"]):
        fd = await _open(proc, name)
        if fd is None:
            status = 1
            continue
        await _title(proc, options, operands, name, index)
        await _tail_of(proc, fd, count, "c" in options, from_start=text.startswith("+"))
        followed.append(fd)
    while options.any("fF") and followed and operands:
        await proc.sleep(FOLLOW)
        for fd in followed:
            while data := await proc.read(fd):
                await proc.write(1, data)
    return status


async def _tail_of(proc: Proc, fd: int, count: int, in_bytes: bool, from_start: bool) -> None:
    if in_bytes:
        data = await proc.read_all(fd)
        await proc.write(1, data[count - 1 if count else 0 :] if from_start else data[max(len(data) - count, 0) :])
        return
    if from_start:
        skip = max(count - 1, 0)
        async for line in proc.lines(fd):
            if skip:
                skip -= 1
            else:
                await proc.write(1, line)
        return
    kept: deque[bytes] = deque(maxlen=count)
    async for line in proc.lines(fd):
        kept.append(line)
    await proc.write(1, b"".join(kept))


CONTINUING = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that begin no letter


@command("lwcmL", synopsis="[-cmlwL] [FILE]...", about="Count lines, words, and bytes for FILEs (or stdin)",
         long={"lines": "l", "words": "w", "bytes": "c", "chars": "m", "max-line-length": "L"})  # fmt: skip
async def wc(proc: Proc, options: Options, operands: list[str]) -> int:
    wanted = [letter for letter in "lwmcL" if letter in options] or ["l", "w", "c"]
    totals = dict.fromkeys("lwmcL", 0)
    status = 0
    rows: list[tuple[dict[str, int], str]] = []
    for name in operands or ["-"]:
        fd = await _open(proc, name)
        if fd is None:
            status = 1
            continue
        counts = await _counted(proc, fd)
        if fd:
            proc.close(fd)
        rows.append((counts, name))
        totals = {key: totals[key] + counts[key] if key != "L" else max(totals[key], counts[key]) for key in totals}
    if len(rows) > 1:
        rows.append((totals, "total"))
    alone = len(wanted) == 1 and len(rows) == 1
    for counts, name in rows:
        shown = " ".join(str(counts[key]) if alone else f"{counts[key]:9d}" for key in wanted)
        await proc.out(shown + ("" if not operands else f" {name}") + "\n")
    return status


async def _counted(proc: Proc, fd: int) -> dict[str, int]:
    counts = dict.fromkeys("lwmcL", 0)
    in_word, width = False, 0
    while data := await proc.read(fd):
        counts["c"] += len(data)
        counts["l"] += data.count(b"\n")
        counts["m"] += len(data.translate(None, CONTINUING))
        words = data.split()
        counts["w"] += len(words) - (in_word and bool(words) and not data[:1].isspace())
        in_word = not data[-1:].isspace()
        for line in data.splitlines(keepends=True):
            width += len(line.rstrip(b"\n"))
            counts["L"] = max(counts["L"], width)
            width = 0 if line.endswith(b"\n") else width
    return counts


def ranges(text: str) -> list[tuple[int, int | None]]:
    """cut's lists: "1,3-5,7-" as [(1, 1), (3, 5), (7, None)]. Raises Failure."""
    found: list[tuple[int, int | None]] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if match is None or part in ("", "-"):
            raise Failure(f"invalid range '{text}'")
        first, dash, last = match.groups()
        begin = int(first or 1)
        end = (int(last) if last else None) if dash else begin
        if begin < 1 or (end is not None and end < begin):
            raise Failure(f"invalid range {first or 1}-{last}" if dash else "fields and positions are numbered from 1")
        found.append((begin, end))
    return sorted(found, key=lambda pair: pair[0])


@command("b:c:f:d:ns", synopsis="{-b|c LIST | -f LIST [-d SEP] [-s]} [FILE]...",
         about="Print selected fields from FILEs to stdout",
         long={"bytes:": "b", "characters:": "c", "fields:": "f", "delimiter:": "d", "only-delimited": "s",
               "output-delimiter:": "output-delimiter", "complement": "complement"})  # fmt: skip
async def cut(proc: Proc, options: Options, operands: list[str]) -> int:
    kind = options.last("bcf")
    if not kind:
        raise Failure("you must specify a list of bytes, characters, or fields" if is_gnu(proc) else
                      "expected a list of bytes, characters, or fields")  # fmt: skip
    wanted = ranges(options[kind])
    delimiter = options.get("d", "\t")
    if len(delimiter) != 1:
        raise Failure("the delimiter must be a single character")
    complement = "complement" in options

    def chosen(n: int) -> bool:
        return any(a <= n and (b is None or n <= b) for a, b in wanted) != complement

    inputs = Inputs(proc, operands, verb="open")
    async with Output(proc) as out:
        while (line := await inputs.line()) is not None:
            if kind != "f":
                await out.write(raw("".join(char for n, char in enumerate(line, 1) if chosen(n))) + b"\n")
            elif delimiter in line:
                parts = [part for n, part in enumerate(line.split(delimiter), 1) if chosen(n)]
                await out.write(raw(options.get("output-delimiter", delimiter).join(parts)) + b"\n")
            elif "s" not in options:
                await out.write(raw(line) + b"\n")
    return int(inputs.failed)


@command("ai", synopsis="[-ai] [FILE]...", about="Copy stdin to each FILE, and also to stdout", long={"append": "a"})
async def tee(proc: Proc, options: Options, operands: list[str]) -> int:
    flags = O_WRONLY | O_CREAT | (O_APPEND if "a" in options else O_TRUNC)
    fds, status = [1], 0
    for name in operands:
        try:
            fds.append(proc.open(name, flags))
        except OSError as error:
            await report(proc, name, error, "")
            status = 1
    while data := await proc.read(0):
        for fd in fds:
            await proc.write(fd, data)
    return status


async def _changed(proc: Proc, names: list[str], change: Callable[[list[str]], list[str]]) -> int:
    inputs = Inputs(proc, names, verb="open")
    lines = []
    while (line := await inputs.line()) is not None:
        lines.append(line)
    async with Output(proc) as out:
        for line in change(lines):
            await out.write(raw(line) + b"\n")
    return int(inputs.failed)


@command("", synopsis="[FILE]...", about="Concatenate FILEs and print them in reverse")
async def tac(proc: Proc, options: Options, operands: list[str]) -> int:
    return await _changed(proc, operands, lambda lines: lines[::-1])


@command("", synopsis="[FILE]...", about="Reverse lines of FILE")
async def rev(proc: Proc, options: Options, operands: list[str]) -> int:
    return await _changed(proc, operands, lambda lines: [line[::-1] for line in lines])


@command("b:i:n:s:v:w:", synopsis="[OPTIONS] [FILE]...", about="Write FILEs to standard output with line numbers added")
async def nl(proc: Proc, options: Options, operands: list[str]) -> int:
    inputs = Inputs(proc, operands, verb="open")
    number, step = int(options.get("v", "1")), int(options.get("i", "1"))
    width, separator, body = int(options.get("w", "6")), options.get("s", "\t"), options.get("b", "t")
    async with Output(proc) as out:
        while (line := await inputs.line()) is not None:
            if line or body == "a":
                await out.write(raw(f"{number:{width}d}{separator}{line}\n"))
                number += step
            else:
                await out.write(raw(" " * (width + len(separator)) + "\n"))
    return int(inputs.failed)


@command("n:ao", synopsis="[-fo] [-n LEN] [FILE]...", about="Display printable strings in a binary file", digits="n")
async def strings(proc: Proc, options: Options, operands: list[str]) -> int:
    least = int(options.get("n", "4"))
    status = 0
    for name in operands or ["-"]:
        fd = await _open(proc, name)
        if fd is None:
            status = 1
            continue
        for found in re.findall(rb"[\t\x20-\x7e]{%d,}" % least, await proc.read_all(fd)):
            await proc.write(1, found + b"\n")
    return status
