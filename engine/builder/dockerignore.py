"""`.dockerignore`: which files of a folder belong to the build context (moby/patternmatcher).

A line is a pattern from the folder's root: `*` and `?` stop at a slash, `**` does not, a folder's pattern counts for
all below it, `!` takes back what an earlier line said, `#` begins a comment.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass


class PatternError(ValueError):
    """Not a pattern."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`text` as it is shown; `exception`: what it matches belongs to the context after all."""

    text: str
    expression: re.Pattern[str]
    exception: bool = False


class Ignore:
    """All lines of one file."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """Raises PatternError."""
        self.patterns = [pattern for line in lines if (pattern := _pattern(line)) is not None]
        self.has_exceptions = any(pattern.exception for pattern in self.patterns)

    @classmethod
    def parse(cls, data: bytes) -> Ignore:
        """From the bytes of the file. Raises PatternError.

        >>> ignore = Ignore.parse(b"*.log\\n!keep.log\\n# x\\n")
        >>> ignore.excludes("a.log"), ignore.excludes("keep.log"), ignore.excludes("b/a.log")
        (True, False, False)
        """
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        return cls(line.rstrip("\r") for line in text.split("\n"))

    def excludes(self, path: str) -> bool:
        """Is the file at a path ("a/b", relative, with slashes), or a folder that it lies in, left out?"""
        excluded = False
        parts = path.split("/")
        parents = ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
        for pattern in self.patterns:
            if pattern.exception == excluded and any(pattern.expression.fullmatch(each) for each in parents):
                excluded = not pattern.exception
        return excluded

    def may_skip(self, folder: str) -> bool:
        """Need a folder not be looked into? Not if an exception may bring back something below it."""
        if not self.excludes(folder):
            return False
        return not any(pattern.exception and _may_reach(pattern.text, folder) for pattern in self.patterns)


def _may_reach(pattern: str, folder: str) -> bool:
    """May a pattern match something below a folder? A wildcard in its way may."""
    for part, name in zip(pattern.split("/"), folder.split("/"), strict=False):
        if part == "**" or any(mark in part for mark in "*?[\\"):
            return True
        if part != name:
            return False
    return True


def _pattern(line: str) -> Pattern | None:
    if line.startswith("#"):
        return None
    text = line.strip()
    exception = text.startswith("!")
    if exception:
        text = text[1:].strip()
        if not text:
            raise PatternError('illegal exclusion pattern: "!"')
    if not text:
        return None
    clean = posixpath.normpath(text)
    clean = clean.lstrip("/") if len(clean) > 1 else clean
    return Pattern(clean, _compiled(clean), exception)


def _compiled(pattern: str) -> re.Pattern[str]:
    out, at = "", 0
    while at < len(pattern):
        letter, at = pattern[at], at + 1
        if letter == "*" and pattern.startswith("*", at):
            at += 1
            if pattern.startswith("/", at):
                at += 1
            out += ".*" if at >= len(pattern) else "(?:.*/)?"
        elif letter == "*":
            out += "[^/]*"
        elif letter == "?":
            out += "[^/]"
        elif letter == "\\" and at < len(pattern):
            out += re.escape(pattern[at])
            at += 1
        elif letter == "[":
            end = pattern.find("]", at + 1)
            if end < 0:
                raise PatternError("syntax error in pattern")
            out += "[" + pattern[at:end].replace("\\\\", "\\").replace("[", "\\[") + "]"
            at = end + 1
        else:
            out += re.escape(letter)
    try:
        return re.compile(re.sub(r"(?:\[\^/\]\*)+", "[^/]*", out), re.DOTALL)
    except re.error:
        raise PatternError("syntax error in pattern") from None
