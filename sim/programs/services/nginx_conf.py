"""nginx's configuration files: words, blocks, includes. Source: nginx's beginner's guide, "Configuration File's
Structure"."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import join

from sim.abi import Proc

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]*
    | (?P<mark>[;{}])
    | (?P<quoted>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
    | (?P<word>(?:\$\{\w+\} | \\. | [^\s;{}"'\\])+)""",
    re.VERBOSE | re.DOTALL,
)


class ConfError(Exception):
    """As nginx words it, after "nginx: [emerg] "."""


@dataclass(slots=True)
class Directive:
    """`name words…;` or `name words… { block }`. `where` is "FILE:LINE"."""

    name: str
    words: list[str]
    where: str
    block: list[Directive] | None = None


@dataclass(slots=True)
class _Reader:
    """One file, token by token."""

    path: str
    text: str
    at: int = 0
    line: int = 1

    def tokens(self) -> Iterator[tuple[str, bool]]:
        """(token, is it a mark). Raises ConfError."""
        while self.at < len(self.text):
            match = _TOKEN.match(self.text, self.at)
            if match is None:
                raise ConfError(f'unexpected "{self.text[self.at]}" in {self.where}')
            self.at = match.end()
            if match["mark"]:
                yield match["mark"], True
            elif match["quoted"]:
                yield re.sub(r"\\(.)", r"\1", match["quoted"][1:-1]), False
            elif match["word"]:
                yield match["word"], False
            self.line += match[0].count("\n")

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}"


def parse(proc: Proc, path: str, text: str | None = None) -> list[Directive]:
    """The directives of a file (or of a text), with those of the files that it includes. Raises ConfError."""
    if text is None:
        try:
            text = proc.read_file(path).decode(errors="replace")
        except OSError as error:
            raise ConfError(f'open() "{path}" failed ({error.errno}: {error.strerror})') from None
    reader = _Reader(path, text)
    return _block(proc, reader, reader.tokens(), outer=True)


def _block(proc: Proc, reader: _Reader, tokens: Iterator[tuple[str, bool]], outer: bool) -> list[Directive]:
    found: list[Directive] = []
    words: list[str] = []
    for token, mark in tokens:
        if not mark:
            words.append(token)
        elif token == "}":
            if outer or words:
                raise ConfError(f'unexpected "}}" in {reader.where}')
            return found
        elif not words:
            raise ConfError(f'unexpected "{token}" in {reader.where}')
        else:
            found += _directive(proc, reader, tokens, words, token == "{")
            words = []
    if words or not outer:
        missing = 'expecting ";" or "}"' if words else 'expecting "}"'
        raise ConfError(f"unexpected end of file, {missing} in {reader.where}")
    return found


def _directive(
    proc: Proc, reader: _Reader, tokens: Iterator[tuple[str, bool]], words: list[str], block: bool
) -> list[Directive]:
    directive = Directive(words[0], words[1:], reader.where)
    if block:
        directive.block = _block(proc, reader, tokens, outer=False)
    elif directive.name == "include":
        return [inner for path in _included(proc, reader, directive) for inner in parse(proc, path)]
    return [directive]


def _included(proc: Proc, reader: _Reader, directive: Directive) -> list[str]:
    """Files that match, in order; a name without a pattern has to be there."""
    pattern = join("/etc/nginx", directive.words[0]) if directive.words else ""
    folder, _, last = pattern.rpartition("/")
    if not any(mark in last for mark in "*?["):
        return [pattern]
    try:
        names = proc.listdir(folder)
    except OSError:
        return []
    return [f"{folder}/{name}" for name in sorted(fnmatch.filter(names, last)) if not name.startswith(".")]


def each(block: list[Directive] | None, name: str) -> list[Directive]:
    return [directive for directive in block or () if directive.name == name]


def words_of(block: list[Directive] | None, name: str, default: list[str]) -> list[str]:
    """The words of the last directive of a name."""
    found = each(block, name)
    return found[-1].words if found else default
