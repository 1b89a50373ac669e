"""Modules, and what the interpreter lends to programs: objects whose public attributes a program may use."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class Module(ModuleType):
    """A module of the program. Its names are its own; nothing of the Python underneath is among them."""

    def __init__(self, name: str, file: str | None = None, /, **names: Any) -> None:
        super().__init__(name)
        vars(self).update({"__file__": file} if file else {}, **names)

    def __repr__(self) -> str:
        file = vars(self).get("__file__")
        return f"<module '{self.__name__}' from '{file}'>" if file else f"<module '{self.__name__}' (built-in)>"


class Lent:
    """The base of what the tables lend: a program may use what has no underscore in front (access.py)."""

    __slots__ = ()


Module.__qualname__ = Module.__name__ = "module"
Module.__module__ = "builtins"
