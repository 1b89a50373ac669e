"""Small pieces of Python's syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

LOAD, STORE = ast.Load(), ast.Store()


def name(text: str) -> ast.expr:
    return ast.Name(text, LOAD)


def const(value: object) -> ast.expr:
    return ast.Constant(value)  # type: ignore[arg-type]


def undefined() -> ast.expr:
    return const(None)


def call(function: str, *args: ast.expr) -> ast.expr:
    """A call of a function of the runtime."""
    return ast.Call(name(function), list(args), [])


def method(owner: ast.expr, attribute: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(owner, attribute, LOAD), list(args), [])


def put(target: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(target, STORE)], value)


def walrus(target: str, value: ast.expr) -> ast.expr:
    return ast.NamedExpr(ast.Name(target, STORE), value)


def items(values: Iterable[ast.expr]) -> ast.expr:
    return ast.Tuple(list(values), LOAD)


def nth(values: Sequence[ast.expr], index: int) -> ast.expr:
    """Compute all, and have one of them."""
    return ast.Subscript(items(values), const(index), LOAD)


def either(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.expr:
    return ast.IfExp(test, yes, no)


def is_(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [ast.Is()], [right])


def not_(value: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), value)


def do(value: ast.expr) -> ast.stmt:
    return ast.Expr(value)


def if_(test: ast.expr, yes: list[ast.stmt], no: list[ast.stmt] | None = None) -> ast.stmt:
    return ast.If(test, yes or [ast.Pass()], no or [])


def forever(body: list[ast.stmt]) -> ast.stmt:
    return ast.While(const(True), body, [])
