"""Classes: of the Python underneath, with the program's functions in them. Source: Language Reference 8.8 and 3.3.3.

So inheritance, properties, dataclasses and enumerations are what they are everywhere. `__glass__` marks a class as the
program's own: its attributes may all be read and set (access.py).
"""

from __future__ import annotations

import ast
from types import prepare_class, resolve_bases
from typing import TYPE_CHECKING, Any

from sim.programs.python.expressions import elements, evaluate
from sim.programs.python.frames import Frame
from sim.programs.python.functions import Function

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine


async def define(machine: Machine, frame: Frame, node: ast.ClassDef) -> type:
    """The value of a `class` statement. Raises TypeError for bases that cannot be."""
    from sim.programs.python.statements import run_block

    bases = tuple(await elements(machine, frame, node.bases))
    keywords = {word.arg or "": await evaluate(machine, frame, word.value) for word in node.keywords}
    if isinstance(keywords.get("metaclass"), type) and "__glass__" in vars(keywords["metaclass"]):
        raise TypeError("the simulated Python has no metaclasses of a program's own")
    meta, names, rest = prepare_class(node.name, resolve_bases(bases), keywords)
    inner = Frame(frame.file, node.name, dict(names), frame.globals, frame)
    inner.names |= {"__module__": frame.globals.get("__name__", "__main__"), "__qualname__": node.name}
    await run_block(machine, inner, node.body)
    if (text := ast.get_docstring(node)) is not None:
        inner.names.setdefault("__doc__", text)
    for name, value in inner.names.items():
        names[name] = value  # one by one: an enumeration counts them
    if meta is type:
        names["__glass__"] = True
    made: type = meta(node.name, bases, names, **rest)
    if meta is not type and not issubclass(made, BaseException):
        type.__setattr__(made, "__glass__", True)
    for value in inner.names.values():
        _own(value, made)
    return made


def _own(value: Any, owner: type) -> None:
    """Tell the functions of a class body whose they are: `super()` and `__private` names ask."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    for function in (value.fget, value.fset, value.fdel) if isinstance(value, property) else (value,):
        while isinstance(function, Function):
            function._owner = owner
            function = vars(function).get("__wrapped__")


def finish(machine: Machine, made: Any) -> None:
    """After its decorators: `<__main__.Dog object at 0x…>`, if nothing has given it anything better."""
    if not isinstance(made, type) or "__glass__" not in vars(made):
        return
    if getattr(made, "__repr__", None) is object.__repr__:
        type.__setattr__(made, "__repr__", lambda self: _plain(machine, self))


def _plain(machine: Machine, value: Any) -> str:
    kind = type(value)
    return f"<{kind.__module__}.{kind.__qualname__} object at {machine.address(value)}>"
