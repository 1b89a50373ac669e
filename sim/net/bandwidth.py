"""A wire that several transfers share fairly, in virtual time.

Processor sharing: with n transfers going on, each gets an n-th of the rate. Work is counted in bytes that one transfer
could have had so far (`_served`); a piece ends when that has grown by its size. So joining and leaving cost one timer.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from engine.loop import SECOND, Future, Loop, Timer


class Wire:
    """`rate` gives the bytes a second; it may change while transfers are going on."""

    def __init__(self, loop: Loop, rate: Callable[[], float]) -> None:
        self._loop, self._rate = loop, rate
        self._served = 0.0
        self._since = loop.time
        self._going: list[tuple[float, int, Future[None]]] = []  # ends at, number, who waits
        self._number = 0
        self._timer: Timer | None = None

    async def carry(self, size: int) -> None:
        """Wait until `size` bytes are through."""
        if size <= 0:
            return
        self._pass_time()
        self._number += 1
        done: Future[None] = self._loop.future()
        entry = (self._served + size, self._number, done)
        heapq.heappush(self._going, entry)
        self._set_timer()
        try:
            await done
        except BaseException:
            if entry in self._going:
                self._pass_time()
                self._going.remove(entry)
                heapq.heapify(self._going)
                self._set_timer()
            raise

    def _pass_time(self) -> None:
        now = self._loop.time
        if self._going:
            self._served += (now - self._since) / SECOND * self._rate() / len(self._going)
        self._since = now

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._going:
            left = max(0.0, self._going[0][0] - self._served)
            seconds = left * len(self._going) / max(1.0, self._rate())
            self._timer = self._loop.call_at(self._loop.time + max(1, int(seconds * SECOND)), self._piece_ends)

    def _piece_ends(self) -> None:
        self._timer = None
        self._pass_time()
        _, _, done = heapq.heappop(self._going)
        done.set_result(None)
        while self._going and self._going[0][0] <= self._served:
            heapq.heappop(self._going)[2].set_result(None)
        self._set_timer()
