"""Expressions: from a node of the syntax tree to a value. Source: Language Reference, chapter 6.

`EVALUATE` has a coroutine function for each kind of node. A frame remembers the node that it is at when something may
go wrong, so that a traceback can mark it.
"""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from sim.programs.python import access
from sim.programs.python.calling import call, items, listed
from sim.programs.python.frames import Frame, Names, Scope, scope_of
from sim.programs.python.functions import Function, Generator, hand_over
from sim.programs.python.operators import BINARY, UNARY, compare, guarded

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Evaluator = Callable[["Machine", Frame, Any], Awaitable[Any]]


async def evaluate(machine: Machine, frame: Frame, node: ast.expr) -> Any:
    kind = type(node)
    if kind is ast.Constant:
        return node.value  # type: ignore[attr-defined]
    if kind is ast.Name:
        try:
            return frame.names[node.id]  # type: ignore[attr-defined]
        except KeyError:
            frame.node = node
            return frame.load(node.id)  # type: ignore[attr-defined]
    evaluator = EVALUATE.get(kind)
    if evaluator is None:
        frame.node = node
        raise SyntaxError(f"the simulated Python has no {kind.__name__}")
    return await evaluator(machine, frame, node)


async def _call(machine: Machine, frame: Frame, node: ast.Call) -> Any:
    if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
        return _super(frame)
    called = await evaluate(machine, frame, node.func)
    args = await elements(machine, frame, node.args)
    kwargs: Names = {}
    for keyword in node.keywords:
        value = await evaluate(machine, frame, keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        else:
            kwargs.update(value)
    frame.node = node
    named = getattr(called, "_lent_frame", None)
    if named is not None:  # globals(), locals(), vars(), dir() without arguments
        return named(frame, *args)
    found = await call(machine, called, tuple(args), kwargs)
    frame.node = node
    return found


def _super(frame: Frame) -> Any:
    """super() without arguments. Raises RuntimeError."""
    around: Frame | None = frame
    while around is not None and around.function[0] is None:
        around = around.outer
    if around is None:
        raise RuntimeError("super(): no arguments")
    owner, first = around.function
    assert owner is not None
    return super(owner, first)


async def _attribute(machine: Machine, frame: Frame, node: ast.Attribute) -> Any:
    value = await evaluate(machine, frame, node.value)
    frame.node = node
    return access.get(value, mangled(frame, node.attr))


def mangled(frame: Frame, name: str) -> str:
    """Private names of a class. Source: Language Reference 6.2.1."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    around: Frame | None = frame
    while around is not None and around.function[0] is None:
        around = around.outer
    owner = around.function[0] if around is not None else None
    return f"_{owner.__name__.lstrip('_')}{name}" if owner is not None else name


async def _subscript(machine: Machine, frame: Frame, node: ast.Subscript) -> Any:
    value = await evaluate(machine, frame, node.value)
    key = await evaluate(machine, frame, node.slice)
    frame.node = node
    special = getattr(type(value), "__getitem__", None)
    if type(special) is Function:
        return await special._start((value, key), {})
    return value[key]


async def _slice(machine: Machine, frame: Frame, node: ast.Slice) -> slice:
    parts = [await evaluate(machine, frame, part) if part is not None else None
             for part in (node.lower, node.upper, node.step)]  # fmt: skip
    return slice(*parts)


async def _binary(machine: Machine, frame: Frame, node: ast.BinOp) -> Any:
    left = await evaluate(machine, frame, node.left)
    right = await evaluate(machine, frame, node.right)
    frame.node = node
    return await binary(machine, type(node.op), left, right)


async def binary(machine: Machine, kind: type[ast.operator], left: Any, right: Any) -> Any:
    """`left OP right`, at its price in memory."""
    await machine.hold(guarded(kind, left, right))
    return BINARY[kind](left, right)


async def _unary(machine: Machine, frame: Frame, node: ast.UnaryOp) -> Any:
    value = await evaluate(machine, frame, node.operand)
    frame.node = node
    return (not await truth(value)) if isinstance(node.op, ast.Not) else UNARY[type(node.op)](value)


async def truth(value: Any) -> bool:
    """As `if` sees it; __bool__ and __len__ of the program may wait."""
    for name in ("__bool__", "__len__"):
        special = getattr(type(value), name, None)
        if type(special) is Function:
            return bool(await special._start((value,), {}))
        if special is not None:
            break
    return bool(value)


async def _boolean(machine: Machine, frame: Frame, node: ast.BoolOp) -> Any:
    wanted = isinstance(node.op, ast.Or)
    value: Any = None
    for part in node.values:
        value = await evaluate(machine, frame, part)
        if await truth(value) is wanted:
            break
    return value


async def _compare(machine: Machine, frame: Frame, node: ast.Compare) -> Any:
    left = await evaluate(machine, frame, node.left)
    found: Any = True
    for operator, comparator in zip(node.ops, node.comparators, strict=True):
        right = await evaluate(machine, frame, comparator)
        frame.node = node
        found = await compare(type(operator), left, right)
        if not await truth(found):
            break
        left = right
    return found


async def _conditional(machine: Machine, frame: Frame, node: ast.IfExp) -> Any:
    chosen = node.body if await truth(await evaluate(machine, frame, node.test)) else node.orelse
    return await evaluate(machine, frame, chosen)


async def elements(machine: Machine, frame: Frame, nodes: list[ast.expr]) -> list[Any]:
    """Values of a display or of arguments, with `*more` spread out."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found += await listed(machine, await evaluate(machine, frame, node.value))
        else:
            found.append(await evaluate(machine, frame, node))
    return found


async def _list(machine: Machine, frame: Frame, node: ast.List) -> list[Any]:
    return await elements(machine, frame, node.elts)


async def _tuple(machine: Machine, frame: Frame, node: ast.Tuple) -> tuple[Any, ...]:
    return tuple(await elements(machine, frame, node.elts))


async def _set(machine: Machine, frame: Frame, node: ast.Set) -> set[Any]:
    return set(await elements(machine, frame, node.elts))


async def _dict(machine: Machine, frame: Frame, node: ast.Dict) -> Names:
    found: Names = {}
    for key, value in zip(node.keys, node.values, strict=True):
        held = await evaluate(machine, frame, value)
        if key is None:
            found.update(held)
        else:
            found[await evaluate(machine, frame, key)] = held
    return found


async def _formatted(machine: Machine, frame: Frame, node: ast.JoinedStr) -> str:
    return "".join([str(await evaluate(machine, frame, part)) for part in node.values])


async def _field(machine: Machine, frame: Frame, node: ast.FormattedValue) -> str:
    value = await evaluate(machine, frame, node.value)
    form = await evaluate(machine, frame, node.format_spec) if node.format_spec is not None else ""
    frame.node = node.value
    if node.conversion != -1:
        value = CONVERSIONS[node.conversion](value)
    return format(value, form)


async def _named(machine: Machine, frame: Frame, node: ast.NamedExpr) -> Any:
    value = await evaluate(machine, frame, node.value)
    frame.store_from_comprehension(node.target.id, value)
    return value


async def _lambda(machine: Machine, frame: Frame, node: ast.Lambda) -> Function:
    return await function(machine, frame, node, "<lambda>")


async def function(machine: Machine, frame: Frame, node: ast.FunctionDef | ast.Lambda, name: str) -> Function:
    """The value of a `def` or a lambda: its defaults are computed now."""
    made = Function(machine, node, scope_of(node), frame, name)
    made._defaults = await elements(machine, frame, node.args.defaults)
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is not None:
            made._keyword_defaults[argument.arg] = await evaluate(machine, frame, default)
    return made


# -- comprehensions and generators


async def _comprehend(
    machine: Machine, frame: Frame, clauses: list[ast.comprehension], first: Any, add: Callable[[], Awaitable[None]]
) -> None:
    """Run `add` for every round of the clauses; `first` is what the outermost one goes over."""
    from sim.programs.python.assigning import assign

    clause, *more = clauses
    async for value in items(machine, first):
        await machine.step()
        await assign(machine, frame, clause.target, value)
        for condition in clause.ifs:
            if not await truth(await evaluate(machine, frame, condition)):
                break
        else:
            if more:
                inner = await evaluate(machine, frame, more[0].iter)
                await _comprehend(machine, frame, more, inner, add)
            else:
                await add()


def _inner(frame: Frame, name: str, clauses: list[ast.comprehension]) -> Frame:
    """The scope of a comprehension: its targets are its own."""
    bound = {node.id for clause in clauses for node in ast.walk(clause.target) if isinstance(node, ast.Name)}
    inner = Frame(frame.file, name, {}, frame.globals, frame, Scope(frozenset(bound)))
    inner.function = frame.function
    return inner


async def _list_comprehension(machine: Machine, frame: Frame, node: ast.ListComp) -> list[Any]:
    found: list[Any] = []
    inner = _inner(frame, "<listcomp>", node.generators)

    async def add() -> None:
        found.append(await evaluate(machine, inner, node.elt))

    first = await evaluate(machine, frame, node.generators[0].iter)
    await _in_frame(frame, inner, _comprehend(machine, inner, node.generators, first, add))
    return found


async def _set_comprehension(machine: Machine, frame: Frame, node: ast.SetComp) -> set[Any]:
    return set(await _list_comprehension(machine, frame, node))  # type: ignore[arg-type]


async def _dict_comprehension(machine: Machine, frame: Frame, node: ast.DictComp) -> Names:
    found: Names = {}
    inner = _inner(frame, "<dictcomp>", node.generators)

    async def add() -> None:
        key = await evaluate(machine, inner, node.key)
        found[key] = await evaluate(machine, inner, node.value)

    first = await evaluate(machine, frame, node.generators[0].iter)
    await _in_frame(frame, inner, _comprehend(machine, inner, node.generators, first, add))
    return found


async def _in_frame(frame: Frame, inner: Frame, running: Awaitable[None]) -> None:
    """Comprehensions have no frame of their own in tracebacks (PEP 709)."""
    try:
        await running
    except Exception:
        frame.node = inner.node or frame.node
        raise


async def _generator(machine: Machine, frame: Frame, node: ast.GeneratorExp) -> Generator:
    inner = _inner(frame, "<genexpr>", node.generators)
    first = await evaluate(machine, frame, node.generators[0].iter)

    async def add() -> None:
        await hand_over(await evaluate(machine, inner, node.elt))

    return Generator(machine, lambda: _comprehend(machine, inner, node.generators, first, add), "<genexpr>")


async def _yield(machine: Machine, frame: Frame, node: ast.Yield) -> Any:
    value = await evaluate(machine, frame, node.value) if node.value is not None else None
    return await hand_over(value)


async def _yield_from(machine: Machine, frame: Frame, node: ast.YieldFrom) -> Any:
    source = await evaluate(machine, frame, node.value)
    if type(source) is not Generator:
        async for value in items(machine, source):
            await hand_over(value)
        return None
    sent: Any = None
    while True:
        more, value = await source.step(sent)
        if not more:
            return value
        sent = await hand_over(value)


CONVERSIONS: dict[int, Callable[[Any], str]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}
EVALUATE: dict[type[ast.AST], Evaluator] = {
    ast.Attribute: _attribute, ast.BinOp: _binary, ast.BoolOp: _boolean, ast.Call: _call, ast.Compare: _compare,
    ast.Dict: _dict, ast.DictComp: _dict_comprehension, ast.FormattedValue: _field, ast.GeneratorExp: _generator,
    ast.IfExp: _conditional, ast.JoinedStr: _formatted, ast.Lambda: _lambda, ast.List: _list,
    ast.ListComp: _list_comprehension, ast.NamedExpr: _named, ast.Set: _set, ast.SetComp: _set_comprehension,
    ast.Slice: _slice, ast.Subscript: _subscript, ast.Tuple: _tuple, ast.UnaryOp: _unary, ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}  # fmt: skip
