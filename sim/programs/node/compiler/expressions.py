"""Expressions: what each kind becomes in Python."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.emitter import Emitter
from sim.programs.node.syntax import nodes as n

BINARY = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder", "**": "power", "==": "equal",
    "!=": "unequal", "===": "same", "!==": "different", "<": "less", ">": "greater", "<=": "at_most", ">=": "at_least",
    "<<": "shift_left", ">>": "shift_right", ">>>": "shift_unsigned", "&": "bit_and", "|": "bit_or", "^": "bit_xor",
    "instanceof": "instance_of", "in": "has_property",
}  # fmt: skip
UNARY = {"-": "negative", "+": "number", "~": "bit_not", "typeof": "type_of"}
BOOLEAN = frozenset(["==", "!=", "===", "!==", "<", ">", "<=", ">=", "instanceof", "in"])


def expression(e: Emitter, node: n.Node) -> ast.expr:
    return _EXPRESSIONS[type(node)](e, node)


def test(e: Emitter, node: n.Node) -> ast.expr:
    """As a condition: Python's own truth is that of JavaScript but for NaN."""
    if isinstance(node, n.Binary) and node.operator in BOOLEAN:
        return expression(e, node)
    if isinstance(node, n.Unary) and node.operator == "!":
        return py.not_(test(e, node.value))
    if isinstance(node, n.Logical) and node.operator != "??":
        operator = ast.And() if node.operator == "&&" else ast.Or()
        return ast.BoolOp(operator, [test(e, node.left), test(e, node.right)])
    if isinstance(node, n.Literal) and isinstance(node.value, bool):
        return py.const(node.value)
    return py.call("truth", expression(e, node))


def _literal(e: Emitter, node: n.Literal) -> ast.expr:
    return py.name("null") if node.value is None else py.const(node.value)


def _name(e: Emitter, node: n.Name) -> ast.expr:
    return e.load(node.name, node.start)


def _this(e: Emitter, node: n.Node) -> ast.expr:
    function = e.function
    while function.parent is not None and not function.has_this:
        function = function.parent
    value = py.name("this")
    return e.at(node.start, py.call("bound_this", value)) if function.kind == "derived" else value


def _template(e: Emitter, node: n.Template) -> ast.expr:
    parts: list[ast.expr] = []
    for index, (text, _) in enumerate(node.parts):
        if text:
            parts.append(py.const(text))
        if index < len(node.values):
            parts.append(expression(e, node.values[index]))
    return e.at(node.start, py.call("joined", *parts))


def _regex(e: Emitter, node: n.Regex) -> ast.expr:
    return e.at(node.start, py.call("regex", py.const(node.body), py.const(node.flags)))


def _array(e: Emitter, node: n.Array) -> ast.expr:
    return py.call("array", ast.List(elements(e, node.elements), py.LOAD))


def elements(e: Emitter, nodes: list[Any]) -> list[ast.expr]:
    """Of an array or a call, with spread ones."""
    found: list[ast.expr] = []
    for one in nodes:
        if one is None:
            found.append(py.name("HOLE"))
        elif isinstance(one, n.Spread):
            listed = e.maybe(e.at(one.start, py.call("listed", expression(e, one.value))), one.start)
            found.append(ast.Starred(listed, py.LOAD))
            e.function.suspends = True
        else:
            found.append(expression(e, one))
    return found


def _conditional(e: Emitter, node: n.Conditional) -> ast.expr:
    return py.either(test(e, node.test), expression(e, node.yes), expression(e, node.no))


def _sequence(e: Emitter, node: n.Sequence) -> ast.expr:
    return py.nth([expression(e, value) for value in node.values], -1)


