"""The application itself: which request goes to which room, and what all replies have in common.

`Registry.handle` answers every request below /v2/ and never raises for what a client can send. The rooms (reading,
lists, uploads, manifests) have a table `ROUTES` each.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random, SystemRandom
from typing import Protocol

from engine.api.messages import Request, Response
from engine.distribution.registry.content import Storage, Upload, Writable
from engine.distribution.registry.refusals import Refused
from engine.errors import EngineError
from engine.image.digest import Digest, DigestError

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{_PART}(?:/{_PART})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
LONGEST_NAME = 255
MOST_UPLOADS = 1000  # under way at the same time; the one that has waited longest goes

Handler = Callable[["Registry", Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`pattern` follows "/v2/"; `{name}` is a repository, `{reference}` a tag or digest, `{digest}`, `{id}`."""

    method: str
    pattern: str
    handler: Handler

    def expression(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.pattern)
        kinds = {"name": ".+?", "id": "[^/]*"}
        made = [
            f"(?P<{part}>{kinds.get(part, '[^/]+')})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
        ]
        return re.compile("/v2/" + "".join(made), re.DOTALL)


class Guard(Protocol):
    """Who may do what. `authorize` raises Refused."""

    def authorize(self, request: Request, name: str, *actions: str) -> None:
        """`name` is "" for "may I come in?"; actions are "pull", "push", "delete"; "catalog" for all names."""


class Registry:
    """See the module's first lines. `deletes`: may anything be taken away? `ids` makes the names of uploads."""

    def __init__(
        self, storage: Storage, guard: Guard | None = None, *, deletes: bool = False, ids: Random | None = None
    ) -> None:
        self.storage, self.deletes = storage, deletes
        self.uploads: dict[tuple[str, str], Upload] = {}  # (repository, id), the oldest first
        self._guard, self._ids = guard, ids or SystemRandom()

    @cached_property
    def _routes(self) -> list[tuple[str, re.Pattern[str], Handler]]:
        """Worked out when the first request comes: an engine that pulls nothing need not pay for it."""
        from engine.distribution.registry import lists, manifests, reading, uploads

        rows = (*reading.ROUTES, *lists.ROUTES, *uploads.ROUTES, *manifests.ROUTES)
        return [(row.method, row.expression(), row.handler) for row in rows]

    async def handle(self, request: Request) -> Response:
        try:
            response = await self._route(request)
        except Refused as refused:
            response = refused.response()
        except (EngineError, ConnectionError) as error:  # the client went away, or sent what is no body
            response = Refused("BLOB_UPLOAD_INVALID", str(error)).response()
        except OSError as error:  # a full disk, a link in a folder where none may be
            response = Refused("UNAVAILABLE", message=error.strerror or str(error)).response()
        response.headers.setdefault("Docker-Distribution-Api-Version", "registry/2.0")
        if response.stream is None:
            response.headers.setdefault("Content-Length", str(len(response.body)))
        if request.method == "HEAD":
            response.body, response.stream = b"", None
        return response

    async def _route(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        path = "/v2/" if request.path == "/v2" else request.path
        known = False
        for allowed, pattern, handler in self._routes:
            if match := pattern.fullmatch(path):
                known = True
                if allowed == method:
                    request.vars = match.groupdict()
                    _check_name(request.vars.get("name"))
                    return await handler(self, request)
        if known:
            raise Refused("UNSUPPORTED")
        if request.path.startswith("/v2/"):
            raise Refused("NAME_INVALID", {"path": request.path})
        return Response(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})

    # -- what the rooms share

    def authorize(self, request: Request, name: str, *actions: str) -> None:
        """Raises Refused."""
        if self._guard is not None:
            self._guard.authorize(request, name, *actions)

    def may(self, request: Request, name: str, *actions: str) -> bool:
        try:
            self.authorize(request, name, *actions)
        except Refused:
            return False
        return True

    @property
    def writable(self) -> Writable:
        """The storage, if it can be pushed to. Raises Refused."""
        if not isinstance(self.storage, Writable):
            raise Refused("UNSUPPORTED")
        return self.storage

    def begin(self, name: str) -> str:
        """A new upload to a repository; returns its id. One too many ends the oldest."""
        while len(self.uploads) >= MOST_UPLOADS:
            self.uploads.pop(next(iter(self.uploads))).abort()
        digits = f"{self._ids.getrandbits(128):032x}"
        id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"  # a UUID, version 4's shape
        self.uploads[name, id] = self.writable.upload(id)
        return id


def parse_digest(text: str) -> Digest:
    """Raises Refused."""
    try:
        return Digest.parse(text)
    except DigestError as error:
        raise Refused("DIGEST_INVALID", str(error)) from None


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body, however the transport has it."""
    if request.stream is None:
        if request.body:
            yield request.body
        return
    async for piece in request.stream:
        yield piece


def _check_name(name: str | None) -> None:
    if name is not None and (len(name) > LONGEST_NAME or not NAME.fullmatch(name)):
        raise Refused("NAME_INVALID", {"name": name[:LONGEST_NAME]})
