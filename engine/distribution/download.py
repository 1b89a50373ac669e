"""A file from a URL, as `docker import` and ADD take one (moby, builder/remotecontext: GetWithStatusError)."""

from __future__ import annotations

from http import HTTPStatus

from engine.distribution.transport import Reply, Transport, Unreachable
from engine.errors import EngineError, Forbidden, InvalidParameter, NotFound, System, Unauthorized

SHOWN = 64 << 10  # bytes of an error's page
CAUSES: dict[int, type[EngineError]] = {400: InvalidParameter, 401: Unauthorized, 403: Forbidden, 404: NotFound}


async def fetch(transport: Transport, url: str) -> Reply:
    """The answer, if it is a good one. Raises NotFound (also for a host that nobody knows), System and others."""
    try:
        reply = await transport.request("GET", url, {})
    except Unreachable as error:
        cause = NotFound if "no such host" in str(error) else System
        raise cause(f'Get "{url}": {error}') from None
    if reply.status < 400:
        return reply
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = ""
    told = f"failed to GET {url} with status {reply.status} {phrase}".rstrip()
    try:
        told = f"{told}: {(await reply.read(SHOWN)).decode(errors='replace').strip()}"
    except (ValueError, Unreachable):
        told += ": error reading body"
    raise CAUSES.get(reply.status, System)(told)
