"""How a command of the simulated machine is declared: its options, its help, its errors.

    @command("la", synopsis="[-la] [FILE]...", about="List directory contents")
    async def ls(proc: Proc, options: Options, operands: list[str]) -> int:
        if "l" in options: ...

The parsing is getopt_long(3): bundled letters, values, `--`, options after operands (unless `short` begins with "+"),
unambiguous abbreviations of long names. The texts are BusyBox's, or GNU's if the program file is not busybox.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from sim.abi import Main, Proc

BANNER = "BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary."
Command = Callable[[Proc, "Options", list[str]], Coroutine[Any, Any, int]]


class Failure(Exception):
    """Ends a command with "NAME: message" on standard error."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.message, self.status = message, status


class Usage(Exception):
    """Ends a command with its usage; `message` is said before it."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class Options:
    """Options as they were given, in order: (letter or long name, value); the value is "" for a plain switch."""

    __slots__ = ("given",)

    def __init__(self, given: list[tuple[str, str]]) -> None:
        self.given = given

    def __contains__(self, name: str) -> bool:
        return any(found == name for found, _ in self.given)

    def __getitem__(self, name: str) -> str:
        """The last value. Raises KeyError if the option was not given."""
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return values[-1]

    def get(self, name: str, default: str = "") -> str:
        values = self.all(name)
        return values[-1] if values else default

    def all(self, name: str) -> list[str]:
        return [value for found, value in self.given if found == name]

    def count(self, name: str) -> int:
        return len(self.all(name))

    def any(self, names: str) -> bool:
        """One of these letters was given."""
        return any(found in names for found, _ in self.given)

    def last(self, names: str) -> str:
        """Of options that exclude each other, the letter that was given last; "" if none."""
        return next((found for found, _ in reversed(self.given) if found in names), "")


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a command takes. Argument kinds as in getopt(3): 0 none, 1 required (":"), 2 optional ("::")."""

    letters: Mapping[str, int]
    names: Mapping[str, tuple[str, int]]  # long name -> (key in Options, kind)
    stops: bool  # at the first operand
    digits: str  # the option that a bare -NUMBER stands for

    @classmethod
    def of(cls, short: str, long: Mapping[str, str], digits: str = "") -> Grammar:
        """`short` as for getopt(3); `long` {"name", "name:" or "name::": letter, or the name itself}."""
        letters = {}
        spec = short.removeprefix("+")
        for index, letter in enumerate(spec):
            if letter != ":":
                rest = spec[index + 1 : index + 3]
                letters[letter] = len(rest) - len(rest.lstrip(":"))
        names = {}
        for declared, key in long.items():
            name = declared.rstrip(":")
            names[name] = key, letters.get(key, 0) if len(key) == 1 else len(declared) - len(name)
        return cls(letters, names, short.startswith("+"), digits)


def parse(grammar: Grammar, words: list[str]) -> tuple[Options, list[str]]:
    """Raises Usage with getopt_long's message (without the command's name)."""
    given: list[tuple[str, str]] = []
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            operands.extend(rest)
        elif word.startswith("--"):
            given.append(_long(grammar, word, rest))
        elif grammar.digits and word[:1] == "-" and word[1:].isdigit():
            given.append((grammar.digits, word[1:]))
        elif word.startswith("-") and word != "-":
            given.extend(_bundle(grammar, word[1:], rest))
        else:
            operands.append(word)
            if grammar.stops:
                operands.extend(rest)
    return Options(given), operands


