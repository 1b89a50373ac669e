"""Statements: what a program does. Source: Language Reference, chapters 7 and 8.

A statement gives None, or why its block ends: `BREAK`, `CONTINUE`, or a `Return`.
"""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from sim.programs.python import errors
from sim.programs.python.assigning import assign, augment, delete
from sim.programs.python.calling import call, items
from sim.programs.python.classes import define, finish
from sim.programs.python.expressions import evaluate, function, truth
from sim.programs.python.frames import Frame
from sim.programs.python.functions import Definition, Stopped, unwrapped
from sim.programs.python.matching import matches

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

USERS = (Exception, KeyboardInterrupt, SystemExit, GeneratorExit)  # what a program can catch


class Return:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


BREAK, CONTINUE = Return("break"), Return("continue")
End = Return | None
Executor = Callable[["Machine", Frame, Any], Awaitable[End]]


async def run_block(machine: Machine, frame: Frame, body: Sequence[ast.stmt]) -> None:
    """A module's or a class's. What goes wrong leaves it with its place noted."""
    try:
        await block(machine, frame, body)
    except USERS as error:
        errors.came_through(unwrapped(error), frame)
        raise


async def run_function(machine: Machine, frame: Frame, node: Definition) -> Any:
    try:
        if isinstance(node, ast.Lambda):
            return await evaluate(machine, frame, node.body)
        ended = await block(machine, frame, node.body)
    except USERS as error:
        errors.came_through(unwrapped(error), frame)
        raise
    return ended.value if ended is not None else None


async def block(machine: Machine, frame: Frame, body: Sequence[ast.stmt]) -> End:
    for statement in body:
        frame.node = statement
        await machine.step()
        ended = await EXECUTE.get(type(statement), _absent)(machine, frame, statement)
        if ended is not None:
            return ended
    return None


async def _expression(machine: Machine, frame: Frame, node: ast.Expr) -> End:
    value = await evaluate(machine, frame, node.value)
    if machine.interactive and frame.code_name == "<module>" and value is not None:
        machine.builtins["_"] = value
        machine.out.write(f"{value!r}\n")
    return None


async def _assign(machine: Machine, frame: Frame, node: ast.Assign) -> End:
    value = await evaluate(machine, frame, node.value)
    for target in node.targets:
        await assign(machine, frame, target, value)
    return None


async def _annotated(machine: Machine, frame: Frame, node: ast.AnnAssign) -> End:
    if node.value is not None:
        await assign(machine, frame, node.target, await evaluate(machine, frame, node.value))
    if frame.scope is None and isinstance(node.target, ast.Name):
        annotation = await evaluate(machine, frame, node.annotation)
        frame.names.setdefault("__annotations__", {})[node.target.id] = annotation
    return None


async def _augment(machine: Machine, frame: Frame, node: ast.AugAssign) -> End:
    await augment(machine, frame, node)
    return None


async def _delete(machine: Machine, frame: Frame, node: ast.Delete) -> End:
    for target in node.targets:
        await delete(machine, frame, target)
    return None


async def _return(machine: Machine, frame: Frame, node: ast.Return) -> End:
    return Return(await evaluate(machine, frame, node.value) if node.value is not None else None)


async def _nothing(machine: Machine, frame: Frame, node: ast.stmt) -> End:
    return None


async def _break(machine: Machine, frame: Frame, node: ast.Break) -> End:
    return BREAK


async def _continue(machine: Machine, frame: Frame, node: ast.Continue) -> End:
    return CONTINUE


async def _if(machine: Machine, frame: Frame, node: ast.If) -> End:
    chosen = node.body if await truth(await evaluate(machine, frame, node.test)) else node.orelse
    return await block(machine, frame, chosen)


async def _while(machine: Machine, frame: Frame, node: ast.While) -> End:
    while await truth(await evaluate(machine, frame, node.test)):
        await machine.step()
        ended = await block(machine, frame, node.body)
        if ended is BREAK:
            return None
        if ended is not None and ended is not CONTINUE:
            return ended
    return await block(machine, frame, node.orelse)


