"""`GET /glassdock/trace?since=ID`: the spans that finished, for whoever wants to see the steps. Not in Docker's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.api.messages import Request, Response, json_response
from engine.api.router import Route
from engine.errors import InvalidParameter

if TYPE_CHECKING:
    from engine.daemon.engine import Engine


async def spans(engine: Engine, request: Request) -> Response:
    """A list of spans (engine/trace.py, `Span.json`) with an id above `since`, in the order of their beginning."""
    since = request.query.get("since", "0")
    if not since.isdecimal():
        raise InvalidParameter(f"invalid value for since: {since!r} is not a span's id")
    return json_response(engine.trace.since(int(since)))


ROUTES = (Route("GET", "/glassdock/trace", spans),)
