"""Containers that have gone on without a daemon (`--live-restore`) are taken over by the next one.

The host says which there are; here they get back what a daemon has in its memory: their input, their places on
networks with the addresses that they had, their health checks. What has ended meanwhile, ends now for the daemon.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine import plan
from engine.daemon.config import EndpointIPAM
from engine.daemon.networks import attachments, joining
from engine.daemon.networks.endpoint import Endpoint, allocate, gateway_of
from engine.errors import EngineError
from engine.host import RuntimeFailure, Started

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

KIND = "addresses"  # of the row: {network id: [address, IPv6 address]}


def remember(engine: Engine, container: Container) -> None:
    """It has started: where it is has to be known after the daemon."""
    if engine.host.info.live_restore:
        found = {place.network.id: [place.address, place.address6] for place in container.endpoints}
        engine.state.put(KIND, container.id, found)


def forget(engine: Engine, container: Container) -> None:
    """It has ended."""
    if engine.host.info.live_restore:
        engine.state.delete(KIND, container.id)


async def find(engine: Engine) -> dict[str, Started]:
    """Those that the host has kept, by id."""
    wanted = {container.id: container.on_output for container in engine.containers if container.alive}
    return await engine.host.recover(wanted)


async def adopt(engine: Engine, container: Container, started: Started) -> None:
    """It is as it was."""
    container.pid = started.pid
    engine.saved.write_down(container)
    if container.stdin is not None:
        container.stdin.connect(started.input)
    else:
        started.input.close()
    try:
        await _rejoin(engine, container)
    except (EngineError, RuntimeFailure):
        container.endpoints = ()  # its network is gone; it runs without
    if container.config.healthcheck is not None:
        from engine.daemon import health

        health.begin(engine, container)


async def _rejoin(engine: Engine, container: Container) -> None:
    """The same addresses on the same networks. Cables are laid anew: those of the last daemon went with it."""
    addresses = engine.state.get(KIND, container.id) or {}
    places: list[Endpoint] = []
    for network, settings in attachments.resolved(engine.networks, container):
        fixed = EndpointIPAM(*addresses.get(network.id, ("", "")))
        place = allocate(network, replace(settings, ipam_config=fixed), f"eth{len(places)}", engine.loop.time)
        network.endpoints[container.id] = replace(place, settings=settings)
        places.append(network.endpoints[container.id])
    gateway = gateway_of(places)
    for number, place in enumerate(places):
        made = await joining.enter(engine, container, place, place is gateway)
        if made is not None:
            await engine.host.configure(container.id, tuple(plan.cable(made)))
        if place is gateway:
            places[number] = await joining.publish(engine, container, place)
    container.endpoints = tuple(places)
