"""A virtual-time event loop that the caller steps: no thread, no socket, no running asyncio loop inside.

Everything in the engine and on the simulated host is a coroutine that awaits a `Future` of this loop. Whoever drives
the loop decides how time passes:

- a test, a notebook cell or a browser calls `run(future)`: it returns when the future is done;
- the asyncio server calls `run_ready()` after each piece of news and sleeps until `next_due()`.

A host that hears from outside (file descriptors, worker threads) gives the loop its `outside` to wait for.

The loop itself is `run_ready`, `next_due` and `advance`: read those three and you know it. What is awaited is in
engine/futures.py. Time is an integer number of nanoseconds since 1970 (as in Docker's events); the clock
(engine/clock.py) says how long to wait for a moment.
"""

from __future__ import annotations

import heapq
import logging
import time as _time
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from engine.clock import SECOND, Clock, SteppedClock, WallClock
from engine.futures import Cancelled, Future, Task

T = TypeVar("T")

log = logging.getLogger("glassdock.loop")

LAG = SECOND  # how far virtual time may stay behind the clock because timers are still to go off


class Deadlock(RuntimeError):
    """`run` was asked to wait for something that nothing can bring about: no task is ready and no timer is set."""


class Outside(Protocol):
    """What news can come from while the loop waits: the file descriptors and worker threads of a real host."""

    def fileno(self) -> int:
        """Readable when there is news."""

    def wait(self, seconds: float | None) -> None:
        """Sleep until there is news, `seconds` at most (None: for ever), and hand it on as calls on the loop."""


class Timer:
    """A call that is due at a moment. `cancel()` forgets it."""

    __slots__ = ("call", "loop", "when")

    def __init__(self, loop: Loop, when: int, call: Callable[[], object] | None) -> None:
        self.loop, self.when, self.call = loop, when, call

    def cancel(self) -> None:
        if self.call is not None:
            self.call = None
            self.loop._forgotten += 1