async def _for(machine: Machine, frame: Frame, node: ast.For) -> End:
    iterable = await evaluate(machine, frame, node.iter)
    frame.node = node.iter
    async for value in items(machine, iterable):
        await assign(machine, frame, node.target, value)
        await machine.step()
        ended = await block(machine, frame, node.body)
        if ended is BREAK:
            return None
        if ended is not None and ended is not CONTINUE:
            return ended
        frame.node = node.iter
    return await block(machine, frame, node.orelse)


async def _define(machine: Machine, frame: Frame, node: ast.FunctionDef) -> End:
    made: Any = await function(machine, frame, node, node.name)
    around = "" if frame.code_name == "<module>" else frame.code_name + (".<locals>." if frame.scope else ".")
    made.__qualname__ = around + node.name
    await _decorated(machine, frame, node.decorator_list, node.name, made)
    return None


async def _decorated(machine: Machine, frame: Frame, decorators: list[ast.expr], name: str, made: Any) -> None:
    calls = [(node, await evaluate(machine, frame, node)) for node in decorators]
    for node, decorator in reversed(calls):
        frame.node = node
        made = await call(machine, decorator, (made,), {})
    finish(machine, made)
    frame.store(name, made)


async def _class(machine: Machine, frame: Frame, node: ast.ClassDef) -> End:
    await _decorated(machine, frame, node.decorator_list, node.name, await define(machine, frame, node))
    return None


async def _raise(machine: Machine, frame: Frame, node: ast.Raise) -> End:
    if node.exc is None:
        if not machine.handling:
            raise RuntimeError("No active exception to reraise")
        raise machine.handling[-1]
    error = await evaluate(machine, frame, node.exc)
    if isinstance(error, type) and issubclass(error, BaseException):
        error = await call(machine, error, (), {})
    frame.node = node
    if not isinstance(error, BaseException):
        raise TypeError("exceptions must derive from BaseException")
    if node.cause is not None:
        error.__cause__ = await evaluate(machine, frame, node.cause)
        error.__suppress_context__ = True
    elif machine.handling and error.__context__ is None and error is not machine.handling[-1]:
        error.__context__ = machine.handling[-1]
    if isinstance(error, StopIteration):
        raise Stopped(error)
    raise error


async def _assert(machine: Machine, frame: Frame, node: ast.Assert) -> End:
    if not await truth(await evaluate(machine, frame, node.test)):
        said = () if node.msg is None else (await evaluate(machine, frame, node.msg),)
        frame.node = node.test
        raise AssertionError(*said)
    return None


async def _try(machine: Machine, frame: Frame, node: ast.Try) -> End:
    """What `finally` says goes before what came before it."""
    failure: BaseException | None = None
    ended: End = None
    try:
        ended = await _guarded(machine, frame, node)
    except USERS as error:
        failure = error
    ended = await block(machine, frame, node.finalbody) or ended
    if failure is not None and ended is None:
        raise failure
    return ended


async def _guarded(machine: Machine, frame: Frame, node: ast.Try) -> End:
    try:
        ended = await block(machine, frame, node.body)
    except USERS as raised:
        error = unwrapped(raised)
        return await _handle(machine, frame, node.handlers, error, raised)
    return ended or await block(machine, frame, node.orelse)


async def _handle(
    machine: Machine, frame: Frame, handlers: list[ast.ExceptHandler], error: BaseException, raised: BaseException
) -> End:
    at = frame.node
    for handler in handlers:
        wanted = await evaluate(machine, frame, handler.type) if handler.type is not None else BaseException
        if not isinstance(error, wanted):
            continue
        frame.node = at
        errors.came_through(error, frame)
        machine.handling.append(error)
        if handler.name is not None:
            frame.store(handler.name, error)
        try:
            return await block(machine, frame, handler.body)
        except USERS as other:
            found = unwrapped(other)
            if found is not error and not found.__suppress_context__:
                found.__context__ = error
            raise
        finally:
            machine.handling.pop()
            if handler.name is not None:
                frame.names.pop(handler.name, None)
    frame.node = at
    raise raised


