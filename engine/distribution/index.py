"""What a registry can be asked besides images: does it know me (`docker login`), and what is there (`docker search`)?

Search is the Docker Hub's alone, by the old index API (v1). Texts: moby, registry/auth.go and registry/search.go.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from engine.distribution.auth import Credentials
from engine.distribution.client import HUB, Repository, endpoints
from engine.distribution.errors import UNAUTHORIZED, BadContent, RegistryError, status_line
from engine.distribution.transport import Transport, Unreachable
from engine.errors import EngineError, InvalidParameter, System, Unauthorized
from engine.image.reference import DEFAULT_DOMAIN, LEGACY_DOMAIN
from engine.loop import Loop
from engine.trace import Trace

INDEX = "https://index.docker.io"
DEFAULT_LIMIT = 25


async def search(transport: Transport, trace: Trace, term: str, limit: int) -> list[dict[str, Any]]:
    """The Hub's catalogue: rows of name, description, star_count, is_official; `limit` 0: 25. Raises EngineError."""
    limit = limit or DEFAULT_LIMIT
    if "://" in term:
        words = f"repository name ({term}) should not have a scheme"
        raise InvalidParameter(f"invalid repository name: {words}")
    if not 1 <= limit <= 100:
        raise InvalidParameter(f"limit {limit} is outside the range of [1, 100]")
    term = term.removeprefix("docker.io/").removeprefix("library/")
    path = f"/v1/search?{urlencode({'q': term, 'n': limit})}"
    with trace.span("hub", "GET /v1/search", term=term) as span:
        try:
            reply = await transport.request("GET", INDEX + path, {"X-Docker-Token": "true"})
            span.attributes["status"] = reply.status
            raw = await reply.read()
        except (Unreachable, ValueError) as error:
            raise System(f'Get "{INDEX}{path}": {error}') from None
    if reply.status != 200:
        raise System(f"Unexpected status code {reply.status}")
    try:
        return [_row(found) for found in json.loads(raw)["results"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise System(f"error decoding registry search results: {error}") from None


def _row(found: Any) -> dict[str, Any]:
    """A row of the catalogue, in which what is missing is nothing, as in Go."""
    return {
        "name": str(found["name"]),
        "description": str(found.get("description") or ""),
        "star_count": int(found.get("star_count") or 0),
        "is_official": bool(found.get("is_official")),
    }


async def login(transport: Transport, loop: Loop, trace: Trace, credentials: Credentials) -> None:
    """Does the registry accept these credentials? Raises Unauthorized, System, InvalidParameter for no address."""
    host = _hostname(credentials.server)
    for endpoint in endpoints(host):
        repository = Repository(transport, loop, trace, endpoint, "", credentials)
        try:
            await repository.ping()
            status = await repository.check_login()
        except RegistryError as error:
            failure: EngineError = Unauthorized(str(error)) if error.code == UNAUTHORIZED else System(str(error))
        except (Unreachable, BadContent) as error:
            failure = System(str(error))
        else:
            if status == 200:
                return
            failure = System(f"login attempt to {endpoint}/v2/ failed with status: {status_line(status)}")
        if isinstance(failure, Unauthorized):
            raise failure
    raise failure


def _hostname(server: str) -> str:
    """
    >>> _hostname("https://index.docker.io/v1/"), _hostname("localhost:5000"), _hostname("")
    ('docker.io', 'localhost:5000', 'docker.io')
    """
    host = server.partition("://")[2] or server
    host = host.partition("/")[0]
    try:
        urlsplit(f"https://{host}")
    except ValueError:  # an address in brackets that is none
        url = f"https://{host}"
        raise InvalidParameter(f"unable to parse server address: parse \"{url}\": missing ']' in host") from None
    return DEFAULT_DOMAIN if host in ("", LEGACY_DOMAIN, urlsplit(HUB).netloc) else host
