"""grep, egrep, fgrep (POSIX grep, with -r, -o, -A, -B, -C)."""

from __future__ import annotations

import posixpath
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from sim.abi import Proc
from sim.programs.options import Failure, Options, Output, Usage, command, name
from sim.programs.text.inputs import Inputs, raw
from sim.programs.text.regex import BadRegex, Regex, compile, literal

SYNOPSIS = "[-HhnlLoqvsrRiwFEz] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]..."
ABOUT = "Search for PATTERN in FILEs (or stdin)"
LONG = {
    "ignore-case": "i", "invert-match": "v", "count": "c", "line-number": "n", "only-matching": "o", "quiet": "q",
    "recursive": "r", "extended-regexp": "E", "fixed-strings": "F", "word-regexp": "w", "line-regexp": "x",
    "files-with-matches": "l", "no-filename": "h", "with-filename": "H", "after-context:": "A", "before-context:": "B",
    "context:": "C", "max-count:": "m", "regexp:": "e", "file:": "f", "color::": "color", "colour::": "color",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for and how it is shown."""

    regexes: tuple[Regex, ...]
    options: Options
    named: bool
    before: int
    after: int
    most: float

    def hits(self, line: str) -> Iterator[tuple[int, int]]:
        """(start, end) of matches, in order; none for a line that does not match."""
        at = 0
        while at <= len(line):
            found = [match for regex in self.regexes if (match := self.one(regex, line, at)) is not None]
            if not found:
                return
            best = min(found, key=lambda match: (match[0], -match[1]))
            yield best
            at = best[1] if best[1] > best[0] else best[1] + 1

    def one(self, regex: Regex, line: str, at: int) -> tuple[int, int] | None:
        while (match := regex.search(line, at)) is not None:
            start, end = match.span()
            if "x" in self.options and (start, end) != (0, len(line)):
                return None
            if "w" not in self.options or not (_word(line, start - 1) or _word(line, end)):
                return start, end
            at = start + 1
        return None


def _word(line: str, at: int) -> bool:
    return 0 <= at < len(line) and (line[at].isalnum() or line[at] == "_")


@command("HhnlLoqvsrRiwFExcze:f:m:A:B:C:", synopsis=SYNOPSIS, about=ABOUT, long=LONG, status=2)
async def grep(proc: Proc, options: Options, operands: list[str]) -> int:
    names = list(operands)
    patterns = [line for value in options.all("e") for line in value.split("\n")]
    for file in options.all("f"):
        patterns += proc.read_file(file).decode(errors="surrogateescape").splitlines()
    if not patterns and "f" not in options:
        if not names:
            raise Usage
        patterns = names.pop(0).split("\n")
    fixed = "F" in options or name(proc) == "fgrep"
    extended = "E" in options or name(proc) == "egrep"
    try:
        regexes = tuple(
            literal(pattern, "i" in options) if fixed else compile(pattern, extended, "i" in options)
            for pattern in patterns
        )
    except BadRegex as error:
        raise Failure(f"bad regex '{patterns[0]}': {error}", 2) from None
    recursive = options.any("rR")
    files = [file for start in names or (["."] if recursive else ["-"]) for file in _files(proc, start, recursive)]
    context = int(options.get("C", "0"))
    search = Search(
        regexes, options, "h" not in options and ("H" in options or recursive or len(files) > 1),
        int(options.get("B", str(context))), int(options.get("A", str(context))), float(options.get("m", "inf")),
    )  # fmt: skip
    return await _search_all(proc, search, files)


def _files(proc: Proc, start: str, recursive: bool) -> Iterator[str]:
    """A file, or all files under a directory."""
    try:
        directory = recursive and start != "-" and stat.S_ISDIR(proc.stat(start).mode)
    except OSError:
        directory = False
    if not directory:
        yield start
        return
    for entry in sorted(proc.listdir(start)):
        yield from _files(proc, posixpath.join(start, entry) if start != "." else entry, True)


async def _search_all(proc: Proc, search: Search, files: list[str]) -> int:
    """0 something matched, 1 nothing, 2 an error."""
    found = failed = False
    async with Output(proc) as out:
        for file in files:
            inputs = Inputs(proc, [file])
            found = await _search_file(search, file, inputs, out) or found
            failed |= inputs.failed
            if found and "q" in search.options:
                inputs.close()
                return 0
    return 2 if failed and "s" not in search.options else int(not found)


async def _search_file(search: Search, file: str, inputs: Inputs, out: Output) -> bool:
    options = search.options
    shown_name = ("(standard input)" if file == "-" else file) if search.named else ""
    listing = options.any("lLqc")
    before: deque[tuple[int, str]] = deque(maxlen=search.before)
    count, number, after, last = 0, 0, 0, 0
    while count < search.most and (line := await inputs.line()) is not None:
        number += 1
        hits = list(search.hits(line))
        if bool(hits) == ("v" in options):
            if after and not listing:
                await _show(out, options, shown_name, number, "-", line)
                after, last = after - 1, number
            else:
                before.append((number, line))
            continue
        count += 1
        if options.any("lq"):
            break
        if listing:
            continue
        if (search.before or search.after) and last and number - len(before) > last + 1:
            await out.line("--")
        for earlier, text in before:
            await _show(out, options, shown_name, earlier, "-", text)
        before.clear()
        if "o" in options:
            for start, end in hits:
                if end > start:
                    await _show(out, options, shown_name, number, ":", line[start:end])
        else:
            await _show(out, options, shown_name, number, ":", line)
        after, last = search.after, number
    inputs.close()
    if "c" in options:
        await out.line(f"{shown_name}:{count}" if shown_name else str(count))
    elif ("l" in options and count) or ("L" in options and not count):
        await out.line("(standard input)" if file == "-" else file)
    return count > 0


async def _show(out: Output, options: Options, file: str, number: int, mark: str, line: str) -> None:
    prefix = (file + mark if file else "") + (f"{number}{mark}" if "n" in options else "")
    await out.write(raw(prefix + line) + b"\n")
