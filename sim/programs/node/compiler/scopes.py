"""Who declares which name, and who uses it from inside another function. Source: ECMA-262, chapter 8.

A variable becomes one of the Python function's. One that is declared in a loop and used by a function inside it needs a
new place in each round: it is kept in a box.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.patterns import names
from sim.programs.node.syntax.tokens import JSSyntaxError
from sim.programs.node.syntax.walking import children

LEXICAL = frozenset(["let", "const", "class"])
INITIAL = ("field", "block")  # elements of a class that run when it, or an instance, is made
OWN_THIS = frozenset(["function", "method", "getter", "setter", "constructor", "derived", "fields"])


@dataclass(slots=True, eq=False)
class Variable:
    """`kind`: var, let, const, class, function, parameter, self, import, private. `code`: its name in Python."""

    name: str
    kind: str
    code: str
    function: FunctionScope
    in_loop: bool
    captured: bool = False
    source: tuple[str, str] = ("", "")  # of an import: the namespace's code, and the name in it

    @property
    def boxed(self) -> bool:
        return self.captured and self.in_loop


@dataclass(slots=True, eq=False)
class FunctionScope:
    """What a function's body says of itself."""

    node: n.Node
    parent: FunctionScope | None
    kind: str
    suspends: bool = False
    uses_this: bool = False
    uses_new_target: bool = False
    uses_super: bool = False
    binds_this: bool = False  # an arrow with super(…) in it
    arguments: Variable | None = None
    outer: dict[str, Variable] = field(default_factory=dict)  # those of functions around, by code
    assigned: set[str] = field(default_factory=set)  # codes of those that it assigns

    @property
    def has_this(self) -> bool:
        return self.kind in OWN_THIS or self.parent is None


@dataclass(slots=True, eq=False)
class Scope:
    parent: Scope | None
    function: FunctionScope
    in_loop: bool
    variables: dict[str, Variable] = field(default_factory=dict)

    def find(self, name: str) -> Variable | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        return None


