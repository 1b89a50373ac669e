"""Pull: the base, manifests and blobs (specification end-1 to end-3)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

from engine.api.messages import Request, Response, json_response
from engine.distribution.registry.app import Endpoint, Registry, parse_digest
from engine.distribution.registry.content import Blob, Document
from engine.distribution.registry.refusals import Refused
from engine.image.manifest import DOCKER_LIST, OCI_INDEX

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def base(registry: Registry, request: Request) -> Response:
    """end-1"""
    registry.authorize(request, "")
    return json_response({})


async def manifest(registry: Registry, request: Request) -> Response:
    """end-3"""
    name, reference = request.vars["name"], request.vars["reference"]
    registry.authorize(request, name, "pull")
    document = _acceptable(registry, request, name, reference)
    headers = {
        "Content-Type": document.media_type,
        "Content-Length": str(len(document.data)),
        "Docker-Content-Digest": document.digest,
        "Etag": f'"{document.digest}"',
    }
    return Response(200, document.data, headers)


async def blob(registry: Registry, request: Request) -> Response:
    """end-2, with a range if one is asked for (RFC 9110 section 14)."""
    name, text = request.vars["name"], request.vars["digest"]
    registry.authorize(request, name, "pull")
    found = registry.storage.blob(name, parse_digest(text))
    if found is None:
        raise Refused("BLOB_UNKNOWN", {"digest": text})
    start, end = _range(request.headers.get("range", ""), found.size)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(end - start),
        "Docker-Content-Digest": text,
        "Accept-Ranges": "bytes",
        "Etag": f'"{text}"',
    }
    if end - start == found.size:
        return Response(200, headers=headers, stream=_stream(found, start, end))
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return Response(206, headers=headers, stream=_stream(found, start, end))


def _acceptable(registry: Registry, request: Request, name: str, reference: str) -> Document:
    """The document; for a client that does not know indexes and asks by tag, the one for linux/amd64."""
    storage = registry.storage
    if ":" in reference:
        reference = parse_digest(reference)
    document = storage.manifest(name, reference)
    if document is None and storage.tags(name) is None:
        raise Refused("NAME_UNKNOWN", {"name": name})
    accepted = request.headers.get("accept", "")
    if document is not None and document.media_type in (OCI_INDEX, DOCKER_LIST):
        known = not accepted or "*/*" in accepted or document.media_type in accepted
        document = document if known else _for_old_clients(registry, name, reference, document)
    if document is None:
        raise Refused("MANIFEST_UNKNOWN", {"Tag" if ":" not in reference else "digest": reference})
    return document


def _for_old_clients(registry: Registry, name: str, reference: str, index: Document) -> Document | None:
    if ":" in reference:
        return None
    for entry in json.loads(index.data)["manifests"]:
        if entry.get("platform") == {"architecture": "amd64", "os": "linux"}:
            return registry.storage.manifest(name, entry["digest"])
    return None


def _range(header: str, size: int) -> tuple[int, int]:
    """First byte and the one after the last. What is not a range of bytes is no range at all. Raises Refused."""
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if not match or match[0] == "bytes=-":
        return 0, size
    if match[1]:
        start, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
    else:
        start, end = max(0, size - int(match[2])), size
    if start >= end:
        raise Refused("RANGE_INVALID", {"range": header}, headers={"Content-Range": f"bytes */{size}"})
    return start, end


async def _stream(blob: Blob, start: int, end: int) -> AsyncIterator[bytes]:
    for piece in blob.read(start, end):
        yield piece


ROUTES = (
    Endpoint("GET", "", base),
    Endpoint("GET", "{name}/manifests/{reference}", manifest),
    Endpoint("GET", "{name}/blobs/{digest}", blob),
)
