"""Whole programs: scripts of node's CommonJS, modules of ECMAScript, lines of the prompt."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.emitter import Emitter
from sim.programs.node.compiler.expressions import expression
from sim.programs.node.compiler.scopes import Scopes
from sim.programs.node.compiler.statements import block_body
from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.patterns import names
from sim.programs.node.syntax.statements import program
from sim.programs.node.syntax.tokens import Lines

COMMONJS = ("exports", "require", "module", "__filename", "__dirname")
MAIN = "main"


@dataclass(frozen=True, slots=True)
class Compiled:
    """`code` defines `main`; `names`: of functions, by their names in Python; `imports`: the modules that it needs."""

    code: CodeType
    names: dict[str, str]
    lines: Lines
    imports: tuple[str, ...]


@lru_cache(maxsize=256)
def compiled(source: str, file: str, kind: str) -> Compiled:
    """`kind`: script (a CommonJS module), module, or line (what it declares is global, its value is returned).

    Raises JSSyntaxError, RecursionError.
    """
    tree = program(source, is_module=kind == "module")
    parameters = {"script": list(COMMONJS), "module": ["import.meta", "#exports", "#modules"], "line": []}[kind]
    scopes = Scopes(tree, parameters, free_top=kind == "line")
    strict = kind == "module" or any(
        isinstance(one, n.Expression) and isinstance(one.value, n.Literal) and one.value.value == "use strict"
        for one in tree.body[:1]
    )
    e = Emitter(source, scopes, tree, strict=strict)
    scope = scopes.of[tree]
    last: list[ast.stmt] = []
    body = tree.body
    if kind == "line" and body and isinstance(body[-1], n.Expression):
        last, body = [body[-1]], body[:-1]  # type: ignore[list-item]
    statements = block_body(e, body, scope)
    if last:
        ending: n.Expression = last[0]  # type: ignore[assignment]
        value = expression(e, ending.value)
        statements += e.settled(ast.Return(value))
    statements += [ast.Return(py.undefined()), py.do(ast.Yield(None))]
    args = [ast.arg("this"), *(ast.arg(scope.variables[name].code) for name in parameters)]
    main = ast.FunctionDef(MAIN, ast.arguments([], args, None, [], [], None, []), statements, [])
    module = ast.fix_missing_locations(ast.Module([e.at(0, main)], []))
    imports = tuple(dict.fromkeys(one.module for one in tree.body if isinstance(one, n.Import | n.Export)
                                  and one.module is not None))  # fmt: skip
    e.names[MAIN] = "Object.<anonymous>" if kind == "script" else ""
    return Compiled(compile(module, file, "exec"), e.names, e.lines, imports)


def import_(e: Emitter, node: n.Import) -> list[ast.stmt]:
    """The namespace of another module; its names are looked up when they are used."""
    code = e.scopes.of[node].variables["*"].code
    return [py.put(code, _namespace(e, node.module, node.start))]


def _namespace(e: Emitter, module: str, start: int) -> ast.expr:
    modules = e.load("#modules", start)
    return ast.Subscript(modules, py.const(module), py.LOAD)


def export(e: Emitter, node: n.Export) -> list[ast.stmt]:
    """What a module gives: for each name a function that tells its value as it is then."""
    found: list[ast.stmt] = []
    inner = node.declaration
    exported = [(local, outer) for local, outer in node.names] if node.module is None else []
    if inner is not None and not node.names:
        exported += [(name, name) for name in _declared(inner)]
    if node.module is not None:
        return _again(e, node)
    if node.value is not None:
        from sim.programs.node.compiler.assigning import named

        value = named(e, node.value, "default")
        return e.settled(py.do(_give(e, "default", value, node.start)))
    for local, outer in exported:
        getter = e.scopes.code("export")
        empty = ast.arguments([], [], None, [], [], None, [])
        found.append(ast.FunctionDef(getter, empty, [ast.Return(e.load(local, node.start))], []))
        found.append(py.do(_give_live(e, outer, py.name(getter), node.start)))
    if inner is None or isinstance(inner, n.Function):
        return found
    from sim.programs.node.compiler.statements import statement

    return [*found, *statement(e, inner)]


def _declared(node: n.Node) -> list[str]:
    if isinstance(node, n.Variables):
        return [name for target, _ in node.declarations for name in names(target)]
    return [node.name] if isinstance(node, n.Function | n.Class) else []


def _give(e: Emitter, name: str, value: ast.expr, start: int) -> ast.expr:
    return py.call("export_value", e.load("#exports", start), py.const(name), value)


def _give_live(e: Emitter, name: str, getter: ast.expr, start: int) -> ast.expr:
    return py.call("export_live", e.load("#exports", start), py.const(name), getter)


def _again(e: Emitter, node: n.Export) -> list[ast.stmt]:
    """`export … from`."""
    assert node.module is not None
    source = _namespace(e, node.module, node.start)
    pairs = py.items(py.items([py.const(local), py.const(outer)]) for local, outer in node.names)
    return [py.do(py.call("export_from", e.load("#exports", node.start), source, pairs))]
