"""Calls: from a value and its arguments to a result. Source: Language Reference 6.3.4 and 3.3.6."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from inspect import iscoroutine
from string import Formatter
from typing import TYPE_CHECKING, Any

from sim.programs.python.frames import Names
from sim.programs.python.functions import Function, Generator, Method, Stopped

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

LAZY = frozenset(
    [
        "iter",
        "next",
        "enumerate",
        "zip",
        "map",
        "filter",
        "type",
        "isinstance",
        "id",
        "repr",
        "str",
        "hasattr",
        "getattr",
        "callable",
    ]
)


async def call(machine: Machine, called: Any, args: tuple[Any, ...], kwargs: Names) -> Any:
    """`called(*args, **kwargs)`, which may wait."""
    if type(called) is Function:
        return await called._start(args, kwargs)
    if type(called) is Method:
        return await call(machine, called.__func__, (called.__self__, *args), kwargs)
    if isinstance(called, type):
        if "__glass__" in vars(called):
            return await _construct(machine, called, args, kwargs)
    else:
        special = getattr(type(called), "__call__", None)  # noqa: B004  (is it a function of the program?)
        if type(special) is Function:
            return await special._start((called, *args), kwargs)
    return await _native(machine, called, args, kwargs)


async def _native(machine: Machine, called: Any, args: tuple[Any, ...], kwargs: Names) -> Any:
    """A call of what is not written in the program."""
    if any(type(arg) is Generator for arg in args) and getattr(called, "__name__", "") not in LAZY:
        args = tuple([await listed(machine, arg) if type(arg) is Generator else arg for arg in args])
    if getattr(called, "__name__", "") in ("format", "format_map"):
        called, args = _format_of(called, args)
    if called in (bytes, bytearray) and args and isinstance(args[0], int):
        await machine.hold(args[0])
    try:
        found = called(*args, **kwargs)
        return await found if iscoroutine(found) else found
    except StopIteration as stop:
        raise Stopped(stop) from None


class _Formatter(Formatter):
    """str.format, whose fields go through the guard as all attributes do."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        for name in re.findall(r"\.(\w+)", field_name):
            if name.startswith("_"):
                raise AttributeError(f"a format string cannot ask for '{name}'")
        return super().get_field(field_name, args, kwargs)


