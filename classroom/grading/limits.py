"""What one submission may use, and how far a grader on this computer can hold it to that."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds are of the wall clock; `memory`, `disk` and `said` (all that a run reports of itself) in bytes."""

    cell: float = 20
    notebook: float = 60
    checking: float = 30
    memory: int = 512 * MB
    disk: int = 64 * MB
    said: int = 16 * MB
    processes: int = 64

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
