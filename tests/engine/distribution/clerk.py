"""A client for tests of the registry application: requests without a wire, and answers read to their end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any
from urllib.parse import parse_qsl

from engine.api.messages import Query, Request, Response
from engine.distribution.registry import Registry
from engine.image.digest import Digest
from engine.image.manifest import OCI_INDEX, OCI_MANIFEST

NAME = "team/app"


class Vanished(ConnectionError):
    """The client is gone in the middle of its body."""


class Clerk:
    """`ask(method, path)`; `body` is bytes, or a list of pieces of which an exception may be the last."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def ask(self, method: str, path: str, body: bytes | Sequence[bytes | Exception] = b"", **headers: str) -> Response:
        where, _, query = path.partition("?")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, where, Query(parse_qsl(query, keep_blank_values=True)), sent)
        if isinstance(body, bytes):
            request.body = body
        else:
            request.stream = _stream(body)
        return finished(_whole(self.registry, request))

    # -- what most tests begin with

    def upload(self, name: str = NAME) -> str:
        """The address of a new upload."""
        reply = self.ask("POST", f"/v2/{name}/blobs/uploads/")
        assert reply.status == 202
        return reply.headers["Location"]

    def blob(self, data: bytes, name: str = NAME) -> dict[str, Any]:
        """Push it in one piece; its descriptor."""
        digest = Digest.of(data)
        reply = self.ask("PUT", f"{self.upload(name)}?digest={digest}", data)
        assert (reply.status, reply.headers["Docker-Content-Digest"]) == (201, digest)
        return {"mediaType": "application/octet-stream", "digest": digest, "size": len(data)}

    def put(self, reference: str, document: dict[str, Any] | bytes, name: str = NAME, kind: str = "") -> Response:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        kind = kind or (OCI_INDEX if isinstance(document, dict) and "manifests" in document else OCI_MANIFEST)
        return self.ask("PUT", f"/v2/{name}/manifests/{reference}", data, content_type=kind)

    def image(self, reference: str, *layers: bytes, name: str = NAME, **more: Any) -> str:
        """Push a whole image; the digest of its manifest."""
        document = manifest(self.blob(b'{"os":"linux"}', name), *[self.blob(layer, name) for layer in layers], **more)
        reply = self.put(reference, document, name)
        assert reply.status == 201, reply.body
        return reply.headers["Docker-Content-Digest"]


def manifest(config: dict[str, Any], *layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": list(layers), **more}


def error(reply: Response) -> tuple[int, str]:
    """Status and the specification's code."""
    return reply.status, json.loads(reply.body)["errors"][0]["code"]


def detail(reply: Response) -> Any:
    return json.loads(reply.body)["errors"][0]["detail"]


def finished(coro: Coroutine[Any, Any, Response]) -> Response:
    """The result of a coroutine that waits for nothing: the application needs no loop."""
    try:
        coro.send(None)
    except StopIteration as end:
        response: Response = end.value
        return response
    raise AssertionError("it waits")


async def _stream(pieces: Sequence[bytes | Exception]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


async def _whole(registry: Registry, request: Request) -> Response:
    response = await registry.handle(request)
    if response.stream is not None:
        response.body = b"".join([piece async for piece in response.stream])
    return response
