"""A Dockerfile as text: logical lines with their numbers, parser directives, here-documents.

What this module gives is one `Node` for each instruction; what the instruction means is engine/builder/reading.py.
Rules: Dockerfile reference ("Format", "Parser directives", "Here-documents"). Texts: buildkit, dockerfile/parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.builder import arguments
from engine.builder.words import ESCAPE, QUOTES, SPACES, split

MAX_LINE = 65535  # bytes; Go's bufio.Scanner takes no longer line
BLANKS = re.compile(r"[\t\v\f\r ]+")
DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
DIRECTIVES = ("syntax", "escape", "check")
HEREDOC = re.compile(r"(\d*)<<(-?)([^<]*)", re.DOTALL)
MARK = re.compile(r"\d*<<-?")
TAKES_HEREDOCS = ("ADD", "COPY", "RUN")
LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)


class DockerfileError(ValueError):
    """What is wrong, and in which line (from 1). `str()` is Docker's text."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass(frozen=True, slots=True)
class Heredoc:
    """`<<NAME`. `chomp` (`<<-`): leading tabs go; `expand`: variables in it count, as NAME is not quoted."""

    name: str
    expand: bool = True
    chomp: bool = False
    content: str = ""

    @property
    def text(self) -> str:
        """What it says."""
        return LEADING_TABS.sub("", self.content) if self.chomp else self.content


@dataclass(frozen=True, slots=True)
class Node:
    """One instruction. `keyword` in capitals, `original` its logical line, `start` and `end` numbers of lines from 1.

    `json`: the arguments were written as a JSON array. `child`: what ONBUILD will do.
    """

    keyword: str
    original: str
    flags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    json: bool = False
    heredocs: tuple[Heredoc, ...] = ()
    child: Node | None = None
    start: int = 1
    end: int = 1


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """`escape`: the letter that escapes, "\\" or "`". `warnings`: lines to print before the build."""

    nodes: tuple[Node, ...]
    escape: str = ESCAPE
    warnings: tuple[str, ...] = ()


def parse(data: bytes) -> Dockerfile:
    """Raises DockerfileError, and nothing else, whatever the bytes are.

    >>> [(node.start, node.keyword, node.arguments) for node in parse(b"FROM busybox\\nRUN a && \\\\\\n b").nodes]
    [(1, 'FROM', ('busybox',)), (2, 'RUN', ('a &&  b',))]
    """
    return _Parser(data).parse()


