"""Members, calls, `new`, templates with a tag, and optional chains."""

from __future__ import annotations

import ast
from collections.abc import Callable

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.emitter import Emitter
from sim.programs.node.compiler.expressions import elements, expression
from sim.programs.node.syntax import nodes as n

Use = Callable[[ast.expr], ast.expr]


def member(e: Emitter, node: n.Member) -> ast.expr:
    if isinstance(node.object, n.Super):
        return e.at(node.at, py.call("super_value", home(e, node.start), expression(e, node.key), py.name("this")))
    return _got(e, node, expression(e, node.object))


def _got(e: Emitter, node: n.Member, owner: ast.expr) -> ast.expr:
    function = "item" if node.computed else "private_value" if isinstance(node.key, n.Private) else "value_of"
    return e.at(node.at, py.call(function, owner, expression(e, node.key)))


def home(e: Emitter, start: int) -> ast.expr:
    """The object whose prototype `super` means."""
    found = e.load("#home", start)
    return py.call("prototype_of_class", found) if e.home_static is False else found


def arguments(e: Emitter, nodes: list[n.Node]) -> ast.expr:
    return py.items(elements(e, list(nodes)))


def call(e: Emitter, node: n.Call) -> ast.expr:
    callee = node.callee
    given = node.arguments
    if isinstance(callee, n.Super):
        made = py.call("super_construct", e.load("#home", node.start), arguments(e, given), py.name("new_target"))
        return py.walrus("this", e.maybe(e.at(node.start, made), node.start))
    said = py.const(described(callee))
    if isinstance(callee, n.Member):
        if isinstance(callee.object, n.Super):
            return _called(e, node, member(e, callee), py.name("this"), said)
        if not callee.computed:
            function = "invoke_private" if isinstance(callee.key, n.Private) else "invoke"
            owner, key = expression(e, callee.object), expression(e, callee.key)
            return e.maybe(e.at(node.start, py.call(function, owner, key, arguments(e, given), said)), node.start)
        held = e.temporary()
        function_value = _got(e, callee, py.walrus(held, expression(e, callee.object)))
        return _called(e, node, function_value, py.name(held), said)
    return _called(e, node, expression(e, callee), py.undefined(), said)


def _called(e: Emitter, node: n.Call, function: ast.expr, this: ast.expr, said: ast.expr) -> ast.expr:
    return e.maybe(e.at(node.start, py.call("call", function, this, arguments(e, node.arguments), said)), node.start)


def new(e: Emitter, node: n.New) -> ast.expr:
    said = py.const(described(node.callee))
    made = py.call("construct", expression(e, node.callee), arguments(e, node.arguments), said)
    return e.maybe(e.at(node.start, made), node.start)


def tagged(e: Emitter, node: n.Tagged) -> ast.expr:
    template = node.template
    strings = py.call("template_strings", py.items(py.const(value) for value, _ in template.parts),
                      py.items(py.const(raw) for _, raw in template.parts))  # fmt: skip
    given = py.items([strings, *(expression(e, value) for value in template.values)])
    said = py.const(described(node.tag))
    if isinstance(node.tag, n.Member) and not node.tag.computed:
        made = py.call("invoke", expression(e, node.tag.object), expression(e, node.tag.key), given, said)
    else:
        made = py.call("call", expression(e, node.tag), py.undefined(), given, said)
    return e.maybe(e.at(node.start, made), node.start)


# -- optional chains


def chain(e: Emitter, node: n.Chain) -> ast.expr:
    return _linked(e, node.value, lambda value: value)


def _linked(e: Emitter, node: n.Node, use: Use) -> ast.expr:
    """What is made of a link's value, unless a `?.` before it ends the chain."""
    if isinstance(node, n.Member) and not isinstance(node.object, n.Super):
        return _linked(e, node.object, lambda owner: _guarded(e, node.optional, owner,
                                                               lambda held: use(_got(e, node, held))))  # fmt: skip
    if isinstance(node, n.Call) and isinstance(node.callee, n.Member) and not isinstance(node.callee.object, n.Super):
        return _method(e, node, node.callee, use)
    if isinstance(node, n.Call) and not isinstance(node.callee, n.Super):
        said = py.const(described(node.callee))
        return _linked(e, node.callee, lambda function: _guarded(
            e, node.optional, function, lambda held: use(_called(e, node, held, py.undefined(), said))))  # fmt: skip
    return use(expression(e, node))


def _method(e: Emitter, node: n.Call, callee: n.Member, use: Use) -> ast.expr:
    """`owner.method(…)`: the owner is needed twice."""
    said = py.const(described(callee))

    def with_owner(owner: ast.expr) -> ast.expr:
        this = e.temporary()
        found = _got(e, callee, py.walrus(this, owner))
        return _guarded(e, node.optional, found, lambda held: use(_called(e, node, held, py.name(this), said)))

    return _linked(e, callee.object, lambda owner: _guarded(e, callee.optional, owner, with_owner))


def _guarded(e: Emitter, optional: bool, value: ast.expr, use: Use) -> ast.expr:
    if not optional:
        return use(value)
    held = e.temporary()
    return py.either(py.call("nullish", py.walrus(held, value)), py.undefined(), use(py.name(held)))


def described(callee: n.Node) -> str:
    """What is called, in the words of V8's messages."""
    match callee:
        case n.Name(name=name):
            return name
        case n.This():
            return "this"
        case n.Super():
            return "(intermediate value)"
        case n.Member(object=owner, key=n.Literal(value=str() as key), computed=False):
            return f"{described(owner)}.{key}"
        case n.Member(object=owner, key=n.Private(name=name)):
            return f"{described(owner)}.{name}"
        case n.Member(object=owner, key=n.Literal(value=value)) if isinstance(value, str):
            return f"{described(owner)}.{value}"
        case n.Member(object=owner, key=key):
            return f"{described(owner)}[{described(key)}]"
        case n.Call(callee=inner):
            return f"{described(inner)}(...)"
        case n.Chain(value=value):
            return described(value).replace(".", "?.", 1)
        case n.Literal(value=str() as text):
            return f'"{text}"'
        case n.Literal(value=float() as number):
            from sim.programs.node.numbers import number_text

            return number_text(number)
    return "(intermediate value)"