def _format_of(called: Any, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """A guarded stand-in for `text.format`, `text.format_map` and `str.format`; others stay as they are."""
    if isinstance(text := getattr(called, "__self__", None), str):
        if called.__name__ == "format_map":
            return partial(_Formatter().vformat, text, ()), args
        return partial(_Formatter().format, text), args
    if getattr(called, "__objclass__", None) is str and args:
        return _format_of(getattr(args[0], called.__name__), args[1:])
    return called, args


async def _construct(machine: Machine, kind: type, args: tuple[Any, ...], kwargs: Names) -> Any:
    """An instance of a class of the program: __new__, then __init__. Source: Language Reference 3.3.1."""
    meta_call = type(kind).__call__
    new: Any = kind.__new__
    init: Any = getattr(kind, "__init__", None)
    if meta_call is not type.__call__ or (type(new) is not Function and type(init) is not Function):
        return await _native(machine, kind, args, kwargs)  # a dataclass, an Enum, or a class without __init__
    if type(new) is Function:
        instance = await new._start((kind, *args), kwargs)
    elif new is object.__new__:
        instance = new(kind)
    else:
        instance = new(kind, *args, **kwargs)
    if isinstance(instance, kind):
        if type(init) is Function:
            found = await init._start((instance, *args), kwargs)
            if found is not None:
                raise TypeError(f"__init__() should return None, not '{type(found).__name__}'")
        elif init is not None:
            init(instance, *args, **kwargs)
    return instance


async def items(machine: Machine, iterable: Any) -> AsyncIterator[Any]:
    """What a for loop gets, one by one. Raises TypeError."""
    if type(iterable) is not Generator:
        special = getattr(type(iterable), "__iter__", None)
        if type(special) is Function:
            iterable = await special._start((iterable,), {})
    if type(iterable) is Generator:
        while True:
            more, value = await iterable.step()
            if not more:
                return
            yield value
    following = getattr(type(iterable), "__next__", None)
    if type(following) is Function:
        while True:
            try:
                value = await following._start((iterable,), {})
            except Stopped:
                return
            yield value
    waiting = getattr(type(iterable), "next_item", None)  # what the tables lend and may have to wait: lines of a pipe
    if waiting is not None:
        while (value := await waiting(iterable)) is not None:
            yield value
        return
    for value in iter(iterable):
        yield value


async def listed(machine: Machine, iterable: Any) -> list[Any]:
    """All of it, at the price of a step each."""
    if type(iterable) in (list, tuple, str, dict, set, range, bytes):
        return list(iterable)
    found = []
    async for value in items(machine, iterable):
        found.append(value)
        await machine.step()
    return found


def bind(function: Function, args: tuple[Any, ...], kwargs: Names) -> Names:
    """Parameters with their values. Raises TypeError in CPython's words."""
    parameters = function._node.args
    positional = [*parameters.posonlyargs, *parameters.args]
    names: Names = {argument.arg: value for argument, value in zip(positional, args, strict=False)}
    if len(args) > len(positional) and parameters.vararg is None:
        raise TypeError(_too_many(function, len(positional), len(args)))
    if parameters.vararg is not None:
        names[parameters.vararg.arg] = tuple(args[len(positional) :])
    only = {argument.arg for argument in parameters.posonlyargs}
    keyword = {argument.arg for argument in [*parameters.args, *parameters.kwonlyargs]}
    extra: Names = {}
    for name, value in kwargs.items():
        if name in keyword and name in names:
            raise TypeError(f"{function.__qualname__}() got multiple values for argument '{name}'")
        if name in keyword:
            names[name] = value
        elif parameters.kwarg is not None:
            extra[name] = value
        elif name in only:
            said = "got some positional-only arguments passed as keyword arguments"
            raise TypeError(f"{function.__qualname__}() {said}: '{name}'")
        else:
            raise TypeError(f"{function.__qualname__}() got an unexpected keyword argument '{name}'")
    if parameters.kwarg is not None:
        names[parameters.kwarg.arg] = extra
    _defaults(function, positional, names)
    return names


def _defaults(function: Function, positional: Sequence[ast.arg], names: Names) -> None:
    """Values for what was not given. Raises TypeError for what has none."""
    first = len(positional) - len(function._defaults)
    missing = []
    for number, argument in enumerate(positional):
        if argument.arg not in names:
            if number < first:
                missing.append(argument.arg)
            else:
                names[argument.arg] = function._defaults[number - first]
    if missing:
        raise TypeError(_missing(function, "positional", missing))
    absent = []
    for argument in function._node.args.kwonlyargs:
        if argument.arg not in names:
            if argument.arg in function._keyword_defaults:
                names[argument.arg] = function._keyword_defaults[argument.arg]
            else:
                absent.append(argument.arg)
    if absent:
        raise TypeError(_missing(function, "keyword-only", absent))


def _missing(function: Function, kind: str, names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    listed = quoted[0] if len(quoted) == 1 else " and ".join(quoted) if len(quoted) == 2 else (
        ", ".join(quoted[:-1]) + f", and {quoted[-1]}"
    )  # fmt: skip
    plural = "s" if len(names) > 1 else ""
    return f"{function.__qualname__}() missing {len(names)} required {kind} argument{plural}: {listed}"


def _too_many(function: Function, takes: int, given: int) -> str:
    least = takes - len(function._defaults)
    wanted = f"from {least} to {takes}" if function._defaults else str(takes)
    plural = "s" if takes != 1 else ""
    were = "was" if given == 1 else "were"
    return f"{function.__qualname__}() takes {wanted} positional argument{plural} but {given} {were} given"
