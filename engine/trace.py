"""Every hop of every command as a span: who did it, for whom, from when, for how long.

A span's parent is the span that was open in the same task when it began (tasks inherit it from the task that spawned
them). Times are virtual nanoseconds, so the same seed gives the same trace. Finished spans are kept in a ring, oldest
dropped first. Words and shape follow OpenTelemetry's spans, cut down to what a learner reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.loop import Loop
from engine.operations import Performed

WHERES = ("client", "api", "daemon", "cache", "hub", "host")


class Span:
    """One step. `where` is one of WHERES; `attributes` are facts (sizes, names, results) that JSON can hold."""

    __slots__ = ("attributes", "duration", "error", "id", "name", "outer", "start", "where")

    def __init__(
        self, id: int, outer: Span | None, where: str, name: str, start: int, attributes: dict[str, Any]
    ) -> None:
        self.id, self.outer, self.where, self.name, self.start = id, outer, where, name, start
        self.duration = 0
        self.error: str | None = None
        self.attributes = attributes

    def json(self) -> dict[str, Any]:
        """{"id", "parent", "where", "name", "start" (ns since 1970), "duration" (ns), "error", "attributes"}."""
        return _json(self)


class OperationSpan:
    """A kernel operation that a host performed. It says its words when it is read."""

    __slots__ = ("id", "outer", "performed")
    where = "host"

    def __init__(self, id: int, outer: Span | None, performed: Performed) -> None:
        self.id, self.outer, self.performed = id, outer, performed

    @property
    def name(self) -> str:
        """The shell command that does the same."""
        return self.performed.operation.shell()

    @property
    def start(self) -> int:
        return self.performed.start

    @property
    def duration(self) -> int:
        return self.performed.duration

    @property
    def error(self) -> str | None:
        return self.performed.error

    @property
    def attributes(self) -> dict[str, Any]:
        operation = self.performed.operation
        return {"kind": type(operation).__name__, "man": operation.man, "result": self.performed.error or "ok"}

    def json(self) -> dict[str, Any]:
        """As `Span.json`."""
        return _json(self)


class Operations:
    """What a host did in one go: forty operations for a container, that become spans only when they are read."""

    __slots__ = ("first", "outer", "performed")

    def __init__(self, first: int, outer: Span | None, performed: Sequence[Performed]) -> None:
        self.first, self.outer, self.performed = first, outer, performed

    def __len__(self) -> int:
        return len(self.performed)

    def __iter__(self) -> Iterator[OperationSpan]:
        return (OperationSpan(self.first + at, self.outer, each) for at, each in enumerate(self.performed))


def _json(span: Span | OperationSpan) -> dict[str, Any]:
    return {
        "id": span.id,
        "parent": span.outer.id if span.outer else None,
        "where": span.where,
        "name": span.name,
        "start": span.start,
        "duration": span.duration,
        "error": span.error,
        "attributes": span.attributes,
    }


class Trace:
    """Spans of one engine. `limit` finished spans are kept."""

    def __init__(self, loop: Loop, limit: int = 20_000) -> None:
        self._loop = loop
        self._next = 1
        self._limit, self._kept = limit, 0
        self._ring: deque[Span | Operations] = deque()

    @contextmanager
    def span(self, where: str, name: str, **attributes: Any) -> Iterator[Span]:
        """Open a span around a block; an exception that leaves the block becomes its `error`."""
        span = self.open(where, name, attributes)
        try:
            yield span
        except BaseException as error:
            self.close(span, str(error) or type(error).__name__)
            raise
        else:
            self.close(span)

    def open(self, where: str, name: str, attributes: dict[str, Any]) -> Span:
        """Begin a span that outlives a block; give it to `close` when it is over, from whichever task."""
        span = self._new(where, name, self._loop.time, attributes)
        if (task := self._loop.current) is not None:
            task.context = span
        return span

    def close(self, span: Span, error: str | None = None) -> None:
        task = self._loop.current
        if task is not None and task.context is span:
            task.context = span.outer
        span.duration, span.error = self._loop.time - span.start, error
        self._keep(span, 1)

    def record(
        self, where: str, name: str, start: int, duration: int, error: str | None = None, **attributes: Any
    ) -> Span:
        """Add a span that is over already (a kernel operation that a host performed), under the open one."""
        span = self._new(where, name, start, attributes)
        span.duration, span.error = duration, error
        self._keep(span, 1)
        return span

    def record_operations(self, performed: Sequence[Performed]) -> None:
        """Add what a host did, each operation a span under the open one."""
        if not performed:
            return
        task = self._loop.current
        self._keep(Operations(self._next, task.context if task is not None else None, performed), len(performed))
        self._next += len(performed)

    def _keep(self, entry: Span | Operations, spans: int) -> None:
        """Add to the ring; the oldest go. `spans`: how many the entry stands for."""
        self._kept += spans
        self._ring.append(entry)
        while self._kept > self._limit:
            oldest = self._ring.popleft()
            self._kept -= 1 if isinstance(oldest, Span) else len(oldest)

    def _new(self, where: str, name: str, start: int, attributes: dict[str, Any]) -> Span:
        task = self._loop.current
        span = Span(self._next, task.context if task is not None else None, where, name, start, attributes)
        self._next += 1
        return span

    @property
    def finished(self) -> list[Span | OperationSpan]:
        """The spans that are kept, in the order of their beginning."""
        spans: list[Span | OperationSpan] = []
        for entry in self._ring:
            if isinstance(entry, Span):
                spans.append(entry)
            else:
                spans.extend(entry)
        return sorted(spans, key=lambda span: span.id)

    def since(self, id: int = 0) -> list[dict[str, Any]]:
        """Finished spans with an id above `id`, in the order of their beginning, as JSON objects."""
        return [span.json() for span in self.finished if span.id > id]
