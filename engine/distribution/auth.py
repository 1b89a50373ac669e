"""Proving to a registry who one is: the challenge, the token and the credentials.

A registry answers 401 and `WWW-Authenticate: Bearer realm="https://auth…/token",service="…"`; the client asks the realm
for a token for the scope it needs ("repository:library/alpine:pull"), with or without a name and password, and repeats
its request with `Authorization: Bearer …`. Specification: distribution, "Token Authentication"; RFC 7235, RFC 6750.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)(?:\s+|$)")
_PARAMETER = re.compile(r'\s*([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))\s*(,|$)?')


@dataclass(frozen=True, slots=True)
class Credentials:
    """As the docker command sends them (Engine API: AuthConfig). Empty: nobody in particular."""

    username: str = ""
    password: str = field(default="", repr=False)
    server: str = ""
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @classmethod
    def from_json(cls, document: Any) -> Credentials:
        """Raises ValueError for what is no AuthConfig."""
        if not isinstance(document, dict):
            raise ValueError("auth configuration is not a JSON object")
        values = {}
        for ours, theirs in _KEYS.items():
            value = document.get(theirs) or ""
            if not isinstance(value, str):
                raise ValueError(f"auth configuration: {theirs} is not a string")
            values[ours] = value
        if document.get("auth") and not values["username"]:
            values["username"], _, values["password"] = _unbase64(str(document["auth"])).decode().partition(":")
        return cls(**values)

    @classmethod
    def from_header(cls, header: str) -> Credentials:
        """X-Registry-Auth: base64url of an AuthConfig. Raises ValueError."""
        return cls.from_json(json.loads(_unbase64(header))) if header else NOBODY

    @property
    def basic(self) -> str:
        """An `Authorization` header's value, RFC 7617."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


_KEYS = {
    "username": "username",
    "password": "password",
    "server": "serveraddress",
    "identity_token": "identitytoken",
    "registry_token": "registrytoken",
}
NOBODY = Credentials()


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers: `scheme` "bearer" or "basic", in lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """The challenges of one `WWW-Authenticate` header; what cannot be read ends the list.

    >>> parse_challenges('Bearer realm="https://auth.test/token",service="hub"')[0].parameters["service"]
    'hub'
    """
    found: list[Challenge] = []
    at = 0
    while scheme := _SCHEME.match(header, at):
        at = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, at):
            quoted, plain = parameter[2], parameter[3]
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            parameters[parameter[1].lower()] = value
            at = parameter.end()
            if parameter[4] != ",":
                break
        found.append(Challenge(scheme[1].lower(), parameters))
    return found


def scope(path: str, *actions: str) -> str:
    """
    >>> scope("library/alpine", "pull")
    'repository:library/alpine:pull'
    """
    return f"repository:{path}:{','.join(actions)}"


def _unbase64(text: str) -> bytes:
    """Either alphabet, with or without padding. Raises ValueError."""
    text = text.strip().replace("+", "-").replace("/", "_").rstrip("=")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