class _Parser:
    def __init__(self, data: bytes) -> None:
        self._lines = [
            (line + b"\n").decode("utf-8", "replace") for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        ]
        if not data.endswith(b"\n"):
            self._lines[-1] = self._lines[-1][:-1]
        elif self._lines:
            self._lines.pop()
        self._at = 0
        self._escape = ESCAPE
        self._continues = _continuation(ESCAPE)
        self._seen: set[str] = set()
        self._directives_over = False

    def parse(self) -> Dockerfile:
        nodes: list[Node] = []
        warnings: list[str] = []
        while self._at < len(self._lines):
            start = self._at + 1
            line, has_empty = self._logical_line()
            if line is None:
                continue
            if has_empty:
                warnings.append(f"[WARNING]: Empty continuation line found in:\n    {line}")
            nodes.append(self._node(line, start))
        if warnings:
            warnings.append("[WARNING]: Empty continuation lines will become errors in a future release.")
        if not nodes:
            raise DockerfileError(max(1, len(self._lines)), "file with no instructions")
        return Dockerfile(tuple(nodes), self._escape, tuple(warnings))

    # -- lines

    def _next(self) -> str:
        line = self._lines[self._at]
        self._at += 1
        if len(line) > MAX_LINE:
            raise DockerfileError(self._at, f"dockerfile line greater than max allowed size of {MAX_LINE}")
        return line

    def _logical_line(self) -> tuple[str | None, bool]:
        """An instruction with its continuations; was one of them empty? None for a line that is none."""
        first = self._next().lstrip(SPACES)
        self._directive(first)
        text, ended = self._continued("" if first.startswith("#") else first)
        if ended and not text:
            return None, False
        has_empty = False
        while not ended and self._at < len(self._lines):
            line = self._next()
            bare = line.strip(SPACES)
            if bare.startswith("#"):
                continue
            if not bare:
                has_empty = True
                continue
            more, ended = self._continued(line)
            text += more
        return text, has_empty

    def _continued(self, line: str) -> tuple[str, bool]:
        """The line without what continues it; does the instruction end with it?"""
        line = line.rstrip("\r\n")
        matched = self._continues.search(line)
        return (line[: matched.start()], False) if matched else (line, True)

    def _directive(self, line: str) -> None:
        """`# escape=…` and its like stand before everything else."""
        if self._directives_over:
            return
        matched = DIRECTIVE.fullmatch(line.rstrip("\r\n"))
        key = matched[1].lower() if matched else ""
        if matched is None or key not in DIRECTIVES:
            self._directives_over = True
            return
        if key in self._seen:
            raise DockerfileError(self._at, f"only one {key} parser directive can be used")
        self._seen.add(key)
        if key == "escape":
            if matched[2] not in ("\\", "`"):
                raise DockerfileError(self._at, f"invalid escape token '{matched[2]}' does not match ` or \\")
            self._escape, self._continues = matched[2], _continuation(matched[2])

    # -- nodes

    def _node(self, line: str, start: int) -> Node:
        try:
            node = _node(line, self._escape)
            heredocs = self._heredocs(line, start) if "<<" in line and _takes_heredocs(node) else ()
        except arguments.ArgumentError as error:
            raise DockerfileError(start, str(error)) from None
        except RecursionError:
            raise DockerfileError(start, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed") from None
        child = replace(node.child, heredocs=heredocs, start=start, end=self._at) if node.child else None
        return replace(node, heredocs=heredocs, child=child, start=start, end=self._at)

    def _heredocs(self, line: str, start: int) -> tuple[Heredoc, ...]:
        found = []
        for heredoc in find_heredocs(line):
            content: list[str] = []
            while True:
                if self._at >= len(self._lines):
                    raise DockerfileError(start, "unterminated heredoc")
                text = self._next()
                ends = text.rstrip("\r\n")
                if (ends.lstrip("\t") if heredoc.chomp else ends) == heredoc.name:
                    break
                content.append(text)
            found.append(replace(heredoc, content="".join(content)))
        return tuple(found)


def _continuation(escape: str) -> re.Pattern[str]:
    return re.compile(re.escape(escape) + r"[ \t]*\Z")


def _node(line: str, escape: str) -> Node:
    """One logical line. Raises ArgumentError."""
    keyword, *rest = BLANKS.split(line.strip(SPACES), maxsplit=1)
    flags, words = arguments.flags(rest[0]) if rest else ((), "")
    keyword, words = keyword.upper(), words.strip(SPACES)
    if keyword == "ONBUILD":
        child = _node(words, escape) if words else None
        found = (child.keyword, *child.arguments) if child else ()
        return Node(keyword, line, flags, found, bool(child and child.json), child=child)
    read = arguments.READERS.get(keyword)
    found, is_json = read(words, escape) if read else ((), False)
    return Node(keyword, line, flags, found, is_json)


def _takes_heredocs(node: Node) -> bool:
    node = node.child or node
    return node.keyword in TAKES_HEREDOCS and not node.json


def find_heredocs(line: str) -> Iterator[Heredoc]:
    """The `<<NAME`s that a line announces, in order; those in quotes do not count."""
    words = iter(split(line))
    for word in words:
        if MARK.fullmatch(word):  # a blank before the name is allowed
            word += next(words, "")
        if (heredoc := as_heredoc(word)) is not None:
            yield heredoc


def as_heredoc(word: str) -> Heredoc | None:
    """
    >>> as_heredoc("<<-'EOF'")
    Heredoc(name='EOF', expand=False, chomp=True, content='')
    """
    matched = HEREDOC.fullmatch(word)
    if matched is None or not matched[3]:
        return None
    name = "".join(letter for letter in matched[3] if letter not in QUOTES)
    return Heredoc(name, expand=name == matched[3], chomp=bool(matched[2])) if name else None
