"""`/containers/*`, but for what streams (container_streams)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.api.body import check_content_type, parse_json, read_json
from engine.api.decode import decode
from engine.api.messages import Request, Response, empty, json_response
from engine.api.query import boolean, integer, older
from engine.api.router import Route
from engine.daemon import create as creating
from engine.daemon import inspect as inspecting
from engine.daemon import listing, needs, prune, remove, rename, stop, update
from engine.daemon import start as starting
from engine.daemon.config import HostConfig, Settings
from engine.daemon.filters import Filters
from engine.daemon.networks import links, views
from engine.daemon.signals import parse_signal
from engine.errors import EngineError, InvalidParameter, System
from engine.host import HostInfo, RuntimeFailure
from engine.lifecycle import Verb

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

CACHED = 64 << 10  # bytes: larger bodies are not worth remembering


async def list_all(engine: Engine, request: Request) -> Response:
    """`docker ps`."""
    limit = integer(request, "limit")
    query = listing.Query(
        all=boolean(request, "all"),
        limit=max(limit, 0),
        size=boolean(request, "size"),
        filters=Filters.parse(request.query.get("filters"), listing.ACCEPTED),
    )
    rows = await listing.rows(engine, query)
    for row in rows:
        _network_mode(request, row["HostConfig"])
    return json_response(rows)


async def create(engine: Engine, request: Request) -> Response:
    """`docker create`."""
    check_content_type(request)
    body = request.body
    read = _settings if len(body) < CACHED else _settings.__wrapped__
    settings = read(body, engine.host.info)
    if len(endpoints := settings.networking.endpoints_config) > 1 and older(request, "1.44"):
        raise InvalidParameter(f"Container cannot be connected to network endpoints: {', '.join(endpoints)}")
    made = await engine.creator.create(settings, request.query.get("name", ""), request.query.get("platform", ""))
    warnings = [*made.settings.warnings, *(needs.missing_sources(engine, made) if made.mounts else ())]
    return json_response({"Id": made.id, "Warnings": warnings}, 201)


@lru_cache(256)
def _settings(body: bytes, info: HostInfo) -> Settings:
    """Equal requests give the same object, so that a hundred thousand equal containers have one."""
    return creating.read_settings(parse_json(body), info)


async def inspect(engine: Engine, request: Request) -> Response:
    container = engine.containers.get(request.vars["id"])
    shown = inspecting.inspection(engine, container)
    if boolean(request, "size"):
        shown["SizeRw"] = await engine.host.usage(container.id)
        shown["SizeRootFs"] = shown["SizeRw"] + listing.image_size(engine, container)
    _network_mode(request, shown["HostConfig"])
    if older(request, "1.44"):
        shown["Config"].setdefault("MacAddress", "")
    if older(request, "1.45"):
        views.with_short_ids(container, shown["NetworkSettings"]["Networks"])
    return json_response(shown)


def _network_mode(request: Request, host_config: dict[str, Any]) -> None:
    """Since Docker 26 a container on the default network is shown to be on that network."""
    if host_config["NetworkMode"] == "default" and not older(request, "1.44"):
        host_config["NetworkMode"] = "bridge"


async def start(engine: Engine, request: Request) -> Response:
    await starting.start(engine, engine.containers.get(request.vars["id"]))
    return empty()


async def stop_one(engine: Engine, request: Request) -> Response:
    container = engine.containers.get(request.vars["id"])
    await stop.stop(engine, container, _timeout(request), request.query.get("signal", ""))
    return empty()


async def restart(engine: Engine, request: Request) -> Response:
    container = engine.containers.get(request.vars["id"])
    await stop.restart(engine, container, _timeout(request), request.query.get("signal", ""))
    return empty()


def _timeout(request: Request) -> int | None:
    """Seconds; None if the client leaves it to the container's settings."""
    return integer(request, "t") if request.query.get("t") else None


async def kill(engine: Engine, request: Request) -> Response:
    name, signal = request.vars["id"], request.query.get("signal", "")
    parse_signal(signal or "KILL")
    try:
        await stop.kill(engine, engine.containers.get(name), signal)
    except EngineError as error:
        raise type(error)(f"cannot kill container: {name}: {error.message}") from None
    return empty()


