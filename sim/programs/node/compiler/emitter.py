"""The state of one translation: which function and scope it is in, and what must stand before the statement it is at.

A function inside an expression becomes a `def` before the statement (`before`), and its name in the expression.
What may have to wait is called as `(yield r) if (r := call(…)).__class__ is Running else r`: whoever drives the
generator runs what it hands over, and sends the result (execution.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.scopes import FunctionScope, Scope, Scopes, Variable
from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.tokens import JSSyntaxError, Lines

Py = TypeVar("Py", ast.expr, ast.stmt)


class Target:
    """Where `break` and `continue` can go. `loop`: a loop of Python's; `labels`: its names in the program."""

    def __init__(self, kind: str, labels: set[str], number: int) -> None:
        self.kind, self.labels, self.number = kind, labels, number
        self.continued = False  # a `continue` goes to it
        self.leaving: list[tuple[Target, str]] = []  # jumps that go through it to one further out


class Emitter:
    """One program's translation. `names`: what the functions are called in JavaScript, by their names in Python."""

    def __init__(self, source: str, scopes: Scopes, top: n.Program, *, strict: bool) -> None:
        self.lines, self.scopes, self.strict = Lines(source), scopes, strict
        self.scope: Scope = scopes.of[top]
        self.function: FunctionScope = scopes.functions[top]
        self.before: list[ast.stmt] = []
        self.targets: list[Target] = []
        self.next_labels: set[str] = set()  # of the loop that comes next
        self.names: dict[str, str] = {}
        self.home_static: bool | None = None  # of the method that is translated; None: an object's
        self._count = 0

    # -- positions and names

    def at(self, start: int, node: Py) -> Py:
        """Give a piece of Python its place in the source."""
        line, column = self.lines.place(start)
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = column
        return node

    def number(self) -> int:
        self._count += 1
        return self._count

    def temporary(self) -> str:
        return f"t{self.number()}"

    def text(self, start: int, end: int) -> str:
        return self.lines.source[start:end]

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        around, self.scope = self.scope, scope
        yield
        self.scope = around

    @contextmanager
    def inside_function(self, scope: Scope, function: FunctionScope) -> Iterator[None]:
        around = self.scope, self.function, self.before, self.targets
        self.scope, self.function, self.before, self.targets = scope, function, [], []
        yield
        self.scope, self.function, self.before, self.targets = around

    def settled(self, *statements: ast.stmt) -> list[ast.stmt]:
        """Statements, after what had to stand before them."""
        found, self.before = [*self.before, *statements], []
        return found

    # -- variables

    def find(self, name: str) -> Variable | None:
        found = self.scope.find(name)
        return found

    def load(self, name: str, start: int) -> ast.expr:
        """The value of a name."""
        found = self.find(name)
        if found is None:
            return py.undefined() if name == "undefined" else self.at(start, py.call("global_value", py.const(name)))
        if found.kind == "import":
            namespace, outer = found.source
            if outer == "*":
                return py.name(namespace)
            return self.at(start, py.call("imported", py.name(namespace), py.const(outer)))
        if found.boxed:
            return self.at(start, ast.Attribute(py.name(found.code), "value", py.LOAD))
        return self.at(start, py.name(found.code))

    def store(self, name: str, value: ast.expr, start: int, *, first: bool = False) -> ast.expr:
        """Assign to a name, as an expression; `first`: its declaration does."""
        found = self.find(name)
        if found is None:
            return self.at(start, py.call("set_global", py.const(name), value, py.const(self.strict)))
        if not first and found.kind in ("const", "import"):
            return self.at(start, py.call("assign_const", value))
        if not first and found.kind == "self":
            return value
        if found.boxed:
            return py.method(py.name(found.code), "set", value)
        return py.walrus(found.code, value)

    def boxes(self, scope: Scope) -> list[ast.stmt]:
        """New places for a scope's variables that need one in each round."""
        return [py.put(one.code, py.call("Box", py.const(one.name))) for one in scope.variables.values() if one.boxed]

    # -- what may wait

    def maybe(self, value: ast.expr, start: int) -> ast.expr:
        """A value, or something that has to run first."""
        running = py.is_(ast.Attribute(py.walrus("r", value), "__class__", py.LOAD), py.name("Running"))
        return py.either(running, self.at(start, ast.Yield(py.name("r"))), py.name("r"))

    def error(self, message: str, start: int, end: int) -> JSSyntaxError:
        return JSSyntaxError(message, start, end)
