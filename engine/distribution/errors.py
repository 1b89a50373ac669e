"""What a registry's refusal means (OCI Distribution specification, "Error Codes") and how Docker words it.

A refusal is an HTTP status and, if all is well, `{"errors": [{"code": "MANIFEST_UNKNOWN", "message": …}]}`.
Texts and classes: distribution's `registry/client`, moby's `distribution/errors.go`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from engine.distribution.auth import parse_challenges
from engine.distribution.transport import Reply, Unreachable
from engine.errors import EngineError, Forbidden, NotFound, System, TooManyRequests, Unauthorized
from engine.image.reference import Reference

DENIED, UNAUTHORIZED, UNSUPPORTED = "DENIED", "UNAUTHORIZED", "UNSUPPORTED"
MANIFEST_UNKNOWN, NAME_UNKNOWN, TOO_MANY_REQUESTS = "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "TOOMANYREQUESTS"

# What Docker says when the registry gave a code only
MESSAGES = {
    DENIED: "requested access to the resource is denied",
    UNAUTHORIZED: "authentication required",
    TOO_MANY_REQUESTS: "too many requests",
    MANIFEST_UNKNOWN: "manifest unknown",
    NAME_UNKNOWN: "repository name not known to registry",
    UNSUPPORTED: "The operation is unsupported.",
    "BLOB_UNKNOWN": "blob unknown to registry",
}
FINAL = (DENIED, UNAUTHORIZED, UNSUPPORTED, NAME_UNKNOWN, TOO_MANY_REQUESTS)  # trying again is of no use
OF_STATUS = {401: UNAUTHORIZED, 403: DENIED, 429: TOO_MANY_REQUESTS}
CLASSES: dict[str, type[EngineError]] = {
    DENIED: Forbidden,
    UNAUTHORIZED: Unauthorized,
    MANIFEST_UNKNOWN: NotFound,
    NAME_UNKNOWN: NotFound,
    TOO_MANY_REQUESTS: TooManyRequests,
}
NOT_FOUND = {
    DENIED: "pull access denied for {name}, repository does not exist or may require 'docker login'",
    MANIFEST_UNKNOWN: "manifest for {reference} not found",
    NAME_UNKNOWN: "repository {name} not found",
}


class RegistryError(Exception):
    """The registry refused. `code` is the specification's ("DENIED"), or "" for an answer that says nothing of use.

    `final`: asking again would not help. `request` is what was being asked, as Go's HTTP client says it ("Get" and the
    URL), when the refusal came from the token server on the way.
    """

    def __init__(self, code: str, message: str, *, final: bool = False, request: str = "") -> None:
        self.code, self.final, self.request = code, final or code in FINAL, request
        text = f"{code.lower().replace('_', ' ')}: {message}" if code else message
        super().__init__(f"{request}: {text}" if request else text)


class BadContent(Exception):
    """What the registry sent is not what its digest, size or format promises."""


async def refusal(reply: Reply) -> RegistryError:
    """The error that a reply of status 300 or above stands for."""
    try:
        body = await reply.read(1 << 16)
    except ValueError:  # longer than any honest explanation
        body = b""
    if reply.status >= 500:
        return RegistryError("", f"received unexpected HTTP status: {status_line(reply.status)}")
    for challenge in parse_challenges(reply.headers.get("www-authenticate", "")):
        code = {"invalid_token": UNAUTHORIZED, "insufficient_scope": DENIED}.get(challenge.parameters.get("error", ""))
        if challenge.scheme == "bearer" and code:
            return RegistryError(code, challenge.parameters.get("error_description") or MESSAGES[code])
    return _parse(reply.status, body)


def status_line(status: int) -> str:
    """
    >>> status_line(503)
    '503 Service Unavailable'
    """
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _parse(status: int, body: bytes) -> RegistryError:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        shown = body.decode("utf-8", "replace")
        if status == 401:
            return RegistryError(UNAUTHORIZED, MESSAGES[UNAUTHORIZED])
        return RegistryError("", f'error parsing HTTP {status} response body: {error}: "{shown}"', final=True)
    document = document if isinstance(document, dict) else {}
    if document.get("details") and status in OF_STATUS:
        return RegistryError(OF_STATUS[status], str(document["details"]))
    errors = document.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        code = str(errors[0].get("code") or "UNKNOWN")
        return RegistryError(code, str(errors[0].get("message") or MESSAGES.get(code, "unknown error")))
    if status in OF_STATUS:
        return RegistryError(OF_STATUS[status], MESSAGES[OF_STATUS[status]])
    return RegistryError("", f"received unexpected HTTP status: {status_line(status)}", final=True)


def plain(error: Exception) -> EngineError:
    """A refusal as it is, with the status that its code stands for."""
    if isinstance(error, EngineError):
        return error
    code = error.code if isinstance(error, RegistryError) else ""
    return CLASSES.get(code, System)(str(error))


def translate(error: Exception, reference: Reference) -> EngineError:
    """What the client of the daemon is told about a pull that failed."""
    if isinstance(error, EngineError):
        return error
    if isinstance(error, RegistryError) and not error.request and error.code in NOT_FOUND:
        words = NOT_FOUND[error.code].format(name=reference.familiar_name, reference=reference.familiar)
        return NotFound(f"{words}: {error}")
    return System(str(error))


async def whole(reply: Reply, limit: int) -> bytes:
    """A reply's body, if it is all there and not too long. Raises BadContent, Unreachable."""
    try:
        raw = await reply.read(limit)
    except ValueError as error:
        raise BadContent(str(error)) from None
    announced = reply.headers.get("content-length", "")
    if announced.isascii() and announced.isdecimal() and int(announced) > len(raw):
        raise Unreachable("unexpected EOF")
    return raw
