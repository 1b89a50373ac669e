"""What every benchmark prints: a figure, its limit, and whether it holds."""

from __future__ import annotations

import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Report:
    """Figures of one script. `limit` is an upper bound unless `least` is set."""

    missed: list[str] = field(default_factory=list)

    def line(self, name: str, value: float, unit: str, limit: float | None = None, least: bool = False) -> None:
        if limit is None:
            print(f"{name:<58} {value:>10.3g} {unit}", flush=True)
            return
        holds = value >= limit if least else value <= limit
        bound = f"{'≥' if least else '≤'} {limit:g}"
        print(f"{name:<58} {value:>10.4g} {unit:<14} {bound:<10} {'ok' if holds else 'MISSED'}", flush=True)
        if not holds:
            self.missed.append(name)

    def end(self) -> int:
        """The exit status. A quick run is to see that the script works; on a busy machine it judges nothing."""
        print(f"({platform.system()} {platform.machine()}, Python {platform.python_version()})")
        return 1 if self.missed and not quick() else 0


def spread(values: Sequence[float]) -> str:
    """ "median (min–max)" in milliseconds."""
    return f"{statistics.median(values) * 1e3:.1f} ms ({min(values) * 1e3:.1f}–{max(values) * 1e3:.1f})"


def quick() -> bool:
    return "--quick" in sys.argv
