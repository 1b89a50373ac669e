"""A container comes on its networks and leaves them: at its start and end, and while it runs.

Find, guard, take addresses, act on the host, record, tell. Whoever calls holds the container's lock. A place on a
network is taken before anything is waited for, so that the network cannot be removed meanwhile. Source: moby,
daemon/container_operations.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import plan
from engine.daemon import files
from engine.daemon.config import EndpointRequest
from engine.daemon.networks import attachments, links
from engine.daemon.networks.attachments import Attachment, network_error
from engine.daemon.networks.endpoint import Endpoint, allocate, endpoint_id, gateway_of, link, names, release
from engine.daemon.networks.network import HOST, NONE, Network
from engine.daemon.networks.ports import wanted_ports
from engine.errors import EngineError, Forbidden, InvalidParameter, System
from engine.host import RuntimeFailure
from engine.lifecycle import State
from engine.operations import AddRoute, Operation, RemoveLink, ReplaceRoute
from engine.spec import Link

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

SHARING = "container sharing network namespace with another container or host cannot be connected to any other network"
PRIVATE = "container cannot be connected to multiple networks with one of the networks in private (none) mode"


# -- the start and the end


async def join(engine: Engine, container: Container) -> tuple[Link, ...]:
    """Put a container that is about to start on its networks; returns the links to make. Raises EngineError."""
    places: list[Endpoint] = []
    try:
        for network, settings in attachments.resolved(engine.networks, container):
            places.append(_take_place(engine, container, network, settings, f"eth{len(places)}"))
        gateway = gateway_of(places)
        made = [await _enter(engine, container, place, place is gateway) for place in places]
        if gateway is not None:
            places[places.index(gateway)] = await _publish(engine, container, gateway)
    except EngineError as error:
        await _forget(engine, container, places)
        raise network_error(error) from None
    except BaseException:
        await _forget(engine, container, places)
        raise
    container.endpoints = tuple(places)
    _remember(container)
    for place in places:
        _tell(engine, "connect", place.network, container)
    return tuple(each for each in made if each is not None)


async def leave(engine: Engine, container: Container) -> None:
    """Take it off all its networks."""
    endpoints, container.endpoints = container.endpoints, ()
    await _forget(engine, container, endpoints)
    for endpoint in endpoints:
        _tell(engine, "disconnect", endpoint.network, container)


def _take_place(
    engine: Engine, container: Container, network: Network, settings: EndpointRequest, name: str
) -> Endpoint:
    """From here on the network is in use. Raises EngineError if there is no address."""
    attachments.check(network, network.name, settings)
    if network.config_only:
        raise Forbidden("cannot create endpoint on configuration-only network")
    place = allocate(network, settings, name, engine.loop.time)
    network.endpoints[container.id] = place
    return place


async def _enter(engine: Engine, container: Container, place: Endpoint, leads_out: bool) -> Link | None:
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
        await _enter(engine, container, place, False)


async def _publish(engine: Engine, container: Container, place: Endpoint) -> Endpoint:
    """The container's ports lead to this place from now on. Raises System."""
    ports = wanted_ports(container, place.network.host_binding)
    if not ports or not place.address:
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


async def _forget(engine: Engine, container: Container, places: Sequence[Endpoint]) -> None:
    for place in places:
        if place.network.bridged:
            await engine.host.leave(place.network.id, container.id)
        release(place)
        place.network.endpoints.pop(container.id, None)


def _remember(container: Container) -> None:
    """Which networks it was on, by id: a name can mean another network the next time."""
    if container.attachments is None and all(each.network.predefined for each in container.endpoints):
        return
    container.attachments = {
        each.network.name: Attachment(each.settings, "" if each.network.predefined else each.network.id)
        for each in container.endpoints
    }


# -- while it runs, or before it does


async def connect(engine: Engine, container: Container, word: str, settings: EndpointRequest) -> None:
    """`docker network connect`. Raises EngineError."""
    async with container.lock:
        network = engine.networks.get(word)
        if container.host_config.network_mode.startswith("container:"):
            raise InvalidParameter(SHARING)
        attachments.check(network, network.name, settings)
        known = _goes_with(engine, container, network)
        if container.alive:
            await _connect(engine, container, network, settings)
        else:
            _check_not_removed(container)
            if not known:
                container.attachments = {**attachments.of(container), network.name: Attachment(settings)}
        engine.containers.save(container)


def _goes_with(engine: Engine, container: Container, network: Network) -> bool:
    """Is it on this network already? Raises InvalidParameter if it is on one that allows no other."""
    mode = container.host_config.network_mode
    if network.name == HOST and mode != HOST:
        raise InvalidParameter(
            "cannot connect container to host network - container must be created in host network mode"
        )
    found = False
    for name, _, other in attachments.known(engine.networks, container):
        if other is network:
            found = True
        elif HOST in (name, network.name):
            raise InvalidParameter(SHARING)
        elif NONE in (name, network.name):
            raise InvalidParameter(PRIVATE)
    return found


