"""An OCI registry as an application: requests in, replies out. No socket, no clock, no idea of where content lies.

Specification: OCI Distribution 1.1, sections "Pull" and "Content Discovery" (end-1 to end-3, end-8). What it serves
comes from a `Storage`; who may see it is for a `Guard` to say (engine/distribution/access.py). The simulated Docker
Hub is this application over sim/shelf.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from engine.api.messages import Request, Response, json_response
from engine.image.digest import Digest, DigestError
from engine.image.manifest import DOCKER_LIST, OCI_INDEX

# The specification's codes: status, and the text that goes with it
CODES = {
    "BLOB_UNKNOWN": (404, "blob unknown to registry"),
    "DENIED": (403, "requested access to the resource is denied"),
    "DIGEST_INVALID": (400, "provided digest did not match uploaded content"),
    "MANIFEST_UNKNOWN": (404, "manifest unknown"),
    "NAME_INVALID": (400, "invalid repository name"),
    "NAME_UNKNOWN": (404, "repository name not known to registry"),
    "PAGINATION_NUMBER_INVALID": (400, "invalid number of results requested"),
    "RANGE_INVALID": (416, "invalid content range"),
    "TOOMANYREQUESTS": (429, "too many requests"),
    "UNAUTHORIZED": (401, "authentication required"),
    "UNAVAILABLE": (503, "service unavailable"),
    "UNSUPPORTED": (405, "The operation is unsupported."),
}
PAGE = 100  # names in a list, if the client does not say
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_NAME = r"(?P<name>[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"


class Refused(Exception):
    """The reply is an error of the specification. `message` replaces the code's own text."""

    def __init__(
        self,
        code: str,
        detail: Any = None,
        message: str = "",
        headers: Mapping[str, str] | None = None,
        status: int = 0,
    ) -> None:
        usual, text = CODES[code]
        super().__init__(message or text)
        self.code, self.detail, self.message = code, detail, message or text
        self.headers, self.status = dict(headers or {}), status or usual

    def response(self) -> Response:
        """`{"errors": [{"code", "message", "detail"}]}`"""
        error = {"code": self.code, "message": self.message, "detail": self.detail}
        response = json_response({"errors": [error]}, self.status)
        response.headers |= self.headers
        return response


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest or index, as it was pushed."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> Digest:
        return Digest.of(self.data)


class Blob(Protocol):
    """A layer or configuration; `read` gives the bytes from `start` up to `end` in pieces."""

    @property
    def size(self) -> int: ...

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]: ...


class Storage(Protocol):
    """What there is. Names of repositories without the registry's: "library/alpine"."""

    def repositories(self) -> Sequence[str]: ...

    def tags(self, name: str) -> Sequence[str] | None:
        """None: there is no such repository."""

    def manifest(self, name: str, reference: str) -> Document | None:
        """By tag or digest."""

    def blob(self, name: str, digest: str) -> Blob | None: ...


class Guard(Protocol):
    """Who may do what. `authorize` raises Refused."""

    def authorize(self, request: Request, name: str, action: str) -> None:
        """`name` is "" and `action` "" for "may I come in?"; "catalog" for the list of repositories."""


