"""Who may come into a registry: the server's side of token and Basic authentication.

A client without a token gets a challenge (401, `WWW-Authenticate: Bearer realm=…,service=…,scope=…`), fetches a token
from the realm (`GET /token?service=…&scope=repository:library/alpine:pull`, with or without Basic credentials, or OAuth
2's POST) and comes back. What the token does not grant is refused with `error="insufficient_scope"`. The token is a
JSON Web Token (RFC 7519) signed with HS256. Specification: distribution, "Token Authentication". The client's side:
engine/distribution/auth.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs

from engine.api.messages import Request, Response, json_response
from engine.distribution.registry import Refused
from engine.loop import SECOND

LIFE = 300  # seconds
WRONG = {"details": "incorrect username or password"}
CATALOG = "catalog"


class Accounts(Protocol):
    """Who there is and what they may do. `user` "" is anybody."""

    def check(self, user: str, password: str) -> bool:
        """Is it this user's password?"""

    def allows(self, user: str, name: str, action: str) -> bool:
        """May the user `action` ("pull", "push", "delete") in the repository? "catalog" of "": see all names."""


@dataclass(slots=True)
class Members:
    """Accounts of a small registry: {user: password}; who has one may do everything, nobody else anything."""

    passwords: Mapping[str, str] = field(default_factory=dict)

    def check(self, user: str, password: str) -> bool:
        right = self.passwords.get(user)
        return right is not None and hmac.compare_digest(right.encode(), password.encode())

    def allows(self, user: str, name: str, action: str) -> bool:
        return user in self.passwords


class BasicGuard:
    """A small registry's door: user and password with every request (RFC 7617)."""

    def __init__(self, accounts: Accounts, realm: str = "Registry Realm") -> None:
        self._accounts, self._realm = accounts, realm

    def authorize(self, request: Request, name: str, *actions: str) -> None:
        user = identify(request, self._accounts)
        if not user:
            headers = {"WWW-Authenticate": f'Basic realm="{self._realm}"'}
            raise Refused("UNAUTHORIZED", _access(name, actions), headers=headers)
        if (name or actions) and not all(self._accounts.allows(user, name, action) for action in actions):
            raise Refused("DENIED", _access(name, actions))


class TokenGuard:
    """The Hub's door, and the office that gives the tokens out.

    `now` gives the time, ns since 1970; `secret` signs; `realm` is the office's address, and may begin with "{host}",
    which stands for the scheme and host that the client asked.
    """

    def __init__(self, accounts: Accounts, now: Callable[[], int], secret: bytes, realm: str, service: str) -> None:
        self._accounts, self._now, self._secret = accounts, now, secret
        self.realm, self.service = realm, service

    def issue(self, request: Request, scopes: Iterable[str]) -> Response:
        """`GET /token`: grants of each scope what the user may have, which can be nothing."""
        user = identify(request, self._accounts)
        return json_response(WRONG, 401) if user is None else self._token(user, scopes)

    def issue_oauth(self, body: bytes) -> Response:
        """`POST /token` with a form (OAuth 2, RFC 6749 section 4.3): the same for clients that ask in that way."""
        form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        user = form.get("username", "")
        if form.get("grant_type") != "password" or not self._accounts.check(user, form.get("password", "")):
            return json_response(WRONG, 401)
        return self._token(user, form.get("scope", "").split())

    def _token(self, user: str, scopes: Iterable[str]) -> Response:
        access = [granted for scope in scopes if (granted := self._grant(user, scope))]
        now = self._now() // SECOND
        token = self._sign({"sub": user, "aud": self.service, "iat": now, "exp": now + LIFE, "access": access})
        return json_response({"token": token, "access_token": token, "expires_in": LIFE})

    def authorize(self, request: Request, name: str, *actions: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        claims = self._verify(token) if scheme.lower() == "bearer" else None
        if claims is None:
            raise self._challenge(request, name, actions, "invalid_token" if token else "")
        wanted = {(name or CATALOG, "*" if action == CATALOG else action) for action in actions}
        granted = {(entry["name"], action) for entry in claims["access"] for action in entry["actions"]}
        if wanted - granted:
            raise self._challenge(request, name, actions, "insufficient_scope")

    def subject(self, request: Request) -> str:
        """Whose token a request bears; "" for nobody's."""
        claims = self._verify(request.headers.get("authorization", "").partition(" ")[2])
        return str(claims["sub"]) if claims else ""

    def _grant(self, user: str, scope: str) -> dict[str, Any] | None:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        asked = actions.split(",")
        if kind == "registry" and name == CATALOG:
            allowed = ["*"] if "*" in asked and self._accounts.allows(user, "", CATALOG) else []
        elif kind.partition("(")[0] == "repository":
            asked = ["pull", "push", "delete"] if "*" in asked else asked
            allowed = [action for action in asked if self._accounts.allows(user, name, action)]
        else:
            allowed = []
        return {"type": kind, "name": name, "actions": allowed} if allowed else None

    def _challenge(self, request: Request, name: str, actions: tuple[str, ...], error: str) -> Refused:
        realm = self.realm.replace("{host}", f"http://{request.headers.get('host', 'localhost')}", 1)
        header = f'Bearer realm="{realm}",service="{self.service}"'
        if actions:
            scope = f"repository:{name}:{','.join(actions)}" if name else f"registry:{CATALOG}:*"
            header += f',scope="{scope}"'
        if error:
            header += f',error="{error}"'
        return Refused("UNAUTHORIZED", _access(name, actions), headers={"WWW-Authenticate": header})

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
    return user if scheme.lower() == "basic" and accounts.check(user, password) else None


def _access(name: str, actions: tuple[str, ...]) -> list[dict[str, str]] | None:
    """The `detail` of a refusal, as distribution writes it."""
    if not actions:
        return None
    kind, shown = ("repository", name) if name else ("registry", CATALOG)
    return [{"Type": kind, "Class": "", "Name": shown, "Action": "*" if not name else action} for action in actions]


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
