"""Push, second half: manifests, which are taken only if everything they speak of is there, and is as they say.

end-7 (PUT), end-9 (DELETE by tag or digest). Four kinds are taken: OCI manifest and index, Docker's manifest and list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.api.messages import Request, Response
from engine.distribution.registry.app import TAG, Endpoint, Registry, parse_digest, pieces
from engine.distribution.registry.content import Document
from engine.distribution.registry.refusals import Refused
from engine.image import manifest
from engine.image.digest import Digest, DigestError
from engine.image.manifest import Descriptor, Index, Manifest, ManifestError

LARGEST = 4 << 20  # bytes, as distribution
MOST_ENTRIES = 1000  # layers of an image, or images of an index; no image that runs has more than 127


async def put(registry: Registry, request: Request) -> Response:
    """end-7"""
    name, reference = request.vars["name"], request.vars["reference"]
    registry.authorize(request, name, "pull", "push")
    writable = registry.writable
    raw = await _body(request)
    parsed = _parse(raw, request.headers.get("content-type", ""))
    tag = "" if ":" in reference else reference
    if tag and not TAG.fullmatch(tag):
        raise Refused("TAG_INVALID", {"tag": tag[:128]}, "invalid tag")
    digest = Digest.of(raw)
    if not tag and (wanted := parse_digest(reference)) != digest:
        raise Refused("DIGEST_INVALID", {"digest": wanted, "actual": digest})
    _check_parts(registry, name, parsed)
    subject = _subject(raw)
    writable.put_manifest(name, Document(parsed.media_type, raw), tag, subject)
    headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
    return Response(201, headers=headers | ({"OCI-Subject": subject} if subject else {}))


async def remove(registry: Registry, request: Request) -> Response:
    """end-9"""
    name, reference = request.vars["name"], request.vars["reference"]
    registry.authorize(request, name, "delete")
    if not registry.deletes:
        raise Refused("UNSUPPORTED")
    if registry.storage.tags(name) is None:
        raise Refused("NAME_UNKNOWN", {"name": name})
    if ":" in reference:
        removed = registry.writable.remove_manifest(name, parse_digest(reference))
    else:
        removed = registry.writable.remove_tag(name, reference) if TAG.fullmatch(reference) else False
    if not removed:
        raise Refused("MANIFEST_UNKNOWN", {"reference": reference})
    return Response(202)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in pieces(request):
        body += piece
        if len(body) > LARGEST:
            raise Refused("MANIFEST_INVALID", f"larger than {LARGEST} bytes", status=413)
    return bytes(body)


def _parse(raw: bytes, media_type: str) -> Manifest | Index:
    try:
        parsed = manifest.parse(raw, media_type)
    except ManifestError as error:
        raise Refused("MANIFEST_INVALID", str(error)) from None
    if len(_entries(parsed)) > MOST_ENTRIES:
        raise Refused("MANIFEST_INVALID", f"more than {MOST_ENTRIES} layers or manifests")
    return parsed


def _entries(parsed: Manifest | Index) -> tuple[Descriptor, ...]:
    return parsed.manifests if isinstance(parsed, Index) else (parsed.config, *parsed.layers)


def _check_parts(registry: Registry, name: str, parsed: Manifest | Index) -> None:
    """Raises Refused, with an error for each part that is missing or of another size."""
    missing, lies = [], []
    for part in _entries(parsed):
        size = _size(registry, name, parsed, part)
        if size is None:
            if ".foreign." not in part.media_type and ".nondistributable." not in part.media_type:
                missing.append(str(part.digest))
        elif size != part.size:
            lies.append(f"{part.digest} has {size} bytes, not {part.size}")
    if missing:
        raise Refused("MANIFEST_BLOB_UNKNOWN", {"digest": missing[0], "missing": missing})
    if lies:
        raise Refused("MANIFEST_INVALID", {"sizes": lies})


def _size(registry: Registry, name: str, parsed: Manifest | Index, part: Descriptor) -> int | None:
    """Of what is stored under a descriptor's digest; None if nothing is."""
    if isinstance(parsed, Index):
        document = registry.storage.manifest(name, part.digest)
        return None if document is None else len(document.data)
    blob = registry.storage.blob(name, part.digest)
    return None if blob is None else blob.size


def _subject(raw: bytes) -> str:
    """The digest of the manifest that this one says something about; "" if there is none."""
    subject: Any = json.loads(raw).get("subject")
    if subject is None:
        return ""
    try:
        return Digest.parse(subject["digest"])
    except (DigestError, KeyError, TypeError, AttributeError) as error:
        raise Refused("MANIFEST_INVALID", f"invalid subject: {error}") from None


def parts(document: Document) -> Iterator[str]:
    """Digests of all that a document refers to."""
    return (part.digest for part in _entries(manifest.parse(document.data, document.media_type)))


ROUTES = (
    Endpoint("PUT", "{name}/manifests/{reference}", put),
    Endpoint("DELETE", "{name}/manifests/{reference}", remove),
)