def _unary(e: Emitter, node: n.Unary) -> ast.expr:
    if node.operator == "!":
        return py.not_(test(e, node.value))
    if node.operator == "typeof" and isinstance(node.value, n.Name) and e.find(node.value.name) is None:
        return py.call("type_of", py.call("global_or_undefined", py.const(node.value.name)))
    if node.operator == "delete":
        return _delete(e, node)
    if node.operator == "-" and isinstance(node.value, n.Literal) and isinstance(node.value.value, float):
        return py.const(-node.value.value)
    value = expression(e, node.value)
    if node.operator == "void":
        return py.nth([value, py.undefined()], 1)
    return e.at(node.start, py.call(UNARY[node.operator], value))


def _delete(e: Emitter, node: n.Unary) -> ast.expr:
    target = node.value.value if isinstance(node.value, n.Chain) else node.value
    if not isinstance(target, n.Member):
        return py.const(True)
    key = expression(e, target.key)
    return e.at(node.start, py.call("delete", expression(e, target.object), key, py.const(e.strict)))


def _binary(e: Emitter, node: n.Binary) -> ast.expr:
    left, right = expression(e, node.left), expression(e, node.right)
    return e.at(node.start, py.call(BINARY[node.operator], left, right))


def _logical(e: Emitter, node: n.Logical) -> ast.expr:
    held = e.temporary()
    left, right = py.walrus(held, expression(e, node.left)), expression(e, node.right)
    if node.operator == "??":
        return py.either(py.call("nullish", left), right, py.name(held))
    if node.operator == "&&":
        return py.either(py.call("truth", left), right, py.name(held))
    return py.either(py.call("truth", left), py.name(held), right)


def _await(e: Emitter, node: n.Await) -> ast.expr:
    return e.at(node.start, ast.Yield(py.call("Await", expression(e, node.value))))


def _yield(e: Emitter, node: n.Yield) -> ast.expr:
    value = py.undefined() if node.value is None else expression(e, node.value)
    is_async = getattr(e.function.node, "is_async", False)
    if node.delegate:
        source = py.call("delegate_async" if is_async else "delegate", value)
        return e.at(node.start, ast.YieldFrom(source))
    if is_async:
        value = e.at(node.start, ast.Yield(py.call("Await", value)))
    return e.at(node.start, ast.Yield(py.call("Yielded", value)))


def _private(e: Emitter, node: n.Private) -> ast.expr:
    return e.load(node.name, node.start)


def _new_target(e: Emitter, node: n.Node) -> ast.expr:
    return py.name("new_target")


def _import_meta(e: Emitter, node: n.Node) -> ast.expr:
    return e.load("import.meta", node.start)


def _import_call(e: Emitter, node: n.ImportCall) -> ast.expr:
    return e.maybe(e.at(node.start, py.call("import_module", expression(e, node.value))), node.start)


def _grouped(e: Emitter, node: n.Parenthesized) -> ast.expr:
    return expression(e, node.values[0])


def _register() -> dict[type, Callable[[Emitter, Any], ast.expr]]:
    """The table of all kinds, those of the neighbours among them."""
    from sim.programs.node.compiler import assigning, calls, classes, functions

    return {
        n.Literal: _literal, n.Name: _name, n.This: _this, n.Template: _template, n.Regex: _regex, n.Array: _array,
        n.Conditional: _conditional, n.Sequence: _sequence, n.Unary: _unary, n.Binary: _binary, n.Logical: _logical,
        n.Await: _await, n.Yield: _yield, n.Private: _private, n.NewTarget: _new_target, n.ImportMeta: _import_meta,
        n.ImportCall: _import_call, n.Parenthesized: _grouped, n.Object: classes.object_literal,
        n.Class: classes.class_,
        n.Function: functions.function, n.Assign: assigning.assign, n.Update: assigning.update,
        n.Member: calls.member, n.Call: calls.call, n.New: calls.new, n.Tagged: calls.tagged, n.Chain: calls.chain,
    }  # fmt: skip


class _Table(dict[type, Callable[[Emitter, Any], ast.expr]]):
    """Filled at the first look: the neighbours need this module, too."""

    def __missing__(self, kind: type) -> Callable[[Emitter, Any], ast.expr]:
        self.update(_register())
        return self[kind]


_EXPRESSIONS = _Table()
