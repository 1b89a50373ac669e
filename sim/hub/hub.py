"""The pretend Docker Hub: registry, token office and search, at the far end of a wire.

`Hub` is the application: requests in, replies out, in no time. `HubTransport` is the way there: it takes time, shares
its bandwidth and breaks when sim/faults.py says so. Pulling needs a token, as with Docker Hub; anybody gets one for
what is public. What is not there and what is private look the same to a stranger. Who logs in may push to repositories
of his own; which logins there are: sim/hub/storage.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from random import Random
from urllib.parse import parse_qsl, urlsplit

from engine.api.messages import Query, Request, Response
from engine.distribution.access import TokenGuard
from engine.distribution.registry import Blob, Refused, Registry
from engine.distribution.registry.app import pieces
from engine.distribution.transport import Reply, Transport, Unreachable
from engine.loop import SECOND, Loop
from engine.timestamps import rfc3339
from sim.faults import Faults
from sim.hub.search import search
from sim.hub.shelf import Shelf
from sim.hub.storage import HubStorage, Students
from sim.net.bandwidth import Wire

REGISTRY, AUTH, INDEX = "registry-1.docker.io", "auth.docker.io", "index.docker.io"
SERVICE = "registry.docker.io"
WINDOW = 21600  # seconds, for which pulls are counted
LIMIT_TEXT = "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"
STEPS = 20  # in which a transfer is carried, so that progress can be seen
WORTH_STEPS = 1 << 16  # bytes; less is carried at once
VALID = 45 * 86400 * SECOND  # ns before and after today for which the hub's certificate is good


def _expired(now: int, skew: int) -> str:
    """Go's words for a certificate that a wrong clock finds too old or too young (crypto/x509)."""
    relation, border = ("after", now + VALID) if skew > 0 else ("before", now - VALID)
    seen, border = (moment - moment % SECOND for moment in (now + skew, border))
    return (
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: "
        f"current time {rfc3339(seen)} is {relation} {rfc3339(border)}"
    )


class Hub:
    """Docker Hub as an application. `handle(host, request)`."""

    def __init__(self, loop: Loop, faults: Faults | None = None, shelf: Shelf | None = None) -> None:
        self.faults = faults or Faults()
        self.shelf = shelf or Shelf()
        self.storage = HubStorage(_Flawed(self.shelf, self.faults))
        self.members = Students(self.faults, self.storage)
        self._loop = loop
        self._pulls: list[int] = []  # when, ns since 1970
        realm = f"https://{AUTH}/token"
        self._guard = TokenGuard(self.members, lambda: loop.time, b"the hub's own secret", realm, SERVICE)
        self.registry = Registry(self.storage, self._guard, deletes=True, ids=Random(0))

    def serves(self, host: str) -> bool:
        """Is it one of its names?"""
        return host in (REGISTRY, AUTH, INDEX)

    async def handle(self, host: str, request: Request) -> Response:
        """Raises Unreachable for a host that is none of the hub's."""
        if host == AUTH and request.path == "/token":
            return await token(self._guard, request)
        if host == INDEX and request.path == "/v1/search":
            return search(self.storage, self.shelf, self.faults.private, request)
        if host not in (REGISTRY, INDEX):
            raise Unreachable(f"dial tcp: lookup {host}: no such host")
        try:
            headers = self._count(request)
        except Refused as refused:
            return refused.response()
        response = await self.registry.handle(request)
        if response.status == 200:
            response.headers |= headers
        return response

    def _count(self, request: Request) -> dict[str, str]:
        """A GET of a manifest by tag, or of an index, is a pull. Members are not counted. Raises Refused."""
        limit = self.faults.rate_limit
        if limit is None or "/manifests/" not in request.path or self._guard.subject(request):
            return {}
        now = self._loop.time
        self._pulls = [when for when in self._pulls if when > now - WINDOW * SECOND]
        counts = request.method == "GET" and not self._is_part(request)
        if counts and len(self._pulls) >= limit:
            raise Refused("TOOMANYREQUESTS", message=LIMIT_TEXT, headers={"Retry-After": str(WINDOW)})
        if counts:
            self._pulls.append(now)
        left = limit - len(self._pulls)
        return {"RateLimit-Limit": f"{limit};w={WINDOW}", "RateLimit-Remaining": f"{left};w={WINDOW}"}

    def _is_part(self, request: Request) -> bool:
        """Is it a manifest that an index has led to? The index was counted."""
        name, _, reference = request.path.removeprefix("/v2/").partition("/manifests/")
        document = self.storage.manifest(name, reference)
        return ":" in reference and document is not None and "index" not in document.media_type