def _bundle(grammar: Grammar, letters: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    """`-la`, `-n5`, `-n 5`."""
    while letters:
        letter, letters = letters[0], letters[1:]
        kind = grammar.letters.get(letter)
        if kind is None:
            raise Usage(f"invalid option -- '{letter}'")
        value = ""
        if kind:
            value, letters = letters, ""
            if not value and kind == 1:
                value = _next(rest, f"option requires an argument -- '{letter}'")
        yield letter, value


def _long(grammar: Grammar, word: str, rest: Iterator[str]) -> tuple[str, str]:
    """`--name`, `--name=value`, `--name value`."""
    name, equals, value = word[2:].partition("=")
    found = {grammar.names[name]} if name in grammar.names else _abbreviated(grammar, name)
    if not found:
        raise Usage(f"unrecognized option '{word}'")
    if len(found) > 1:
        likely = " ".join(f"'--{full}'" for full in grammar.names if full.startswith(name))
        raise Usage(f"option '{word}' is ambiguous; possibilities: {likely}")
    ((key, kind),) = found
    full = name if name in grammar.names else next(full for full in grammar.names if full.startswith(name))
    if equals and not kind:
        raise Usage(f"option '--{full}' doesn't allow an argument")
    if kind == 1 and not equals:
        value = _next(rest, f"option '--{full}' requires an argument")
    return key, value


def _abbreviated(grammar: Grammar, name: str) -> set[tuple[str, int]]:
    return {target for full, target in grammar.names.items() if full.startswith(name)}


def _next(rest: Iterator[str], message: str) -> str:
    for word in rest:
        return word
    raise Usage(message)


def command(
    short: str = "",
    *,
    synopsis: str,
    about: str,
    long: Mapping[str, str] | None = None,
    gnu: Mapping[str, str] | None = None,
    least: int = 0,
    most: int | None = None,
    status: int = 1,
    gnu_status: int | None = None,
    digits: str = "",
) -> Callable[[Command], Main]:
    """Make a program of `async def f(proc, options, operands) -> int`.

    `gnu`: long options that only GNU's program knows. `least`, `most`: how many operands. `status`: the exit status
    after wrong usage (`gnu_status`: GNU's, if it is another).
    """
    plain = Grammar.of(short, long or {}, digits)
    full = Grammar.of(short, {**(long or {}), **(gnu or {})}, digits)

    def decorate(function: Command) -> Main:
        @wraps(function)
        async def main(proc: Proc) -> int:
            if proc.argv[1:] == ["--help"]:
                return await _help(proc, synopsis, about)
            try:
                options, operands = parse(full if is_gnu(proc) else plain, proc.argv[1:])
                _count(proc, operands, least, most)
                return await function(proc, options, operands)
            except Failure as failure:
                await complain(proc, failure.message)
                return failure.status
            except Usage as usage:
                await _wrong(proc, usage.message, synopsis, about)
                return status if gnu_status is None or not is_gnu(proc) else gnu_status
            except BrokenPipeError:  # SIGPIPE is ignored
                await complain(proc, "write error: Broken pipe")
                return 1
            except InterruptedError:
                raise
            except OSError as error:
                await report(proc, error.filename or "", error, "")
                return 1

        return main

    return decorate


def _count(proc: Proc, operands: list[str], least: int, most: int | None) -> None:
    if len(operands) < least:
        after = f" after '{operands[-1]}'" if operands else ""
        raise Usage(f"missing operand{after}" if is_gnu(proc) else "")
    if most is not None and len(operands) > most:
        raise Usage(f"extra operand '{operands[most]}'" if is_gnu(proc) else "")


async def _help(proc: Proc, synopsis: str, about: str) -> int:
    if is_gnu(proc):
        await proc.out(f"Usage: {proc.argv[0]} {synopsis}\n{about}.\n")
    else:
        await proc.err(_usage(proc, synopsis, about))
    return 0


async def _wrong(proc: Proc, message: str, synopsis: str, about: str) -> None:
    said = f"{name(proc)}: {message}\n" if message else ""
    advice = f"Try '{proc.argv[0]} --help' for more information.\n" if is_gnu(proc) else _usage(proc, synopsis, about)
    await proc.err(said + advice)


def _usage(proc: Proc, synopsis: str, about: str) -> str:
    return f"{BANNER}\n\nUsage: {name(proc)} {synopsis}".rstrip() + f"\n\n{about}\n"


# -- what commands say


def name(proc: Proc) -> str:
    """The command's name, as in its messages."""
    return proc.argv[0].rpartition("/")[2].removeprefix("-")


def is_gnu(proc: Proc) -> bool:
    return proc.program != "busybox"


async def complain(proc: Proc, message: str) -> None:
    await proc.err(f"{name(proc)}: {message}\n")


async def report(proc: Proc, path: str, error: OSError, verb: str = "open") -> None:
    """Word a failed system call as the flavour does; `verb` is what was tried, "" for the path alone.

    >>> # busybox:  cat: can't open 'x': No such file or directory    ls: x: No such file or directory
    >>> # GNU:      cat: x: No such file or directory                 rm: cannot remove 'x': No such file or directory
    """
    why = error.strerror or str(error)
    if not path:
        await complain(proc, why)
    elif not verb or (verb == "open" and is_gnu(proc)):
        await complain(proc, f"{path}: {why}")
    else:
        cannot = "cannot" if is_gnu(proc) else "can't"
        await complain(proc, f"{cannot} {verb} '{path}': {why}")


class Output:
    """Buffered standard output: written when it is large, and at the end of `async with`."""

    __slots__ = ("_held", "_parts", "_proc", "fd")

    LARGE = 32768  # bytes

    def __init__(self, proc: Proc, fd: int = 1) -> None:
        self._proc, self.fd = proc, fd
        self._parts: list[bytes] = []
        self._held = 0

    async def write(self, text: str | bytes) -> None:
        data = text.encode(errors="surrogateescape") if isinstance(text, str) else text
        self._parts.append(data)
        self._held += len(data)
        if self._held >= self.LARGE:
            await self.flush()

    async def line(self, text: str = "") -> None:
        await self.write(text + "\n")

    async def flush(self) -> None:
        parts, self._parts, self._held = self._parts, [], 0
        if parts:
            await self._proc.write(self.fd, b"".join(parts))

    async def __aenter__(self) -> Output:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None or issubclass(kind, (Failure, Usage)):
            await self.flush()
