"""Patterns: what may stand left of `=`, and what binds names. Source: ECMA-262 13.15.5 and 14.3.3."""

from __future__ import annotations

from collections.abc import Iterator

from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.reader import Reader
from sim.programs.node.syntax.tokens import JSSyntaxError

ASSIGNED = "Invalid left-hand side in assignment"
DESTRUCTURED = "Invalid destructuring assignment target"


def target_of(node: n.Node, end: int, message: str = ASSIGNED) -> n.Node:
    """The pattern that an expression turns out to be. Raises JSSyntaxError."""
    match node:
        case n.Name() | n.Member() | n.ArrayPattern() | n.ObjectPattern() | n.Default() | n.Rest():
            return node
        case n.Assign(operator="="):
            return n.Default(node.start, node.target, node.value)
        case n.Array():
            return n.ArrayPattern(node.start, [_element(element, end) for element in node.elements])
        case n.Object():
            return _object(node, end)
        case n.Parenthesized(values=[value]) if isinstance(value, n.Name | n.Member):
            return value
    raise JSSyntaxError(message, node.start, end)


def _element(element: n.Node | None, end: int) -> n.Node | None:
    if element is None:
        return None
    if isinstance(element, n.Spread):
        return n.Rest(element.start, target_of(element.value, end, DESTRUCTURED))
    return target_of(element, end, DESTRUCTURED)


def _object(node: n.Object, end: int) -> n.ObjectPattern:
    properties: list[n.Property] = []
    rest = None
    for one in node.properties:
        if isinstance(one, n.Spread):
            rest = target_of(one.value, end, DESTRUCTURED)
        elif isinstance(one, n.Property):
            value = target_of(one.value, end, DESTRUCTURED)
            properties.append(n.Property(one.start, one.key, value, "init", one.computed, one.shorthand))
    return n.ObjectPattern(node.start, properties, rest)


def binding(r: Reader) -> n.Node:
    """A name, or a pattern of names, that a declaration or a parameter binds."""
    from sim.programs.node.syntax.primaries import primary

    if r.is_("[") or r.is_("{"):
        found = target_of(primary(r), r.last, DESTRUCTURED)
        if any(isinstance(part, n.Member) for part in targets(found)):
            raise JSSyntaxError("Illegal property in declaration context", found.start, r.last)
        return found
    token = r.name()
    return n.Name(token.start, str(token.value))


def parameter(r: Reader) -> n.Node:
    """One of a function's parameters."""
    from sim.programs.node.syntax.expressions import assignment, checked

    start = r.token.start
    if r.eat("..."):
        return n.Rest(start, binding(r))
    target = binding(r)
    return n.Default(start, target, checked(assignment(r))) if r.eat("=") else target


def targets(pattern: n.Node | None) -> Iterator[n.Node]:
    """All that a pattern assigns to: names and members."""
    match pattern:
        case n.Name() | n.Member():
            yield pattern
        case n.Default(target=target) | n.Rest(target=target):
            yield from targets(target)
        case n.ArrayPattern(elements=elements):
            for element in elements:
                yield from targets(element)
        case n.ObjectPattern(properties=properties, rest=rest):
            for one in properties:
                yield from targets(one.value)
            yield from targets(rest)


def names(pattern: n.Node) -> list[str]:
    return [found.name for found in targets(pattern) if isinstance(found, n.Name)]
