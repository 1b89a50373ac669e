"""split, expand, unexpand, xxd: texts in pieces, in other columns, in other digits. Source: POSIX, xxd(1)."""

from __future__ import annotations

import re
import string
from itertools import product

from sim.abi import Proc
from sim.programs.options import Failure, Options, Output, command, report
from sim.programs.text.parts import amount


async def _read(proc: Proc, names: list[str]) -> tuple[bytes, int]:
    """All of the files (or standard input), and the exit status."""
    parts, status = [], 0
    for name in names or ["-"]:
        try:
            parts.append(await proc.read_all() if name == "-" else proc.read_file(name))
        except OSError as error:
            await report(proc, name, error)
            status = 1
    return b"".join(parts), status


@command("l:b:a:d", synopsis="[OPTIONS] [INPUT [PREFIX]]", about="Split a file into pieces", most=2,
         long={"lines:": "l", "bytes:": "b", "suffix-length:": "a", "numeric-suffixes": "d"})  # fmt: skip
async def split(proc: Proc, options: Options, operands: list[str]) -> int:
    data, status = await _read(proc, operands[:1])
    if status:
        return status
    if "b" in options:
        size = amount(options["b"])
        pieces = [data[at : at + size] for at in range(0, len(data), max(1, size))]
    else:
        count, lines = amount(options.get("l", "1000")), data.splitlines(keepends=True)
        pieces = [b"".join(lines[at : at + count]) for at in range(0, len(lines), max(1, count))]
    length = amount(options.get("a", "2"))
    letters = string.digits if "d" in options else string.ascii_lowercase
    if len(pieces) > len(letters) ** length:
        raise Failure("suffixes exhausted")
    prefix = operands[1] if len(operands) > 1 else "x"
    for suffix, piece in zip(product(letters, repeat=length), pieces, strict=False):
        proc.write_file(prefix + "".join(suffix), piece)
    return 0


@command("it:", synopsis="[-i] [-t N] [FILE]...", about="Convert tabs to spaces, writing to stdout",
         long={"initial": "i", "tabs:": "t"})  # fmt: skip
async def expand(proc: Proc, options: Options, operands: list[str]) -> int:
    data, status = await _read(proc, operands)
    width = max(1, amount(options.get("t", "8")))
    for line in data.splitlines(keepends=True):
        head = line[: len(line) - len(line.lstrip(b" \t"))] if "i" in options else line
        await proc.out(head.expandtabs(width) + line[len(head) :])
    return status


@command("at:", synopsis="[-a] [-t N] [FILE]...", about="Convert spaces to tabs, writing to stdout",
         long={"all": "a", "tabs:": "t", "first-only": "f"})  # fmt: skip
async def unexpand(proc: Proc, options: Options, operands: list[str]) -> int:
    data, status = await _read(proc, operands)
    width = max(1, amount(options.get("t", "8")))
    for line in data.splitlines(keepends=True):
        plain = line.expandtabs(width)
        columns = [plain[at : at + width] for at in range(0, len(plain), width)]
        done = b""
        for at, column in enumerate(columns):
            leading = not b"".join(columns[: at + 1]).strip(b" ")
            shrinks = (leading or "a" in options or "t" in options) and len(column) == width and column.endswith(b" ")
            done += column.rstrip(b" ") + b"\t" if shrinks else column
        await proc.out(done)
    return status


@command("pril:c:s:g:u", synopsis="[-pri] [-g N] [-c N] [-l LEN] [-s OFS] [FILE]", about="Hex dump FILE (or stdin)",
         most=2)  # fmt: skip
async def xxd(proc: Proc, options: Options, operands: list[str]) -> int:
    data, status = await _read(proc, operands[:1])
    if status:
        return status
    if "r" in options:
        await proc.out(_undumped(data.decode(errors="replace"), "p" in options))
        return 0
    start = amount(options.get("s", "0"))
    data = data[start : start + amount(options["l"])] if "l" in options else data[start:]
    digits = data.hex().upper() if "u" in options else data.hex()
    if "p" in options:
        width = 2 * amount(options.get("c", "30"))
        await proc.out("".join(digits[at : at + width] + "\n" for at in range(0, len(digits), width)))
        return 0
    columns, group = amount(options.get("c", "16")), amount(options.get("g", "2")) or 256
    whole = 2 * columns + -(-columns // group) - 1
    async with Output(proc) as out:
        for at in range(0, len(data), columns):
            row = digits[2 * at : 2 * (at + columns)]
            words = " ".join(row[word : word + 2 * group] for word in range(0, len(row), 2 * group))
            text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data[at : at + columns])
            await out.line(f"{start + at:08x}: {words:<{whole}}  {text}")
    return 0


def _undumped(text: str, plain: bool) -> bytes:
    """The bytes of a dump; what comes after two spaces is no digit."""
    lines = text.splitlines()
    if not plain:
        lines = [line.partition(":")[2].strip(" ").partition("  ")[0] for line in lines]
    digits = "".join(re.sub(r"[^0-9a-fA-F]", "", line) for line in lines)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])
