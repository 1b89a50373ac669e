"""A registry, as its client sees it: the OCI Distribution API, and its read side (pull).

`open_repository` finds the way in (address, challenge); a `Repository` then answers for one repository with one user's
credentials: what a tag means, its manifests, its blobs. Every HTTP request is a span of the hub. The write side is in
engine/distribution/sending.py. Nothing here knows of images or layers; pull.py and push.py do.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from engine.distribution.auth import Challenge, Credentials, parse_challenges, scope
from engine.distribution.errors import BadContent, RegistryError, refusal
from engine.distribution.transport import Reply, Transport, Unreachable, is_loopback
from engine.image import manifest
from engine.image.digest import Digest, DigestError
from engine.image.reference import DEFAULT_DOMAIN, Reference
from engine.loop import SECOND, Future, Loop
from engine.trace import Trace

HUB = "https://registry-1.docker.io"
LARGEST_MANIFEST = 4 << 20  # bytes, as moby
REDIRECTS = (301, 302, 303, 307, 308)
TOKEN_LIFE = 60  # seconds, if the token does not say
NO_CREDENTIALS = "no basic auth credentials"
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
        self._credentials = credentials
        self._scope = scope(path, *actions) if path else ""
        self._challenges: list[Challenge] = []
        self._tokens: dict[str, tuple[str, int]] = {}  # scopes -> token, and when it ends
        self._fetching: dict[str, Future[None]] = {}  # scopes whose token is being asked for

    # -- what the specification offers

    async def ping(self) -> None:
        """end-1: is this a registry, and how does one log in? Raises Unreachable."""
        reply = await self._send("GET", f"{self.endpoint}/v2/", {})
        await reply.aclose()
        if reply.status == 401:
            self._challenges = parse_challenges(reply.headers.get("www-authenticate", ""))

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
            raw = await _whole(reply, LARGEST_MANIFEST)
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
        raw = await _whole(reply, LARGEST_MANIFEST)
        if Digest.of(raw) != digest:
            raise BadContent(f"manifest verification failed for digest {digest}")
        return manifest.parse(raw, _media_type(reply))

    async def tags(self) -> list[str]:
        """end-8: all tags, page by page."""
        url, found = f"{self.path}/tags/list", list[str]()
        while url:
            reply = await self.request("GET", url)
            await refuse_errors(reply)
            found += _read_tags(await _whole(reply, LARGEST_MANIFEST))
            url = _next_page(reply.headers.get("link", ""), f"{self.endpoint}/v2/{url}")
        return found

    async def document(self, digest: Digest) -> bytes:
        """end-2: a small blob (a configuration), verified."""
        reply = await self.blob(digest)
        raw = await _whole(reply, LARGEST_MANIFEST)
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
                sent |= await self._authorization(shown, url)
            reply = await self._send(method, url, sent, body)
            if _stale(reply) and isinstance(body, bytes) and not refreshed:
                await reply.aclose()
                self._tokens.clear()
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

    async def _authorization(self, request: str, url: str) -> dict[str, str]:
        """The header for the next request. `request` says what it is for, should the token be refused."""
        if self._credentials.registry_token:
            return {"Authorization": f"Bearer {self._credentials.registry_token}"}
        for challenge in self._challenges:
            if challenge.scheme == "bearer":
                return {"Authorization": f"Bearer {await self._token(challenge, request, self._scopes(url))}"}
            if challenge.scheme == "basic":
                if not self._credentials.username:
                    raise RegistryError("", NO_CREDENTIALS, final=True, request=request)
                return {"Authorization": self._credentials.basic}
        return {}

    def _scopes(self, url: str) -> list[str]:
        """What a request needs to be allowed; a mount also reads from another repository."""
        source = parse_qs(urlsplit(url).query).get("from", [])
        return [self._scope, *(scope(path, "pull") for path in source)] if self._scope else []

    async def _token(self, challenge: Challenge, request: str, scopes: list[str]) -> str:
        """A token that is still good; several who need the same one wait for one answer."""
        key = " ".join(scopes)
        while (fetching := self._fetching.get(key)) is not None:
            await fetching
        token, ends = self._tokens.get(key, ("", 0))
        if self._loop.time < ends:
            return token
        self._fetching[key] = self._loop.future()
        try:
            token, life = await self._fetch_token(challenge, request, scopes)
        finally:
            self._fetching.pop(key).set_result(None)
        self._tokens[key] = token, self._loop.time + life * SECOND
        return token

    async def _fetch_token(self, challenge: Challenge, request: str, scopes: list[str]) -> tuple[str, int]:
        try:
            reply = await self._ask_for_token(challenge, scopes)
            if reply.status >= 300:
                raise await refusal(reply)
            return _read_token(await _whole(reply, 1 << 20))
        except Unreachable as error:
            raise Unreachable(f"{request}: {error}") from None
        except RegistryError as error:
            raise RegistryError(error.code, _message(error), final=True, request=request) from None

    async def _ask_for_token(self, challenge: Challenge, scopes: list[str]) -> Reply:
        """GET with a query; a refresh token goes by POST (OAuth 2)."""
        who, realm = self._credentials, challenge.parameters.get("realm", "")
        query = [("service", challenge.parameters.get("service", "")), *(("scope", one) for one in scopes)]
        if who.identity_token:
            fields = [("grant_type", "refresh_token"), ("refresh_token", who.identity_token), ("client_id", "docker")]
            form = [*fields, ("service", query[0][1]), ("scope", " ".join(scopes))]
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return await self._send("POST", realm, headers, urlencode(form).encode())
        headers = {}
        if who.username:
            query += [("account", who.username), ("client_id", "docker"), ("offline_token", "true")]
            headers["Authorization"] = who.basic
        asked = urlencode(sorted((name, value) for name, value in query if value))
        return await self._send("GET", f"{realm}?{asked}" if asked else realm, headers)


def _stale(reply: Reply) -> bool:
    """Was a token refused that had been good: it has ended before its time."""
    if reply.status != 401:
        return False
    challenges = parse_challenges(reply.headers.get("www-authenticate", ""))
    return any(one.parameters.get("error") == "invalid_token" for one in challenges)


def _read_token(raw: bytes) -> tuple[str, int]:
    """The token and for how many seconds it is good. Raises RegistryError."""
    try:
        document = json.loads(raw)
        token = document.get("token") or document["access_token"]
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise RegistryError("", "authorization server did not include a token in the response") from None
    life = document.get("expires_in")
    return str(token), max(TOKEN_LIFE, life if isinstance(life, int) else 0)


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


async def _whole(reply: Reply, limit: int) -> bytes:
    try:
        raw = await reply.read(limit)
    except ValueError as error:
        raise BadContent(str(error)) from None
    announced = reply.headers.get("content-length", "")
    if announced.isascii() and announced.isdecimal() and int(announced) > len(raw):
        raise Unreachable("unexpected EOF")
    return raw


def _media_type(reply: Reply) -> str:
    return reply.headers.get("content-type", "").partition(";")[0].strip()


def _message(error: RegistryError) -> str:
    return str(error).partition(": ")[2] if error.code else str(error)


def _next_page(link: str, current: str) -> str:
    """RFC 8288, `Link: </v2/…?last=x>; rel="next"`."""
    target, _, rest = link.partition(">")
    return join(current, target.strip().lstrip("<")) if target and "next" in rest else ""