def _check_not_removed(container: Container) -> None:
    if container.state in (State.REMOVING, State.DEAD):
        raise System(
            f"Container {container.id} is marked for removal and cannot be connected or disconnected to the network"
        )


async def _connect(engine: Engine, container: Container, network: Network, settings: EndpointRequest) -> None:
    if container.id in network.endpoints:
        raise Forbidden(f"endpoint with name {container.name} already exists in network {network.name}")
    before = container.endpoints
    taken = {each.name for each in before}
    name = next(name for number in range(len(taken) + 1) if (name := f"eth{number}") not in taken)
    place = _take_place(engine, container, network, settings, name)
    leaves, leads = gateway_of(before), gateway_of((*before, place))
    try:
        made = await _enter(engine, container, place, leaves is None and leads is place)
        if made is not None:
            await _configure(engine, container, (*plan.cable(made), *_reroute(leaves, leads)))
    except BaseException:
        await _forget(engine, container, [place])
        raise
    container.endpoints = (*before, place)
    await _move_ports(engine, container, leaves, leads)
    _settled(engine, container)
    _tell(engine, "connect", network, container)


async def disconnect(engine: Engine, container: Container, word: str, force: bool) -> None:
    """`docker network disconnect`. Raises EngineError."""
    async with container.lock:
        network = engine.networks.find(word) if force else engine.networks.get(word)
        if not container.alive or network is None:
            _check_not_removed(container)
            _detach(container, network.name if network else word)
        else:
            await _disconnect(engine, container, network)
        engine.containers.save(container)


def _detach(container: Container, name: str) -> None:
    """It will not come back on this network."""
    left = {key: attachment for key, attachment in attachments.of(container).items() if key != name}
    if len(left) == len(attachments.of(container)):
        raise System(f"container {container.id} is not connected to the network {name}")
    container.attachments = left


async def _disconnect(engine: Engine, container: Container, network: Network) -> None:
    if container.host_config.network_mode == HOST and network.name == HOST:
        raise InvalidParameter(
            "cannot disconnect container from host network - container was created in host network mode"
        )
    place = network.endpoints.get(container.id)
    if place is None:
        raise System(f"container {container.id} is not connected to network {network.name}")
    before = container.endpoints
    after = tuple(each for each in before if each is not place)
    leaves, leads = gateway_of(before), gateway_of(after)
    if network.bridged:
        unplugged = RemoveLink(link(container, place, False).host_name)
        again = [AddRoute("default", gateway) for gateway in _gateways(leads)] if leaves is place else []
        await _configure(engine, container, (unplugged, *again))
    await _forget(engine, container, [place])
    container.endpoints = after
    if leaves is place and place.ports and leads is not None:
        await _publish_again(engine, container, leads)
    _settled(engine, container)
    _tell(engine, "disconnect", network, container)


async def _configure(engine: Engine, container: Container, operations: Sequence[Operation]) -> None:
    try:
        engine.trace.record_operations(await engine.host.configure(container.id, operations))
    except RuntimeFailure as failure:
        engine.trace.record_operations(failure.performed)
        raise System(str(failure)) from None


def _reroute(leaves: Endpoint | None, leads: Endpoint | None) -> list[Operation]:
    """The default route moves from one network's gateway to another's."""
    if leaves is leads or leaves is None or leads is None:
        return []
    old = {":" in gateway: gateway for gateway in _gateways(leaves)}
    return [ReplaceRoute("default", gateway, old.get(":" in gateway, "")) for gateway in _gateways(leads)]


def _gateways(endpoint: Endpoint | None) -> list[str]:
    if endpoint is None:
        return []
    return [pool.gateway for pool in (endpoint.network.pool, endpoint.network.pool6) if pool is not None]


async def _move_ports(engine: Engine, container: Container, leaves: Endpoint | None, leads: Endpoint | None) -> None:
    """Published ports lead to the network that leads out."""
    if leads is None or leads is leaves:
        return
    if leaves is not None and leaves.ports:
        engine.trace.record_operations(await engine.host.withdraw(leaves.network.id, container.id))
        _replace_place(container, leaves, replace(leaves, ports=()))
    await _publish_again(engine, container, leads)


async def _publish_again(engine: Engine, container: Container, place: Endpoint) -> None:
    """Somebody may have taken the port in between: then it is published no more, as Docker does."""
    try:
        _replace_place(container, place, await _publish(engine, container, place))
    except System:
        return


def _replace_place(container: Container, old: Endpoint, new: Endpoint) -> None:
    container.endpoints = tuple(new if each is old else each for each in container.endpoints)
    new.network.endpoints[container.id] = new


def _settled(engine: Engine, container: Container) -> None:
    """Its networks have changed while it runs."""
    container.attachments = {}
    _remember(container)
    files.write(engine, container)


def _tell(engine: Engine, action: str, network: Network, container: Container) -> None:
    attributes = {"container": container.id, "name": network.name, "type": network.driver}
    engine.events.publish("network", action, network.id, attributes)
