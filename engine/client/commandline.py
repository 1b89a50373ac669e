"""docker's command line as data: each command's help page is its table of options.

`help/*.txt` holds what `docker COMMAND --help` prints. The same text says which options there are, whether they take a
value and of which kind, and how many arguments are allowed; so the help cannot differ from what is accepted. Parsing
follows pflag (github.com/spf13/pflag), errors and exit codes are those of docker 28.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from engine.client.values import CHECKED, KINDS, LISTS

HELP = Path(__file__).parent / "help"
# after the first argument of these, everything belongs to the container's command
STOP_AT_ARGUMENT = {"run", "create", "exec", "top"}

# more arguments than these need are taken without a word
UNCOUNTED = {"import"}

# older names that docker still takes and no longer shows
HIDDEN = {"dns-opt": "dns-option", "net": "network", "net-alias": "network-alias"}

_OPTION = re.compile(r"^ {2,6}(?:-(?P<short>\w), )?--(?P<name>[a-z0-9-]+)(?: (?P<kind>[a-z][A-Za-z0-9-]*))?(?: {2,}|$)")
_ALIASES = re.compile(r"^Aliases:\n {2}(.*)$", re.M)


class UsageError(Exception):
    """What docker prints on standard error, and its exit code."""

    def __init__(self, text: str, code: int = 125) -> None:
        super().__init__(text)
        self.code = code


class HelpWanted(Exception):
    """`--help` was given: the page to print."""


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    short: str
    kind: str  # "bool", "string", "list", "int", …; see values.KINDS

    def label(self) -> str:
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `stem` names its page, `path` is how the page calls it ("container prune").

    `least` and `most` count its arguments; None: any number.
    """

    stem: str
    path: str
    usage: str
    page: str
    options: dict[str, Option]
    least: int
    most: int | None

    def by_letter(self, letter: str) -> Option | None:
        return next((option for option in self.options.values() if option.short == letter), None)


# what a command takes and its page does not show
UNSHOWN = {"volume-create": {"name": Option("name", "", "string")}}


@dataclass(slots=True)
class Parsed:
    """`given` has only the options that were on the line."""

    command: Command
    arguments: list[str] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        return self.given.get(name, default)

    def flag(self, name: str) -> bool:
        return bool(self.given.get(name, False))

    def values(self, name: str) -> list[Any]:
        """All values of an option that may be repeated: strings, or what its kind makes of them."""
        return [*self.given.get(name, ())]


@cache
def command(stem: str) -> Command:
    """The command whose page is help/STEM.txt. Raises FileNotFoundError."""
    page = (HELP / f"{stem}.txt").read_text(encoding="utf-8")
    usage = page.split("\n\n", 1)[0].removeprefix("Usage:  docker ")
    words = usage.split("\n")[0].split(" ")
    path_length = next((i for i, word in enumerate(words) if not word.islower() or not word.isalpha()), len(words))
    options = {m["name"]: Option(m["name"], m["short"] or "", m["kind"] or "bool")
               for line in page.split("\n") if (m := _OPTION.match(line))}  # fmt: skip
    options |= UNSHOWN.get(stem, {})
    least, most = _arity(words[path_length:])
    most = None if stem in UNCOUNTED else most
    return Command(stem.replace("-", " "), " ".join(words[:path_length]), usage, page, options, least, most)


def _arity(words: Sequence[str]) -> tuple[int, int | None]:
    """(least, most) arguments, from the usage line: A B [C] or A [A...]."""
    needed = [word for word in words if not word.startswith("[") and word not in ("OPTIONS]", "|")]
    needed = needed[: len(needed) - words.count("|")]  # A | B is one of them
    optional = [word for word in words if word.startswith("[") and word != "[OPTIONS]"]
    if any("..." in word for word in optional) or (optional and optional[0] == "[ps"):
        return len(needed), None
    return len(needed), len(needed) + len(optional)


@cache
def _aliases() -> dict[tuple[str, ...], str]:
    """Every way to write a command → the stem of its page, read from the pages' `Aliases:` lines."""
    found: dict[tuple[str, ...], str] = {}
    for path in sorted(HELP.glob("*.txt")):
        page = path.read_text(encoding="utf-8")
        found[tuple(path.stem.split("-"))] = path.stem
        if (match := re.search(_ALIASES, page)) is not None:
            for alias in match[1].split(", "):
                found[tuple(alias.removeprefix("docker ").split(" "))] = path.stem
    return found


def resolve(words: Sequence[str]) -> tuple[Command, list[str]]:
    """The command that a line begins with, and what is left of the line.

    Raises UsageError for a word that is no command; a group without a command ("docker container") is itself a Command.
    """
    table = _direct() | ({} if tuple(words[:1]) in _direct() and not _is_group(words[0]) else _aliases())
    for length in (2, 1):
        stem = table.get(tuple(words[:length]))
        if stem is not None:
            if length == 1 and _is_group(stem) and len(words) > 1 and not words[1].startswith("-"):
                raise UsageError(
                    f"docker: unknown command: docker {stem} {words[1]}\n\nUsage:  docker {stem}\n\n"
                    f"Run 'docker {stem} --help' for more information",
                    1,
                )
            return _under(command(stem), words[:length]), list(words[length:])
    raise UsageError(f"docker: unknown command: docker {words[0]}\n\nRun 'docker --help' for more information", 1)


