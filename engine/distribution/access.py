"""Who may come into a registry: the server's side of token and Basic authentication.

A client without a token gets a challenge (401, `WWW-Authenticate: Bearer realm=…,service=…,scope=…`), fetches a token
from the realm (`GET /token?service=…&scope=repository:library/alpine:pull`, with or without Basic credentials) and
comes back. What the token does not grant is refused with `error="insufficient_scope"`. The token is a JSON Web Token
(RFC 7519) signed with HS256. Specification: distribution, "Token Authentication". The client's side:
engine/distribution/auth.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from engine.api.messages import Request, Response, json_response
from engine.distribution.registry import Refused
from engine.loop import SECOND

LIFE = 300  # seconds


class Accounts(Protocol):
    """Who there is and what they may do. `user` "" is anybody."""

    def password(self, user: str) -> str | None:
        """None: no such user."""

    def allows(self, user: str, name: str, action: str) -> bool:
        """May the user `action` ("pull", "push") in the repository?"""


class BasicGuard:
    """A small registry's door: user and password with every request (RFC 7617)."""

    def __init__(self, accounts: Accounts, realm: str = "Registry Realm") -> None:
        self._accounts, self._realm = accounts, realm

    def authorize(self, request: Request, name: str, action: str) -> None:
        user = identify(request, self._accounts)
        if not user:
            raise Refused("UNAUTHORIZED", headers={"WWW-Authenticate": f'Basic realm="{self._realm}"'})
        if name and not self._accounts.allows(user, name, action):
            raise Refused("DENIED", _access(name, action))


class TokenGuard:
    """The Hub's door, and the office that gives the tokens out.

    `now` gives the time, ns since 1970; `secret` signs.
    """

    def __init__(self, accounts: Accounts, now: Callable[[], int], secret: bytes, realm: str, service: str) -> None:
        self._accounts, self._now, self._secret = accounts, now, secret
        self.realm, self.service = realm, service

    def issue(self, request: Request, scopes: Iterable[str]) -> Response:
        """`GET /token`: grants of each scope what the user may have, which can be nothing."""
        user = identify(request, self._accounts)
        if user is None:
            return json_response({"details": "incorrect username or password"}, 401)
        access = [granted for scope in scopes if (granted := self._grant(user, scope))]
        now = self._now() // SECOND
        token = self._sign({"sub": user, "aud": self.service, "iat": now, "exp": now + LIFE, "access": access})
        return json_response({"token": token, "access_token": token, "expires_in": LIFE})

    def authorize(self, request: Request, name: str, action: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        claims = self._verify(token) if scheme.lower() == "bearer" else None
        if claims is None:
            raise self._challenge(name, action, "invalid_token" if token else "")
        granted: list[dict[str, Any]] = claims["access"]
        if name and not any(entry["name"] == name and action in entry["actions"] for entry in granted):
            raise self._challenge(name, action, "insufficient_scope")
        if action == "catalog":
            raise self._challenge("catalog", "*", "insufficient_scope")

    def subject(self, request: Request) -> str:
        """Whose token a request bears; "" for nobody's."""
        claims = self._verify(request.headers.get("authorization", "").partition(" ")[2])
        return str(claims["sub"]) if claims else ""

    def _grant(self, user: str, scope: str) -> dict[str, Any] | None:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        allowed = [action for action in actions.split(",") if self._accounts.allows(user, name, action)]
        return {"type": kind, "name": name, "actions": allowed} if kind == "repository" and allowed else None

    def _challenge(self, name: str, action: str, error: str) -> Refused:
        header = f'Bearer realm="{self.realm}",service="{self.service}"'
        if name:
            kind = "registry" if name == "catalog" else "repository"
            header += f',scope="{kind}:{name}:{action}"'
        if error:
            header += f',error="{error}"'
        return Refused("UNAUTHORIZED", _access(name, action), headers={"WWW-Authenticate": header})

    def _sign(self, claims: dict[str, Any]) -> str:
        head = _base64(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
        body = _base64(json.dumps(claims).encode())
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def _signature(self, text: str) -> str:
        return _base64(hmac.new(self._secret, text.encode(), hashlib.sha256).digest())

    def _verify(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that is ours and still good."""
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return None
        body = text.partition(".")[2]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return claims if claims["exp"] > self._now() // SECOND else None


def identify(request: Request, accounts: Accounts) -> str | None:
    """The user of Basic credentials: "" if there are none, None if they are wrong."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return ""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, no UTF-8
        return None
    right = accounts.password(user)
    if scheme.lower() != "basic" or right is None:
        return None
    return user if hmac.compare_digest(right.encode(), password.encode()) else None


def _access(name: str, action: str) -> list[dict[str, str]] | None:
    """The `detail` of a refusal, as distribution writes it."""
    return [{"Type": "repository", "Class": "", "Name": name, "Action": action}] if name else None


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
