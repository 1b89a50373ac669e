"""`/networks/*`: the predefined ones can be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.api.body import read_json
from engine.api.decode import decode
from engine.api.messages import Request, Response, empty, json_response
from engine.api.router import Route
from engine.daemon.filters import Filters, invalid_filter
from engine.daemon.networks import DEFAULT_BRIDGE, Network, endpoint_id
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

LIST_FILTERS = ("dangling", "driver", "id", "label", "name", "scope", "type")
PRUNE_FILTERS = ("label", "label!", "until")
BRIDGE_OPTIONS = {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
    "com.docker.network.bridge.name": DEFAULT_BRIDGE,
    "com.docker.network.driver.mtu": "1500",
}


@dataclass(frozen=True, slots=True)
class CreateRequest:
    name: str = ""
    driver: str = ""


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """Of connect and disconnect."""

    container: str = ""
    force: bool = False


async def list_all(engine: Engine, request: Request) -> Response:
    filters = Filters.parse(request.query.get("filters"), LIST_FILTERS)
    for value in filters.get("type"):
        if value not in ("custom", "builtin"):
            raise invalid_filter("type", value)
    return json_response([_summary(network) for network in engine.networks if _wanted(engine, network, filters)])


def _wanted(engine: Engine, network: Network, filters: Filters) -> bool:
    if "dangling" in filters and filters.boolean("dangling", False):
        return False  # the predefined ones never are
    return (
        filters.search("name", network.name)
        and filters.search("id", network.id)
        and filters.exact("driver", network.driver)
        and filters.exact("scope", "local")
        and filters.exact("type", "builtin")
        and filters.labels({})
    )


def _summary(network: Network) -> dict[str, Any]:
    """Network."""
    pool = network.pool
    subnets = [{"Subnet": str(pool.subnet), "Gateway": pool.gateway}] if pool else None
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": rfc3339(network.created),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": subnets},
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {},
        "Options": dict(BRIDGE_OPTIONS) if pool else {},
        "Labels": {},
    }


async def inspect(engine: Engine, request: Request) -> Response:
    network = engine.networks.get(request.vars["id"])
    shown = _summary(network)
    for container in engine.containers:
        for endpoint in container.endpoints:
            if endpoint.network is network:
                shown["Containers"][container.id] = {
                    "Name": container.name,
                    "EndpointID": endpoint_id(container),
                    "MacAddress": endpoint.mac,
                    "IPv4Address": network.pool.with_prefix(endpoint.address) if network.pool else "",
                    "IPv6Address": "",
                }
    return json_response(shown)


async def create(engine: Engine, request: Request) -> Response:
    wanted = decode(CreateRequest, read_json(request, required=True))
    engine.networks.create(wanted.name, wanted.driver)
    return empty(201)


async def remove(engine: Engine, request: Request) -> Response:
    engine.networks.remove(request.vars["id"])
    return empty()


async def connect(engine: Engine, request: Request) -> Response:
    wanted = decode(ConnectRequest, read_json(request, required=True))
    engine.networks.connect(request.vars["id"], engine.containers.get(wanted.container))
    return empty(200)


async def disconnect(engine: Engine, request: Request) -> Response:
    wanted = decode(ConnectRequest, read_json(request, required=True))
    engine.networks.disconnect(request.vars["id"], engine.containers.get(wanted.container))
    return empty(200)


async def prune(engine: Engine, request: Request) -> Response:
    """The predefined networks are never removed."""
    Filters.parse(request.query.get("filters"), PRUNE_FILTERS)
    return json_response({"NetworksDeleted": None})


ROUTES = (
    Route("GET", "/networks", list_all),
    Route("POST", "/networks/create", create),
    Route("POST", "/networks/prune", prune),
    Route("GET", "/networks/{id}", inspect),
    Route("DELETE", "/networks/{id}", remove),
    Route("POST", "/networks/{id}/connect", connect),
    Route("POST", "/networks/{id}/disconnect", disconnect),
)
