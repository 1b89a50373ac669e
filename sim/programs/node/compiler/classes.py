"""Classes and object literals."""

from __future__ import annotations

import ast

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.assigning import named
from sim.programs.node.compiler.emitter import Emitter
from sim.programs.node.compiler.expressions import expression
from sim.programs.node.compiler.functions import define, made
from sim.programs.node.compiler.scopes import INITIAL
from sim.programs.node.syntax import nodes as n


def class_(e: Emitter, node: n.Class) -> ast.expr:
    """The value of a class; its name inside of it, and what is static, are settled on the way."""
    scope = e.scopes.of[node]
    parent = py.name("NO_PARENT") if node.parent is None else expression(e, node.parent)
    with e.inside(scope):
        e.before += e.boxes(scope)
        for variable in scope.variables.values():
            if variable.kind == "private":
                private = py.call("PrivateName", py.const(variable.name))
                e.before.append(py.do(e.store(variable.name, private, node.start, first=True)))
        parts = [_element(e, one) for one in node.elements if one.kind not in INITIAL]
        constructor = py.undefined()
        if node.constructor is not None:
            node.constructor.name = node.name
            around, e.home_static = e.home_static, False
            constructor = py.name(define(e, node.constructor))
            e.home_static = around
        places = py.items([py.const(node.start), py.const(node.end)])
        value = py.call("make_class", py.const(node.name), parent, constructor, py.items(parts),
                        _fields(e, node, False), places)  # fmt: skip
        value = e.store("#home", e.at(node.start, value), node.start, first=True)
        if node.name in scope.variables:
            value = e.store(node.name, value, node.start, first=True)
        statics = _fields(e, node, True)
        if not isinstance(statics, ast.Constant):
            value = e.maybe(py.call("with_statics", value, statics), node.start)
    return value


def key_of(e: Emitter, key: n.Node, computed: bool) -> ast.expr:
    if computed or not isinstance(key, n.Literal) or not isinstance(key.value, str):
        found = expression(e, key)
        return found if isinstance(key, n.Private) else py.call("property_key", found)
    return py.const(key.value)


def _element(e: Emitter, one: n.Element) -> ast.expr:
    """(kind, static, key, function)"""
    around, e.home_static = e.home_static, one.static
    assert isinstance(one.value, n.Function)
    function = made(e, one.value)
    e.home_static = around
    return py.items([py.const(one.kind), py.const(one.static), key_of(e, one.key, one.computed), function])


def _fields(e: Emitter, node: n.Class, static: bool) -> ast.expr:
    """The function that gives an instance (or the class) its fields; undefined if there are none."""
    function = e.scopes.fields.get((node, static))
    if function is None:
        return py.undefined()
    function.name = "<static_initializer>" if static else "<instance_members_initializer>"
    around, e.home_static = e.home_static, static
    body: list[ast.stmt] = []
    scope, own = e.scopes.of[function], e.scopes.functions[function]
    fields = [one for one in node.elements if one.kind in INITIAL and one.static is static]
    keys = [_field_key(e, one) for one in fields]
    with e.inside_function(scope, own):
        for one, key in zip(fields, keys, strict=True):
            body += e.settled(_field(e, one, key))
    code = define(e, function, body)
    e.home_static = around
    return py.name(code)


def _field_key(e: Emitter, one: n.Element) -> ast.expr:
    """Computed keys are computed once, where the class stands."""
    if not one.computed:
        return py.undefined()
    held = e.scopes.code("key")
    e.before.append(py.put(held, py.call("property_key", expression(e, one.key))))
    return py.name(held)


def _field(e: Emitter, one: n.Element, key: ast.expr) -> ast.stmt:
    if one.kind == "block":
        assert isinstance(one.value, n.Function)
        run = py.call("call", made(e, one.value), py.name("this"), py.items([]), py.const(""))
        return py.do(e.maybe(run, one.start))
    if not one.computed:
        key = key_of(e, one.key, False)
    name = one.key.value if isinstance(one.key, n.Literal) and isinstance(one.key.value, str) else ""
    if isinstance(one.key, n.Private):
        name = one.key.name
    value = py.undefined() if one.value is None else named(e, one.value, name)
    return py.do(e.at(one.start, py.call("define_field", py.name("this"), key, value)))


# -- object literals


def object_literal(e: Emitter, node: n.Object) -> ast.expr:
    scope = e.scopes.of[node]
    around, e.home_static = e.home_static, None
    with e.inside(scope):
        e.before += e.boxes(scope)
        plain = all(isinstance(one, n.Property) and one.kind == "init" and not one.computed
                    and isinstance(one.key, n.Literal) and isinstance(one.key.value, str)
                    and one.key.value != "__proto__" for one in node.properties)  # fmt: skip
        if plain:
            keys = [py.const(one.key.value) for one in node.properties  # type: ignore[attr-defined]
                    if isinstance(one, n.Property)]  # fmt: skip
            values = [_value(e, one) for one in node.properties if isinstance(one, n.Property)]
            value = py.call("object", ast.Dict(list(keys), values))
        else:
            value = py.call("object_of", py.items(_part(e, one) for one in node.properties))
        if scope.variables["#home"].captured or _uses_home(e, node):
            value = e.store("#home", value, node.start, first=True)
    e.home_static = around
    return value


def _uses_home(e: Emitter, node: n.Object) -> bool:
    home = e.scopes.of[node].variables["#home"]
    return any(home.code in function.outer for function in e.scopes.functions.values())


def _value(e: Emitter, one: n.Property) -> ast.expr:
    name = one.key.value if isinstance(one.key, n.Literal) and isinstance(one.key.value, str) else ""
    return named(e, one.value, name)


def _part(e: Emitter, one: n.Node) -> ast.expr:
    """(kind, key, value)"""
    if isinstance(one, n.Spread):
        return py.items([py.const("spread"), py.undefined(), expression(e, one.value)])
    assert isinstance(one, n.Property)
    kind = one.kind
    if kind == "init" and not one.computed and isinstance(one.key, n.Literal) and one.key.value == "__proto__":
        kind = "prototype"
    return py.items([py.const(kind), key_of(e, one.key, one.computed), _value(e, one)])
