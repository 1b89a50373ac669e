"""A registry, as its client sees it: the OCI Distribution API, and its read side (pull).

`open_repository` finds the way in (address, challenge); a `Repository` then answers for one repository with one user's
credentials: what a tag means, its manifests, its blobs. Every HTTP request is a span of the hub. The write side is in
engine/distribution/sending.py. Nothing here knows of images or layers; pull.py and push.py do.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urljoin, urlsplit

from engine.distribution.auth import Credentials, parse_challenges, scope
from engine.distribution.errors import BadContent, RegistryError, refusal, whole
from engine.distribution.passes import Pass, stale
from engine.distribution.transport import Reply, Transport, Unreachable, is_loopback
from engine.image import manifest
from engine.image.digest import Digest, DigestError
from engine.image.reference import DEFAULT_DOMAIN, Reference
from engine.loop import Loop
from engine.trace import Trace

HUB = "https://registry-1.docker.io"
LARGEST_MANIFEST = 4 << 20  # bytes, as moby
REDIRECTS = (301, 302, 303, 307, 308)
AGENT = "glassdock (as docker/28.2.2)"


def endpoints(domain: str) -> list[str]:
    """Where a registry may be, best first. Plain HTTP is for this machine only (moby's default insecure registries)."""
    if domain == DEFAULT_DOMAIN:
        return [HUB]
    local = is_loopback(urlsplit(f"//{domain}").hostname or "")
    return [f"https://{domain}"] + ([f"http://{domain}"] if local else [])


async def open_repository(
    transport: Transport,
    loop: Loop,
    trace: Trace,
    reference: Reference,
    credentials: Credentials,
    actions: tuple[str, ...] = ("pull",),
) -> Repository:
    """The repository of a name. Raises Unreachable (of the last endpoint), RegistryError."""
    *others, last = endpoints(reference.domain)
    for endpoint in others:
        repository = Repository(transport, loop, trace, endpoint, reference.path, credentials, actions)
        try:
            await repository.ping()
        except Unreachable:
            continue
        return repository
    repository = Repository(transport, loop, trace, last, reference.path, credentials, actions)
    await repository.ping()
    return repository


class Repository:
    """One repository of one registry, for one user, for the length of one command."""

    def __init__(
        self,
        transport: Transport,
        loop: Loop,
        trace: Trace,
        endpoint: str,
        path: str,
        credentials: Credentials,
        actions: tuple[str, ...] = ("pull",),
    ) -> None:
        self.endpoint, self.path = endpoint, path
        self._transport, self._loop, self._trace = transport, loop, trace
        self._pass = Pass(loop, credentials, scope(path, *actions) if path else "", self._send)

    # -- what the specification offers

    async def ping(self) -> None:
        """end-1: is this a registry, and how does one log in? Raises Unreachable."""
        reply = await self._send("GET", f"{self.endpoint}/v2/", {})
        await reply.aclose()
        if reply.status == 401:
            self._pass.challenges = parse_challenges(reply.headers.get("www-authenticate", ""))

    async def check_login(self) -> int:
        """The status of end-1 with credentials. Raises RegistryError, Unreachable."""
        reply = await self.request("GET", "")
        await reply.aclose()
        return reply.status

    async def resolve(self, tag: str) -> manifest.Descriptor:
        """end-3, HEAD: what a tag means now. A GET follows if the answer is an error, for HEAD cannot say which."""
        url, accept = f"{self.path}/manifests/{tag}", {"Accept": ", ".join(manifest.ACCEPTED)}
        reply = await self.request("HEAD", url, accept)
        await reply.aclose()
        if reply.status >= 300 or not reply.headers.get("docker-content-digest"):
            reply = await self.request("GET", url, accept)
            await refuse_errors(reply)
            raw = await whole(reply, LARGEST_MANIFEST)
            return manifest.Descriptor(_media_type(reply), Digest.of(raw), len(raw))
        try:
            digest = Digest.parse(reply.headers["docker-content-digest"])
        except DigestError as error:
            raise BadContent(str(error)) from None
        length = reply.headers.get("content-length", "")
        return manifest.Descriptor(_media_type(reply), digest, int(length) if length.isdecimal() else -1)

    async def manifest(self, digest: Digest) -> manifest.Manifest | manifest.Index:
        """end-3: a manifest or index by digest, verified. Raises RegistryError, BadContent, ManifestError."""
        accept = {"Accept": ", ".join(manifest.ACCEPTED)}
        reply = await self.request("GET", f"{self.path}/manifests/{digest}", accept)
        await refuse_errors(reply)
        raw = await whole(reply, LARGEST_MANIFEST)
        if Digest.of(raw) != digest:
            raise BadContent(f"manifest verification failed for digest {digest}")
        return manifest.parse(raw, _media_type(reply))

    async def tags(self) -> list[str]:
        """end-8: all tags, page by page."""
        url, found = f"{self.path}/tags/list", list[str]()
        while url:
            reply = await self.request("GET", url)
            await refuse_errors(reply)
            found += _read_tags(await whole(reply, LARGEST_MANIFEST))
            url = _next_page(reply.headers.get("link", ""), f"{self.endpoint}/v2/{url}")
        return found

    async def document(self, digest: Digest) -> bytes:
        """end-2: a small blob (a configuration), verified."""
        reply = await self.blob(digest)
        raw = await whole(reply, LARGEST_MANIFEST)
        if Digest.of(raw) != digest:
            raise BadContent(f"image config verification failed for digest {digest}")
        return raw

    async def blob(self, digest: Digest, offset: int = 0) -> Reply:
        """end-2: a blob from `offset` on (status 206), or all of it (200) from a registry that cannot resume."""
        wanted = {"Range": f"bytes={offset}-"} if offset else {}
        reply = await self.request("GET", f"{self.path}/blobs/{digest}", wanted)
        if reply.status == 404:
            await reply.aclose()
            raise RegistryError("", "unknown blob", final=True)
        await refuse_errors(reply)
        return reply

    # -- requests

    async def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        """Send with authorization; follow redirections, to other hosts without it. `path` may be a whole URL."""
        url = path if "://" in path else f"{self.endpoint}/v2/{path}"
        home, shown = urlsplit(self.endpoint).netloc, f'{method.title()} "{url}"'
        refreshed = False
        for _ in range(10):
            sent = dict(headers or {})
            if urlsplit(url).netloc == home:
                sent |= await self._pass.headers(shown, url)
            reply = await self._send(method, url, sent, body)
            if stale(reply) and isinstance(body, bytes) and not refreshed:
                await reply.aclose()
                self._pass.forget()
                refreshed = True
                continue
            location = reply.headers.get("location")
            if reply.status not in REDIRECTS or not location:
                return reply
            await reply.aclose()
            url = join(url, location)
        raise Unreachable(f"{shown}: stopped after 10 redirects")

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        try:
            where = urlsplit(url)
        except ValueError as error:
            raise Unreachable(f'{method.title()} "{url}": {error}') from None
        with self._trace.span("hub", f"{method} {where.path}", host=where.netloc) as span:
            try:
                reply = await self._transport.request(method, url, {"User-Agent": AGENT, **headers}, body)
            except Unreachable as error:
                raise Unreachable(f'{method.title()} "{url}": {error}') from None
            span.attributes["status"] = reply.status
            return reply


def _read_tags(raw: bytes) -> list[str]:
    """Raises BadContent."""
    try:
        tags = json.loads(raw).get("tags") or []
    except (ValueError, AttributeError, RecursionError) as error:
        raise BadContent(f"invalid list of tags: {error}") from None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BadContent("invalid list of tags")
    return tags


def join(base: str, location: str) -> str:
    """Where a Location leads. Raises BadContent."""
    try:
        joined = urljoin(base, location)
        urlsplit(joined)
    except ValueError as error:
        raise BadContent(f"invalid location {location!r}: {error}") from None
    return joined


async def refuse_errors(reply: Reply) -> None:
    if reply.status >= 300:
        raise await refusal(reply)


def _media_type(reply: Reply) -> str:
    return reply.headers.get("content-type", "").partition(";")[0].strip()


def _next_page(link: str, current: str) -> str:
    """RFC 8288, `Link: </v2/…?last=x>; rel="next"`."""
    target, _, rest = link.partition(">")
    return join(current, target.strip().lstrip("<")) if target and "next" in rest else ""
