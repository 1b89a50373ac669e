"""What registries have, seen through the daemon: `/glassdock/manifests/*`, for `docker manifest inspect`.

Docker's own command asks the registry itself; ours cannot, as most registries here are only pretended.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from engine.api.images import credentials
from engine.api.messages import Request, Response, json_response
from engine.api.query import boolean
from engine.api.router import Route
from engine.image.manifest import Descriptor
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


ROUTES = (Route("GET", "/glassdock/manifests/{name:path}", manifests),)
