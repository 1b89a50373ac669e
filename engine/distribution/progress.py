"""What a transfer tells whoever waits for it, as data; engine/api makes Docker's JSON lines of it.

How often: moby, pkg/progress: after each hundredth of the whole (at most 512 kB), but no more than ten times a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.loop import SECOND, Loop

STEP = 512 * 1024  # bytes
INTERVAL = SECOND // 10


@dataclass(frozen=True, slots=True)
class Progress:
    """A layer's state: "Downloading", `id` its short digest; `current` of `total` bytes, both 0 for a mere state."""

    status: str
    id: str
    current: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A line without a state: "Digest: sha256:…", or "Pulling from library/alpine" with `id` "latest".

    With `aux` it is for programs instead of people: {"Tag": "latest", "Digest": …, "Size": …}.
    """

    status: str
    id: str = ""
    aux: Mapping[str, Any] | None = None


Tell = Callable[["Progress | Message"], None]


class Meter:
    """Counts bytes and tells of them now and then; the last byte always."""

    __slots__ = ("_loop", "_next", "_said", "_step", "_tell", "action", "current", "id", "total")

    def __init__(self, loop: Loop, tell: Tell, action: str, id: str, total: int, current: int = 0) -> None:
        self._loop, self._tell = loop, tell
        self.action, self.id, self.total, self.current = action, id, total, current
        self._step = min(STEP, total // 100) if total > 0 else STEP
        self._said = current
        self._next = 0  # not before this moment

    def add(self, size: int) -> None:
        self.current += size
        if self.current == self._said:
            return
        last = self.current == self.total
        if not last and (self.current - self._said <= self._step or self._loop.time < self._next):
            return
        self._said, self._next = self.current, self._loop.time + INTERVAL
        self._tell(Progress(self.action, self.id, self.current, self.total))
