"""Two files side by side: cmp, diff."""

from __future__ import annotations

import difflib
import posixpath
import stat

from sim.abi import Proc
from sim.programs.options import Failure, Options, Output, command
from sim.programs.text.inputs import raw, text


@command("ls", synopsis="[-ls] FILE1 [FILE2]", about="Compare FILE1 with FILE2 (or stdin)", least=1, most=2, status=2)
async def cmp(proc: Proc, options: Options, operands: list[str]) -> int:
    left, right = [await _content(proc, name) for name in (*operands, "-")[:2]]
    if left == right:
        return 0
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), None)
    if "s" in options:
        return 1
    if at is None:
        shorter = operands[0] if len(left) < len(right) else operands[-1]
        await proc.err(f"cmp: EOF on {shorter}\n")
    else:
        line = left.count(b"\n", 0, at) + 1
        await proc.out(f"{operands[0]} {operands[-1]} differ: char {at + 1}, line {line}\n")
    return 1


async def _content(proc: Proc, name: str) -> bytes:
    try:
        return await proc.read_all(0) if name == "-" else proc.read_file(name)
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}", 2) from None


@command("abBdiL:NqrsS:tTU:uwy", synopsis="[-abBdiNqrTtw] [-L LABEL] [-U LINES] FILE1 FILE2",
         about="Compare files line by line and output the differences between them", least=2, most=2, status=2,
         long={"brief": "q", "unified::": "u", "recursive": "r", "ignore-case": "i", "new-file": "N"})  # fmt: skip
async def diff(proc: Proc, options: Options, operands: list[str]) -> int:
    """Unified, as busybox prints it; of directories with -r."""
    async with Output(proc) as out:
        return await _compare(proc, options, operands[0], operands[1], out)


async def _compare(proc: Proc, options: Options, old: str, new: str, out: Output) -> int:
    folders = [name != "-" and _is_directory(proc, name) for name in (old, new)]
    if all(folders):
        return await _folders(proc, options, old, new, out)
    if any(folders):
        inside = posixpath.basename(new if folders[0] else old)
        old, new = (posixpath.join(old, inside), new) if folders[0] else (old, posixpath.join(new, inside))
    left, right = [_lines(await _content(proc, name), options) for name in (old, new)]
    if [line for line, _ in left] == [line for line, _ in right]:
        return 0
    if "q" in options:
        await out.line(f"Files {old} and {new} differ")
        return 1
    given = options.all("L")
    first, second = [*given, old, new][:2] if len(given) != 1 else [given[0], new]
    context = int(options.get("U", "3") or 3)
    before, now = ([line for _, line in side] for side in (left, right))
    shown = difflib.unified_diff(before, now, first, second, n=context, lineterm="")
    for line in shown:
        await out.write(raw(line) + b"\n")
    return 1


def _lines(data: bytes, options: Options) -> list[tuple[str, str]]:
    """(what is compared, what is shown)"""
    found = []
    for line in text(data).splitlines():
        same = line.lower() if "i" in options else line
        same = "".join(same.split()) if "w" in options else " ".join(same.split()) if "b" in options else same
        found.append((same, line))
    return found


def _is_directory(proc: Proc, name: str) -> bool:
    try:
        return stat.S_ISDIR(proc.stat(name).mode)
    except OSError as error:
        raise Failure(f"can't stat '{name}': {error.strerror}", 2) from None


async def _folders(proc: Proc, options: Options, old: str, new: str, out: Output) -> int:
    status = 0
    for entry in sorted({*proc.listdir(old), *proc.listdir(new)}):
        here = [entry in proc.listdir(folder) for folder in (old, new)]
        if not all(here):
            await out.line(f"Only in {old if here[0] else new}: {entry}")
            status = 1
            continue
        paths = posixpath.join(old, entry), posixpath.join(new, entry)
        if all(_is_directory(proc, path) for path in paths) and "r" not in options:
            await out.line(f"Common subdirectories: {paths[0]} and {paths[1]}")
            continue
        status |= await _compare(proc, options, *paths, out)
    return status
