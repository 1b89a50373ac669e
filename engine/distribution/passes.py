"""What a client shows at a registry's door: the credentials themselves, or a token that it gets for them.

The challenge says which (engine/distribution/auth.py). A token is for certain scopes and ends after a while; several
requests that need the same one wait for one answer.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from engine.distribution.auth import Challenge, Credentials, parse_challenges, scope
from engine.distribution.errors import RegistryError, refusal, whole
from engine.distribution.transport import Reply, Unreachable
from engine.loop import SECOND, Future, Loop

TOKEN_LIFE = 60  # seconds, if the token does not say
LARGEST_TOKEN = 1 << 20  # bytes
NO_CREDENTIALS = "no basic auth credentials"

Send = Callable[..., Awaitable[Reply]]  # method, url, headers, body


class Pass:
    """One user's, for one repository (`scope`, "" for none). `send` reaches the token server."""

    def __init__(self, loop: Loop, credentials: Credentials, scope: str, send: Send) -> None:
        self.challenges: list[Challenge] = []
        self._loop, self._credentials, self._scope, self._send = loop, credentials, scope, send
        self._tokens: dict[str, tuple[str, int]] = {}  # scopes -> token, and when it ends
        self._fetching: dict[str, Future[None]] = {}  # scopes whose token is being asked for

    def forget(self) -> None:
        """Tokens that were refused."""
        self._tokens.clear()

    async def headers(self, request: str, url: str) -> dict[str, str]:
        """The header for the next request. `request` says what it is for, should the token be refused."""
        if self._credentials.registry_token:
            return {"Authorization": f"Bearer {self._credentials.registry_token}"}
        for challenge in self.challenges:
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
            return _read_token(await whole(reply, LARGEST_TOKEN))
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


def stale(reply: Reply) -> bool:
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


def _message(error: RegistryError) -> str:
    return str(error).partition(": ")[2] if error.code else str(error)
