"""What find(1) can ask about a file and do with it: tests, settings, actions, and how they are combined."""

from __future__ import annotations

import fnmatch
import re
import stat
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.loop import SECOND
from sim.abi import Proc, Stat
from sim.programs import modes
from sim.programs.accounts import gid_of, uid_of
from sim.programs.options import Failure, Output, complain, is_gnu, report
from sim.programs.removing import read_line

TYPES = {"f": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK, "p": stat.S_IFIFO, "s": stat.S_IFSOCK,
         "b": stat.S_IFBLK, "c": stat.S_IFCHR}  # fmt: skip
SIZES = {"c": 1, "w": 2, "b": 512, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}
TOGETHER = 5000  # files for one command line of `-exec … +`


@dataclass(slots=True)
class Found:
    """The file that the expression is asked about."""

    path: str
    name: str
    depth: int
    stat: Stat
    pruned: bool = False


@dataclass(slots=True)
class Search:
    """One run of find."""

    proc: Proc
    out: Output
    deepest: float = float("inf")
    shallowest: int = 0
    depth_first: bool = False
    same_device: bool = False
    acts: bool = False  # an action other than -prune is in the expression
    status: int = 0
    over: bool = False
    gathered: list[tuple[list[str], list[str]]] = field(default_factory=list)  # `-exec … +`: (words, files)


Test = Callable[[Found], Coroutine[Any, Any, bool]]


class Words(Protocol):
    """The command line, as far as it is not read yet (find's parser)."""

    search: Search

    def argument(self, word: str) -> str: ...


async def run_together(search: Search, words: list[str], files: list[str]) -> None:
    await search.out.flush()
    place = words.index("{}") if "{}" in words else len(words)
    if await _run(search, [*words[:place], *files, *words[place + 1 :]]):
        search.status = 1
    files.clear()


async def _run(search: Search, argv: list[str]) -> int:
    status = await search.proc.run(argv)
    if status == 127 and search.proc.which(argv[0]) is None:
        shown = f"'{argv[0]}'" if is_gnu(search.proc) else argv[0]
        await complain(search.proc, f"{shown}: No such file or directory")
    return status


# -- combining


async def always(found: Found) -> bool:
    return True


def plain(check: Callable[[Found], bool]) -> Test:
    async def test(found: Found) -> bool:
        return check(found)

    return test


def both(left: Test, right: Test) -> Test:
    async def test(found: Found) -> bool:
        return await left(found) and await right(found)

    return test


def either(left: Test, right: Test) -> Test:
    async def test(found: Found) -> bool:
        return await left(found) or await right(found)

    return test


def opposite(inner: Test) -> Test:
    async def test(found: Found) -> bool:
        return not await inner(found)

    return test


# -- tests: each takes the parser and its argument, and gives a check

Check = Callable[[Found], bool]


def _compare(text: str) -> tuple[str, int]:
    """ "+5" -> ("+", 5). Raises Failure."""
    sign = text[:1] if text[:1] in "+-" else ""
    if not text[len(sign) :].isdigit():
        raise Failure(f"invalid number '{text}'")
    return sign, int(text[len(sign) :])


def _holds(sign: str, value: float, limit: float) -> bool:
    return value > limit if sign == "+" else value < limit if sign == "-" else value == limit


def _name(parser: Words, pattern: str, whole: bool = False, fold: bool = False) -> Check:
    matches = re.compile(fnmatch.translate(pattern.replace("[^", "[!")), re.IGNORECASE if fold else 0).match
    return lambda found: matches(found.path if whole else found.name) is not None


def _type(parser: Words, letters: str) -> Check:
    kinds = {TYPES.get(letter) for letter in letters.split(",")}
    if None in kinds:
        if is_gnu(parser.search.proc):
            raise Failure(f"Unknown argument to -type: {letters}")
        raise Failure(f"invalid argument '{letters}' to '-type'")
    return lambda found: stat.S_IFMT(found.stat.mode) in kinds


