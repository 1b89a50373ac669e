"""Which networks a container is to be on, by name, and how: what its settings say, and what connect and disconnect
have changed since.

Most containers have nothing but the network of their mode; equal settings share that. Source: moby,
daemon/container_operations.go (updateContainerNetworkSettings, validateEndpointSettings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.api.decode import decode, encode
from engine.daemon.config import EndpointIPAM, EndpointRequest, Settings
from engine.daemon.networks.network import BRIDGE, HOST, NONE, Network
from engine.daemon.networks.request import joined
from engine.errors import EngineError, InvalidParameter, NotFound

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.networks.controller import Networks

MAC = re.compile(r"[0-9a-fA-F]{2}(?P<by>[:-])(?:[0-9a-fA-F]{2}(?P=by)){4}[0-9a-fA-F]{2}")
PLAIN = EndpointRequest()


@dataclass(frozen=True, slots=True)
class Attachment:
    """How to be on one network. `network_id` is known once it has been there, and for good: names can be reused."""

    settings: EndpointRequest = PLAIN
    network_id: str = ""


Attachments = Mapping[str, Attachment]
NOWHERE: Attachments = MappingProxyType({})


def of(container: Container) -> Attachments:
    """By name or id of the network; the first one is that of the container's mode."""
    return of_settings(container.settings) if container.attachments is None else container.attachments


@lru_cache(256)
def of_settings(settings: Settings) -> Attachments:
    """As the create request says it."""
    mode, endpoints = settings.host.network_mode, settings.networking.endpoints_config
    if mode.startswith("container:") or settings.config.network_disabled:
        return NOWHERE
    main = name_of(mode)
    if not endpoints:
        return {main: Attachment(_with_mac(PLAIN, settings.config.mac_address))}
    given = {name_of(name): wanted or PLAIN for name, wanted in endpoints.items()}
    if main in given:
        given[main] = _with_mac(given[main], settings.config.mac_address)
    order = sorted(given, key=lambda name: name != main)
    return {name: Attachment(given[name]) for name in order}


def name_of(mode: str) -> str:
    """The network that a mode, or a key of EndpointsConfig, names."""
    return BRIDGE if mode in ("", "default") else mode


def _with_mac(settings: EndpointRequest, mac: str) -> EndpointRequest:
    """The container-wide address of older clients is meant for the main network."""
    return replace(settings, mac_address=mac) if mac and not settings.mac_address else settings


def resolved(networks: Networks, container: Container) -> Iterator[tuple[Network, EndpointRequest]]:
    """The networks themselves, each once. Raises EngineError for one that is not there (any more)."""
    seen = set()
    for name, attachment in of(container).items():
        network = networks.get(attachment.network_id or name)
        if network.id not in seen:
            seen.add(network.id)
            yield network, attachment.settings


def known(networks: Networks, container: Container) -> Iterator[tuple[str, Attachment, Network | None]]:
    """For looking: the network's name, and the network if it is there."""
    for name, attachment in of(container).items():
        network = networks.find(attachment.network_id or name)
        yield (name if network is None or attachment.network_id else network.name), attachment, network


def rows(container: Container) -> dict[str, Any] | None:
    """What must survive the daemon: None if the settings say it all."""
    if container.attachments is None:
        return None
    return {name: [encode(each.settings), each.network_id] for name, each in container.attachments.items()}


def from_rows(found: Mapping[str, Any] | None) -> dict[str, Attachment] | None:
    if found is None:
        return None
    return {name: Attachment(decode(EndpointRequest, wanted), id) for name, (wanted, id) in found.items()}


# -- what is wrong with a request


def check_all(networks: Networks, settings: Settings) -> None:
    """What a create request says of networks. Raises InvalidParameter."""
    _check_mac(settings)
    mistakes = []
    for name, wanted in settings.networking.endpoints_config.items():
        try:
            check(networks.find(name_of(name)), name_of(name), wanted or PLAIN)
        except InvalidParameter as error:
            mistakes.append(f"invalid config for network {name}: {error.message}")
    if mistakes:
        raise InvalidParameter(joined(mistakes))


def _check_mac(settings: Settings) -> None:
    """The container-wide address of older clients must be meant for a network, and agree with it."""
    mac, endpoints = settings.config.mac_address, settings.networking.endpoints_config
    if not mac:
        return
    if MAC.fullmatch(mac) is None:
        raise InvalidParameter(f"invalid MAC address: {mac}")
    main = {name_of(name): wanted for name, wanted in endpoints.items()}.get(name_of(settings.host.network_mode))
    if endpoints and main is None:
        raise InvalidParameter(
            "if a container-wide MAC address is supplied, HostConfig.NetworkMode must match the identity of a network "
            "in NetworkSettings.Networks"
        )
    if main is not None and main.mac_address not in ("", mac):
        raise InvalidParameter(
            "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be "
            "left empty"
        )


def check(network: Network | None, name: str, wanted: EndpointRequest) -> None:
    """Raises InvalidParameter. `network` None: it is not there yet, so its subnets cannot be asked."""
    if wanted is PLAIN:
        return
    mistakes = list(_mistakes(network, name, wanted))
    if wanted.mac_address and MAC.fullmatch(wanted.mac_address) is None:
        raise InvalidParameter(f"invalid MAC address {wanted.mac_address}")
    if mistakes:
        raise InvalidParameter(f"invalid endpoint settings:\n{joined(mistakes)}")


def _mistakes(network: Network | None, name: str, wanted: EndpointRequest) -> Iterator[str]:
    ipam = wanted.ipam_config or EndpointIPAM()
    if name in (BRIDGE, HOST, NONE):
        if ipam.ipv4_address or ipam.ipv6_address:
            yield "user specified IP address is supported on user defined networks only"
        if wanted.aliases:
            yield "network-scoped alias is supported only for containers in user defined networks"
    if ipam.ipv4_address and not _is_address(ipam.ipv4_address, 4):
        yield f"invalid IPv4 address: {ipam.ipv4_address}"
    if ipam.ipv6_address and not _is_address(ipam.ipv6_address, 6):
        yield f"invalid IPv6 address: {ipam.ipv6_address}"
    for text in ipam.link_local_ips or ():
        if not (_is_address(text, 4) or _is_address(text, 6)):
            yield f"invalid link-local IP address: {text}"
    for address, family in ((ipam.ipv4_address, 4), (ipam.ipv6_address, 6)):
        if network is not None and not network.predefined and address and _is_address(address, family):
            yield from _outside(network, address, family)


def _is_address(text: str, family: int) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return address.version == family and not address.is_unspecified


def _outside(network: Network, address: str, family: int) -> Iterator[str]:
    config = network.config_of(family)
    if config is None or not config.subnet:
        yield ("user specified IP address is supported only when connecting to networks with user configured subnets")
    elif ip_address(address) not in ip_network(config.subnet, strict=False):
        yield f"no configured subnet or ip-range contain the IP address {address}"


def network_error(error: EngineError) -> EngineError:
    """As it is told when a container starts; a network that is not there needs no more words."""
    if isinstance(error, NotFound):
        return error
    return type(error)(f"failed to set up container networking: {error.message}")
