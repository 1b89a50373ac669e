"""`docker network connect` and `disconnect`: while a container runs, or for its next start.

A running container gets or loses a cable at once. The default route goes to the network that leads out best, and the
published ports go with it. Source: moby, daemon/container_operations.go (ConnectToNetwork, DisconnectFromNetwork).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import plan
from engine.daemon import files
from engine.daemon.config import EndpointRequest
from engine.daemon.networks import attachments, joining
from engine.daemon.networks.attachments import Attachment
from engine.daemon.networks.endpoint import Endpoint, gateway_of, link
from engine.daemon.networks.network import HOST, NONE, Network
from engine.errors import Forbidden, InvalidParameter, System
from engine.host import RuntimeFailure
from engine.lifecycle import State
from engine.operations import AddRoute, Operation, RemoveLink, ReplaceRoute

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

SHARING = "container sharing network namespace with another container or host cannot be connected to any other network"
PRIVATE = "container cannot be connected to multiple networks with one of the networks in private (none) mode"


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
    place = joining.take_place(engine, container, network, settings, name)
    leaves, leads = gateway_of(before), gateway_of((*before, place))
    try:
        made = await joining.enter(engine, container, place, leaves is None and leads is place)
        if made is not None:
            await _configure(engine, container, (*plan.cable(made), *_reroute(leaves, leads)))
    except BaseException:
        await joining.forget(engine, container, [place])
        raise
    container.endpoints = (*before, place)
    await _move_ports(engine, container, leaves, leads)
    _settled(engine, container)
    joining.tell(engine, "connect", network, container)


async def disconnect(engine: Engine, container: Container, word: str, force: bool) -> None:
    """`docker network disconnect`. Raises EngineError."""
    async with container.lock:
        network = engine.networks.find(word) if force else engine.networks.get(word)
        if not container.alive or network is None:
            _check_not_removed(container)
            _detach(engine, container, network, word)
        else:
            await _disconnect(engine, container, network)
        engine.containers.save(container)


def _detach(engine: Engine, container: Container, network: Network | None, word: str) -> None:
    """It will not come back on this network."""
    known = attachments.of(container)
    left = {
        key: each
        for key, each in known.items()
        if (key != word if network is None else engine.networks.find(each.network_id or key) is not network)
    }
    if len(left) == len(known):
        name = network.name if network is not None else word
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
        cable = link(container, place, False)
        unplugged = RemoveLink(cable.host_name if cable.driver == "bridge" else cable.name)
        again = [AddRoute("default", gateway) for gateway in _gateways(leads)] if leaves is place else []
        await _configure(engine, container, (unplugged, *again))
    await joining.forget(engine, container, [place])
    container.endpoints = after
    if leaves is place and place.ports and leads is not None:
        await _publish_again(engine, container, leads)
    _settled(engine, container)
    joining.tell(engine, "disconnect", network, container)


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
        _replace_place(container, place, await joining.publish(engine, container, place))
    except System:
        return


def _replace_place(container: Container, old: Endpoint, new: Endpoint) -> None:
    container.endpoints = tuple(new if each is old else each for each in container.endpoints)
    new.network.endpoints[container.id] = new


def _settled(engine: Engine, container: Container) -> None:
    """Its networks have changed while it runs."""
    container.attachments = {}
    joining.remember(container)
    files.write(engine, container)
