"""Docker's event stream: what changed, in order; a short history, and listeners that hear what comes next.

Shapes: Engine API v1.50, `GET /events` (EventMessage). Like moby, the last 256 events are kept for `--since`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.loop import SECOND, Loop, Queue

HISTORY = 256  # moby, daemon/events: eventsLimit


@dataclass(frozen=True, slots=True)
class Event:
    """`type` container|image|network|volume|daemon; `action` "start", "exec_create: ls", …; `time` ns since 1970."""

    type: str
    action: str
    id: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    time: int = 0

    def json(self) -> dict[str, Any]:
        """As the API says it, with the old `status`, `id` and `from` for containers and images."""
        message: dict[str, Any] = {}
        if self.type in ("container", "image"):
            message = {"status": self.action, "id": self.id}
            if self.type == "container":
                message["from"] = self.attributes.get("image", "")
        return message | {
            "Type": self.type,
            "Action": self.action,
            "Actor": {"ID": self.id, "Attributes": dict(self.attributes)},
            "scope": "local",
            "time": self.time // SECOND,
            "timeNano": self.time,
        }


class EventBus:
    """Publish to all, synchronously and without loss: each listener has its own queue."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.history: deque[Event] = deque(maxlen=HISTORY)
        self._queues: list[Queue[Event]] = []
        self._callbacks: list[Callable[[Event], object]] = []

    @property
    def listeners(self) -> int:
        return len(self._queues)

    def publish(self, type: str, action: str, id: str, attributes: Mapping[str, str] | None = None) -> Event:
        event = Event(type, action, id, attributes or {}, self._loop.time)
        self.history.append(event)
        for queue in self._queues:
            queue.put(event)
        for callback in self._callbacks:
            callback(event)
        return event

    def subscribe(self) -> Queue[Event]:
        """A queue of what is published from now on; give it back with `unsubscribe`."""
        queue: Queue[Event] = Queue(self._loop)
        self._queues.append(queue)
        return queue

    def unsubscribe(self, queue: Queue[Event]) -> None:
        self._queues.remove(queue)
        queue.close()

    def on_event(self, callback: Callable[[Event], object]) -> None:
        """Call at once for each event (the health monitor, the views). Must not raise."""
        self._callbacks.append(callback)
