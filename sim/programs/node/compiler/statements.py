"""Statements: what each kind becomes in Python."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.assigning import bind, named, update
from sim.programs.node.compiler.emitter import Emitter
from sim.programs.node.compiler.expressions import expression, test
from sim.programs.node.compiler.functions import made
from sim.programs.node.compiler.scopes import Scope
from sim.programs.node.syntax import nodes as n


def statement(e: Emitter, node: n.Node) -> list[ast.stmt]:
    return _STATEMENTS[type(node)](e, node)


def block_body(e: Emitter, body: list[n.Node], scope: Scope, *, boxed: bool = True) -> list[ast.stmt]:
    """The statements of a block, after what its declarations need: places, `var`s, functions."""
    found = e.boxes(scope) if boxed else []
    found += [py.put(one.code, py.undefined()) for one in scope.variables.values() if one.kind == "var"
              and one is not scope.function.arguments]  # fmt: skip
    for node in body:
        inner = node.declaration if isinstance(node, n.Export) else node
        if isinstance(inner, n.Function) and inner.declared:
            found += e.settled(py.do(e.store(inner.name, made(e, inner), inner.start, first=True)))
    for node in body:
        found += statement(e, node)
    return found


def _expression(e: Emitter, node: n.Expression) -> list[ast.stmt]:
    value = node.value
    found = update(e, value, used=False) if isinstance(value, n.Update) else expression(e, value)
    return e.settled(e.at(node.start, py.do(found)))


def _variables(e: Emitter, node: n.Variables) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for target, value in node.declarations:
        if value is None:
            if node.kind != "var" and isinstance(target, n.Name):
                found.append(py.do(e.store(target.name, py.undefined(), target.start, first=True)))
            continue
        name = target.name if isinstance(target, n.Name) else ""
        parts = bind(e, target, named(e, value, name), first=True)
        found += e.settled(*(e.at(node.start, py.do(part)) for part in parts))
    return found


def _block(e: Emitter, node: n.Block) -> list[ast.stmt]:
    scope = e.scopes.of[node]
    with e.inside(scope):
        return block_body(e, node.body, scope)


def body_of(e: Emitter, node: n.Node) -> list[ast.stmt]:
    return statement(e, node) or [ast.Pass()]


def _if(e: Emitter, node: n.If) -> list[ast.stmt]:
    condition = test(e, node.test)
    before = e.settled()
    yes = body_of(e, node.yes)
    no = statement(e, node.no) if node.no is not None else []
    return [*before, e.at(node.start, py.if_(condition, yes, no))]


def _return(e: Emitter, node: n.Return) -> list[ast.stmt]:
    value = py.undefined() if node.value is None else expression(e, node.value)
    if e.function.kind == "derived":
        value = py.call("constructed", value, py.name("this"))
    if getattr(e.function.node, "is_async", False) and getattr(e.function.node, "is_generator", False):
        value = e.at(node.start, ast.Yield(py.call("Await", value)))
    return e.settled(e.at(node.start, ast.Return(value)))


def _throw(e: Emitter, node: n.Throw) -> list[ast.stmt]:
    value = expression(e, node.value)
    return e.settled(e.at(node.start, ast.Raise(py.call("Thrown", value))))


def _try(e: Emitter, node: n.Try) -> list[ast.stmt]:
    handlers: list[ast.ExceptHandler] = []
    tried = _block(e, node.block) or [ast.Pass()]
    if node.handler is not None:
        scope = e.scopes.of[node]
        error = f"e{e.number()}"
        with e.inside(scope):
            caught = py.call("caught", py.name(error))
            body = [*e.boxes(scope)]
            if node.parameter is None:
                body.append(py.do(caught))
            else:
                parts = bind(e, node.parameter, caught, first=True)
                body += e.settled(*(py.do(part) for part in parts))
            body += _block(e, node.handler)
        handlers.append(ast.ExceptHandler(py.name("Exception"), error, body))
    last: list[ast.stmt] = []
    if node.finalizer is not None:
        last = [py.if_(py.not_(py.call("abandoned")), _block(e, node.finalizer))]
    return [ast.Try(tried, handlers, [], last)]


def _labelled(e: Emitter, node: n.Labelled) -> list[ast.stmt]:
    from sim.programs.node.compiler.loops import labelled

    return labelled(e, node)


def _class(e: Emitter, node: n.Class) -> list[ast.stmt]:
    value = expression(e, node)
    if node.declared:
        value = e.store(node.name, value, node.start, first=True)
    return e.settled(py.do(value))


def _nothing(e: Emitter, node: n.Node) -> list[ast.stmt]:
    return []


def _register() -> dict[type, Callable[[Emitter, Any], list[ast.stmt]]]:
    from sim.programs.node.compiler import loops, modules

    return {
        n.Expression: _expression, n.Variables: _variables, n.Block: _block, n.If: _if, n.Return: _return,
        n.Throw: _throw, n.Try: _try, n.Labelled: _labelled, n.Class: _class, n.Function: _nothing, n.Empty: _nothing,
        n.For: loops.for_, n.ForEach: loops.for_each, n.While: loops.while_, n.DoWhile: loops.do_while,
        n.Switch: loops.switch, n.Jump: loops.jump, n.Import: modules.import_, n.Export: modules.export,
    }  # fmt: skip


class _Table(dict[type, Callable[[Emitter, Any], list[ast.stmt]]]):
    """Filled at the first look: the neighbours need this module, too."""

    def __missing__(self, kind: type) -> Callable[[Emitter, Any], list[ast.stmt]]:
        self.update(_register())
        return self[kind]


_STATEMENTS = _Table()
