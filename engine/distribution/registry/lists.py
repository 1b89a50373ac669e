"""Content discovery: tags, referrers, and distribution's list of repositories (end-8, end-12)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from engine.api.messages import Request, Response, json_response
from engine.distribution.registry.app import Endpoint, Registry, parse_digest
from engine.distribution.registry.content import Document, Writable
from engine.distribution.registry.refusals import Refused
from engine.image.manifest import OCI_INDEX

PAGE = 100  # names in a list, if the client does not say


async def catalog(registry: Registry, request: Request) -> Response:
    """All repositories, page by page."""
    registry.authorize(request, "", "catalog")
    return _page(request, "repositories", sorted(registry.storage.repositories()), {})


async def tags(registry: Registry, request: Request) -> Response:
    """end-8"""
    name = request.vars["name"]
    registry.authorize(request, name, "pull")
    found = registry.storage.tags(name)
    if found is None:
        raise Refused("NAME_UNKNOWN", {"name": name})
    return _page(request, "tags", sorted(found), {"name": name})


async def referrers(registry: Registry, request: Request) -> Response:
    """end-12: what has been said about a manifest (signatures, bills of materials): an index, which may be empty."""
    name = request.vars["name"]
    registry.authorize(request, name, "pull")
    subject, storage = parse_digest(request.vars["digest"]), registry.storage
    found = storage.referrers(name, subject) if isinstance(storage, Writable) else ()
    rows = [_described(document) for document in found]
    headers = {"Content-Type": OCI_INDEX}
    if wanted := request.query.get("artifactType", ""):
        rows = [row for row in rows if row.get("artifactType") == wanted]
        headers["OCI-Filters-Applied"] = "artifactType"
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows}
    return Response(200, json.dumps(index, separators=(",", ":")).encode(), headers)


def _described(document: Document) -> dict[str, Any]:
    """A descriptor with what the specification wants beside it: the artifact's type, its annotations."""
    content = json.loads(document.data)
    row = {"mediaType": document.media_type, "digest": document.digest, "size": len(document.data)}
    if kind := content.get("artifactType") or (content.get("config") or {}).get("mediaType"):
        row["artifactType"] = kind
    if notes := content.get("annotations"):
        row["annotations"] = notes
    return row


def _page(request: Request, key: str, names: Sequence[str], document: dict[str, Any]) -> Response:
    """`n` names after `last`, and a link to the rest (RFC 8288)."""
    asked = request.query.get("n", "")
    if asked and not (asked.isdecimal() and asked.isascii() and len(asked) < 10):
        raise Refused("PAGINATION_NUMBER_INVALID", {"n": asked})
    last = request.query.get("last", "")
    rest = [name for name in names if name > last]
    count = int(asked) if asked else PAGE
    shown = rest[:count]
    response = json_response({**document, key: shown})
    if shown and len(shown) < len(rest):
        query = urlencode({"last": shown[-1], "n": count})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response


ROUTES = (
    Endpoint("GET", "_catalog", catalog),
    Endpoint("GET", "{name}/tags/list", tags),
    Endpoint("GET", "{name}/referrers/{digest}", referrers),
)
