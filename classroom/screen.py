"""What a notebook's cell shows of a command, no faster than somebody can follow it and stop it.

Both streams go where the cell prints, as with any `!` line: on a notebook's own standard error, which is painted red,
a download would look like a failure.

Simulated time jumps, so `docker stats` or `ping` would print for ever, as fast as the computer can. The first minute of
such a program is shown at once, as of any other; then each further second with something to show takes a quarter of a
second, and ■ (Interrupt) is Ctrl-C.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from engine.clock import SECOND

QUICK = 60  # simulated seconds with something to show
BREATH = 0.25  # seconds


class Screen:
    """One command's. `moment`: the simulated time, ns; None where time is the world's and needs no brake."""

    def __init__(self, moment: Callable[[], int | None]) -> None:
        self._moment = moment
        self._second: int | None = None
        self._seconds = 0

    def write(self, stream: int, data: bytes) -> None:
        sys.stdout.write(data.decode(errors="replace"))
        sys.stdout.flush()
        if (moment := self._moment()) is not None:
            self._brake(moment // SECOND)

    def _brake(self, second: int) -> None:
        if second == self._second:
            return
        self._second = second
        self._seconds += 1
        if self._seconds > QUICK:
            time.sleep(BREATH)
