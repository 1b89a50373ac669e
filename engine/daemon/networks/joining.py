"""A container comes on its networks at its start and leaves them at its end.

Find, guard, take addresses, act on the host, record, tell. Whoever calls holds the container's lock. A place on a
network is taken before anything is waited for, so that the network cannot be removed meanwhile. Source: moby,
daemon/container_operations.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.daemon.config import EndpointRequest
from engine.daemon.networks import attachments, links
from engine.daemon.networks.attachments import Attachment, network_error
from engine.daemon.networks.endpoint import Endpoint, allocate, endpoint_id, gateway_of, link, names, release
from engine.daemon.networks.network import Network
from engine.daemon.networks.ports import wanted_ports
from engine.errors import EngineError, Forbidden, System
from engine.host import RuntimeFailure
from engine.spec import Link

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


async def join(engine: Engine, container: Container) -> tuple[Link, ...]:
    """Put a container that is about to start on its networks; returns the links to make. Raises EngineError."""
    places: list[Endpoint] = []
    try:
        for network, settings in attachments.resolved(engine.networks, container):
            places.append(take_place(engine, container, network, settings, f"eth{len(places)}"))
        gateway = gateway_of(places)
        made = [await enter(engine, container, place, place is gateway) for place in places]
        if gateway is not None:
            places[places.index(gateway)] = await publish(engine, container, gateway)
    except EngineError as error:
        await forget(engine, container, places)
        raise network_error(error) from None
    except BaseException:
        await forget(engine, container, places)
        raise
    container.endpoints = tuple(places)
    remember(container)
    for place in places:
        tell(engine, "connect", place.network, container)
    return tuple(each for each in made if each is not None)


async def leave(engine: Engine, container: Container) -> None:
    """Take it off all its networks."""
    endpoints, container.endpoints = container.endpoints, ()
    await forget(engine, container, endpoints)
    for endpoint in endpoints:
        tell(engine, "disconnect", endpoint.network, container)


def take_place(
    engine: Engine, container: Container, network: Network, settings: EndpointRequest, name: str
) -> Endpoint:
    """From here on the network is in use. Raises EngineError if there is no address."""
    attachments.check(network, network.name, settings)
    if network.config_only:
        raise Forbidden("cannot create endpoint on configuration-only network")
    place = allocate(network, settings, name, engine.loop.time)
    network.endpoints[container.id] = place
    return place


async def enter(engine: Engine, container: Container, place: Endpoint, leads_out: bool) -> Link | None:
    """Tell the host; returns the link to make. Networks without a bridge have none."""
    network = place.network
    if not network.bridged:
        return None
    if not network.made:
        await engine.networks.make(network)
    made = link(container, place, leads_out)
    if network.predefined:  # docker0 has no DNS
        await engine.host.join(network.id, container.id, made)
    else:
        aliases = links.aliases(engine, place)
        await engine.host.join(network.id, container.id, made, names(container, place), aliases)
    return made


async def renamed(engine: Engine, container: Container) -> None:
    """A running container's new name goes into the DNS of its networks, and the old one out."""
    for place in container.endpoints:
        await enter(engine, container, place, False)


async def publish(engine: Engine, container: Container, place: Endpoint) -> Endpoint:
    """The container's ports lead to this place from now on. Raises System."""
    ports = wanted_ports(container, place.network.host_binding)
    if not ports or not place.address or place.network.driver != "bridge":
        return place
    try:
        published = await engine.host.publish(place.network.id, container.id, ports)
    except RuntimeFailure as failure:
        raise System(
            f"driver failed programming external connectivity on endpoint {container.name} "
            f"({endpoint_id(container, place)}): {failure}"
        ) from None
    engine.trace.record_operations(published.performed)
    place = replace(place, ports=published.ports)
    place.network.endpoints[container.id] = place
    return place


async def forget(engine: Engine, container: Container, places: Sequence[Endpoint]) -> None:
    for place in places:
        if place.network.bridged:
            await engine.host.leave(place.network.id, container.id)
        release(place)
        place.network.endpoints.pop(container.id, None)


def remember(container: Container) -> None:
    """Which networks it was on, by id: a name can mean another network the next time."""
    if container.attachments is None and all(each.network.predefined for each in container.endpoints):
        return
    container.attachments = {
        each.network.name: Attachment(each.settings, "" if each.network.predefined else each.network.id)
        for each in container.endpoints
    }


def tell(engine: Engine, action: str, network: Network, container: Container) -> None:
    attributes = {"container": container.id, "name": network.name, "type": network.driver}
    engine.events.publish("network", action, network.id, attributes)
