"""What computing costs a program that we interpret: simulated time for its steps.

A program that computes for long without ever waiting pays more for each: virtual time has to pass for others, even
though the steps take the computer longer than they would take a real interpreter.
"""

from __future__ import annotations


class Pace:
    """`step` and `long_step` in seconds of CPU; `patience`: steps without waiting until each costs the latter."""

    __slots__ = ("_long_step", "_patience", "_since", "_step")

    def __init__(self, step: float, long_step: float, patience: int) -> None:
        self._step, self._long_step, self._patience = step, long_step, patience
        self._since = 0

    def price(self, steps: int) -> float:
        """Seconds of CPU that the next `steps` cost."""
        self._since += steps
        return steps * (self._step if self._since < self._patience else self._long_step)

    def waited(self) -> None:
        """It has waited for something: it is patient again."""
        self._since = 0
