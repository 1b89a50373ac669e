"""How the rest of an instruction's line is read: flags, then a JSON array, words, name=value pairs, or just text.

Rules and texts: buildkit, frontend/dockerfile/parser (line_parsers.go, split_command.go).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from engine.builder.words import QUOTES, SPACES, quote, split

BLANKS = re.compile(r"[\t\v\f\r ]+")
Arguments = tuple[tuple[str, ...], bool]  # (arguments, was it a JSON array?)


class ArgumentError(ValueError):
    """The line cannot be read."""


def flags(line: str) -> tuple[tuple[str, ...], str]:
    """The `--name=value` words at the beginning, and the rest.

    >>> flags('--from=x --chown="a b" . /')
    (('--from=x', '--chown=a b'), '. /')
    """
    found: list[str] = []
    at = 0
    while True:
        while at < len(line) and line[at] in SPACES:
            at += 1
        if not line.startswith("--", at):
            return tuple(found), line[at:]
        word, at = _flag(line, at)
        if word == "--":
            return tuple(found), line[at:]
        found.append(word)


def _flag(line: str, at: int) -> tuple[str, int]:
    """One word without its quotes and backslashes, and where it ends."""
    word, open_quote = "", ""
    while at < len(line):
        letter = line[at]
        if letter in SPACES and not open_quote:
            break
        at += 1
        if letter == open_quote:
            open_quote = ""
        elif letter in QUOTES and not open_quote:
            open_quote = letter
        elif letter == "\\":
            word += line[at : at + 1]
            at += 1
        else:
            word += letter
    return word, at


def text(rest: str, escape: str) -> Arguments:
    """All of it is one argument."""
    return ((rest,) if rest else ()), False


def words(rest: str, escape: str) -> Arguments:
    """Parted by blanks; quotes mean nothing."""
    return (tuple(BLANKS.split(rest)) if rest else ()), False


def definitions(rest: str, escape: str) -> Arguments:
    """`name` and `name=value` words, with their quotes."""
    return tuple(split(rest, escape)), False


def json_or_text(rest: str, escape: str) -> Arguments:
    array = json_array(rest)
    return (array, True) if array is not None else text(rest, escape)


def json_or_words(rest: str, escape: str) -> Arguments:
    array = json_array(rest)
    return (array, True) if array is not None else words(rest, escape)


def json_array(rest: str) -> tuple[str, ...] | None:
    """None if it is no JSON array. Raises ArgumentError for one of something else than strings."""
    if not rest.startswith("["):
        return None
    try:
        array = json.loads(rest)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str) for item in array):
        raise ArgumentError("when using JSON array syntax, arrays must be comprised of strings only")
    return tuple(item.encode("utf-8", "replace").decode() for item in array)


def typed(rest: str, escape: str) -> Arguments:
    """HEALTHCHECK: a type, then a command."""
    kind, *command = re.split(f"[{SPACES}]+", rest, maxsplit=1)
    found, is_json = json_or_text(command[0] if command else "", escape)
    return ((kind, *found) if kind else ()), is_json


def pairs(keyword: str) -> Callable[[str, str], Arguments]:
    """Names and values in turn, of `name=value …` or, as it used to be, of `name value`."""

    def read(rest: str, escape: str) -> Arguments:
        found: list[str] = []
        each = split(rest, escape)
        if each and "=" not in each[0]:
            old = BLANKS.split(rest, maxsplit=1)
            if len(old) < 2:
                raise ArgumentError(f"{keyword} must have two arguments")
            return tuple(old), False
        for word in each:
            name, equals, value = word.partition("=")
            if not equals:
                raise ArgumentError(f"Syntax error - can't find = in {quote(word)}. Must be of the form: name=value")
            found += (name, value)
        return tuple(found), False

    return read


READERS: dict[str, Callable[[str, str], Arguments]] = {
    "ADD": json_or_words,
    "ARG": definitions,
    "CMD": json_or_text,
    "COPY": json_or_words,
    "ENTRYPOINT": json_or_text,
    "ENV": pairs("ENV"),
    "EXPOSE": words,
    "FROM": words,
    "HEALTHCHECK": typed,
    "LABEL": pairs("LABEL"),
    "MAINTAINER": text,
    "RUN": json_or_text,
    "SHELL": json_or_text,
    "STOPSIGNAL": text,
    "USER": text,
    "VOLUME": json_or_words,
    "WORKDIR": text,
}
