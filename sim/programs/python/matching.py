"""`match`: patterns. Source: Language Reference 8.6, PEP 634."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sim.programs.python import access
from sim.programs.python.expressions import evaluate
from sim.programs.python.frames import Frame, Names

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

ITSELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)  # `int(x)` binds the whole


async def matches(machine: Machine, frame: Frame, pattern: ast.pattern, value: Any, bound: Names) -> bool:
    """Whether a value has the shape; what the pattern names goes to `bound`."""
    match pattern:
        case ast.MatchValue(value=expression):
            return bool(value == await evaluate(machine, frame, expression))
        case ast.MatchSingleton(value=only):
            return value is only
        case ast.MatchAs(pattern=inner, name=name):
            if inner is not None and not await matches(machine, frame, inner, value, bound):
                return False
            if name is not None:
                bound[name] = value
            return True
        case ast.MatchOr(patterns=patterns):
            for inner in patterns:
                if await matches(machine, frame, inner, value, bound):
                    return True
            return False
        case ast.MatchSequence(patterns=patterns):
            return await _sequence(machine, frame, patterns, value, bound)
        case ast.MatchMapping():
            return await _mapping(machine, frame, pattern, value, bound)
        case ast.MatchClass():
            return await _class(machine, frame, pattern, value, bound)
        case _:
            return False


async def _sequence(machine: Machine, frame: Frame, patterns: list[ast.pattern], value: Any, bound: Names) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
        return False
    star = next((number for number, one in enumerate(patterns) if isinstance(one, ast.MatchStar)), None)
    if star is None:
        parts = list(value)
        if len(parts) != len(patterns):
            return False
    else:
        end = len(value) - (len(patterns) - star - 1)
        if end < star:
            return False
        parts = [*value[:star], list(value[star:end]), *value[end:]]
    for pattern, part in zip(patterns, parts, strict=True):
        if isinstance(pattern, ast.MatchStar):
            if pattern.name is not None:
                bound[pattern.name] = part
        elif not await matches(machine, frame, pattern, part, bound):
            return False
    return True


async def _mapping(machine: Machine, frame: Frame, pattern: ast.MatchMapping, value: Any, bound: Names) -> bool:
    if not isinstance(value, Mapping):
        return False
    left = dict(value)
    for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
        wanted = await evaluate(machine, frame, key)
        if wanted not in left or not await matches(machine, frame, inner, left.pop(wanted), bound):
            return False
    if pattern.rest is not None:
        bound[pattern.rest] = left
    return True


async def _class(machine: Machine, frame: Frame, pattern: ast.MatchClass, value: Any, bound: Names) -> bool:
    kind = await evaluate(machine, frame, pattern.cls)
    if not isinstance(value, kind):
        return False
    if pattern.patterns and kind in ITSELF:
        return await matches(machine, frame, pattern.patterns[0], value, bound)
    names = [*getattr(kind, "__match_args__", ())[: len(pattern.patterns)], *pattern.kwd_attrs]
    for name, inner in zip(names, [*pattern.patterns, *pattern.kwd_patterns], strict=False):
        try:
            part = access.get(value, name)
        except AttributeError:
            return False
        if not await matches(machine, frame, inner, part, bound):
            return False
    return True
