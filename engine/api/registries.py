"""What registries have, seen through the daemon: `/glassdock/manifests/*`, for `docker manifest`.

Docker's own command talks to the registry itself; ours cannot, as most registries here are only pretended.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.api.body import read_json
from engine.api.decode import decode
from engine.api.images import credentials
from engine.api.messages import Request, Response, json_response
from engine.api.query import boolean
from engine.api.router import Route
from engine.distribution.lists import Guest
from engine.errors import InvalidParameter
from engine.image.manifest import Descriptor, parse
from engine.image.reference import Reference

if TYPE_CHECKING:
    from engine.daemon.engine import Engine


async def manifests(engine: Engine, request: Request) -> Response:
    """[{"Descriptor": {"mediaType", "digest", "size", "platform"?}, "Raw": base64}]; `all`: of every platform."""
    reference = Reference.parse(request.vars["name"]).with_default_tag()
    found = await engine.images.manifests(reference, credentials(request), boolean(request, "all"))
    rows = [{"Descriptor": _described(one), "Raw": base64.b64encode(raw).decode()} for one, raw in found]
    return json_response(rows)


def _described(one: Descriptor) -> dict[str, Any]:
    row: dict[str, Any] = {"mediaType": one.media_type, "digest": one.digest, "size": one.size}
    if one.platform is not None:
        platform = {"architecture": one.platform.architecture, "os": one.platform.os, "variant": one.platform.variant}
        row["platform"] = {name: value for name, value in platform.items() if value}
    return row


@dataclass(frozen=True, slots=True)
class GuestBody:
    path: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ListBody:
    """What is pushed; documents in base64."""

    raw: str = ""
    guests: tuple[GuestBody, ...] = ()


async def push(engine: Engine, request: Request) -> Response:
    """`docker manifest push`."""
    reference = Reference.parse(request.vars["name"]).with_default_tag()
    body = decode(ListBody, read_json(request, required=True))
    guests = [Guest(guest.path, _manifest(guest.raw)) for guest in body.guests]
    digest = await engine.images.push_list(reference, credentials(request), guests, _manifest(body.raw))
    return json_response({"Digest": digest})


def _manifest(text: str) -> bytes:
    """A document that is a manifest or a list. Raises InvalidParameter."""
    try:
        raw = base64.b64decode(text, validate=True)
        parse(raw)
    except ValueError as error:  # a ManifestError is one, too
        raise InvalidParameter(str(error)) from None
    return raw


ROUTES = (
    Route("GET", "/glassdock/manifests/{name:path}", manifests),
    Route("POST", "/glassdock/manifests/{name:path}", push),
)
