"""Holes in data: `{port}` becomes what a student's variant says, in every string of a task, however deep.

`{mib*1048576}` and `{port+1}` are computed from a drawn number. What no draw names stays as it is, as
does `{{.Names}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")
HOLE = re.compile(r"(?<!\{)\{([a-z_]+)(?:([*+])(\d+))?\}(?!\})")


def filled(thing: T, values: Mapping[str, str]) -> T:
    """
    >>> filled("docker run -m {mib}m {image}", {"mib": "32"}), filled("{mib*1024}", {"mib": "2"})
    ('docker run -m 32m {image}', '2048')
    """
    return cast("T", _filled(thing, values))


def _filled(thing: Any, values: Mapping[str, str]) -> Any:
    if isinstance(thing, str):
        return HOLE.sub(lambda hole: _value(hole, values), thing) if "{" in thing else thing
    if isinstance(thing, tuple):
        return tuple(_filled(each, values) for each in thing)
    if isinstance(thing, Mapping):
        return {name: _filled(each, values) for name, each in thing.items()}
    if is_dataclass(thing) and not isinstance(thing, type):
        return made(type(thing), {each.name: _filled(getattr(thing, each.name), values) for each in fields(thing)})
    return thing


def made(kind: type[T], parts: Mapping[str, Any]) -> T:
    """A dataclass from its fields, whatever its own way of being made is."""
    thing = object.__new__(kind)
    for name, part in parts.items():
        object.__setattr__(thing, name, part)
    return thing


def _value(hole: re.Match[str], values: Mapping[str, str]) -> str:
    name, operator, number = hole.groups()
    if name not in values:
        return hole[0]
    if operator is None:
        return values[name]
    return str(int(values[name]) * int(number) if operator == "*" else int(values[name]) + int(number))
