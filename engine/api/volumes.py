"""`/volumes/*`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.api.body import read_json
from engine.api.decode import decode
from engine.api.messages import Request, Response, empty, json_response
from engine.api.query import boolean, older
from engine.api.router import Route
from engine.daemon.filters import Filters
from engine.daemon.volumes import ANONYMOUS, Volume
from engine.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

LIST_FILTERS = ("dangling", "driver", "label", "name")
PRUNE_FILTERS = ("all", "label", "label!")


@dataclass(frozen=True, slots=True)
class CreateRequest:
    name: str = ""
    driver: str = ""
    driver_opts: Mapping[str, str] | None = None
    labels: Mapping[str, str] | None = None


async def list_all(engine: Engine, request: Request) -> Response:
    filters = Filters.parse(request.query.get("filters"), LIST_FILTERS)
    dangling = filters.boolean("dangling", False) if "dangling" in filters else None

    def wanted(volume: Volume) -> bool:
        return (
            filters.search("name", volume.name)
            and filters.exact("driver", "local")
            and filters.labels(volume.labels)
            and (dangling is None or dangling == (engine.volumes.users(volume.name) == 0))
        )

    rows = [volume.json() for volume in engine.volumes if wanted(volume)]
    return json_response({"Volumes": sorted(rows, key=lambda row: str(row["Name"])), "Warnings": None})


async def create(engine: Engine, request: Request) -> Response:
    wanted = decode(CreateRequest, read_json(request, required=True))
    made = engine.volumes.create(wanted.name, wanted.labels, wanted.driver_opts, wanted.driver)
    return json_response(made.json(), 201)


async def inspect(engine: Engine, request: Request) -> Response:
    return json_response(engine.volumes.get(request.vars["name"]).json())


async def update(engine: Engine, request: Request) -> Response:
    """Only volumes of a swarm can be changed."""
    raise Unavailable("volume update only valid for cluster volumes, but swarm is unavailable")


async def remove(engine: Engine, request: Request) -> Response:
    try:
        engine.volumes.remove(request.vars["name"])
    except NotFound:
        if not boolean(request, "force"):
            raise
    return empty()


async def prune(engine: Engine, request: Request) -> Response:
    """Those that no container has; since API 1.42 only anonymous ones, unless asked for all."""
    filters = Filters.parse(request.query.get("filters"), PRUNE_FILTERS)
    every = older(request, "1.42") or filters.boolean("all", False)
    removed, reclaimed = [], 0
    for volume in engine.volumes:
        if engine.volumes.users(volume.name) or not filters.prunes(volume.labels):
            continue
        if every or ANONYMOUS in volume.labels:
            reclaimed += await engine.volumes.size(volume)
            engine.volumes.remove(volume.name)
            removed.append(volume.name)
    engine.events.publish("volume", "prune", "", {"reclaimed": str(reclaimed)})
    return json_response({"VolumesDeleted": removed or None, "SpaceReclaimed": reclaimed})


ROUTES = (
    Route("GET", "/volumes", list_all),
    Route("POST", "/volumes/create", create),
    Route("POST", "/volumes/prune", prune),
    Route("GET", "/volumes/{name}", inspect),
    Route("PUT", "/volumes/{name}", update),
    Route("DELETE", "/volumes/{name}", remove),
)
