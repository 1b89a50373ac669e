"""What may be seen through the walls and is not in Docker's API: `/glassdock/trace`, layers, session and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.api.body import read_json
from engine.api.messages import Request, Response, empty, json_response
from engine.api.router import Route
from engine.daemon.origins import origins
from engine.errors import Conflict, InvalidParameter, System, Unimplemented
from engine.session.recorder import TooLong

if TYPE_CHECKING:
    from engine.daemon.engine import Engine
    from engine.faults import Faults
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


async def processes(engine: Engine, request: Request) -> Response:
    """[{"Host", "Inside", "Command"}]: each process's number on the host, and in its own PID namespace."""
    container = engine.containers.get(request.vars["id"])
    if not container.alive:
        return json_response([])
    inside = await engine.host.numbers(container.id)
    _, rows = await engine.host.top(container.id, "-eo pid,args")
    return json_response([{"Host": int(pid), "Inside": inside.get(int(pid), 0), "Command": args} for pid, args in rows])


async def origin(engine: Engine, request: Request) -> Response:
    """[{"Chain", "Said"}] from the bottom layer up, the container's own last with the Chain "": `?path=/etc/hosts`."""
    container = engine.containers.get(request.vars["id"])
    words = await origins(engine, container, request.query.get("path", "/"))
    return json_response([{"Chain": word.chain, "Said": word.said} for word in words])


def _board(engine: Engine) -> Faults:
    if engine.faults is None:
        raise Unimplemented("nothing can be broken on purpose on this host")
    return engine.faults


async def faults(engine: Engine, request: Request) -> Response:
    """{name: value} of everything that can be made to go wrong (engine/faults.py)."""
    return json_response(_board(engine).show())


async def break_(engine: Engine, request: Request) -> Response:
    """Change some faults: {name: value}; {} heals all. Returns them all."""
    changes, board = read_json(request, required=True), _board(engine)
    if not isinstance(changes, dict):
        raise InvalidParameter('faults are an object, as {"hub.down": true}')
    try:
        if changes:
            board.set(changes)
        else:
            board.heal()
    except ValueError as error:
        raise InvalidParameter(str(error)) from None
    return json_response(board.show())


async def out_of_memory(engine: Engine, request: Request) -> Response:
    """The kernel finds no memory left for this container, and kills its biggest process."""
    container = engine.containers.get(request.vars["id"])
    try:
        _board(engine).out_of_memory(container)
    except ValueError as error:
        raise Conflict(str(error)) from None
    return empty()


ROUTES = (
    Route("GET", "/glassdock/faults", faults),
    Route("POST", "/glassdock/faults", break_),
    Route("POST", "/glassdock/containers/{id}/oom", out_of_memory),
    Route("GET", "/glassdock/containers/{id}/origin", origin),
    Route("GET", "/glassdock/containers/{id}/processes", processes),
    Route("GET", "/glassdock/trace", trace),
    Route("GET", "/glassdock/layers", layers),
    Route("GET", "/glassdock/session", session),
)
