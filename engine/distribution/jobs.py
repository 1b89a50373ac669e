"""Work that several wait for: done once, told to all, cancelled when the last of them goes away.

Two pulls that need the same layer share one download of it (moby, distribution/xfer: transfers and watchers).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Sequence
from typing import Any, Generic, TypeVar

from engine.distribution.progress import Message, Progress, Tell
from engine.loop import Future, Loop, Task

T = TypeVar("T")


class Job(Generic[T]):
    """`task` is the work; whoever joined hears its progress."""

    __slots__ = ("_last", "key", "task", "watchers")

    def __init__(self, key: Hashable, loop: Loop, work: Callable[[Tell], Coroutine[Any, Any, T]]) -> None:
        self.key = key
        self.watchers: list[Tell] = []
        self._last: Progress | Message | None = None
        self.task: Task[T] = loop.spawn(work(self.tell), name=str(key))
        self.task.add_done_callback(_nothing)  # its error is told to those who wait

    def tell(self, progress: Progress | Message) -> None:
        self._last = progress
        for watcher in tuple(self.watchers):
            watcher(progress)


class Jobs(Generic[T]):
    """The jobs under way, by key."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._running: dict[Hashable, Job[T]] = {}

    def __len__(self) -> int:
        return len(self._running)

    def join(self, key: Hashable, tell: Tell, work: Callable[[Tell], Coroutine[Any, Any, T]]) -> Job[T]:
        """Wait with the others, or begin (also if it has just failed). A latecomer hears where the work stands."""
        job = self._running.get(key)
        if job is None or job.task.error() is not None:
            job = self._running[key] = Job(key, self._loop, work)
        elif job._last is not None:
            tell(job._last)
        job.watchers.append(tell)
        return job

    def leave(self, job: Job[T], tell: Tell) -> None:
        """Wait no longer; the last one to leave cancels what is not done."""
        job.watchers.remove(tell)
        if not job.watchers:
            job.task.cancel()
            if self._running.get(job.key) is job:
                del self._running[job.key]


class Slots:
    """At most so many at a time; those who wait are let in in the order of their coming."""

    def __init__(self, loop: Loop, count: int) -> None:
        self._loop, self.free = loop, count
        self._waiting: deque[Future[None]] = deque()

    async def acquire(self) -> None:
        if self.free > 0:
            self.free -= 1
            return
        turn: Future[None] = self._loop.future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done():
                self.release()
            else:
                self._waiting.remove(turn)
            raise

    def release(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self.free += 1


async def all_or_first_error(loop: Loop, tasks: Sequence[Future[Any]]) -> None:
    """Wait until all are done, or until one has failed: its error is raised."""
    ended: Future[None] = loop.future()

    def check() -> None:
        if all(task.done() for task in tasks) or any(task.done() and task.error() for task in tasks):
            ended.set_result(None)

    for task in tasks:
        task.add_done_callback(check)
    try:
        if tasks:
            await ended
    finally:
        for task in tasks:
            task.remove_done_callback(check)
    for task in tasks:
        if task.done():
            task.result()


def _nothing() -> None:
    pass
