"""Assignments, `++` and `--`, and patterns: all of them are expressions."""

from __future__ import annotations

import ast

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.calls import home, member
from sim.programs.node.compiler.emitter import Emitter
from sim.programs.node.compiler.expressions import BINARY, expression
from sim.programs.node.syntax import nodes as n


def named(e: Emitter, value: n.Node, name: str) -> ast.expr:
    """A value; a function or class without a name gets that of its variable."""
    if isinstance(value, n.Function | n.Class) and not value.name:
        value.name = name
    return expression(e, value)


def assign(e: Emitter, node: n.Assign) -> ast.expr:
    target = node.target
    if node.operator == "=":
        if isinstance(target, n.Name):
            return e.store(target.name, named(e, node.value, target.name), node.start)
        if isinstance(target, n.Member):
            return _put(e, target, expression(e, node.value))
        held = e.temporary()
        value = py.walrus(held, expression(e, node.value))
        return py.nth([value, *bind(e, target, py.name(held), first=False), py.name(held)], -1)
    operator = node.operator[:-1]
    if operator in ("&&", "||", "??"):
        return _assign_maybe(e, node, operator)
    if isinstance(target, n.Name):
        value = py.call(BINARY[operator], e.load(target.name, target.start), expression(e, node.value))
        return e.store(target.name, e.at(node.start, value), node.start)
    assert isinstance(target, n.Member)
    old, target = _twice(e, target, old_first=False)
    return _put(e, target, e.at(node.start, py.call(BINARY[operator], old, expression(e, node.value))))


def _assign_maybe(e: Emitter, node: n.Assign, operator: str) -> ast.expr:
    target = node.target
    held = e.temporary()
    if isinstance(target, n.Name):
        old = e.load(target.name, target.start)
        store = e.store(target.name, named(e, node.value, target.name), node.start)
    else:
        assert isinstance(target, n.Member)
        old, target = _twice(e, target, old_first=True)
        store = _put(e, target, expression(e, node.value))
    keeps = {"&&": py.not_(py.call("truth", py.walrus(held, old))), "||": py.call("truth", py.walrus(held, old)),
             "??": py.not_(py.call("nullish", py.walrus(held, old)))}  # fmt: skip
    return py.either(keeps[operator], py.name(held), store)


class _Held(n.Node):
    """An expression that is computed already; or (`value`) is computed and held here."""

    __slots__ = ("code", "value")

    def __init__(self, start: int, code: str, value: ast.expr | None) -> None:
        self.start, self.code, self.value = start, code, value


def _twice(e: Emitter, target: n.Member, *, old_first: bool) -> tuple[ast.expr, n.Member]:
    """The value of a member, and the member to put into. The parts are computed by whichever comes first."""
    if isinstance(target.object, n.Super):
        return member(e, target), target
    owner, key = e.temporary(), e.temporary()
    first = py.walrus(owner, expression(e, target.object))
    held = _Held(target.start, owner, None if old_first else first)
    one = first if old_first else py.name(owner)
    if not target.computed:
        function = "private_value" if isinstance(target.key, n.Private) else "value_of"
        old = py.call(function, one, expression(e, target.key))
        return e.at(target.at, old), n.Member(target.start, held, target.key, target.at)
    second = py.walrus(key, py.call("held_key", expression(e, target.key)))
    held_key = _Held(target.start, key, None if old_first else second)
    old = py.call("item", one, second if old_first else py.name(key))
    return e.at(target.at, old), n.Member(target.start, held, held_key, target.at, True)


def _part(e: Emitter, node: n.Node) -> ast.expr:
    if isinstance(node, _Held):
        return node.value if node.value is not None else py.name(node.code)
    return expression(e, node)


