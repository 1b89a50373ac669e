"""`/_ping`: is there a daemon, and which API does it speak? The first thing that every client asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.api.messages import Request, Response
from engine.api.router import Route

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

HEADERS = {
    "Builder-Version": "1",  # the classic builder; "2" would be BuildKit
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Content-Type": "text/plain; charset=utf-8",
    "Pragma": "no-cache",
    "Swarm": "inactive",
}


async def ping(engine: Engine, request: Request) -> Response:
    return Response(200, b"OK" if request.method == "GET" else b"", dict(HEADERS))


ROUTES = (Route("GET", "/_ping", ping), Route("HEAD", "/_ping", ping))