async def _with(machine: Machine, frame: Frame, node: ast.With) -> End:
    return await _with_items(machine, frame, node.items, node.body)


async def _with_items(machine: Machine, frame: Frame, held: list[ast.withitem], body: list[ast.stmt]) -> End:
    if not held:
        return await block(machine, frame, body)
    item, *more = held
    manager = await evaluate(machine, frame, item.context_expr)
    frame.node = item.context_expr
    kind = type(manager)
    if not hasattr(kind, "__enter__") or not hasattr(kind, "__exit__"):
        raise TypeError(f"'{kind.__name__}' object does not support the context manager protocol")
    entered = await call(machine, kind.__enter__, (manager,), {})
    if item.optional_vars is not None:
        await assign(machine, frame, item.optional_vars, entered)
    try:
        ended = await _with_items(machine, frame, more, body)
    except USERS as raised:
        error = unwrapped(raised)
        if not await truth(await call(machine, kind.__exit__, (manager, type(error), error, None), {})):
            raise
        return None
    await call(machine, kind.__exit__, (manager, None, None, None), {})
    return ended


async def _import(machine: Machine, frame: Frame, node: ast.Import) -> End:
    from sim.programs.python.modules import load

    for alias in node.names:
        module = await load(machine, alias.name)
        if alias.asname is None:
            frame.store(alias.name.partition(".")[0], await load(machine, alias.name.partition(".")[0]))
        else:
            frame.store(alias.asname, module)
    return None


async def _import_from(machine: Machine, frame: Frame, node: ast.ImportFrom) -> End:
    from sim.programs.python.modules import absolute, member, public

    module = await absolute(machine, frame, node.module or "", node.level)
    for alias in node.names:
        if alias.name == "*":
            for name in public(module):
                frame.store(name, vars(module)[name])
        else:
            frame.store(alias.asname or alias.name, await member(machine, module, alias.name))
    return None


async def _match(machine: Machine, frame: Frame, node: ast.Match) -> End:
    subject = await evaluate(machine, frame, node.subject)
    for case in node.cases:
        bound: dict[str, Any] = {}
        if not await matches(machine, frame, case.pattern, subject, bound):
            continue
        for name, value in bound.items():
            frame.store(name, value)
        if case.guard is None or await truth(await evaluate(machine, frame, case.guard)):
            return await block(machine, frame, case.body)
    return None


async def _absent(machine: Machine, frame: Frame, node: ast.stmt) -> End:
    kind = type(node).__name__
    raise SyntaxError(f"the simulated Python has no {ABSENT.get(kind, kind)}")


# By name, as the Python underneath may be older or newer than these: as learners write them.
ABSENT = {"AsyncFor": "async for", "AsyncFunctionDef": "async def", "AsyncWith": "async with", "TryStar": "except*",
          "TypeAlias": "type statement"}  # fmt: skip
EXECUTE: dict[type[ast.stmt], Executor] = {
    ast.AnnAssign: _annotated, ast.Assert: _assert, ast.Assign: _assign, ast.AugAssign: _augment, ast.Break: _break,
    ast.ClassDef: _class, ast.Continue: _continue, ast.Delete: _delete, ast.Expr: _expression, ast.For: _for,
    ast.FunctionDef: _define, ast.Global: _nothing, ast.If: _if, ast.Import: _import, ast.ImportFrom: _import_from,
    ast.Match: _match, ast.Nonlocal: _nothing, ast.Pass: _nothing, ast.Raise: _raise, ast.Return: _return,
    ast.Try: _try, ast.While: _while, ast.With: _with,
}  # fmt: skip
