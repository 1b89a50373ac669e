"""What a row of the table of builtins is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

Call = Callable[["Interpreter", list[str]], "int | Awaitable[int]"]


@dataclass(frozen=True, slots=True)
class Builtin:
    """`special`: an error in it ends the shell, and assignments before it stay."""

    call: Call
    special: bool = False
