"""What every kernel operation is, and what a host says of one that it has performed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Operation:
    """The base: `man` names the manual page that explains it."""

    man: ClassVar[str] = ""

    def shell(self) -> str:
        """The command line that does the same."""
        raise TypeError(f"{type(self).__name__} has no shell words")

    def undo(self) -> Operation | None:
        """The operation that takes this one back; None if it goes with the process or its namespaces."""
        return None


@dataclass(frozen=True, slots=True)
class Performed:
    """What a host says of an operation it performed: begin and length in ns, and the error it met, if any."""

    operation: Operation
    start: int
    duration: int
    error: str | None = None


def undo_list(done: Sequence[Operation]) -> list[Operation]:
    """The operations that take back what was done, last first."""
    return [back for operation in reversed(done) if (back := operation.undo()) is not None]
