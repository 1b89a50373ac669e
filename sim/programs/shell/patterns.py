"""Shell patterns (POSIX XCU 2.13) as regular expressions.

A pattern is a string in which a backslash makes the next character ordinary; quoting has been turned into backslashes
(`escape`) before it comes here.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SPECIAL = re.compile(r"[*?\[\\]")
_MAGIC = re.compile(r"(?:[^\\*?\[]|\\.|\[(?!.*\]))*(?:[*?]|\[(?=.*\]))", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CLASSES = {
    "alpha": r"^\W\d_",
    "digit": r"\d",
    "alnum": r"^\W_",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "cntrl": r"\x00-\x1f\x7f",
    "print": r"\x20-\x7e",
    "graph": r"\x21-\x7e",
}
_CLASS = re.compile(r"\[:(\w+):\]")


def escape(text: str) -> str:
    """`text` as a pattern that matches only itself.

    >>> escape("a*")
    'a\\\\*'
    """
    return _SPECIAL.sub(r"\\\g<0>", text) if _SPECIAL.search(text) else text


def unescape(pattern: str) -> str:
    """The pattern's text, with the backslashes gone."""
    return _ESCAPED.sub(r"\1", pattern) if "\\" in pattern else pattern


def is_pattern(pattern: str) -> bool:
    """Does it hold an unquoted `*`, `?` or `[`?"""
    return _MAGIC.match(pattern) is not None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, shortest: bool = False) -> re.Pattern[str]:
    """A regular expression for the pattern; `shortest` makes `*` match as little as it can."""
    return re.compile(_translate(pattern, shortest), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Does the whole text match? (fnmatch(3) without flags)

    >>> matches("[!a-c]*.txt", "draft.txt")
    True
    """
    return compile_pattern(pattern).fullmatch(text) is not None


def _translate(pattern: str, shortest: bool) -> str:
    result: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            result.append(".*?" if shortest else ".*")
        elif char == "?":
            result.append(".")
        elif char == "[" and (bracket := _bracket(pattern, position)) is not None:
            expression, position = bracket
            result.append(expression)
        elif char == "\\" and position < len(pattern):
            result.append(re.escape(pattern[position]))
            position += 1
        else:
            result.append(re.escape(char))
    return "".join(result)


def _bracket(pattern: str, start: int) -> tuple[str, int] | None:
    """A bracket expression whose `[` is before `start`, and where it ends; None if it is not closed."""
    position = start
    negated = pattern[position : position + 1] in ("!", "^")
    position += negated
    choices: list[str] = []
    first = position
    while position < len(pattern):
        char = pattern[position]
        if char == "]" and position > first:
            body = "|".join(choices)
            return (f"(?:(?!{body}).)" if negated else f"(?:{body})"), position + 1
        if (named := _CLASS.match(pattern, position)) is not None:
            choices.append(f"[{_CLASSES.get(named[1], '^' + chr(92) + 's' + chr(92) + 'S')}]")
            position = named.end()
            continue
        low, position = _member(pattern, position)
        if pattern.startswith("-", position) and pattern[position + 1 : position + 2] not in ("", "]"):
            high, position = _member(pattern, position + 1)
            choices.append(f"[{re.escape(low)}-{re.escape(high)}]" if low <= high else "(?!)")
        else:
            choices.append(re.escape(low))
    return None


def _member(pattern: str, position: int) -> tuple[str, int]:
    """One character of a bracket expression, perhaps after a backslash."""
    if pattern[position] == "\\" and position + 1 < len(pattern):
        position += 1
    return pattern[position], position + 1
