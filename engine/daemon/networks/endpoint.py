"""A running container's place on a network, and the link that the host is to make for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.daemon.config import EndpointRequest
from engine.daemon.networks.addresses import hardware_address
from engine.daemon.networks.attachments import PLAIN
from engine.daemon.networks.network import Network
from engine.host import PortBinding
from engine.spec import Link

if TYPE_CHECKING:
    from engine.daemon.container import Container

ID_LENGTH = 12  # of a short id


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`name` of the link inside ("eth0"); `ports` with the host's real ports; `since` ns since 1970."""

    network: Network
    settings: EndpointRequest = PLAIN
    name: str = ""
    address: str = ""
    address6: str = ""
    ports: tuple[PortBinding, ...] = ()
    since: int = 0

    @property
    def mac(self) -> str:
        if self.settings.mac_address:
            return self.settings.mac_address.lower().replace("-", ":")
        known = self.address or self.address6
        return hardware_address(known) if known else ""


def allocate(network: Network, settings: EndpointRequest, name: str, since: int) -> Endpoint:
    """With addresses from the network's pools. Raises EngineError, and then none is taken."""
    if not network.bridged:
        return Endpoint(network, settings, since=since)
    title = f"{network.name} ({network.id})"
    wanted, pool, pool6 = settings.ipam_config, network.pool, network.pool6
    address = address6 = ""
    if pool is not None:
        chosen = wanted.ipv4_address if wanted else ""
        address = pool.choose(chosen) if chosen else pool.take(title)
    try:
        if pool6 is not None:
            chosen = wanted.ipv6_address if wanted else ""
            address6 = pool6.choose(chosen) if chosen else pool6.take(title)
    except BaseException:
        if pool is not None:
            pool.give_back(address)
        raise
    return Endpoint(network, settings, name, address, address6, (), since)


def release(endpoint: Endpoint) -> None:
    """Its addresses are free again."""
    network = endpoint.network
    if network.pool is not None:
        network.pool.give_back(endpoint.address)
    if network.pool6 is not None:
        network.pool6.give_back(endpoint.address6)


def gateway_of(endpoints: Sequence[Endpoint]) -> Endpoint | None:
    """The one that leads out: the highest priority, then the first network by name that is not internal."""
    candidates = [each for each in endpoints if each.network.bridged and not each.network.internal]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    return min(candidates, key=lambda each: (-each.settings.gw_priority, each.network.name))


def link(container: Container, endpoint: Endpoint, leads_out: bool) -> Link:
    """The cable from the bridge; `leads_out`: with the default route."""
    network, wanted = endpoint.network, endpoint.settings.ipam_config
    pool, pool6 = network.pool, network.pool6
    number = endpoint.name.removeprefix("eth")
    return Link(
        bridge=network.bridge,
        host_name=f"veth{container.id[:7]}" if number == "0" else f"veth{container.id[:7]}e{number}",
        name=endpoint.name,
        mac=endpoint.mac,
        address=pool.with_prefix(endpoint.address) if pool else "",
        gateway=pool.gateway if pool and leads_out else "",
        address6=pool6.with_prefix(endpoint.address6) if pool6 else "",
        gateway6=pool6.gateway if pool6 and leads_out else "",
        others=tuple(f"{text}/{64 if ':' in text else 16}" for text in (wanted and wanted.link_local_ips) or ()),
        mtu=network.mtu,
        driver=network.driver,
    )


def names(container: Container, endpoint: Endpoint) -> tuple[str, ...]:
    """What it is called in the network's DNS; the first one is the answer to the reverse question."""
    aliases = endpoint.settings.aliases or ()
    found = (container.name, *aliases, container.id[:ID_LENGTH], container.hostname)
    return tuple(dict.fromkeys(name for name in found if name))


def endpoint_id(container: Container, endpoint: Endpoint | None = None) -> str:
    """64 hexadecimal digits that change with each joining; made when asked for, since hardly anybody does."""
    where = f"{endpoint.network.id} {endpoint.since}" if endpoint is not None else "new"
    return hashlib.sha256(f"{container.id} {where}".encode()).hexdigest()
