"""The functions of Go's templates and those that docker adds, and how Go prints a value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def shown(value: Any) -> str:
    """As fmt.Print does: true, [a b], map[k:v], <nil>."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return f"{int(value)}" if value.is_integer() and abs(value) < 1e21 else f"{value:g}"
        case Mapping():
            return "map[" + " ".join(f"{key}:{shown(value[key])}" for key in sorted(value)) + "]"
        case list() | tuple():
            return "[" + " ".join(shown(item) for item in value) + "]"
        case _:
            return str(value)


def truth(value: Any) -> bool:
    return bool(value)


def to_json(value: Any) -> str:
    """Go's encoding, without escaping HTML (docker's `json`)."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_as_object)


def _as_object(value: Any) -> Any:
    """A row of a table: all that it has, by name."""
    if isinstance(value, Mapping):
        return {name: value[name] for name in sorted(value)}
    raise TypeError(f"unsupported type: {type(value).__name__}")


def index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence):
            if not -1 < key < len(value):
                raise IndexError(f"index out of range: {key}")
            value = value[key]
        else:
            raise TypeError(
                "index of untyped nil" if value is None else f"can't index item of type {type(value).__name__}"
            )
    return value


def printf(form: str, *values: Any) -> str:
    """Go's verbs over Python's: %v %s %d %q %t %x %f and widths."""
    left = list(values)

    def one(match: re.Match[str]) -> str:
        flags, verb = str(match[1]), str(match[2])
        if verb == "%":
            return "%"
        if not left:
            return f"%!{verb}(MISSING)"
        value = left.pop(0)
        if verb in "vst":
            return f"%{flags}s" % shown(value)
        if verb == "q":
            return f"%{flags}s" % json.dumps(shown(value), ensure_ascii=False)
        return str(f"%{flags}{verb}" % value)

    return re.sub(r"%([-+ #0]*\d*(?:\.\d+)?)([a-zA-Z%])", one, form)


def _println(*values: Any) -> str:
    return " ".join(shown(value) for value in values) + "\n"


def _compare(name: str, test: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def compare(first: Any, *others: Any) -> bool:
        if not others:
            raise TypeError(f"missing argument for comparison in {name}")
        return any(test(first, other) for other in others)

    return compare


def _and(*values: Any) -> Any:
    return next((value for value in values if not truth(value)), values[-1])


def _or(*values: Any) -> Any:
    return next((value for value in values if truth(value)), values[-1])


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "json": to_json,
    "index": index,
    "len": lambda value: len(value or ()),
    "join": lambda values, separator: separator.join(shown(value) for value in values or ()),
    "split": lambda text, separator: text.split(separator),
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "pad": lambda text, before, after: " " * before + text + " " * after if text else text,
    "truncate": lambda text, length: text[:length],
    "print": lambda *values: "".join(shown(value) for value in values),
    "println": _println,
    "printf": printf,
    "slice": lambda value, start=0, end=None: value[start:end],
    "not": lambda value: not truth(value),
    "and": _and,
    "or": _or,
    "eq": _compare("eq", lambda a, b: bool(a == b)),
    "ne": _compare("ne", lambda a, b: bool(a != b)),
    "lt": _compare("lt", lambda a, b: bool(a < b)),
    "le": _compare("le", lambda a, b: bool(a <= b)),
    "gt": _compare("gt", lambda a, b: bool(a > b)),
    "ge": _compare("ge", lambda a, b: bool(a >= b)),
}