class _Flawed:
    """The shelf, with the layers of some repositories broken: their last byte is another one."""

    def __init__(self, shelf: Shelf, faults: Faults) -> None:
        self._shelf, self._faults = shelf, faults
        self.repositories, self.tags, self.manifest = shelf.repositories, shelf.tags, shelf.manifest

    def blob(self, name: str, digest: str) -> Blob | None:
        blob = self._shelf.blob(name, digest)
        is_layer = blob is not None and digest in self._shelf.layers(name)
        return _Broken(blob) if blob is not None and is_layer and name in self._faults.broken else blob


class _Broken:
    def __init__(self, blob: Blob) -> None:
        self._blob, self.size = blob, blob.size

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        end = self.size if end is None else min(end, self.size)
        yield from self._blob.read(start, min(end, self.size - 1))
        if start < end == self.size:
            yield bytes(255 - byte for byte in b"".join(self._blob.read(end - 1, end)))


class HubTransport:
    """A `Transport` (engine/distribution/transport.py) to the hub: latency, shared bandwidth, broken transfers."""

    def __init__(self, hub: Hub, loop: Loop) -> None:
        self.hub = hub
        self._loop = loop
        self._wire = Wire(loop, lambda: hub.faults.bandwidth)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        faults, where = self.hub.faults, urlsplit(url)
        await self._loop.sleep(faults.latency)
        if faults.down:
            raise Unreachable(f"dial tcp: lookup {where.hostname}: no such host")
        if abs(faults.skew) > VALID:
            raise Unreachable(_expired(self._loop.time, faults.skew))
        names = {name.lower(): value for name, value in headers.items()}
        request = Request(method, where.path, Query(parse_qsl(where.query)), names)
        sent: _Sent | None = None
        if isinstance(body, bytes):
            await self._wire.carry(len(body))
            request.body = body
        else:
            sent = _Sent(self._wire, faults, body)
            request.stream = sent.pieces()
        response = await self.hub.handle(where.hostname or "", request)
        if sent is not None and sent.broken:
            raise Unreachable("write: broken pipe")
        answer = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status, answer, self._body(response, int(answer.get("content-length", 0))))

    async def _body(self, response: Response, size: int) -> AsyncIterator[bytes]:
        if response.stream is None:
            await self._wire.carry(len(response.body))
            yield response.body
            return
        limit = size + 1
        if size > WORTH_STEPS and self.hub.faults.breaks_now():
            limit = self.hub.faults.break_after
        step = size if size <= WORTH_STEPS else -(-size // STEPS)
        carried = given = 0
        async for piece in response.stream:
            while given + len(piece) > carried:
                await self._wire.carry(min(step, size - carried, limit - carried))
                carried = min(carried + step, size)
                if carried > limit:
                    yield piece[: limit - given]
                    raise Unreachable("unexpected EOF")
            given += len(piece)
            yield piece


class _Sent:
    """What a client sends: it takes the wire's time, and breaks off if it is large and a fault says so."""

    def __init__(self, wire: Wire, faults: Faults, body: AsyncIterator[bytes]) -> None:
        self._wire, self._faults, self._body = wire, faults, body
        self.broken = False

    async def pieces(self) -> AsyncIterator[bytes]:
        given, asked = 0, False
        async for piece in self._body:
            if not asked and given + len(piece) > WORTH_STEPS:
                asked, self.broken = True, self._faults.breaks_now()
            if self.broken:
                piece = piece[: max(0, self._faults.break_after - given)]
            await self._wire.carry(len(piece))
            given += len(piece)
            yield piece
            if self.broken and given >= self._faults.break_after:
                raise ConnectionResetError("connection reset by peer")


async def token(guard: TokenGuard, request: Request) -> Response:
    """A token office's answer: GET with a query, POST with a form."""
    if request.method != "POST":
        query = request.query
        asked = query.all("scope") if isinstance(query, Query) else [query.get("scope", "")]
        return guard.issue(request, " ".join(asked).split())
    return guard.issue_oauth(b"".join([piece async for piece in pieces(request)]))


def transport(loop: Loop, faults: Faults | None = None) -> Transport:
    """The way to a new hub."""
    return HubTransport(Hub(loop, faults), loop)
