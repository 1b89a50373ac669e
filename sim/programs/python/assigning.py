"""Assignment: names, attributes, items, and tuples of them. Source: Language Reference 7.2."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from sim.programs.python import access
from sim.programs.python.calling import listed
from sim.programs.python.expressions import binary, evaluate, mangled
from sim.programs.python.frames import Frame
from sim.programs.python.functions import Function
from sim.programs.python.operators import IN_PLACE

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine


async def assign(machine: Machine, frame: Frame, target: ast.expr, value: Any) -> None:
    match target:
        case ast.Name(id=name):
            frame.store(name, value)
        case ast.Attribute(value=holder, attr=name):
            held = await evaluate(machine, frame, holder)
            frame.node = target
            access.put(held, mangled(frame, name), value)
        case ast.Subscript(value=holder, slice=place):
            held = await evaluate(machine, frame, holder)
            key = await evaluate(machine, frame, place)
            frame.node = target
            special = getattr(type(held), "__setitem__", None)
            if type(special) is Function:
                await special._start((held, key, value), {})
            else:
                held[key] = value
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            frame.node = target
            await _unpack(machine, frame, targets, value)
        case ast.Starred(value=inner):
            await assign(machine, frame, inner, value)
        case _:
            raise SyntaxError("cannot assign to this")


async def _unpack(machine: Machine, frame: Frame, targets: list[ast.expr], value: Any) -> None:
    """Raises TypeError, ValueError in CPython's words."""
    try:
        values = await listed(machine, value)
    except TypeError:
        raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object") from None
    star = next((number for number, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    wanted = len(targets) if star is None else len(targets) - 1
    if len(values) < wanted:
        least = "at least " if star is not None else ""
        raise ValueError(f"not enough values to unpack (expected {least}{wanted}, got {len(values)})")
    if star is None and len(values) > wanted:
        raise ValueError(f"too many values to unpack (expected {wanted})")
    if star is not None:
        end = len(values) - (wanted - star)
        values[star:end] = [values[star:end]]
    for target, part in zip(targets, values, strict=True):
        await assign(machine, frame, target, part)


async def augment(machine: Machine, frame: Frame, node: ast.AugAssign) -> None:
    """`target OP= value`: what holds the target is computed once."""
    target = node.target
    if isinstance(target, ast.Name):
        frame.node = target
        old = frame.load(target.id)
        frame.store(target.id, await _changed(machine, frame, node, old))
    elif isinstance(target, ast.Attribute):
        held = await evaluate(machine, frame, target.value)
        name = mangled(frame, target.attr)
        frame.node = target
        access.put(held, name, await _changed(machine, frame, node, access.get(held, name)))
    else:
        held = await evaluate(machine, frame, target.value)
        key = await evaluate(machine, frame, target.slice)
        frame.node = target
        held[key] = await _changed(machine, frame, node, held[key])


async def _changed(machine: Machine, frame: Frame, node: ast.AugAssign, old: Any) -> Any:
    value = await evaluate(machine, frame, node.value)
    frame.node = node
    kind = type(node.op)
    if isinstance(old, list | set | dict | bytearray) or hasattr(type(old), "__iadd__"):
        return IN_PLACE[kind](old, value)
    return await binary(machine, kind, old, value)


async def delete(machine: Machine, frame: Frame, target: ast.expr) -> None:
    match target:
        case ast.Name(id=name):
            frame.node = target
            frame.delete(name)
        case ast.Attribute(value=holder, attr=name):
            held = await evaluate(machine, frame, holder)
            frame.node = target
            access.delete(held, mangled(frame, name))
        case ast.Subscript(value=holder, slice=place):
            held = await evaluate(machine, frame, holder)
            key = await evaluate(machine, frame, place)
            frame.node = target
            del held[key]
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for inner in targets:
                await delete(machine, frame, inner)
        case _:
            raise SyntaxError("cannot delete this")
