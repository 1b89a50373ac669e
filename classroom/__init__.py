"""What lessons import: `%load_ext classroom` for `!docker …`, `Lab` for Python, pictures of what the engine did; and
what exercises do: `classroom.begin`, `task`, `check`, `hint`, `marks`.

Everything shown is made from the engine's own trace and answers; nothing is prepared.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classroom.exercises.check import begin, check, hint, marks, task
    from classroom.lab import Lab, Ran

__all__ = ["Lab", "Ran", "begin", "check", "hint", "load_ipython_extension", "marks", "task"]
HOMES = {
    "Lab": "lab", "Ran": "lab",
    "begin": "exercises.check", "check": "exercises.check", "hint": "exercises.check", "marks": "exercises.check",
    "task": "exercises.check",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Made known only when asked for: importing this costs nothing."""
    if name in HOMES:
        return getattr(import_module(f"classroom.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext classroom`."""
    from classroom.magics import load

    load(shell)
