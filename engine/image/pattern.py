"""Patterns for image names, as Go's path.Match reads them: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]`, `\\x`."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.errors import InvalidParameter
from engine.image.reference import Reference

BAD = "syntax error in pattern"


def familiar_match(pattern: str, reference: Reference) -> bool:
    """Does the pattern match the familiar name, with or without its tag? Raises InvalidParameter for a bad pattern."""
    expression = compile_pattern(pattern)
    return bool(expression.fullmatch(reference.familiar) or expression.fullmatch(reference.familiar_name))


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """
    >>> bool(compile_pattern("foo/*/ba[rz]").fullmatch("foo/c/baz")), bool(compile_pattern("*").fullmatch("a/b"))
    (True, False)
    """
    parts, at = [], 0
    while at < len(pattern):
        character, at = pattern[at], at + 1
        if character == "*":
            parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character == "[":
            part, at = _class(pattern, at)
            parts.append(part)
        else:
            if character == "\\":
                character, at = _escaped(pattern, at)
            parts.append(re.escape(character))
    return re.compile(re.sub(r"(?:\[\^/\]\*)+", "[^/]*", "".join(parts)), re.DOTALL)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A class from after its `[`; returns it as a regular expression, and where it ends."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[str] = []
    while not (ranges and pattern.startswith("]", at)):
        low, at = _member(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _member(pattern, at + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            ranges.append("")  # matches nothing, and is no error
    members = "".join(ranges)
    if not members:
        return ("[^/]" if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{members}]", at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    character = pattern[at : at + 1]
    if not character or character in "-]":
        raise InvalidParameter(BAD)
    return _escaped(pattern, at + 1) if character == "\\" else (character, at + 1)


def _escaped(pattern: str, at: int) -> tuple[str, int]:
    if at >= len(pattern):
        raise InvalidParameter(BAD)
    return pattern[at], at + 1
