"""What may be seen through the walls and is not in Docker's API: `/glassdock/trace`, layers, session and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.api.messages import Request, Response, json_response
from engine.api.router import Route
from engine.daemon.origins import origins
from engine.errors import InvalidParameter, System, Unimplemented
from engine.session.recorder import TooLong

if TYPE_CHECKING:
    from engine.daemon.engine import Engine
    from engine.image.config import Image


async def trace(engine: Engine, request: Request) -> Response:
    """A list of spans (engine/trace.py, `Span.json`) with an id above `since`, in the order of their beginning."""
    since = request.query.get("since", "0")
    if not since.isdecimal():
        raise InvalidParameter(f"invalid value for since: {since!r} is not a span's id")
    return json_response(engine.trace.since(int(since)))


async def layers(engine: Engine, request: Request) -> Response:
    """{"Images": [{"Id", "Tags", "Layers": […]}], "Containers": [{"Id", "Name", "State", "Image", "Chain", "Size"}]}.

    An image's layers are listed from the bottom up, each {"Chain", "DiffID", "Size" (bytes), "CreatedBy"}. Two images
    share a layer if and only if its Chain is the same. A container's "Size" is that of its own writable layer.
    """
    containers = [
        {
            "Id": container.id,
            "Name": container.name,
            "State": container.state,
            "Image": container.image_id,
            "Chain": engine.images.chain_for(container.id, container.image_id) or "",
            "Size": await engine.host.usage(container.id),
        }
        for container in engine.containers
    ]
    return json_response({"Images": [_image(engine, image) for image in engine.images.store], "Containers": containers})


def _image(engine: Engine, image: Image) -> dict[str, Any]:
    steps = [step.created_by for step in image.history if not step.empty_layer]
    stack = engine.images.store.stack(image)
    return {
        "Id": image.id,
        "Tags": [name.familiar for name in engine.images.store.references(image.id) if not name.digest],
        "Layers": [
            {
                "Chain": layer.chain,
                "DiffID": layer.diff_id,
                "Size": layer.size,
                "CreatedBy": steps[at] if len(steps) == len(stack) else "",
            }
            for at, layer in enumerate(stack)
        ],
    }


async def session(engine: Engine, request: Request) -> Response:
    """What clients have asked so far, as a document for `glassdock replay` (engine/session/steps.py)."""
    if engine.session is None:
        raise Unimplemented("this daemon does not record what it is asked")
    try:
        document = engine.session.record().to_json()
    except TooLong as error:
        raise System(str(error)) from None
    return Response(200, document.encode(), {"Content-Type": "application/json"})


async def origin(engine: Engine, request: Request) -> Response:
    """[{"Chain", "Said"}] from the bottom layer up, the container's own last with the Chain "": `?path=/etc/hosts`."""
    container = engine.containers.get(request.vars["id"])
    words = await origins(engine, container, request.query.get("path", "/"))
    return json_response([{"Chain": word.chain, "Said": word.said} for word in words])


ROUTES = (
    Route("GET", "/glassdock/containers/{id}/origin", origin),
    Route("GET", "/glassdock/trace", trace),
    Route("GET", "/glassdock/layers", layers),
    Route("GET", "/glassdock/session", session),
)
