"""Operators, and how large their results may get. Source: Language Reference 6.5 to 6.10."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from sim.programs.python.functions import Function

LARGEST_NUMBER = 1 << 27  # bits of an integer

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul,
}  # fmt: skip
IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod, ast.Pow: operator.ipow, ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift, ast.BitAnd: operator.iand, ast.BitOr: operator.ior, ast.BitXor: operator.ixor,
    ast.MatMult: operator.imatmul,
}  # fmt: skip
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Invert: operator.invert,
}  # fmt: skip
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda value, container: value in container, ast.NotIn: lambda value, container: value not in container,
}  # fmt: skip


async def compare(kind: type[ast.cmpop], left: Any, right: Any) -> Any:
    """`left OP right`. A `__contains__` of the program may wait."""
    if kind in (ast.In, ast.NotIn):
        special = getattr(type(right), "__contains__", None)
        if type(special) is Function:
            return bool(await special._start((right, left), {})) is (kind is ast.In)
    return COMPARE[kind](left, right)


def guarded(kind: type[ast.operator], left: Any, right: Any) -> int:
    """Bytes of the result, roughly. Raises MemoryError where the Python underneath would compute for ever."""
    if kind is ast.Mult:
        for value, times in ((left, right), (right, left)):
            if isinstance(value, str | bytes | bytearray | list | tuple) and isinstance(times, int):
                return len(value) * max(0, times) * (8 if isinstance(value, list | tuple) else 1)
    if not (isinstance(left, int) and isinstance(right, int)):
        return 0
    if kind is ast.Mult:
        _bounded(left.bit_length() + right.bit_length())
    elif kind is ast.Pow and right > 0:
        _bounded(left.bit_length() * right)
    elif kind is ast.LShift:
        _bounded(left.bit_length() + right)
    return 0


def _bounded(bits: int) -> None:
    if bits > LARGEST_NUMBER:
        raise MemoryError