def _size(parser: Words, text: str) -> Check:
    unit = SIZES.get(text[-1:], 512)
    sign, count = _compare(text[:-1] if text[-1:] in SIZES else text)
    return lambda found: _holds(sign, -(-found.stat.size // unit), count)


def _age(unit: int) -> Callable[[Words, str], Check]:
    def made(parser: Words, text: str) -> Check:
        sign, count = _compare(text)
        now = parser.search.proc.now()
        return lambda found: _holds(sign, (now - found.stat.mtime) // (unit * SECOND), count)

    return made


def _newer(parser: Words, path: str) -> Check:
    moment = parser.search.proc.stat(path).mtime
    return lambda found: found.stat.mtime > moment


def _perm(parser: Words, text: str) -> Check:
    sign = text[:1] if text[:1] in "+-/" else ""
    try:
        bits = modes.change(text[len(sign) :], 0)
    except ValueError:
        raise Failure(f"invalid mode '{text}'") from None
    if sign == "-":
        return lambda found: found.stat.mode & bits == bits
    if sign:
        return lambda found: bool(found.stat.mode & bits) or not bits
    return lambda found: stat.S_IMODE(found.stat.mode) == bits


def _user(parser: Words, text: str) -> Check:
    uid = uid_of(parser.search.proc, text)
    return lambda found: found.stat.uid == uid


def _group(parser: Words, text: str) -> Check:
    gid = gid_of(parser.search.proc, text)
    return lambda found: found.stat.gid == gid


def _number(value: Callable[[Stat], int]) -> Callable[[Words, str], Check]:
    def made(parser: Words, text: str) -> Check:
        sign, count = _compare(text)
        return lambda found: _holds(sign, value(found.stat), count)

    return made


def _same(parser: Words, path: str) -> Check:
    other = parser.search.proc.stat(path)
    return lambda found: (found.stat.dev, found.stat.ino) == (other.dev, other.ino)


def _regex(parser: Words, pattern: str) -> Check:
    matches = re.compile(pattern.replace(r"\(", "(").replace(r"\)", ")").replace(r"\|", "|")).fullmatch
    return lambda found: matches(found.path) is not None


def _empty(parser: Words) -> Check:
    proc = parser.search.proc

    def check(found: Found) -> bool:
        if stat.S_ISDIR(found.stat.mode):
            return not proc.listdir(found.path)
        return stat.S_ISREG(found.stat.mode) and not found.stat.size

    return check


def _access(mode: int) -> Callable[[Words], Check]:
    return lambda parser: lambda found: parser.search.proc.access(found.path, mode)


TESTS: dict[str, Callable[[Words, str], Check]] = {
    "-name": _name,
    "-iname": lambda parser, text: _name(parser, text, fold=True),
    "-path": lambda parser, text: _name(parser, text, whole=True),
    "-wholename": lambda parser, text: _name(parser, text, whole=True),
    "-ipath": lambda parser, text: _name(parser, text, whole=True, fold=True),
    "-regex": _regex, "-type": _type, "-size": _size, "-newer": _newer, "-perm": _perm, "-samefile": _same,
    "-mtime": _age(86400), "-ctime": _age(86400), "-atime": _age(86400),
    "-mmin": _age(60), "-cmin": _age(60), "-amin": _age(60),
    "-user": _user, "-group": _group, "-uid": _number(lambda info: info.uid), "-gid": _number(lambda info: info.gid),
    "-inum": _number(lambda info: info.ino), "-links": _number(lambda info: info.nlink),
}  # fmt: skip
BARE: dict[str, Callable[[Words], Check]] = {
    "-empty": _empty, "-executable": _access(1), "-writable": _access(2), "-readable": _access(4),
    "-true": lambda parser: lambda found: True, "-false": lambda parser: lambda found: False,
}  # fmt: skip


# -- settings: true for every file


def _depth_limit(parser: Words, word: str) -> Test:
    text = parser.argument(word)
    if not text.isdigit():
        raise Failure(f"invalid number '{text}'")
    if word == "-maxdepth":
        parser.search.deepest = int(text)
    else:
        parser.search.shallowest = int(text)
    return always


def _switch(attribute: str) -> Callable[[Words, str], Test]:
    def made(parser: Words, word: str) -> Test:
        if attribute:
            setattr(parser.search, attribute, True)
        return always

    return made


SETTINGS: dict[str, Callable[[Words, str], Test]] = {
    "-maxdepth": _depth_limit, "-mindepth": _depth_limit, "-depth": _switch("depth_first"),
    "-xdev": _switch("same_device"), "-mount": _switch("same_device"), "-noleaf": _switch(""), "-follow": _switch(""),
}  # fmt: skip


# -- actions


def printer(search: Search, end: str) -> Test:
    async def action(found: Found) -> bool:
        await search.out.write(found.path + end)
        return True

    return action


def _delete(parser: Words, word: str) -> Test:
    search = parser.search
    search.depth_first = True

    async def action(found: Found) -> bool:
        if found.path in (".", ".."):
            return True
        try:
            (search.proc.rmdir if stat.S_ISDIR(found.stat.mode) else search.proc.unlink)(found.path)
        except OSError as error:
            search.status = 1
            verb = "delete" if is_gnu(search.proc) else ""
            await report(search.proc, found.path, error, verb)
            return False
        return True

    return action


def _prune(parser: Words, word: str) -> Test:
    async def action(found: Found) -> bool:
        found.pruned = True
        return True

    return action


def _quit(parser: Words, word: str) -> Test:
    async def action(found: Found) -> bool:
        parser.search.over = True
        return True

    return action


def _exec(parser: Words, word: str) -> Test:
    search, words = parser.search, list[str]()
    while (text := parser.argument(word)) not in (";", "+") or (text == "+" and words[-1:] != ["{}"]):
        words.append(text)
    if not words:
        raise Failure(f"{word} requires an argument")
    if text == "+":
        return _gather(search, words)

    async def action(found: Found) -> bool:
        argv = [part.replace("{}", found.path) for part in words]
        await search.out.flush()
        if word == "-ok" and not await _ok(search, argv):
            return False
        return await _run(search, argv) == 0

    return action


async def _ok(search: Search, argv: list[str]) -> bool:
    await search.proc.err(f"< {' '.join(argv)} > ? ")
    return (await read_line(search.proc))[:1] in (b"y", b"Y")


def _gather(search: Search, words: list[str]) -> Test:
    files: list[str] = []
    search.gathered.append((words, files))

    async def action(found: Found) -> bool:
        files.append(found.path)
        if len(files) >= TOGETHER:
            await run_together(search, words, files)
        return True

    return action


def _ls(parser: Words, word: str) -> Test:
    async def action(found: Found) -> bool:
        await parser.search.out.flush()
        return await _run(parser.search, ["ls", "-ilsd", found.path]) == 0

    return action


ACTIONS: dict[str, Callable[[Words, str], Test]] = {
    "-print": lambda parser, word: printer(parser.search, "\n"),
    "-print0": lambda parser, word: printer(parser.search, "\0"),
    "-delete": _delete, "-prune": _prune, "-quit": _quit, "-exec": _exec, "-ok": _exec, "-ls": _ls,
}  # fmt: skip
