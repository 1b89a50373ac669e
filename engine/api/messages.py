"""A request and its answer, without a wire: what every transport (socket, in-process, docker-py adapter) carries.

A body that streams is an async iterator on the engine's loop. A connection that is taken over (attach, exec: HTTP 101)
is a `session`: a coroutine that gets both directions as a `Duplex`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


class Duplex(Protocol):
    """The raw connection after `101 UPGRADED`."""

    async def read(self) -> bytes:
        """Some bytes from the client; b"" when the client has shut down its sending side or is gone."""

    async def write(self, data: bytes) -> None:
        """Send. Raises ConnectionError when the client is gone."""

    def close(self) -> None: ...


# What a waiting request waits for; tells the driver of a stepped clock whether time should jump for it (api/driver.py):
# "time" the daemon's own work (stop, pull); "program" what a program does (wait, attach, logs -f); "news" only listens;
# "watch" looks on as time passes (stats).
Waiting = Literal["time", "program", "news", "watch"]
Reason = Waiting | Callable[[], Waiting]  # a function: it may change while the request is open


class Query(dict[str, str]):
    """A request's query: the first value of each name, as Go's FormValue; and `all` of them (`changes=…&changes=…`)."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        every = list(pairs)
        super().__init__(reversed(every))
        self._pairs = every if len(every) > len(self) else None

    def pairs(self) -> list[tuple[str, str]]:
        """Everything, in the order asked."""
        return list(self._pairs if self._pairs is not None else reversed(self.items()))

    def all(self, name: str) -> list[str]:
        if self._pairs is None:
            return [self[name]] if name in self else []
        return [value for key, value in self._pairs if key == name]


@dataclass(slots=True)
class Request:
    """`path` is decoded and without query and version; `query` has the first value of each name (see `Query`)."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None  # instead of `body`, for uploads
    version: str = ""  # "1.43"; "" for a path without one
    vars: Mapping[str, str] = field(default_factory=dict)  # what the route's pattern matched


@dataclass(slots=True)
class Response:
    """One of: `body`, `stream` (headers go out at once) or `session` (with status 101, or 200 for old clients).

    `starving` of an interactive session says whether its program waits for a person (host.Input.starving).
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None
    session: Callable[[Duplex], Coroutine[Any, Any, None]] | None = None
    waiting: Reason = "time"
    starving: Callable[[], bool] | None = None


def json_response(value: Any, status: int = 200) -> Response:
    """Docker ends its JSON with a newline."""
    body = json.dumps(value, separators=(",", ":")).encode() + b"\n"
    return Response(status, body, {"Content-Type": "application/json"})


def empty(status: int = 204) -> Response:
    return Response(status)
