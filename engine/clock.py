"""Clocks: how the virtual time of `engine.loop` is tied to the world's. Time is nanoseconds since 1970, an integer."""

from __future__ import annotations

import time as _time
from typing import Protocol

SECOND = 1_000_000_000  # nanoseconds


class Clock(Protocol):
    """How virtual time is tied to the world's."""

    def read(self, virtual: int) -> int:
        """The virtual time now, in ns, given the last one known; never smaller than it."""

    def wait(self, virtual: int, until: int) -> float:
        """Seconds of the world's time until the virtual moment `until`; 0.0 means jump."""


class SteppedClock:
    """Time stands still while nobody waits for it, and jumps to the next due moment when somebody does."""

    def read(self, virtual: int) -> int:
        return virtual

    def wait(self, virtual: int, until: int) -> float:
        return 0.0


class WallClock:
    """The world's time, `speed` times as fast; virtual time may be up to `lead` seconds ahead of it.

    The world's timers are coarse (a millisecond, or fifteen): a simulated container's start is a chain of thirty short
    operations, and would take many times as long as they do together if each waited for a timer. A real host's clock
    has no lead.
    """

    LEAD = 0.03

    def __init__(self, speed: float = 1.0, lead: float = LEAD) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be a positive number, not {speed}")
        self.speed, self.lead = speed, lead
        self._origin: tuple[int, int] | None = None

    def read(self, virtual: int) -> int:
        return max(virtual, self._world(virtual))

    def wait(self, virtual: int, until: int) -> float:
        seconds = (until - self._world(virtual)) / self.speed / SECOND
        return seconds if seconds > self.lead else 0.0

    def _world(self, virtual: int) -> int:
        """The world's time as virtual time; the first call ties the two together."""
        real = _time.monotonic_ns()
        if self._origin is None:
            self._origin = (real, virtual)
        return self._origin[1] + int((real - self._origin[0]) * self.speed)
