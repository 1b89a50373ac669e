"""The engine's loop, driven by asyncio: two loops in one thread.

The engine's loop runs in *turns* of a few milliseconds between which asyncio looks at its sockets, so that a busy
simulated CPU cannot keep a client waiting. After a turn asyncio's timer wakes it when the next simulated moment is due.

The news of a real host arrives as one readable descriptor. A stepped clock jumps only while somebody waits for time,
and goes as fast as the world's while somebody looks on; `Waits` knows who waits for what.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from engine.api.messages import Reason
from engine.loop import SECOND, Loop, SteppedClock

TURN = 0.005  # seconds of the world's time
STEPS = 200  # of the engine's loop, before the turn looks at the world's clock


class Driver:
    """Owner of the engine's loop while a server runs. All of it in asyncio's thread."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.waits = Waits(self.wake)
        self._stepped = isinstance(loop.clock, SteppedClock)
        self._asyncio = asyncio.get_running_loop()
        self._next: asyncio.Handle | None = None
        self._soon = False
        self._tick = (0, 0.0)  # for who only looks on: the next simulated moment, and when that is in the world's time
        if loop.outside is not None:
            self._asyncio.add_reader(loop.outside.fileno(), self._news)

    def _news(self) -> None:
        """The host has heard something: hand it on, and let the loop go on with it."""
        assert self.loop.outside is not None
        self.loop.outside.wait(0)
        self.now()

    def wake(self) -> None:
        """There is news for the engine's loop (a new task, a future done): take a turn soon."""
        if not self._soon:
            self._schedule(self._asyncio.call_soon(self._turn), soon=True)

    def now(self) -> None:
        """Take a turn at once: most requests are answered within it, and asyncio need not come round for them."""
        if self._next is not None:
            self._next.cancel()
        self._turn()

    def close(self) -> None:
        if self.loop.outside is not None:
            self._asyncio.remove_reader(self.loop.outside.fileno())
        if self._next is not None:
            self._next.cancel()

    def _schedule(self, handle: asyncio.Handle, *, soon: bool) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next, self._soon = handle, soon

    def _turn(self) -> None:
        self._next, self._soon = None, False
        loop, end = self.loop, time.perf_counter() + TURN
        while time.perf_counter() < end:
            if loop.run_some(STEPS):
                continue
            if (due := loop.next_due()) is None:
                return
            if self._stepped:
                if self.waits.push() or (self.waits.watched() and self._pause(due) <= 0):
                    loop.advance(due)
                    self.wake()  # after each jump the sockets come first
                elif self.waits.watched():
                    self._schedule(self._asyncio.call_later(self._pause(due), self._turn), soon=False)
                return
            if (seconds := loop.clock.wait(loop.time, due)) > 0:
                self._schedule(self._asyncio.call_later(seconds, self._turn), soon=False)
                return
            loop.advance(due)
        self.wake()

    def _pause(self, due: int) -> float:
        """Seconds until a moment comes for somebody who looks on while nobody else lets time jump."""
        now = time.perf_counter()
        if self._tick[0] != due:
            self._tick = (due, now + (due - self.loop.time) / SECOND)
        return self._tick[1] - now


class Wait:
    """One request's reason to wait. Give it back with `end`."""

    __slots__ = ("_waits", "reason", "starving")

    def __init__(self, waits: Waits, reason: Reason) -> None:
        self._waits = waits
        self.reason = reason
        self.starving: Callable[[], bool] | None = None

    def change(self, reason: Reason, starving: Callable[[], bool] | None) -> None:
        self.reason, self.starving = reason, starving

    def end(self) -> None:
        self._waits.open.discard(self)


class Waits:
    """What the open requests wait for (engine.api.messages.Waiting)."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.open: set[Wait] = set()
        self.outside = 0  # requests to the real world, whose time does not jump
        self._wake = wake

    def begin(self, reason: Reason) -> Wait:
        wait = Wait(self, reason)
        self.open.add(wait)
        self._wake()
        return wait

    def watched(self) -> bool:
        """Does somebody look on, second by second?"""
        return not self.outside and any(wait.reason == "watch" for wait in self.open)

    def push(self) -> bool:
        """Should time jump? For the daemon's own work, unless that is to wait for the real world; for programs unless
        one of them waits for a person."""
        if self.outside:
            return False
        kinds = {wait.reason if isinstance(wait.reason, str) else wait.reason() for wait in self.open}
        if "time" in kinds:
            return True
        return "program" in kinds and not any(wait.starving and wait.starving() for wait in self.open)
