"""Push, first half: blobs, in one piece, in chunks, or from another repository (end-4 to 6, end-11, 13 and 14).

An upload has an address of its own (`Location`) under which bytes are added in order; it becomes a blob when the client
says which digest they must have, and they have it. What has arrived of a chunk that broke off stays, so that the client
can ask how far it came and go on.
"""

from __future__ import annotations

import re

from engine.api.messages import Request, Response
from engine.distribution.registry.app import NAME, Endpoint, Registry, parse_digest, pieces
from engine.distribution.registry.content import Upload
from engine.distribution.registry.refusals import Refused
from engine.image.blobs import WrongDigest
from engine.image.digest import Digest

_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?(\d{1,18})-(\d{1,18})(?:/(?:\d+|\*))?")


async def begin(registry: Registry, request: Request) -> Response:
    """end-4a and 4b (with the whole blob), end-11 (mount)."""
    name = request.vars["name"]
    registry.authorize(request, name, "pull", "push")
    writable = registry.writable
    if text := request.query.get("mount", ""):
        digest, source = parse_digest(text), request.query.get("from", "")
        readable = NAME.fullmatch(source) is not None and registry.may(request, source, "pull")
        if readable and writable.mount(source, name, digest):
            return _created(name, digest)
    id = registry.begin(name)
    if not (text := request.query.get("digest", "")):
        return _progress(name, id, 0)
    try:
        return await _complete(registry, request, name, id, text)
    except BaseException:  # nobody knows this upload's address
        _give_up(registry, name, id)
        raise


async def status(registry: Registry, request: Request) -> Response:
    """end-13: how far has it come?"""
    name, id, upload = _found(registry, request)
    return _progress(name, id, upload.size, 204)


async def add(registry: Registry, request: Request) -> Response:
    """end-5: a chunk; without Content-Range it is what follows."""
    name, id, upload = _found(registry, request)
    await _receive(request, name, id, upload)
    return _progress(name, id, upload.size)


async def finish(registry: Registry, request: Request) -> Response:
    """end-6: the digest, and the last chunk or the whole if there is a body."""
    name, id, _ = _found(registry, request)
    text = request.query.get("digest", "")
    if not text:
        raise Refused("DIGEST_INVALID", "digest missing")
    return await _complete(registry, request, name, id, text)


async def cancel(registry: Registry, request: Request) -> Response:
    """end-14"""
    name, id, _ = _found(registry, request)
    _give_up(registry, name, id)
    return Response(204)


def _give_up(registry: Registry, name: str, id: str) -> None:
    if (upload := registry.uploads.pop((name, id), None)) is not None:
        upload.abort()


async def _complete(registry: Registry, request: Request, name: str, id: str, text: str) -> Response:
    """Take what the request brings, verify, keep; an upload whose digest is wrong is over."""
    digest, upload = parse_digest(text), registry.uploads[name, id]
    await _receive(request, name, id, upload)
    if registry.uploads.pop((name, id), None) is None:
        raise Refused("BLOB_UPLOAD_UNKNOWN")
    try:
        upload.commit(name, digest)
    except WrongDigest as error:
        detail = {"digest": error.expected, "actual": error.actual}
        raise Refused("DIGEST_INVALID", detail) from None
    finally:
        upload.abort()
    return _created(name, digest)


async def _receive(request: Request, name: str, id: str, upload: Upload) -> None:
    """Add the body. Its Content-Range must begin where the upload stands and be as long as it says."""
    begin, promised = upload.size, _promised(request, name, id, upload)
    async for piece in pieces(request):
        if promised is not None and upload.size + len(piece) - begin > promised:
            raise Refused("SIZE_INVALID", {"promised": promised})
        upload.append(piece)
    if promised is not None and upload.size - begin != promised:
        raise Refused("SIZE_INVALID", {"promised": promised, "received": upload.size - begin})


def _promised(request: Request, name: str, id: str, upload: Upload) -> int | None:
    """How many bytes the headers announce. Raises Refused for a range out of its turn."""
    length, header = request.headers.get("content-length", ""), request.headers.get("content-range", "")
    announced = int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else None
    if not header:
        return announced
    match = _CONTENT_RANGE.fullmatch(header)
    wrong = match is None or int(match[1]) != upload.size or int(match[2]) < int(match[1])
    if match is None or wrong:
        raise Refused("RANGE_INVALID", {"range": header}, headers=_progress(name, id, upload.size).headers)
    size = int(match[2]) - int(match[1]) + 1
    if announced is not None and announced != size:
        raise Refused("SIZE_INVALID", {"range": header, "length": announced})
    return size


def _found(registry: Registry, request: Request) -> tuple[str, str, Upload]:
    name, id = request.vars["name"], request.vars["id"]
    registry.authorize(request, name, "pull", "push")
    upload = registry.uploads.get((name, id))
    if upload is None:
        raise Refused("BLOB_UPLOAD_UNKNOWN", {"uuid": id})
    return name, id, upload


def _progress(name: str, id: str, size: int, status: int = 202) -> Response:
    headers = {
        "Location": f"/v2/{name}/blobs/uploads/{id}",
        "Range": f"0-{max(0, size - 1)}",
        "Docker-Upload-Uuid": id,
    }
    return Response(status, headers=headers)


def _created(name: str, digest: Digest) -> Response:
    return Response(201, headers={"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})


async def remove(registry: Registry, request: Request) -> Response:
    """end-10: this repository has the blob no longer."""
    name, text = request.vars["name"], request.vars["digest"]
    registry.authorize(request, name, "delete")
    if not registry.deletes:
        raise Refused("UNSUPPORTED")
    if not registry.writable.remove_blob(name, parse_digest(text)):
        raise Refused("BLOB_UNKNOWN", {"digest": text})
    return Response(202)


ROUTES = (
    Endpoint("POST", "{name}/blobs/uploads/", begin),
    Endpoint("POST", "{name}/blobs/uploads", begin),
    Endpoint("GET", "{name}/blobs/uploads/{id}", status),
    Endpoint("PATCH", "{name}/blobs/uploads/{id}", add),
    Endpoint("PUT", "{name}/blobs/uploads/{id}", finish),
    Endpoint("DELETE", "{name}/blobs/uploads/{id}", cancel),
    Endpoint("DELETE", "{name}/blobs/{digest}", remove),
)
