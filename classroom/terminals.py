"""Shells on the host of a lab: what one types at the machine itself, beside Docker.

On a simulated host that is root's shell (sim/hostshell.py), on the real one the student's own (classroom/ownshell.py).
Several have names, like several windows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from classroom.shell import Write


class Shell(Protocol):
    def run(self, text: str, write: Write) -> int:
        """Type lines; the exit status of the last."""

    def ended(self) -> bool: ...

    def interrupt(self) -> None:
        """End it, and what it has started."""


class Terminals:
    """Shells by name, made when first used, and anew after `exit`."""

    def __init__(self, make: Callable[[], Shell]) -> None:
        self._make = make
        self._open: dict[str, Shell] = {}

    def run(self, name: str, text: str, write: Write) -> int:
        shell = self._open.get(name)
        if shell is None or shell.ended():
            shell = self._open[name] = self._make()
        return shell.run(text, write)

    def close(self) -> None:
        for shell in self._open.values():
            if not shell.ended():
                shell.interrupt()
        self._open.clear()
