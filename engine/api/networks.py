"""`/networks/*`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.api.body import read_json
from engine.api.decode import decode
from engine.api.messages import Request, Response, empty, json_response
from engine.api.query import older
from engine.api.router import Route
from engine.daemon.config import EndpointRequest
from engine.daemon.filters import Filters, invalid_filter
from engine.daemon.networks import connecting, views
from engine.daemon.networks.attachments import PLAIN
from engine.daemon.networks.network import Network
from engine.daemon.networks.request import NetworkRequest
from engine.daemon.prune import moment_of
from engine.errors import InvalidParameter, NotFound

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

LIST_FILTERS = ("dangling", "driver", "id", "label", "name", "scope", "type")
PRUNE_FILTERS = ("label", "label!", "until")


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """NetworkConnectRequest, NetworkDisconnectRequest."""

    container: str = ""
    endpoint_config: EndpointRequest | None = None
    force: bool = False


async def list_all(engine: Engine, request: Request) -> Response:
    filters = Filters.parse(request.query.get("filters"), LIST_FILTERS)
    for value in filters.get("type"):
        if value not in ("custom", "builtin"):
            raise invalid_filter("type", value)
    dangling = _dangling(filters)
    found = [network for network in engine.networks if _wanted(network, filters, dangling)]
    if older(request, "1.28"):
        return json_response([views.inspection(engine, network) for network in found])
    return json_response([views.summary(network) for network in found])


def _dangling(filters: Filters) -> bool | None:
    """Only those that nobody is on (True), only the others (False), or all. Raises InvalidParameter."""
    values = filters.get("dangling")
    if len(values) > 1:
        raise InvalidParameter('got more than one value for filter key "dangling"')
    for value in values:
        if value not in ("0", "false", "1", "true"):
            raise InvalidParameter(
                'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")'
            )
    return values[0] in ("1", "true") if values else None


def _wanted(network: Network, filters: Filters, dangling: bool | None) -> bool:
    unused = not network.predefined and not network.endpoints
    return (
        (dangling is None or dangling == unused)
        and filters.search("name", network.name)
        and filters.search("id", network.id)
        and filters.exact("driver", network.driver)
        and filters.exact("scope", "local")
        and filters.exact("type", "builtin" if network.predefined else "custom")
        and filters.labels(network.labels)
    )


async def inspect(engine: Engine, request: Request) -> Response:
    word = request.vars["id"]
    if request.query.get("scope", "local") not in ("local", ""):
        raise NotFound(f"network {word} not found")
    return json_response(views.inspection(engine, engine.networks.get(word)))


async def create(engine: Engine, request: Request) -> Response:
    made = await engine.networks.create(decode(NetworkRequest, read_json(request, required=True)))
    return json_response({"Id": made.id, "Warning": ""}, 201)


async def remove(engine: Engine, request: Request) -> Response:
    await engine.networks.remove(request.vars["id"])
    return empty()


async def connect(engine: Engine, request: Request) -> Response:
    wanted = decode(ConnectRequest, read_json(request, required=True))
    container = engine.containers.get(wanted.container)
    await connecting.connect(engine, container, request.vars["id"], wanted.endpoint_config or PLAIN)
    return empty(200)


async def disconnect(engine: Engine, request: Request) -> Response:
    wanted = decode(ConnectRequest, read_json(request, required=True))
    try:
        container = engine.containers.get(wanted.container)
    except NotFound:
        if not wanted.force:
            raise
        engine.networks.get(request.vars["id"])
        raise NotFound(f"endpoint {wanted.container} not found") from None
    await connecting.disconnect(engine, container, request.vars["id"], wanted.force)
    return empty(200)


async def prune(engine: Engine, request: Request) -> Response:
    """Those that nobody is on; the predefined networks are never removed."""
    filters = Filters.parse(request.query.get("filters"), PRUNE_FILTERS)
    removed = await engine.networks.prune(filters, moment_of(filters, engine.loop.time))
    return json_response({"NetworksDeleted": removed or None})


ROUTES = (
    Route("GET", "/networks", list_all),
    Route("POST", "/networks/create", create),
    Route("POST", "/networks/prune", prune),
    Route("GET", "/networks/{id}", inspect),
    Route("DELETE", "/networks/{id}", remove),
    Route("POST", "/networks/{id}/connect", connect),
    Route("POST", "/networks/{id}/disconnect", disconnect),
)