class Scopes:
    """The scopes of a program, by the nodes that open them."""

    def __init__(self, program: n.Program, parameters: list[str], *, free_top: bool = False) -> None:
        """`free_top`: what is declared at the top is global (the prompt)."""
        self.of: dict[n.Node, Scope] = {}
        self.functions: dict[n.Node, FunctionScope] = {}
        self.selves: dict[n.Node, Scope] = {}  # of function expressions: where their own name is known
        self.fields: dict[tuple[n.Node, bool], n.Function] = {}  # of classes: their initializers, static or not
        self._numbers = count(1)
        self._top = FunctionScope(program, None, "module")
        self._top.suspends = True
        self.functions[program] = self._top
        scope = self.of[program] = Scope(None, self._top, False)
        for name in parameters:
            self.declare(scope, name, "parameter")
        if not free_top:
            self._hoist(program.body, scope, top=True)
        for node in program.body:
            self._walk(node, scope)

    def code(self, name: str) -> str:
        """A new name for Python."""
        return f"{re.sub('[^a-zA-Z0-9]', '_', name)}_{next(self._numbers)}"

    def declare(self, scope: Scope, name: str, kind: str, at: int = 0) -> Variable:
        """Raises JSSyntaxError for what is declared already."""
        old = scope.variables.get(name)
        if old is not None:
            if kind in LEXICAL or old.kind in LEXICAL or old.kind == "import":
                raise JSSyntaxError(f"Identifier '{name}' has already been declared", at, at + len(name))
            if old.kind != "parameter" or kind != "function":
                return old
        in_loop = scope.in_loop and kind != "var"
        found = Variable(name, kind, self.code(name), scope.function, in_loop)
        scope.variables[name] = found
        return found

    # -- declarations

    def _hoist(self, body: list[n.Node], scope: Scope, *, top: bool) -> None:
        """Declare what a block declares; `top`: of a function, whose `var`s lie also in blocks inside."""
        for node in body:
            inner = node.declaration if isinstance(node, n.Export) and node.declaration is not None else node
            match inner:
                case n.Variables(kind=kind) if kind != "var":
                    for target, _ in inner.declarations:
                        for name in names(target):
                            self.declare(scope, name, kind, target.start)
                case n.Function(declared=True):
                    self.declare(scope, inner.name, "function", inner.start)
                case n.Class(declared=True):
                    self.declare(scope, inner.name, "class", inner.start)
                case n.Import():
                    self._imports(inner, scope)
        if top:
            for node in body:
                self._vars(node, scope)

    def _imports(self, node: n.Import, scope: Scope) -> None:
        namespace = self.code("module")
        self.of[node] = Scope(scope, scope.function, False)
        self.of[node].variables["*"] = Variable("*", "import", namespace, scope.function, False)
        for outer, inner in node.names:
            self.declare(scope, inner, "import", node.start).source = (namespace, outer)

    def _vars(self, node: n.Node, scope: Scope) -> None:
        """`var` anywhere in a function."""
        if isinstance(node, n.Function | n.Class):
            return
        if isinstance(node, n.Variables) and node.kind == "var":
            for target, _ in node.declarations:
                for name in names(target):
                    self.declare(scope, name, "var", target.start)
        if isinstance(node, n.ForEach) and node.declared == "var":
            for name in names(node.target):
                self.declare(scope, name, "var", node.start)
        for child in children(node):
            self._vars(child, scope)

    # -- uses

    def _walk(self, node: n.Node, scope: Scope) -> None:
        enter = _WALKS.get(type(node))
        if enter is not None:
            enter(self, node, scope)
            return
        for child in children(node):
            self._walk(child, scope)

    def use(self, scope: Scope, name: str, *, assigned: bool = False) -> Variable | None:
        """Note that a name is used; None for a global one."""
        found = scope.find(name)
        if found is None:
            if name == "arguments":
                found = self._arguments(scope)
            if found is None:
                return None
        function: FunctionScope | None = scope.function
        if function is not found.function:
            found.captured = True
            while function is not None and function is not found.function:
                function.outer[found.code] = found
                function = function.parent
        if assigned:
            scope.function.assigned.add(found.code)
        return found

    def _arguments(self, scope: Scope) -> Variable | None:
        """Of the function around that has them."""
        function: FunctionScope | None = scope.function
        while function is not None and function.kind in ("arrow", "fields"):
            function = function.parent
        if function is None or function.parent is None:
            return None
        own = self.of[function.node]
        function.arguments = self.declare(own, "arguments", "var")
        return function.arguments

    def _name(self, node: n.Name, scope: Scope) -> None:
        self.use(scope, node.name)

    def _private(self, node: n.Private, scope: Scope) -> None:
        if self.use(scope, node.name) is None:
            message = f"Private field '{node.name}' must be declared in an enclosing class"
            raise JSSyntaxError(message, node.start, node.start + len(node.name))

    def _this(self, node: n.Node, scope: Scope) -> None:
        function: FunctionScope | None = scope.function
        while function is not None:
            function.uses_this = True
            if function.has_this:
                break
            function = function.parent

    def _new_target(self, node: n.Node, scope: Scope) -> None:
        function: FunctionScope | None = scope.function
        while function is not None and function.kind == "arrow":
            function = function.parent
        if function is not None:
            function.uses_new_target = True

    def _super(self, node: n.Super, scope: Scope) -> None:
        scope.function.uses_super = True
        self._this(node, scope)
        if self.use(scope, "#home") is None:
            raise JSSyntaxError("'super' keyword unexpected here", node.start, node.start + 5)

    def _calls(self, node: n.Node, scope: Scope) -> None:
        scope.function.suspends = True
        if isinstance(node, n.Call) and isinstance(node.callee, n.Super):
            self._new_target(node, scope)
            scope.function.binds_this = not scope.function.has_this
        for child in children(node):
            self._walk(child, scope)

    def _assigns(self, node: n.Node, scope: Scope) -> None:
        from sim.programs.node.syntax.patterns import targets

        target = node.target if isinstance(node, n.Assign | n.Update) else None
        for one in targets(target):
            if isinstance(one, n.Name):
                self.use(scope, one.name, assigned=True)
        for child in children(node):
            self._walk(child, scope)

    def _variables(self, node: n.Variables, scope: Scope) -> None:
        for target, value in node.declarations:
            for name in names(target):
                self.use(scope, name, assigned=True)
            self._walk(target, scope)
            if value is not None:
                self._walk(value, scope)

    def _function(self, node: n.Function, scope: Scope) -> None:
        inner = FunctionScope(node, scope.function, node.kind, node.is_async or node.is_generator)
        self.functions[node] = inner
        if node.name and not node.declared and node.kind == "function":
            scope = self.selves[node] = Scope(scope, scope.function, scope.in_loop)
            self.declare(scope, node.name, "self")
        own = self.of[node] = Scope(scope, inner, False)
        for param in node.params:
            for name in names(param):
                self.declare(own, name, "parameter", param.start)
        self._hoist(node.body, own, top=True)
        for child in (*node.params, *node.body):
            self._walk(child, own)

    def _class(self, node: n.Class, scope: Scope) -> None:
        scope.function.suspends = True
        if node.parent is not None:
            self._walk(node.parent, scope)
        own = self.of[node] = Scope(scope, scope.function, scope.in_loop)
        self.declare(own, "#home", "self")
        if node.name:
            self.declare(own, node.name, "const")
        for element in node.elements:
            if isinstance(element.key, n.Private) and element.key.name not in own.variables:
                self.declare(own, element.key.name, "private")
        if node.constructor is not None:
            self._walk(node.constructor, own)
        for element in node.elements:
            if element.computed:
                self._walk(element.key, own)
            if element.kind not in INITIAL and element.value is not None:
                self._walk(element.value, own)
        for static in (False, True):
            fields = [element for element in node.elements if element.kind in INITIAL and element.static is static]
            if fields:
                self._fields(node, fields, own, static)

    def _fields(self, node: n.Class, fields: list[n.Element], scope: Scope, static: bool) -> None:
        """Initializers run in a function of their own."""
        body = n.Function(node.start, "", [], [one.value for one in fields if one.value is not None], 0, "fields")
        self.fields[node, static] = body
        self._function(body, scope)
        self.functions[body].suspends = True

    def _object(self, node: n.Object, scope: Scope) -> None:
        own = self.of[node] = Scope(scope, scope.function, scope.in_loop)
        self.declare(own, "#home", "self")
        for child in node.properties:
            self._walk(child, own)

    def _property(self, node: n.Property, scope: Scope) -> None:
        if node.computed:
            self._walk(node.key, scope)
        self._walk(node.value, scope)

    def _member(self, node: n.Member, scope: Scope) -> None:
        self._walk(node.object, scope)
        self._walk(node.key, scope)

    # -- blocks and loops

    def _block(self, node: n.Block, scope: Scope) -> None:
        own = self.of[node] = Scope(scope, scope.function, scope.in_loop)
        self._hoist(node.body, own, top=False)
        for child in node.body:
            self._walk(child, own)

    def _loop(self, node: n.Node, scope: Scope) -> None:
        scope.function.suspends = True
        own = self.of[node] = Scope(scope, scope.function, True)
        if isinstance(node, n.For) and isinstance(node.init, n.Variables) and node.init.kind != "var":
            self._hoist([node.init], own, top=False)
        if isinstance(node, n.ForEach):
            for name in names(node.target):
                if node.declared in LEXICAL:
                    self.declare(own, name, node.declared, node.target.start)
                self.use(own, name, assigned=True)
        for child in children(node):
            self._walk(child, own)

    def _try(self, node: n.Try, scope: Scope) -> None:
        self._walk(node.block, scope)
        if node.handler is not None:
            own = self.of[node] = Scope(scope, scope.function, scope.in_loop)
            for name in names(node.parameter) if node.parameter is not None else ():
                self.declare(own, name, "let")
            if node.parameter is not None:
                self._walk(node.parameter, own)
            self._walk(node.handler, own)
        if node.finalizer is not None:
            self._walk(node.finalizer, scope)

    def _switch(self, node: n.Switch, scope: Scope) -> None:
        self._walk(node.value, scope)
        own = self.of[node] = Scope(scope, scope.function, scope.in_loop)
        for _, body in node.cases:
            self._hoist(body, own, top=False)
        for test, body in node.cases:
            for child in ([test] if test is not None else []) + body:
                self._walk(child, own)

    def _export(self, node: n.Export, scope: Scope) -> None:
        for child in children(node):
            self._walk(child, scope)
        for local, _ in node.names if node.module is None else ():
            self.use(scope, local)

    def _nothing(self, node: n.Node, scope: Scope) -> None: ...


_WALKS: dict[type, Callable[[Scopes, Any, Scope], None]] = {
    n.Name: Scopes._name, n.Private: Scopes._private, n.This: Scopes._this, n.Super: Scopes._super,
    n.NewTarget: Scopes._new_target, n.Call: Scopes._calls, n.New: Scopes._calls, n.Tagged: Scopes._calls,
    n.Await: Scopes._calls, n.Yield: Scopes._calls, n.ImportCall: Scopes._calls, n.Assign: Scopes._assigns,
    n.Update: Scopes._assigns, n.Variables: Scopes._variables, n.Function: Scopes._function, n.Class: Scopes._class,
    n.Object: Scopes._object, n.Property: Scopes._property, n.Member: Scopes._member, n.Block: Scopes._block,
    n.For: Scopes._loop, n.ForEach: Scopes._loop, n.While: Scopes._loop, n.DoWhile: Scopes._loop, n.Try: Scopes._try,
    n.Switch: Scopes._switch, n.Import: Scopes._nothing, n.Export: Scopes._export,
}  # fmt: skip
