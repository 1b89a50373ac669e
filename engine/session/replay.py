"""Ask again what was asked: an engine, made as the recorded one was, is brought through the same steps.

Nothing waits for the world: time jumps from step to step. Answers are read and thrown away, by tasks, as clients would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.api.app import App
from engine.api.channel import Channel
from engine.api.messages import Query, Request, Response
from engine.api.streams import close_stream
from engine.loop import Task
from engine.session.steps import Record, Step

if TYPE_CHECKING:
    from engine.daemon.engine import Engine


class Replay:
    """One engine on its way through a record. Iterate: each step is yielded after it has been done."""

    def __init__(self, engine: Engine, record: Record) -> None:
        self.engine, self._record = engine, record
        self._app = App(engine)
        self._open: dict[int, tuple[Channel, Task[None]]] = {}

    def __iter__(self) -> Iterator[Step]:
        for step in self._record.steps:
            self._until(step.at, step.fired)
            self._do(step)
            self.engine.loop.run_ready()
            yield step
        self._until(self._record.until, self._record.fired)

    def run(self) -> Engine:
        """All steps; returns the engine as it was at the record's end."""
        for _ in self:
            pass
        return self.engine

    def _until(self, at: int, fired: int) -> None:
        """Let time pass to where the record was: as many timers as had gone off, then the rest of the time."""
        loop = self.engine.loop
        loop.run_ready()
        while loop.fired < fired and (due := loop.next_due()) is not None and due <= at:
            loop.step()
            loop.run_ready()
        loop.time = max(loop.time, at)

    def _do(self, step: Step) -> None:
        loop = self.engine.loop
        if step.kind == "request":
            up = Channel(_nothing, loop.future, loop.future)
            task = loop.spawn(self._ask(step, up), f"replay {step.line}")
            task.add_done_callback(_nothing)
            self._open[step.request] = up, task
            return
        if step.kind == "skip":
            return
        up, task = self._open[step.request]
        if step.kind == "input":
            up.give(step.body)
        elif step.kind == "end":
            up.end()
        else:
            task.cancel()

    async def _ask(self, step: Step, up: Channel) -> None:
        request = Request(step.method, step.path, Query(step.query), dict(step.headers), step.body)
        if step.streams:
            request.stream = up.pieces()
        await _read(await self._app.handle(request), up)


async def _read(response: Response, up: Channel) -> None:
    """What a client does with an answer."""
    if response.session is not None:
        with suppress(ConnectionError):
            await response.session(_Client(up))
    elif response.stream is not None:
        try:
            async for _ in response.stream:
                pass
        finally:
            await close_stream(response.stream)


class _Client:
    """A taken-over connection to a client that says what it said then, and reads everything at once."""

    def __init__(self, up: Channel) -> None:
        self._up = up

    async def read(self) -> bytes:
        return await self._up.get()

    async def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def replay(record: Record, make: Callable[[Record], Engine]) -> Engine:
    """An engine as the recorded one was at the end. `make` gives a new one from the record's seed and start."""
    return Replay(make(record), record).run()


def _nothing() -> None:
    pass