def _under(which: Command, typed: Sequence[str]) -> Command:
    """`docker container list` calls itself `docker container ls` on its page: the first of its aliases."""
    if len(typed) == 1 or which.path == " ".join(typed) or (match := re.search(_ALIASES, which.page)) is None:
        return which
    path = match[1].split(", ")[0].removeprefix("docker ")
    usage = path + which.usage.removeprefix(which.path)
    page = which.page.replace(f"Usage:  docker {which.usage}", f"Usage:  docker {usage}", 1)
    return replace(which, path=path, usage=usage, page=page)


@cache
def _direct() -> dict[tuple[str, ...], str]:
    """The pages' own names, for a line that needs no look into the aliases (reading them all costs milliseconds)."""
    return {tuple(path.stem.split("-")): path.stem for path in HELP.glob("*.txt")}


def _is_group(stem: str) -> bool:
    return stem in {"builder", "container", "image", "manifest", "system", "network", "volume", "context"}


def parse(which: Command, words: Sequence[str]) -> Parsed:
    """Options and arguments of one line. Raises UsageError, HelpWanted."""
    parsed = Parsed(which)
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            parsed.arguments += rest
            break
        if word.startswith("--"):
            _long(parsed, word[2:], rest)
        elif word.startswith("-") and word != "-":
            _shorts(parsed, word, rest)
        else:
            parsed.arguments.append(word)
            if which.stem in STOP_AT_ARGUMENT:
                parsed.arguments += rest
                break
    _check_count(which, len(parsed.arguments))
    return parsed


def _long(parsed: Parsed, text: str, rest: list[str]) -> None:
    name, equals, value = text.partition("=")
    if name == "help":
        raise HelpWanted(parsed.command.page)
    option = parsed.command.options.get(HIDDEN.get(name, name))
    if option is None:
        raise _wrong(parsed.command, f"unknown flag: --{name}")
    if not equals:
        if option.kind == "bool":
            value = "true"
        elif rest:
            value = rest.pop(0)
        else:
            raise _wrong(parsed.command, f"flag needs an argument: --{name}")
    _store(parsed, option, value)


def _shorts(parsed: Parsed, word: str, rest: list[str]) -> None:
    """-it, -p80:80, -p 80:80, -p=80:80"""
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        option = parsed.command.by_letter(letter)
        if option is None:
            if letter == "h":
                raise HelpWanted(parsed.command.page)
            raise _wrong(parsed.command, f"unknown shorthand flag: '{letter}' in {word}")
        if option.kind == "bool" and not letters.startswith("="):
            _store(parsed, option, "true")
            continue
        if letters:
            value = letters.removeprefix("=")
        elif rest:
            value = rest.pop(0)
        else:
            raise _wrong(parsed.command, f"flag needs an argument: '{letter}' in {word}")
        _store(parsed, option, value)
        return


def _store(parsed: Parsed, option: Option, text: str) -> None:
    checked = CHECKED.get(option.name) if option.kind != "bool" else None
    read: Callable[[str], Any] = checked or KINDS.get(option.kind, str)
    try:
        value = read(text)
    except ValueError as error:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        raise _wrong(parsed.command, f'invalid argument "{quoted}" for "{option.label()}" flag: {error}') from None
    if option.kind == "strings":
        parsed.given.setdefault(option.name, []).extend(text.split(","))
    elif option.kind in LISTS:
        parsed.given.setdefault(option.name, []).append(value)
    else:
        parsed.given[option.name] = value


def _wrong(which: Command, what: str) -> UsageError:
    return UsageError(
        f"{what}\n\nUsage:  docker {which.usage}\n\nRun 'docker {which.path} --help' for more information"
    )


def _check_count(which: Command, count: int) -> None:
    """Docker says "See" where more arguments would be welcome and "Run" elsewhere."""
    least, most = which.least, which.most
    if count >= least and (most is None or count <= most):
        return
    verb = "Run"
    if most is None:
        needs, verb = f"requires at least {_arguments(least)}", "See"
    elif most == 0:
        needs = "accepts no arguments"
    elif least == most:
        needs = f"requires {_arguments(least)}"
    elif least == 0:
        needs, verb = f"requires at most {_arguments(most)}", "SRun"  # docker 28 says it so
    else:
        needs = f"requires at least {least} and at most {_arguments(most)}"
    raise UsageError(
        f"docker: 'docker {which.path}' {needs}\n\nUsage:  docker {which.usage}\n\n"
        f"{verb} 'docker {which.path} --help' for more information",
        1,
    )


def _arguments(count: int) -> str:
    return f"{count} argument{'' if count == 1 else 's'}"
