"""Going through a syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from sim.programs.node.syntax.nodes import Node


def children(node: Node) -> Iterator[Node]:
    """All nodes directly below one."""
    for name in _fields(type(node)):
        yield from _within(getattr(node, name))


def _within(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _within(one)


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields(kind: type) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(name for name in getattr(kind, "__dataclass_fields__", {}) if name != "start")
    return _FIELDS[kind]
