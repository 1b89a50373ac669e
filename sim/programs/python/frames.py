"""Scopes: which names a block of code binds itself, and where it finds the others. Source: Language Reference 4.2."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Names = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a function's body says of names."""

    bound: frozenset[str]  # its own
    global_: frozenset[str] = frozenset()
    nonlocal_: frozenset[str] = frozenset()
    yields: bool = False


class Frame:
    """A block that runs: a module, a class body, a function, a comprehension.

    `outer` is the function around it, for closures. `node` is what it is at, for tracebacks.
    """

    __slots__ = ("code_name", "file", "function", "globals", "names", "node", "outer", "scope")

    def __init__(
        self, file: str, code_name: str, names: Names, globals_: Names, outer: Frame | None = None,
        scope: Scope | None = None,
    ) -> None:  # fmt: skip
        self.file, self.code_name, self.names, self.globals = file, code_name, names, globals_
        self.outer, self.scope = outer, scope  # scope None: a module's or a class's, which binds what it assigns
        self.function: tuple[type | None, Any] = (None, None)  # of super() without arguments: class and first argument
        self.node: ast.AST | None = None

    def load(self, name: str) -> Any:
        """Raises NameError, UnboundLocalError."""
        if name in self.names:
            return self.names[name]
        scope = self.scope
        if scope is not None and name in scope.bound:
            raise UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value",
                                    name=name)  # fmt: skip
        if scope is None or name not in scope.global_:
            holder = self._holder(name)
            if holder is not None:
                return holder.names[name]
        return self._global(name)

    def _holder(self, name: str) -> Frame | None:
        """The function around this block that has such a variable, and has set it."""
        frame = self.outer
        while frame is not None:
            if frame.scope is not None and name in frame.names and name not in frame.scope.global_:
                return frame
            frame = frame.outer
        return None

    def _global(self, name: str) -> Any:
        if name in self.globals:
            return self.globals[name]
        builtins: Names = self.globals["__builtins__"]
        if name in builtins:
            return builtins[name]
        raise NameError(f"name '{name}' is not defined", name=name)

    def _home(self, name: str) -> Names:
        """Where assigning a name puts it."""
        if self.scope is not None and name in self.scope.global_:
            return self.globals
        if self.scope is not None and name in self.scope.nonlocal_:
            holder = self._holder(name)
            if holder is not None:
                return holder.names
        return self.names

    def store(self, name: str, value: Any) -> None:
        self._home(name)[name] = value

    def delete(self, name: str) -> None:
        """Raises NameError."""
        home = self._home(name)
        if name not in home:
            raise NameError(f"name '{name}' is not defined", name=name)
        del home[name]

    def store_from_comprehension(self, name: str, value: Any) -> None:
        """`:=` binds in the block around the comprehension (PEP 572)."""
        frame = self
        while frame.code_name.startswith("<") and frame.code_name.endswith("comp>") and frame.outer is not None:
            frame = frame.outer
        frame.store(name, value)


@lru_cache(maxsize=4096)
def scope_of(node: ast.FunctionDef | ast.Lambda) -> Scope:
    """Of a function. Raises nothing: what is wrong with names was said by the parser."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    bound = {argument.arg for argument in [*every, arguments.vararg, arguments.kwarg] if argument is not None}
    body = node.body if isinstance(node.body, list) else [node.body]
    global_, nonlocal_ = set[str](), set[str]()
    yields = False
    for found in _own(body):
        if isinstance(found, ast.Global):
            global_.update(found.names)
        elif isinstance(found, ast.Nonlocal):
            nonlocal_.update(found.names)
        elif isinstance(found, ast.Yield | ast.YieldFrom):
            yields = True
        else:
            bound.update(_names(found))
    return Scope(frozenset(bound - global_ - nonlocal_), frozenset(global_), frozenset(nonlocal_), yields)


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a block, but for what is inside functions, classes and comprehensions in it."""
    for node in body:
        yield node
        if isinstance(node, COMPREHENSIONS):
            yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
        elif not isinstance(node, BLOCKS):
            yield from _own(ast.iter_child_nodes(node))


def _names(node: ast.AST) -> Iterable[str]:
    """Those that a node binds."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return tuple(alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.ExceptHandler(name=str() as name):
            return (name,)
        case ast.NamedExpr(target=ast.Name(id=name)):
            return (name,)
        case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            return (name,)
        case _:
            return ()
