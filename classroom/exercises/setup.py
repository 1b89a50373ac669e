"""The set-up that a task begins with: lines typed for the student, on the task's own engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from classroom.exercises.world import asked
from classroom.faultline import value
from classroom.lab import Lab


def prepare(lab: Lab, lines: Sequence[str]) -> int:
    """Run a set-up; returns how many requests the engine has been asked by then. Raises ApiError for a fault."""
    for line in lines:
        run(lab, line)
    return asked(lab.connection)


def run(lab: Lab, line: str) -> Any:
    """`docker …` as in a terminal; `fault NAME=VALUE` breaks something (sim/board.py)."""
    word, _, rest = line.partition(" ")
    if word == "fault":
        name, _, text = rest.partition("=")
        return lab.fault(name, value(text))
    return lab.run(line)
