"""Tasks as JSON and back: how a released assignment comes to a student, and hidden criteria into a hidden test.

A dataclass becomes `{"is": its name, its fields…}`. Only what KINDS names is ever made: a document is data, not code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from classroom.exercises import expectations, looks, task, variants
from classroom.exercises.fill import made

KINDS: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        *looks.LOOKS, *expectations.EXPECTATIONS, *variants.DRAWS,
        task.Text, task.Criterion, task.Explain, task.Wrong, task.Task, task.Assignment,
    )
}  # fmt: skip


class BadDocument(ValueError):
    """No assignment, or one of another release; says why."""


def to_data(thing: Any) -> Any:
    """What JSON can hold."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return {"is": type(thing).__name__} | {each.name: to_data(getattr(thing, each.name)) for each in fields(thing)}
    if isinstance(thing, Mapping):
        return {name: to_data(part) for name, part in thing.items()}
    if isinstance(thing, list | tuple):
        return [to_data(part) for part in thing]
    return thing


def from_data(data: Any) -> Any:
    """Back again; lists become tuples. Raises BadDocument."""
    if isinstance(data, Mapping) and "is" in data:
        kind = KINDS.get(str(data["is"]))
        if kind is None:
            raise BadDocument(f"unknown part of an exercise: {data['is']!r}")
        return _made(kind, {name: from_data(part) for name, part in data.items() if name != "is"})
    if isinstance(data, Mapping):
        return {name: from_data(part) for name, part in data.items()}
    if isinstance(data, list | tuple):
        return tuple(from_data(part) for part in data)
    return data


def _made(kind: type, parts: dict[str, Any]) -> Any:
    """What an older release does not have yet is as usual; what this one does not know is refused."""
    usual = {each.name: each.default for each in fields(kind) if each.default is not MISSING}
    usual |= {each.name: each.default_factory() for each in fields(kind) if each.default_factory is not MISSING}
    if {each.name for each in fields(kind)} != set(usual) | set(parts):
        raise BadDocument(f"{kind.__name__} with other parts than this release of Glassdock knows")
    return made(kind, usual | parts)
