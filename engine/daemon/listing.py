"""`docker ps`: which containers, and a row of each (moby, daemon/list.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.daemon import health
from engine.daemon.filters import NO_FILTERS, Filters, invalid_filter
from engine.daemon.networks import links, views
from engine.daemon.networks.ports import parse_port
from engine.errors import EngineError, InvalidParameter
from engine.lifecycle import State
from engine.loop import SECOND
from engine.units import human_duration

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine
    from engine.image.config import Image

ACCEPTED = (
    "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network",
    "publish", "since", "status", "volume",
)  # fmt: skip
STATES = frozenset(str(state) for state in State)
HEALTHS = (health.STARTING, health.HEALTHY, health.UNHEALTHY, health.NONE)
RANGE = re.compile(r"(\d+)(?:-(\d+))?(?:/(\w+))?")


@dataclass(frozen=True, slots=True)
class Query:
    """`limit` 0: all. `size`: also how big each is."""

    all: bool = False
    limit: int = 0
    size: bool = False
    filters: Filters = NO_FILTERS


async def rows(engine: Engine, query: Query) -> list[dict[str, Any]]:
    """ContainerSummary of each, newest first. Raises InvalidParameter, NotFound."""
    found: list[dict[str, Any]] = []
    linked = links.names(engine)
    for container in select(engine, query):
        if query.limit and len(found) == query.limit:
            break
        row = summary(engine, container)
        row["Names"] += linked.get(container.id, ())
        if query.size:
            row["SizeRw"] = await engine.host.usage(container.id)
            row["SizeRootFs"] = row["SizeRw"] + image_size(engine, container)
        found.append(row)
    return found


def select(engine: Engine, query: Query) -> Iterator[Container]:
    """The containers that a query asks for, newest first."""
    filters = query.filters
    _check(filters)
    everyone = query.all or query.limit > 0 or any(name in filters for name in ("status", "before", "since"))
    newest, oldest = _position(engine, filters, "before"), _position(engine, filters, "since")
    allowed = _Allowed(engine, filters)
    skipping = newest is not None
    for container in engine.containers if everyone else engine.containers.active():
        if skipping:
            skipping = container is not newest
            continue
        if container is oldest:
            return
        if not filters or allowed(container):
            yield container


def _check(filters: Filters) -> None:
    for value in filters.get("status"):
        if value not in STATES:
            raise invalid_filter("status", value)
    for value in filters.get("health"):
        if value not in HEALTHS:
            raise invalid_filter("health", value)
    filters.boolean("is-task", False)


def _position(engine: Engine, filters: Filters, name: str) -> Container | None:
    """The container that `before` or `since` names; of several the last."""
    found = None
    for value in filters.get(name):
        found = engine.containers.get(value)
    return found


class _Allowed:
    """All filters but those that are about the order, on one container."""

    def __init__(self, engine: Engine, filters: Filters) -> None:
        self._engine, self._filters = engine, filters
        self._exits = [_integer(text) for text in filters.get("exited")]
        self._images = _ancestors(engine, filters.get("ancestor")) if "ancestor" in filters else None
        self._published = [_ports("publish", text) for text in filters.get("publish")]
        self._exposed = [_ports("expose", text) for text in filters.get("expose")]

    def __call__(self, container: Container) -> bool:
        filters = self._filters
        return (
            (filters.search("name", f"/{container.name}") or filters.search("name", container.name))
            and filters.search("id", container.id)
            and filters.labels(container.config.labels)
            and filters.exact("status", container.state)
            and filters.exact("health", health_of(container))
            and filters.exact("isolation", "default")
            and not filters.boolean("is-task", False)
            and (not self._exits or _exited(container, self._exits))
            and (self._images is None or container.image_id in self._images)
            and self._has_volume(container)
            and self._has_network(container)
            and self._has_ports(container)
        )

    def _has_volume(self, container: Container) -> bool:
        wanted = self._filters.get("volume")
        return not wanted or any(
            word in (point.name, point.source, point.destination) for word in wanted for point in container.mounts
        )

    def _has_network(self, container: Container) -> bool:
        wanted = self._filters.get("network")
        return not wanted or any(
            word == name or (settings["NetworkID"] and settings["NetworkID"].startswith(word))
            for name, settings in views.endpoints(self._engine, container).items()
            for word in wanted
        )

    def _has_ports(self, container: Container) -> bool:
        if self._published:
            there = {(each.container_port, each.protocol) for each in views.published(container)}
            if not any(wanted & there for wanted in self._published):
                return False
        if self._exposed:
            exposed = (*(container.config.exposed_ports or ()), *container.host_config.port_bindings)
            there = {parse_port(port) for port in exposed}
            return any(wanted & there for wanted in self._exposed)
        return True


def _exited(container: Container, codes: list[int]) -> bool:
    """It has run, does not any more, and ended with one of these codes."""
    return container.started_at > 0 and not container.active and container.exit_code in codes


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidParameter(f'strconv.Atoi: parsing "{text}": invalid syntax') from None


def _ports(name: str, text: str) -> set[tuple[int, str]]:
    """ "80", "80/udp", "8000-8010/tcp" """
    match = RANGE.fullmatch(text)
    if match is None:
        raise InvalidParameter(f"invalid port specification for '{name}' filter: {text}")
    first, last = int(match[1]), min(int(match[2] or match[1]), 65535)
    return {(number, (match[3] or "tcp").lower()) for number in range(first, last + 1)}


def _ancestors(engine: Engine, names: tuple[str, ...]) -> set[str]:
    """Images of these names, and what was built from them."""
    found: set[str] = set()
    store = engine.images.store
    todo: list[Image] = []
    for name in names:
        try:
            todo.append(engine.images.find(name))
        except EngineError:
            continue
    while todo:
        image = todo.pop()
        if image.id not in found:
            found.add(image.id)
            todo += store.children(image.id)
    return found


# -- a row


def summary(engine: Engine, container: Container) -> dict[str, Any]:
    """ContainerSummary without sizes."""
    networks = views.endpoints(engine, container)
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": image_name(engine, container),
        "ImageID": container.image_id,
        "Command": command_line(container.command),
        "Created": container.created // SECOND,
        "Ports": port_rows(container),
        "Labels": dict(container.config.labels),
        "State": str(container.state),
        "Status": status(container),
        "HostConfig": {"NetworkMode": container.host_config.network_mode},
        "NetworkSettings": {"Networks": networks},
        "Mounts": [point.json() for point in container.mounts],
    }


def image_name(engine: Engine, container: Container) -> str:
    """As it was asked for; the id if that name means another image by now."""
    name = container.config.image
    try:
        same = engine.images.find(name).id == container.image_id
    except EngineError:
        same = False
    return name if same else container.image_id


def command_line(command: tuple[str, ...]) -> str:
    """
    >>> command_line(("sh", "-c", "exit 3"))
    "sh -c 'exit 3'"
    """
    return " ".join([*command[:1], *(f"'{word}'" if " " in word else word for word in command[1:])])


def status(container: Container) -> str:
    """ "Up 3 seconds (healthy)", "Exited (0) About a minute ago", … (moby, container/state.go: String)."""
    now = container.loop.time
    up = human_duration((now - container.started_at) / SECOND)
    ago = human_duration((now - container.finished_at) / SECOND)
    match container.state:
        case State.PAUSED:
            return f"Up {up} (Paused)"
        case State.RESTARTING:
            return f"Restarting ({container.exit_code}) {ago} ago"
        case State.RUNNING:
            shown = health_of(container)
            if shown == health.NONE:
                return f"Up {up}"
            return f"Up {up} ({'health: starting' if shown == health.STARTING else shown})"
        case State.REMOVING:
            return "Removal In Progress"
        case State.DEAD:
            return "Dead"
        case State.CREATED:
            return "Created"
        case _:
            return f"Exited ({container.exit_code}) {ago} ago"


def health_of(container: Container) -> str:
    return container.health.status if container.health is not None else health.NONE


def port_rows(container: Container) -> list[dict[str, Any]]:
    """Port: published ones with the host's port, exposed ones without; only while it runs."""
    found: list[dict[str, Any]] = []
    for key, bindings in views.ports(container).items():
        number, _, protocol = key.partition("/")
        if bindings is None:
            found.append({"PrivatePort": int(number), "Type": protocol})
        for binding in bindings or ():
            public = {"IP": binding["HostIp"], "PrivatePort": int(number), "PublicPort": int(binding["HostPort"])}
            found.append({**public, "Type": protocol})
    return found


def image_size(engine: Engine, container: Container) -> int:
    """Bytes of the read-only layers below it."""
    store = engine.images.store
    return store.size(container.image_id) if container.image_id in store else 0
