"""Functions: a Python function for each, and the object around it."""

from __future__ import annotations

import ast

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.assigning import bind
from sim.programs.node.compiler.emitter import Emitter
from sim.programs.node.compiler.scopes import FunctionScope
from sim.programs.node.syntax import nodes as n


def function(e: Emitter, node: n.Function) -> ast.expr:
    """The value of a function expression."""
    own = e.scopes.selves.get(node)
    if own is None:
        return made(e, node)
    with e.inside(own):
        e.before += e.boxes(own)
        return e.store(node.name, made(e, node), node.start, first=True)


def made(e: Emitter, node: n.Function, kind: str = "") -> ast.expr:
    """The object of a function whose `def` stands before the statement."""
    code = define(e, node)
    kind = kind or kind_of(node)
    length = next((index for index, one in enumerate(node.params) if isinstance(one, n.Default | n.Rest)),
                  len(node.params))  # fmt: skip
    places = py.items([py.const(node.start), py.const(node.end)])
    return py.call("function", py.name(code), py.const(node.name), py.const(length), py.const(kind), places)


def kind_of(node: n.Function) -> str:
    """function, arrow, method, async, generator, async_generator."""
    if node.is_async:
        return "async_generator" if node.is_generator else "async"
    if node.is_generator:
        return "generator"
    return node.kind if node.kind in ("arrow", "function") else "method"


def define(e: Emitter, node: n.Function, body: list[ast.stmt] | None = None) -> str:
    """Put a function's `def` before the statement; its name in Python. `body`: instead of its own."""
    from sim.programs.node.compiler.statements import block_body

    scope, own = e.scopes.of[node], e.scopes.functions[node]
    code = e.scopes.code(node.name or "anonymous")
    e.names[code] = shown_name(node)
    strict = e.strict
    if any(isinstance(one, n.Expression) and isinstance(one.value, n.Literal) and one.value.value == "use strict"
           for one in node.body[:1]):  # fmt: skip
        e.strict = True
    if node.kind in ("constructor", "derived", "fields"):
        e.strict = True
    with e.inside_function(scope, own):
        inner = [*head(e, node, own), *_parameters(e, node, own)]
        inner += body if body is not None else block_body(e, node.body, scope)
        done = py.call("constructed", py.undefined(), py.name("this")) if own.kind == "derived" else py.undefined()
        inner.append(ast.Return(done))
        if own.suspends or own.kind == "fields":
            inner.append(py.do(ast.Yield(None)))
        signature = _signature(node, own)
    e.strict = strict
    e.before.append(e.at(node.start, ast.FunctionDef(code, signature, inner, [])))
    return code


def shown_name(node: n.Function) -> str:
    if node.kind in ("constructor", "derived"):
        return f"new {node.name}"
    return node.name


def _signature(node: n.Function, own: FunctionScope) -> ast.arguments:
    boxes = [one.code for one in own.outer.values() if one.boxed]
    this = ast.arg("this" if own.has_this else "no_this")
    plain: list[ast.arg] = []
    rest = "more"
    if own.arguments is not None:
        rest = "given"
    else:
        plain = [ast.arg(f"p{index}") for index, one in enumerate(node.params) if not isinstance(one, n.Rest)]
    return ast.arguments(
        [], [this, *plain], ast.arg(rest), [ast.arg(code) for code in boxes], [py.name(code) for code in boxes], None,
        [py.undefined() for _ in plain],
    )  # fmt: skip


def head(e: Emitter, node: n.Node, own: FunctionScope) -> list[ast.stmt]:
    """`nonlocal`, and what a function knows of its call."""
    found: list[ast.stmt] = []
    outer = sorted(code for code in own.assigned if code in own.outer and not own.outer[code].boxed
                   and own.outer[code].kind not in ("const", "self", "import"))  # fmt: skip
    if own.binds_this:
        outer.append("this")
    if outer:
        found.append(ast.Nonlocal(outer))
    if own.uses_new_target and own.kind != "arrow":
        found.append(py.put("new_target", py.call("take_new_target")))
    if own.uses_this and own.kind == "function" and not e.strict:
        found.append(py.if_(py.call("nullish", py.name("this")), [py.put("this", py.name("global_object"))]))
    if own.kind == "derived":
        found.append(py.put("this", py.undefined()))
    return found


def _parameters(e: Emitter, node: n.Function, own: FunctionScope) -> list[ast.stmt]:
    """From Python's parameters to the program's."""
    found: list[ast.stmt] = []
    scope = e.scopes.of[node]
    if own.arguments is not None:
        found.append(py.put(own.arguments.code, py.call("arguments_object", py.name("given"))))
    for index, one in enumerate(node.params):
        if isinstance(one, n.Rest):
            start = len(node.params) - 1
            listed = py.call("rest", py.name("given" if own.arguments else "more"),
                             py.const(start if own.arguments else 0))  # fmt: skip
            value, target = listed, one.target
        elif own.arguments is not None:
            value, target = py.call("nth", py.name("given"), py.const(index)), one
        else:
            value, target = py.name(f"p{index}"), one
        if isinstance(target, n.Name) and isinstance(value, ast.Name):
            variable = scope.variables[target.name]
            found.append(py.put(variable.code, value))
            continue
        parts = [py.do(part) for part in bind(e, target, value, first=True)]
        found += e.settled(*parts)
    return found