def _put(e: Emitter, target: n.Member, value: ast.expr) -> ast.expr:
    if isinstance(target.object, n.Super):
        home(e, target.start)
        return e.at(target.at, py.call("put", py.name("this"), expression(e, target.key), value, py.const(True)))
    owner, key = _part(e, target.object), _part(e, target.key)
    if isinstance(target.key, n.Private):
        return e.at(target.at, py.call("put_private", owner, key, value))
    function = "put_item" if target.computed else "put"
    return e.at(target.at, py.call(function, owner, key, value, py.const(e.strict)))


def update(e: Emitter, node: n.Update, *, used: bool = True) -> ast.expr:
    """`++` and `--`; `used`: somebody looks at the value."""
    change = "increment" if node.operator == "++" else "decrement"
    before = node.before or not used
    held = e.temporary()
    if isinstance(node.target, n.Name):
        name, start = node.target.name, node.target.start
        old = e.load(name, start)
        if before:
            return e.store(name, e.at(node.start, py.call(change, old)), node.start)
        first = py.walrus(held, py.call("numeric", old))
        return py.nth([first, e.store(name, py.call(change, py.name(held)), node.start)], 0)
    assert isinstance(node.target, n.Member)
    old, target = _twice(e, node.target, old_first=not before)
    if before:
        return _put(e, target, e.at(node.start, py.call(change, old)))
    first = py.walrus(held, py.call("numeric", old))
    return py.nth([first, _put(e, target, py.call(change, py.name(held)))], 0)


# -- patterns


def bind(e: Emitter, target: n.Node, value: ast.expr, *, first: bool) -> list[ast.expr]:
    """Expressions that give a pattern's names their values; `first`: it is their declaration."""
    match target:
        case n.Name(name=name):
            return [e.store(name, value, target.start, first=first)]
        case n.Member():
            return [_put(e, target, value)]
        case n.Default(target=inner, value=otherwise):
            held = e.temporary()
            name = inner.name if isinstance(inner, n.Name) else ""
            chosen = py.either(py.is_(py.walrus(held, value), py.undefined()), named(e, otherwise, name), py.name(held))
            return bind(e, inner, chosen, first=first)
        case n.ArrayPattern(elements=elements):
            return _bind_array(e, target, elements, value, first)
        case n.ObjectPattern():
            return _bind_object(e, target, value, first)
    raise e.error("Invalid destructuring assignment target", target.start, target.start + 1)


def _bind_array(
    e: Emitter, target: n.Node, elements: list[n.Node | None], value: ast.expr, first: bool
) -> list[ast.expr]:
    rest = bool(elements) and isinstance(elements[-1], n.Rest)
    held = e.temporary()
    count = len(elements) - rest
    taken = e.at(target.start, py.call("taken", value, py.const(count), py.const(rest)))
    found = [py.walrus(held, taken)]
    for index, element in enumerate(elements):
        part = ast.Subscript(py.name(held), py.const(index), py.LOAD)
        if isinstance(element, n.Rest):
            found += bind(e, element.target, part, first=first)
        elif element is not None:
            found += bind(e, element, part, first=first)
    return found


def _bind_object(e: Emitter, target: n.ObjectPattern, value: ast.expr, first: bool) -> list[ast.expr]:
    held = e.temporary()
    key = target.properties[0].key if target.properties else None
    name = key.value if isinstance(key, n.Literal) and isinstance(key.value, str) else ""
    checked = e.at(target.start, py.call("destructured", value, py.const(name)))
    found = [py.walrus(held, checked)]
    keys: list[ast.expr] = []
    for one in target.properties:
        if one.computed:
            computed = e.temporary()
            found.append(py.walrus(computed, py.call("property_key", expression(e, one.key))))
            part_key = py.name(computed)
        else:
            part_key = py.call("property_key", expression(e, one.key))
        if isinstance(one.key, n.Literal) and isinstance(one.key.value, str):
            part_key = py.const(one.key.value)
        keys.append(part_key)
        part = e.at(one.start, py.call("item", py.name(held), part_key))
        found += bind(e, one.value, part, first=first)
    if target.rest is not None:
        found += bind(e, target.rest, py.call("without", py.name(held), py.items(keys)), first=first)
    return found