async def pause(engine: Engine, request: Request) -> Response:
    await stop.pause(engine, engine.containers.get(request.vars["id"]))
    return empty()


async def unpause(engine: Engine, request: Request) -> Response:
    await stop.unpause(engine, engine.containers.get(request.vars["id"]))
    return empty()


async def rename_one(engine: Engine, request: Request) -> Response:
    await rename.rename(engine, engine.containers.get(request.vars["id"]), request.query.get("name", ""))
    return empty()


async def update_one(engine: Engine, request: Request) -> Response:
    """`docker update`."""
    container = engine.containers.get(request.vars["id"])
    wanted = decode(HostConfig, read_json(request, required=True))
    warnings = await update.update(engine, container, wanted)
    return json_response({"Warnings": warnings or None})


async def delete(engine: Engine, request: Request) -> Response:
    name = request.vars["id"]
    container = engine.containers.get(name)
    if boolean(request, "link"):
        links.unlink(engine, name)
        return empty()
    await remove.remove(engine, container, boolean(request, "force"), boolean(request, "v"))
    return empty()


async def top(engine: Engine, request: Request) -> Response:
    """`docker top`: what ps says on the host, only the container's own processes."""
    container = engine.containers.get(request.vars["id"])
    container.check(Verb.TOP)
    ps_args = request.query.get("ps_args", "") or "-ef"
    try:
        titles, rows = await engine.host.top(container.id, ps_args)
    except RuntimeFailure as failure:
        raise System(str(failure)) from None
    engine.events.publish("container", "top", container.id, container.attributes())
    return json_response({"Titles": titles, "Processes": rows})


async def changes(engine: Engine, request: Request) -> Response:
    """`docker diff`: what differs from the image."""
    container = engine.containers.get(request.vars["id"])
    found = await engine.host.changes(container.id)
    return json_response([{"Path": change.path, "Kind": change.kind} for change in found] or None)


async def resize(engine: Engine, request: Request) -> Response:
    container = engine.containers.get(request.vars["id"])
    height, width = size(request)
    container.check(Verb.KILL)
    await engine.host.resize(container.id, "", height, width)
    attributes = container.attributes(height=str(height), width=str(width))
    engine.events.publish("container", "resize", container.id, attributes)
    return empty(200)


def size(request: Request) -> tuple[int, int]:
    """(rows, columns) of a terminal. Raises InvalidParameter."""
    found = []
    for name in ("h", "w"):
        text = request.query.get(name, "")
        if not text.isdecimal() or int(text) > 0xFFFF_FFFF:
            what = "value out of range" if text.isdecimal() else "invalid syntax"
            raise InvalidParameter(f'invalid resize {name}: strconv.ParseUint: parsing "{text}": {what}')
        found.append(int(text))
    return found[0], found[1]


async def prune_all(engine: Engine, request: Request) -> Response:
    filters = Filters.parse(request.query.get("filters"), prune.ACCEPTED)
    removed, reclaimed = await prune.prune(engine, filters)
    return json_response({"ContainersDeleted": removed or None, "SpaceReclaimed": reclaimed})


ROUTES = (
    Route("GET", "/containers/json", list_all),
    Route("POST", "/containers/create", create),
    Route("POST", "/containers/prune", prune_all),
    Route("GET", "/containers/{id:path}/json", inspect),
    Route("GET", "/containers/{id:path}/top", top),
    Route("GET", "/containers/{id:path}/changes", changes),
    Route("POST", "/containers/{id:path}/start", start),
    Route("POST", "/containers/{id:path}/stop", stop_one),
    Route("POST", "/containers/{id:path}/restart", restart),
    Route("POST", "/containers/{id:path}/kill", kill),
    Route("POST", "/containers/{id:path}/pause", pause),
    Route("POST", "/containers/{id:path}/unpause", unpause),
    Route("POST", "/containers/{id:path}/rename", rename_one),
    Route("POST", "/containers/{id:path}/update", update_one),
    Route("POST", "/containers/{id:path}/resize", resize),
    Route("DELETE", "/containers/{id:path}", delete),
)