class Loop:
    """Ready calls, timers and the time. See the module's first lines.

    `start` is the virtual time at the beginning, ns since 1970; default: the world's clock. `fired` counts the timers
    that have gone off. Time does not pass a timer that is due before that has gone off, so what happens when does not
    depend on how quick the computer is; only if it falls `LAG` behind does time jump, and `on_skip` is told.
    """

    def __init__(self, clock: Clock | None = None, start: int | None = None) -> None:
        self.clock: Clock = clock or SteppedClock()
        self.time: int = self.clock.read(_time.time_ns() if start is None else start)
        self.fired = 0
        self.on_skip: Callable[[], object] | None = None
        self.outside: Outside | None = None
        self.current: Task[Any] | None = None
        self.on_unhandled: Callable[[Task[Any], BaseException], None] = _log_unhandled
        self._ready: deque[Callable[[], object]] = deque()
        self._timers: list[tuple[int, int, Timer]] = []
        self._sequence = 0
        self._forgotten = 0

    # -- what coroutines use

    def future(self) -> Future[Any]:
        return Future(self)

    def spawn(self, coro: Coroutine[Any, Any, T], name: str = "", context: Any = None) -> Task[T]:
        """Start a task; it makes its first step when the loop next runs. Context is inherited if not given."""
        if context is None and self.current is not None:
            context = self.current.context
        return Task(self, coro, name, context)

    def call_soon(self, call: Callable[[], object]) -> None:
        self._ready.append(call)

    def call_at(self, when: int, call: Callable[[], object]) -> Timer:
        """Call at a virtual moment, ns since 1970."""
        if self._forgotten > 1000 and self._forgotten * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if entry[2].call is not None]
            heapq.heapify(self._timers)
            self._forgotten = 0
        timer = Timer(self, when, call)
        self._sequence += 1
        heapq.heappush(self._timers, (when, self._sequence, timer))
        return timer

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        return self.call_at(self.time + int(seconds * SECOND), call)

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of virtual time; 0 lets the others go first."""
        future: Future[None] = Future(self)
        if seconds <= 0:
            self._ready.append(lambda: future.set_result(None))
            await future
            return
        timer = self.call_later(seconds, lambda: future.set_result(None))
        try:
            await future
        finally:
            timer.cancel()

    async def wait_for(self, awaitable: Future[T], seconds: float) -> T:
        """The result of a future, or TimeoutError after `seconds`. The future itself is left alone."""
        if awaitable.done():
            return awaitable.result()
        either: Future[None] = Future(self)
        wake = lambda: either.set_result(None)  # noqa: E731  (one object, so that it can be removed)
        awaitable.add_done_callback(wake)
        timer = self.call_later(seconds, wake)
        try:
            await either
        finally:
            timer.cancel()
            awaitable.remove_done_callback(wake)
        if not awaitable.done():
            raise TimeoutError
        return awaitable.result()

    async def gather(self, *coros: Coroutine[Any, Any, T]) -> list[T]:
        """Run coroutines side by side; the first error cancels the rest and is raised."""
        tasks = [self.spawn(coro) for coro in coros]
        failed: Future[None] = Future(self)
        left = len(tasks)

        def ended(task: Task[T]) -> None:
            nonlocal left
            left -= 1
            if left == 0 or task.error() is not None:
                failed.set_result(None)

        for task in tasks:
            task.add_done_callback(partial(ended, task))
        try:
            if tasks:
                await failed
        finally:
            for task in tasks:  # those that have ended do not mind
                task.cancel()
        for task in tasks:
            if task.done() and (error := task.error()) is not None:
                raise error
        return [task.result() for task in tasks]

    # -- what a driver uses

    def run_ready(self) -> None:
        """Let every task go on as far as it can without time passing."""
        self._read_clock()
        ready = self._ready
        while ready:
            ready.popleft()()

    def run_some(self, limit: int) -> bool:
        """`run_ready` for a driver that has other things to do: at most `limit` steps; True if some are left."""
        self._read_clock()
        ready = self._ready
        while ready and limit > 0:
            limit -= 1
            ready.popleft()()
        return bool(ready)

    def _read_clock(self) -> None:
        """Let time pass as the clock says, up to the next timer."""
        now = self.clock.read(self.time)
        if now == self.time:
            return
        due = self.next_due()
        if due is None or now < due:
            self.time = now
        elif now - due <= LAG:
            self.time = max(self.time, due)
        else:
            self.time = now
            if self.on_skip is not None:
                self.on_skip()

    def next_due(self) -> int | None:
        """The moment of the earliest timer, ns, or None."""
        timers = self._timers
        while timers and timers[0][2].call is None:
            heapq.heappop(timers)
            self._forgotten -= 1
        return timers[0][0] if timers else None

    def advance(self, to: int) -> None:
        """Let time pass up to the moment `to` and make the calls due by then ready, in order."""
        while (due := self.next_due()) is not None and due <= to:
            self.time = max(self.time, due)
            timer = heapq.heappop(self._timers)[2]
            call, timer.call = timer.call, None
            if call is not None:
                self.fired += 1
                call()
            if self._ready:
                self.run_ready()
        self.time = max(self.time, to)

    def run(self, awaitable: Future[T] | Coroutine[Any, Any, T]) -> T:
        """Drive the loop until the future (or coroutine) is done, and return its result.

        Raises what it raised, and `Deadlock` if nothing is left that could end it.
        """
        future = awaitable if isinstance(awaitable, Future) else self.spawn(awaitable)
        if isinstance(future, Task) and not future._callbacks:
            future.add_done_callback(_nothing)  # its error is ours to raise, not unhandled
        while True:
            self.run_ready()
            if future.done():
                return future.result()
            if not self.step():
                raise Deadlock("nothing is left that could end this wait")

    def step(self) -> bool:
        """Let time pass to the next timer and make its call; False if there is none. Sleeps if the clock says so.

        With an `outside`, news ends the sleep, and there is always something to wait for.
        """
        due = self.next_due()
        if self.outside is not None:
            self.outside.wait(None if due is None else self.clock.wait(self.time, due))
            self._read_clock()
            if due is None or due > self.time:
                return True
        if due is None:
            return False
        if (seconds := self.clock.wait(self.time, due)) > 0:
            _time.sleep(seconds)
        self.advance(due)
        return True


class Queue(Generic[T]):
    """First in, first out; `get` waits. `close()` ends it: what is left is still given, then `None`."""

    __slots__ = ("_closed", "_getters", "_items", "loop")

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._items: deque[T] = deque()
        self._getters: deque[Future[None]] = deque()
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        if not self._closed:
            self._items.append(item)
            self._wake()

    def close(self) -> None:
        self._closed = True
        while self._getters:
            self._getters.popleft().set_result(None)

    async def get(self) -> T | None:
        while not self._items:
            if self._closed:
                return None
            waiter: Future[None] = Future(self.loop)
            self._getters.append(waiter)
            try:
                await waiter
            except BaseException:
                if waiter.done():
                    self._wake()
                else:
                    self._getters.remove(waiter)
                raise
        return self._items.popleft()

    def _wake(self) -> None:
        if self._getters:
            self._getters.popleft().set_result(None)


def _nothing() -> None:
    pass


def _log_unhandled(task: Task[Any], error: BaseException) -> None:
    log.error("task %s failed", task.name or task._coro, exc_info=error)


__all__ = [
    "SECOND",
    "Cancelled",
    "Clock",
    "Deadlock",
    "Future",
    "Loop",
    "Outside",
    "Queue",
    "SteppedClock",
    "Task",
    "Timer",
    "WallClock",
]
