"""Every hop of every command as a span: who did it, for whom, from when, for how long.

A span's parent is the span that was open in the same task when it began (tasks inherit it from the task that spawned
them). Times are virtual nanoseconds, so the same seed gives the same trace. Finished spans are kept in a ring, oldest
dropped first. Words and shape follow OpenTelemetry's spans, cut down to what a learner reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.loop import Loop

WHERES = ("client", "api", "daemon", "cache", "hub", "host")


class Span:
    """One step. `where` is one of WHERES; `attributes` are facts (sizes, names, results) that JSON can hold."""

    __slots__ = ("attributes", "duration", "error", "id", "name", "parent", "start", "where")

    def __init__(self, id: int, parent: int | None, where: str, name: str, start: int, attributes: dict[str, Any]) -> None:
        self.id, self.parent, self.where, self.name, self.start = id, parent, where, name, start
        self.duration = 0
        self.error: str | None = None
        self.attributes = attributes

    def json(self) -> dict[str, Any]:
        """{"id", "parent", "where", "name", "start" (ns since 1970), "duration" (ns), "error", "attributes"}."""
        return {slot: getattr(self, slot) for slot in sorted(self.__slots__)}


class Trace:
    """Spans of one engine. `limit` finished spans are kept."""

    def __init__(self, loop: Loop, limit: int = 20_000) -> None:
        self._loop = loop
        self._next = 1
        self.finished: deque[Span] = deque(maxlen=limit)

    @contextmanager
    def span(self, where: str, name: str, **attributes: Any) -> Iterator[Span]:
        """Open a span around a block; an exception that leaves the block becomes its `error`."""
        task = self._loop.current
        parent: Span | None = task.context if task is not None else None
        span = Span(self._next, parent.id if parent else None, where, name, self._loop.time, attributes)
        self._next += 1
        if task is not None:
            task.context = span
        try:
            yield span
        except BaseException as error:
            span.error = str(error) or type(error).__name__
            raise
        finally:
            if task is not None:
                task.context = parent
            span.duration = self._loop.time - span.start
            self.finished.append(span)

    def record(self, where: str, name: str, start: int, duration: int, error: str | None = None, **attributes: Any) -> Span:
        """Add a span that is over already (a kernel operation that a host performed), under the open one."""
        task = self._loop.current
        parent: Span | None = task.context if task is not None else None
        span = Span(self._next, parent.id if parent else None, where, name, start, attributes)
        self._next += 1
        span.duration, span.error = duration, error
        self.finished.append(span)
        return span

    def since(self, id: int = 0) -> list[dict[str, Any]]:
        """Finished spans with an id above `id`, in the order of their beginning, as JSON objects."""
        return [span.json() for span in sorted(self.finished, key=lambda span: span.id) if span.id > id]
