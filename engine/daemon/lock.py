"""Mutual exclusion between coroutines: one verb at a time works on a container."""

from __future__ import annotations

from collections import deque
from types import TracebackType

from engine.loop import Future, Loop


class Lock:
    """`async with lock:`. First come, first served; costs next to nothing while nobody else is there."""

    __slots__ = ("_loop", "_waiting", "held")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.held = False
        self._waiting: deque[Future[None]] | None = None

    async def __aenter__(self) -> None:
        if not self.held:
            self.held = True
            return
        turn: Future[None] = Future(self._loop)
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done():
                self._pass_on()
            else:
                self._waiting.remove(turn)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self.held = False