class Registry:
    """`handle` answers every request below /v2/."""

    def __init__(self, storage: Storage, guard: Guard | None = None) -> None:
        self.storage, self._guard = storage, guard
        self._routes: list[tuple[re.Pattern[str], Callable[[Request], Awaitable[Response]]]] = [
            (re.compile(r"/v2/?"), self._base),
            (re.compile(r"/v2/_catalog"), self._catalog),
            (re.compile(rf"/v2/{_NAME}/tags/list"), self._tags),
            (re.compile(rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)"), self._manifest),
            (re.compile(rf"/v2/{_NAME}/blobs/(?P<digest>[^/]+)"), self._blob),
        ]

    async def handle(self, request: Request) -> Response:
        """Never raises for what a client can send."""
        try:
            response = await self._route(request)
        except Refused as refused:
            response = refused.response()
        response.headers.setdefault("Docker-Distribution-Api-Version", "registry/2.0")
        if response.stream is None:
            response.headers.setdefault("Content-Length", str(len(response.body)))
        if request.method == "HEAD":
            response.body, response.stream = b"", None
        return response

    async def _route(self, request: Request) -> Response:
        for pattern, handler in self._routes:
            if match := pattern.fullmatch(request.path):
                if request.method not in ("GET", "HEAD"):
                    raise Refused("UNSUPPORTED")
                request.vars = match.groupdict()
                return await handler(request)
        if request.path.startswith("/v2/"):
            raise Refused("NAME_INVALID", {"path": request.path})
        return Response(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})

    # -- one handler for each endpoint

    async def _base(self, request: Request) -> Response:
        """end-1"""
        self._authorize(request, "", "")
        return json_response({})

    async def _catalog(self, request: Request) -> Response:
        """Distribution's list of repositories, page by page."""
        self._authorize(request, "", "catalog")
        return _page(request, "repositories", sorted(self.storage.repositories()), {})

    async def _tags(self, request: Request) -> Response:
        """end-8"""
        name = request.vars["name"]
        self._authorize(request, name, "pull")
        tags = self.storage.tags(name)
        if tags is None:
            raise Refused("NAME_UNKNOWN", {"name": name})
        return _page(request, "tags", sorted(tags), {"name": name})

    async def _manifest(self, request: Request) -> Response:
        """end-3"""
        name, reference = request.vars["name"], request.vars["reference"]
        self._authorize(request, name, "pull")
        document = self._acceptable(request, name, reference)
        headers = {
            "Content-Type": document.media_type,
            "Content-Length": str(len(document.data)),
            "Docker-Content-Digest": document.digest,
            "Etag": f'"{document.digest}"',
        }
        return Response(200, document.data, headers)

    async def _blob(self, request: Request) -> Response:
        """end-2, with a range if one is asked for (RFC 9110 section 14)."""
        name, text = request.vars["name"], request.vars["digest"]
        self._authorize(request, name, "pull")
        try:
            blob = self.storage.blob(name, Digest.parse(text))
        except DigestError as error:
            raise Refused("DIGEST_INVALID", str(error)) from None
        if blob is None:
            raise Refused("BLOB_UNKNOWN", {"digest": text})
        start, end = _range(request.headers.get("range", ""), blob.size)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(end - start),
            "Docker-Content-Digest": text,
            "Accept-Ranges": "bytes",
            "Etag": f'"{text}"',
        }
        if end - start == blob.size:
            return Response(200, headers=headers, stream=_stream(blob, start, end))
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size}"
        return Response(206, headers=headers, stream=_stream(blob, start, end))

    # -- what they share

    def _authorize(self, request: Request, name: str, action: str) -> None:
        if self._guard is not None:
            self._guard.authorize(request, name, action)

    def _acceptable(self, request: Request, name: str, reference: str) -> Document:
        """The document; for a client that does not know indexes and asks by tag, the one for linux/amd64."""
        document = self.storage.manifest(name, reference)
        if document is None and self.storage.tags(name) is None:
            raise Refused("NAME_UNKNOWN", {"name": name})
        accepted = request.headers.get("accept", "")
        if document is not None and document.media_type in (OCI_INDEX, DOCKER_LIST):
            known = not accepted or "*/*" in accepted or document.media_type in accepted
            document = document if known else self._for_old_clients(name, reference, document)
        if document is None:
            raise Refused("MANIFEST_UNKNOWN", {"Tag" if ":" not in reference else "digest": reference})
        return document

    def _for_old_clients(self, name: str, reference: str, index: Document) -> Document | None:
        if ":" in reference:
            return None
        for entry in json.loads(index.data)["manifests"]:
            if entry["platform"] == {"architecture": "amd64", "os": "linux"}:
                return self.storage.manifest(name, entry["digest"])
        return None


def _page(request: Request, key: str, names: Sequence[str], document: dict[str, Any]) -> Response:
    """`n` names after `last`, and a link to the rest (RFC 8288)."""
    asked = request.query.get("n", "")
    if asked and not asked.isdecimal():
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
