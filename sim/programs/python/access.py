"""Attributes: the one guard between a program and the Python underneath.

What a program may ask for: all attributes of its own objects, functions, classes and modules; of the library's objects
those that do not begin with an underscore, and the few special ones that tutorials use. Nothing from which one gets to
frames, code, or classes that the program was not given.
"""

from __future__ import annotations

from typing import Any

from sim.programs.python.frames import Names

_SPECIAL = """
name qualname doc module file version annotations dict class all members bases mro func self wrapped cause context notes
init new post_init set_name call enter exit str repr format hash bool int float index len contains iter next reversed
getitem setitem delitem missing getattr setattr eq ne lt le gt ge neg abs add sub mul truediv floordiv mod pow radd rmul
iadd match_args dataclass_fields
"""
_NEVER = """
obj gi_frame gi_code gi_yieldfrom cr_frame cr_code ag_frame f_globals f_locals f_builtins f_back f_code tb_frame tb_next
mro with_traceback _machine _node _scope _frame _owner _defaults _keyword_defaults _start
"""
SPECIAL = frozenset(f"__{name}__" for name in _SPECIAL.split())
NEVER = frozenset(_NEVER.split())


def _hidden(name: str) -> bool:
    if name in NEVER:
        return True
    return name.startswith("__") and name.endswith("__") and name not in SPECIAL


def get(value: Any, name: str) -> Any:
    """`value.name`. Raises AttributeError."""
    if _hidden(name) or (name.startswith("_") and not name.startswith("__") and not own(value)):
        raise missing(value, name)
    if name == "__dict__":
        return variables(value)
    try:
        return getattr(value, name)
    except AttributeError as error:
        if error.args and "object has no attribute" in str(error.args[0]):
            raise missing(value, name) from None
        raise


def missing(value: Any, name: str) -> AttributeError:
    """The error that says so in CPython's words."""
    from sim.programs.python.objects import Module

    if isinstance(value, Module):
        return AttributeError(f"module '{value.__name__}' has no attribute '{name}'", name=name)
    if isinstance(value, type):
        return AttributeError(f"type object '{value.__name__}' has no attribute '{name}'", name=name)
    return AttributeError(f"'{type(value).__name__}' object has no attribute '{name}'", name=name)


def own(value: Any) -> bool:
    """Whether a value, or the class of it, was defined by the program."""
    from sim.programs.python.functions import Function
    from sim.programs.python.objects import Module

    kind = value if isinstance(value, type) else type(value)
    return "__glass__" in vars(kind) or any("__glass__" in vars(base) for base in kind.__mro__) or isinstance(
        value, Function | Module | super
    )  # fmt: skip


def put(value: Any, name: str, new: Any) -> None:
    """`value.name = new`. Raises AttributeError, TypeError."""
    if not own(value) and not _settable(value):
        if isinstance(value, type):
            raise TypeError(f"cannot set '{name}' attribute of immutable type '{value.__name__}'")
        if not hasattr(value, name):
            raise missing(value, name)
        raise AttributeError(f"'{type(value).__name__}' object attribute '{name}' is read-only")
    if _hidden(name) or name in ("__class__", "__dict__"):
        raise AttributeError(f"attribute '{name}' cannot be set")
    setattr(value, name, new)


def _settable(value: Any) -> bool:
    from types import SimpleNamespace

    from sim.programs.python.objects import Lent

    return isinstance(value, SimpleNamespace | BaseException) or (
        isinstance(value, Lent) and hasattr(value, "__dict__")
    )


def delete(value: Any, name: str) -> None:
    """`del value.name`. Raises AttributeError."""
    if not own(value) or _hidden(name):
        raise missing(value, name)
    try:
        delattr(value, name)
    except AttributeError:
        raise missing(value, name) from None


def names(value: Any) -> list[str]:
    """dir(value)."""
    return sorted(name for name in dir(value) if not _hidden(name) and (own(value) or not name.startswith("_")
                                                                       or name in SPECIAL))  # fmt: skip


def variables(value: Any) -> Names:
    """vars(value). Raises TypeError."""
    if not own(value) and not _settable(value):
        raise TypeError("vars() argument must have __dict__ attribute")
    return {name: found for name, found in vars(value).items() if not _hidden(name)}
