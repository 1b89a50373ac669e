"""find: a walk through trees, and the grammar of the expression that each file is asked. Source: find(1), POSIX.

What can be asked is in predicates.py.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator

from sim.abi import Proc
from sim.programs.options import Failure, Output, Usage, complain, is_gnu, report
from sim.programs.predicates import (
    ACTIONS,
    BARE,
    SETTINGS,
    TESTS,
    Found,
    Search,
    Test,
    always,
    both,
    either,
    opposite,
    plain,
    printer,
    run_together,
)


async def find(proc: Proc) -> int:
    words = proc.argv[1:]
    async with Output(proc) as out:
        search = Search(proc, out)
        follow = False
        while words and words[0] in ("-H", "-L", "-P"):
            follow = words.pop(0) == "-L"
        paths = []
        while words and not words[0].startswith("-") and words[0] not in ("(", "!", ")", ","):
            paths.append(words.pop(0))
        try:
            test = Parser(search, words).parse()
            if proc.argv[1:] == ["--help"]:
                raise Usage()
            for path in paths or ["."]:
                await _walk(search, test, path, follow)
            await _finish(search)
        except Failure as failure:
            await complain(proc, failure.message)
            return 1
        except Usage:
            await proc.err("Usage: find [-HL] [PATH]... [OPTIONS] [ACTIONS]\n")
            return 0
    return search.status


async def _walk(search: Search, test: Test, path: str, follow: bool) -> None:
    """Depth-first with a stack of our own: a deep tree is no deep recursion."""
    start = await _look(search, path, 0, follow)
    if start is None:
        return
    device = start.stat.dev
    stack: list[tuple[Found, Iterator[str]]] = []
    current: Found | None = start
    while current is not None and not search.over:
        if not search.depth_first:
            await _ask(search, test, current)
        children = await _children(search, current, device)
        stack.append((current, iter(children)))
        current = None
        while stack and current is None:
            above, rest = stack[-1]
            entry = next(rest, None)
            if entry is None:
                stack.pop()
                if search.depth_first:
                    await _ask(search, test, above)
            else:
                current = await _look(search, f"{above.path.rstrip('/')}/{entry}", above.depth + 1, follow)


async def _look(search: Search, path: str, depth: int, follow: bool) -> Found | None:
    proc = search.proc
    try:
        try:
            found = proc.stat(path) if follow else proc.lstat(path)
        except FileNotFoundError:
            found = proc.lstat(path)
    except OSError as error:
        await _say(search, path, error)
        return None
    await proc.cpu(2e-6)
    return Found(path, path.rstrip("/").rpartition("/")[2] or path[:1], depth, found)


async def _children(search: Search, found: Found, device: int) -> list[str]:
    if not stat.S_ISDIR(found.stat.mode) or found.pruned or found.depth >= search.deepest:
        return []
    if search.same_device and found.stat.dev != device:
        return []
    try:
        return sorted(search.proc.listdir(found.path))
    except OSError as error:
        await _say(search, found.path, error)
        return []


async def _say(search: Search, path: str, error: OSError) -> None:
    search.status = 1
    shown = f"'{path}'" if is_gnu(search.proc) else path
    await report(search.proc, shown, error, "")


async def _ask(search: Search, test: Test, found: Found) -> None:
    if found.depth >= search.shallowest and not search.over:
        await test(found)


async def _finish(search: Search) -> None:
    for words, files in search.gathered:
        if files:
            await run_together(search, words, files)


class Parser:
    """From words to one test. Grammar: or = and {-o and}; and = not {[-a] not}; not = [!] primary."""

    def __init__(self, search: Search, words: list[str]) -> None:
        self.search, self.words = search, list(words)
        self.place = 0

    def parse(self) -> Test:
        """Raises Failure."""
        test = self._or() if self.words else always
        if self.place < len(self.words):
            raise self._unknown(self.words[self.place])
        if self.search.acts:
            return test
        return both(test, printer(self.search, "\n"))

    def _peek(self) -> str:
        return self.words[self.place] if self.place < len(self.words) else ""

    def _or(self) -> Test:
        test = self._and()
        while self._peek() in ("-o", "-or"):
            self.place += 1
            test = either(test, self._and())
        return test

    def _and(self) -> Test:
        test = self._not()
        while self._peek() not in ("", "-o", "-or", ")"):
            if self._peek() in ("-a", "-and"):
                self.place += 1
            test = both(test, self._not())
        return test

    def _not(self) -> Test:
        if self._peek() in ("!", "-not"):
            self.place += 1
            return opposite(self._not())
        word = self._peek()
        self.place += 1
        if word == "(":
            test = self._or()
            if self._peek() != ")":
                raise Failure("unpaired '('")
            self.place += 1
            return test
        return self._primary(word)

    def _primary(self, word: str) -> Test:
        if word in SETTINGS:
            return SETTINGS[word](self, word)
        if word in ACTIONS:
            if word != "-prune":
                self.search.acts = True
            return ACTIONS[word](self, word)
        if word in TESTS:
            return plain(TESTS[word](self, self.argument(word)))
        if word in BARE:
            return plain(BARE[word](self))
        raise self._unknown(word)

    def argument(self, word: str) -> str:
        if self.place >= len(self.words):
            gnu = is_gnu(self.search.proc)
            raise Failure(f"missing argument to `{word}'" if gnu else f"{word} requires an argument")
        self.place += 1
        return self.words[self.place - 1]

    def _unknown(self, word: str) -> Failure:
        if not is_gnu(self.search.proc):
            return Failure(f"unrecognized: {word}")
        return Failure(
            f"unknown predicate `{word}'" if word.startswith("-") else f"paths must precede expression: `{word}'"
        )
