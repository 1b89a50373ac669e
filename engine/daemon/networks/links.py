"""`--link`: the older way to know another container by name.

On the default bridge, where there is no DNS, an alias becomes a line of /etc/hosts and a handful of environment
variables; on a network of its own it is one more name, for this container alone. What is linked has one more name for
the daemon, too: "web/store". Source: moby, daemon/links and daemon/delete.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.daemon.networks.network import BRIDGE
from engine.daemon.networks.ports import parse_port
from engine.errors import Conflict, EngineError, InvalidParameter, System

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine
    from engine.daemon.networks.endpoint import Endpoint


def split(word: str) -> tuple[str, str]:
    """ "db:store" -> the container and its alias; as inspect shows it, "/db:/web/store".

    >>> split("db"), split("/db:/web/store")
    (('db', 'db'), ('db', 'store'))
    """
    name, _, alias = word.partition(":")
    name = name.removeprefix("/")
    return name, alias.rpartition("/")[2] or name


def aliases(engine: Engine, place: Endpoint) -> list[tuple[str, str]]:
    """(alias, name) of each link on a user-defined network; who that is, is asked when the name is used."""
    return [(alias, name) for name, alias in map(split, place.settings.links or ())]


def linked(engine: Engine, container: Container) -> list[tuple[str, Container]]:
    """(alias, container) of each link on the default bridge. Raises NotFound, or Conflict if one does not run."""
    found: list[tuple[str, Container]] = []
    if not container.host_config.links or not any(each.network.name == BRIDGE for each in container.endpoints):
        return found
    for word in container.host_config.links:
        name, alias = split(word)
        other = engine.containers.get(name)
        if alias == name:
            alias = other.name
        if not other.alive:
            raise Conflict(f"Cannot link to a non running container: /{other.name} AS /{container.name}/{alias}")
        if not any(each.network.name == BRIDGE for each in other.endpoints):
            raise System(f"container {other.id} not attached to default bridge network")
        found.append((alias, other))
    return found


def shown(engine: Engine, container: Container) -> list[str] | None:
    """As inspect shows them: "/db:/web/store"."""
    if not container.host_config.links:
        return None
    found = []
    for word in container.host_config.links:
        name, alias = split(word)
        try:
            name = engine.containers.get(name).name
        except EngineError:
            continue
        found.append(f"/{name}:/{container.name}/{alias}")
    return found


def names(engine: Engine) -> dict[str, list[str]]:
    """By id: the names that containers have because others link to them, "/web/store"."""
    found: dict[str, list[str]] = {}
    for container in engine.containers.linking():
        for word in shown(engine, container) or ():
            name, _, full = word.partition(":")
            found.setdefault(engine.containers.get(name).id, []).append(full)
    return found


def unlink(engine: Engine, word: str) -> None:
    """`docker rm --link web/store`: web does not know it any more. Raises InvalidParameter."""
    parent, _, alias = word.strip("/").rpartition("/")
    if not parent:
        raise InvalidParameter("Conflict, cannot remove the default link name of the container")
    container = engine.containers.get(parent)
    left = tuple(each for each in container.host_config.links or () if split(each)[1] != alias)
    host = replace(container.host_config, links=left or None)
    container.settings = replace(container.settings, host=host)
    engine.containers.save(container)


def environment(engine: Engine, container: Container) -> tuple[str, ...]:
    """Variables that tell where the linked containers are: STORE_PORT_6379_TCP_ADDR=172.17.0.2 and so on."""
    if not container.host_config.links:
        return ()
    return tuple(line for alias, other in linked(engine, container) for line in _variables(container, alias, other))


def _variables(container: Container, alias: str, other: Container) -> Iterator[str]:
    address = next((each.address for each in other.endpoints if each.network.name == BRIDGE), "")
    prefix = alias.replace("-", "_").upper()
    ports = sorted(map(parse_port, other.config.exposed_ports or ()), key=lambda port: (port[1] != "tcp", port[0]))
    for number, (port, protocol) in enumerate(ports):
        url = f"{protocol}://{address}:{port}"
        if number == 0:
            yield f"{prefix}_PORT={url}"
        name = f"{prefix}_PORT_{port}_{protocol.upper()}"
        yield f"{name}={url}"
        yield f"{name}_ADDR={address}"
        yield f"{name}_PORT={port}"
        yield f"{name}_PROTO={protocol}"
    yield f"{prefix}_NAME=/{container.name}/{alias}"
    for entry in other.config.env or ():
        name, equals, value = entry.partition("=")
        if equals and name not in ("PATH", "HOME", "HOSTNAME", "TERM"):
            yield f"{prefix}_ENV_{name}={value}"
