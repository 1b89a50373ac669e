"""What lessons import: `%load_ext classroom` for `!docker …`, `Lab` for Python, pictures of what the engine did.

Everything shown is made from the engine's own trace and answers; nothing is prepared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classroom.lab import Lab, Ran

__all__ = ["Lab", "Ran", "load_ipython_extension"]


def __getattr__(name: str) -> Any:
    """`Lab` and `Ran`, made known only when asked for: importing this costs nothing."""
    if name in ("Lab", "Ran"):
        from classroom import lab

        return getattr(lab, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext classroom`."""
    from classroom.magics import load

    load(shell)
