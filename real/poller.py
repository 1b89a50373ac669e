"""What the daemon waits for besides timers: descriptors, and work that is done in threads. engine.loop.Outside.

One epoll descriptor stands for all of it, so that another event loop (asyncio's) can wait for that one alone.
"""

from __future__ import annotations

import contextlib
import os
import select
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from engine.loop import Future, Loop

T = TypeVar("T")
READ, WRITE, URGENT = select.EPOLLIN, select.EPOLLOUT, select.EPOLLPRI
WORKERS = 4


class Poller:
    """engine.loop.Outside. Callbacks get the events, in the loop's thread."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[int], object]] = {}
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._finished: deque[Callable[[], object]] = deque()
        self._workers: ThreadPoolExecutor | None = None
        self.watch(self._wake, READ, self._collect)

    # -- engine.loop.Outside

    def fileno(self) -> int:
        return self._epoll.fileno()

    def wait(self, seconds: float | None) -> None:
        """See engine.loop.Outside."""
        for fd, events in self._epoll.poll(-1 if seconds is None else seconds):
            if (callback := self._callbacks.get(fd)) is not None:
                callback(events)

    # -- descriptors

    def watch(self, fd: int, events: int, callback: Callable[[int], object]) -> None:
        """Call back whenever there is something, until `forget`."""
        self._callbacks[fd] = callback
        self._epoll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        """Other events; 0 for none but errors."""
        if fd in self._callbacks:
            self._epoll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """Before it is closed."""
        if self._callbacks.pop(fd, None) is not None:
            with contextlib.suppress(OSError):
                self._epoll.unregister(fd)

    # -- threads

    async def work(self, function: Callable[..., T], *arguments: Any) -> T:
        """The result of a function that blocks, run in a thread."""
        if self._workers is None:
            self._workers = ThreadPoolExecutor(WORKERS, "glassdock-real")
        future: Future[T] = Future(self.loop)

        def run() -> None:
            try:
                result = function(*arguments)
            except BaseException as error:  # told where it is awaited
                failure = error
                self._finish(lambda: future.set_error(failure))
            else:
                self._finish(lambda: future.set_result(result))

        self._workers.submit(run)
        return await future

    def _finish(self, call: Callable[[], object]) -> None:
        self._finished.append(call)
        os.eventfd_write(self._wake, 1)

    def _collect(self, events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        while self._finished:
            self._finished.popleft()()

    def close(self) -> None:
        """Waits for the threads."""
        if self._workers is not None:
            self._workers.shutdown()
            self._collect(0)
        self._epoll.close()
        os.close(self._wake)
