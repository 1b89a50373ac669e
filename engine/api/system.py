"""`/version`, `/info`, `/events`, `/system/df`, and a build cache that is not there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from engine.api.messages import Request, Response, json_response
from engine.api.query import older
from engine.api.router import Route
from engine.daemon import system
from engine.daemon.filters import Filters
from engine.errors import InvalidParameter
from engine.events import Event
from engine.loop import SECOND, Queue
from engine.timestamps import parse_moment

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

USAGE_TYPES = {"container", "image", "volume", "build-cache"}
FUZZY_ACTIONS = ("health_status", "exec_create", "exec_start")
NAMED = ("container", "volume", "network", "plugin", "daemon")  # filters that look at the actor's id and name


async def version(engine: Engine, request: Request) -> Response:
    from engine.api.app import API_VERSION, ENGINE_VERSION, MIN_API_VERSION

    return json_response(system.version(engine, ENGINE_VERSION, API_VERSION, MIN_API_VERSION))


async def info(engine: Engine, request: Request) -> Response:
    from engine.api.app import ENGINE_VERSION

    shown = system.information(engine, ENGINE_VERSION)
    if older(request, "1.42"):
        shown["SystemStatus"] = None
    return json_response(shown)


async def disk_usage(engine: Engine, request: Request) -> Response:
    wanted = request.query.get("type", "")
    if wanted and wanted not in USAGE_TYPES:
        raise InvalidParameter(f"unknown object type: {wanted}")
    shown = await system.disk_usage(engine, {wanted} if wanted else USAGE_TYPES)
    if older(request, "1.42"):
        shown["BuilderSize"] = 0
    return json_response(shown)


# -- events


async def events(engine: Engine, request: Request) -> Response:
    """What happened since, and what happens until; each event is one JSON line."""
    since, until = _moment(engine, request, "since"), _moment(engine, request, "until")
    if since and until and since > until:
        raise InvalidParameter(
            f"`since` time ({request.query['since']}) cannot be after `until` time ({request.query['until']})"
        )
    filters = Filters.parse(request.query.get("filters"))
    return Response(
        headers={"Content-Type": "application/json"},
        stream=_Events(engine, filters, since, until),
        waiting="time" if until else "news",
    )


def _moment(engine: Engine, request: Request, name: str) -> int:
    text = request.query.get(name, "")
    try:
        return parse_moment(text, engine.loop.time) if text else 0
    except ValueError as error:
        raise InvalidParameter(str(error)) from None


class _Events:
    """The stream. It listens from its making on, so that nothing is missed before the first read."""

    def __init__(self, engine: Engine, filters: Filters, since: int, until: int) -> None:
        self._engine, self._filters, self._until = engine, filters, until
        self._past: list[Event] = []
        if since or until:
            self._past = [event for event in engine.events.history if since <= event.time <= (until or event.time)]
            self._past.reverse()
        self._queue: Queue[Event] | None = engine.events.subscribe()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while (event := await self._next()) is not None:
            if wanted(self._filters, event):
                return json.dumps(event.json(), separators=(",", ":")).encode() + b"\n"
        await self.aclose()
        raise StopAsyncIteration

    async def _next(self) -> Event | None:
        if self._past:
            return self._past.pop()
        loop = self._engine.loop
        if self._queue is None:
            return None
        if not self._until:
            return await self._queue.get()
        getting = loop.spawn(self._queue.get(), "next event")
        try:
            return await loop.wait_for(getting, max(0.0, (self._until - loop.time) / SECOND))
        except TimeoutError:
            return None
        finally:
            getting.cancel()

    async def aclose(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            self._engine.events.unsubscribe(queue)


def wanted(filters: Filters, event: Event) -> bool:
    """moby, daemon/events/filter.go."""
    attributes = event.attributes
    return (
        _action(filters, event.action)
        and filters.exact("type", event.type)
        and filters.exact("scope", "local")
        and all(filters.prefix(name, event.id) or filters.prefix(name, attributes.get("name", "")) for name in NAMED)
        and _image(filters, event)
        and filters.labels(attributes)
    )


def _action(filters: Filters, action: str) -> bool:
    """Exactly, or without what follows the colon ("exec_create: ls")."""
    base = action.partition(":")[0]
    return filters.exact("event", action) or (base in FUZZY_ACTIONS and filters.exact("event", base))


def _image(filters: Filters, event: Event) -> bool:
    name = event.attributes.get("image" if event.type == "container" else "name", "")
    bare = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    return any(filters.exact("image", text) for text in (event.id, name, bare))


ROUTES = (
    Route("GET", "/version", version),
    Route("GET", "/info", info),
    Route("GET", "/events", events),
    Route("GET", "/system/df", disk_usage),
)
