"""What the API shows of networks, and of a container's places on them. Made when asked for; nothing is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.api.decode import encode
from engine.daemon.networks import attachments
from engine.daemon.networks.addresses import Pool
from engine.daemon.networks.attachments import Attachment
from engine.daemon.networks.endpoint import Endpoint, endpoint_id, names
from engine.daemon.networks.network import BRIDGE, PREDEFINED, Network
from engine.daemon.networks.ports import parse_port
from engine.host import PortBinding
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


# -- a network


def summary(network: Network) -> dict[str, Any]:
    """Network, without those who are on it."""
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": rfc3339(network.created),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": network.ipv4,
        "EnableIPv6": network.ipv6,
        "IPAM": _ipam(network),
        "Internal": network.internal,
        "Attachable": network.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": network.config_from},
        "ConfigOnly": network.config_only,
        "Containers": {},
        "Options": dict(network.options),
        "Labels": dict(network.labels),
    }


def _ipam(network: Network) -> dict[str, Any]:
    """What was asked for; for a family of which nothing was, what it got."""
    configs = [encode(each) for each in network.ipam.config or () if each.subnet]
    for family, pool in ((4, network.pool), (6, network.pool6)):
        if pool is not None and network.config_of(family) is None:
            configs.append({"Subnet": str(pool.subnet), "Gateway": pool.gateway})
    options = network.ipam.options
    shown = {"Driver": "default", "Options": dict(options) if options is not None else None}
    return shown | {"Config": sorted(configs, key=lambda each: ":" in each["Subnet"]) or None}


def inspection(engine: Engine, network: Network) -> dict[str, Any]:
    """Network, with the containers that run on it."""
    return summary(network) | {"Containers": dict(_members(engine, network))}


def _members(engine: Engine, network: Network) -> Iterator[tuple[str, dict[str, Any]]]:
    for id, endpoint in network.endpoints.items():
        container = engine.containers.find(id)
        if container is not None:
            yield (
                id,
                {
                    "Name": container.name,
                    "EndpointID": endpoint_id(container, endpoint),
                    "MacAddress": endpoint.mac,
                    "IPv4Address": _with_prefix(network.pool, endpoint.address),
                    "IPv6Address": _with_prefix(network.pool6, endpoint.address6),
                },
            )


def _with_prefix(pool: Pool | None, address: str) -> str:
    return pool.with_prefix(address) if pool is not None else ""


# -- a container


def network_settings(engine: Engine, container: Container) -> dict[str, Any]:
    """NetworkSettings, with the fields of the default bridge that Docker still repeats at the top."""
    networks = endpoints(engine, container)
    ours = networks.get(BRIDGE) or _endpoint_settings(container, Attachment(), None, None)
    sandbox = hashlib.sha256(f"sandbox {container.id} {container.started_at}".encode()).hexdigest()
    alive = container.alive
    return {
        "Bridge": "",
        "SandboxID": sandbox if alive else "",
        "SandboxKey": f"/var/run/docker/netns/{sandbox[:12]}" if alive else "",
        "Ports": ports(container),
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "EndpointID": ours["EndpointID"],
        "Gateway": ours["Gateway"],
        "GlobalIPv6Address": ours["GlobalIPv6Address"],
        "GlobalIPv6PrefixLen": ours["GlobalIPv6PrefixLen"],
        "IPAddress": ours["IPAddress"],
        "IPPrefixLen": ours["IPPrefixLen"],
        "IPv6Gateway": ours["IPv6Gateway"],
        "MacAddress": ours["MacAddress"],
        "Networks": networks,
    }


def endpoints(engine: Engine, container: Container) -> dict[str, dict[str, Any]]:
    """EndpointSettings by network; also of a container that does not run, then without addresses."""
    live = {each.network.id: each for each in container.endpoints}
    return {
        name: _endpoint_settings(container, attachment, network, live.get(network.id) if network else None)
        for name, attachment, network in attachments.known(engine.networks, container)
    }


def _endpoint_settings(
    container: Container, attachment: Attachment, network: Network | None, endpoint: Endpoint | None
) -> dict[str, Any]:
    wanted = attachment.settings
    pool, pool6 = (network.pool, network.pool6) if network is not None and endpoint is not None else (None, None)
    leads = network is not None and not network.internal
    known = network.id if network is not None and container.started_at else ""
    user_defined = network is not None and not network.predefined
    named = names(container, endpoint) if endpoint is not None and user_defined else ()
    return {
        "IPAMConfig": encode(wanted.ipam_config) if wanted.ipam_config is not None else None,
        "Links": encode(wanted.links),
        "Aliases": encode(wanted.aliases),
        "MacAddress": endpoint.mac if endpoint else wanted.mac_address,
        "DriverOpts": encode(wanted.driver_opts),
        "GwPriority": wanted.gw_priority,
        "NetworkID": endpoint.network.id if endpoint else attachment.network_id or known,
        "EndpointID": endpoint_id(container, endpoint) if endpoint else "",
        "Gateway": pool.gateway if pool and leads else "",
        "IPAddress": endpoint.address if endpoint else "",
        "IPPrefixLen": pool.subnet.prefixlen if pool else 0,
        "IPv6Gateway": pool6.gateway if pool6 and leads else "",
        "GlobalIPv6Address": endpoint.address6 if endpoint else "",
        "GlobalIPv6PrefixLen": pool6.subnet.prefixlen if pool6 else 0,
        "DNSNames": list(named) or None,
    }


def with_short_ids(container: Container, networks: dict[str, dict[str, Any]]) -> None:
    """Before API 1.45 what Docker itself adds to the names was shown as aliases."""
    for name, settings in networks.items():
        if name not in PREDEFINED:
            own = (*(settings["Aliases"] or ()), container.id[:12], container.hostname)
            settings["Aliases"] = list(dict.fromkeys(own))


def ports(container: Container) -> dict[str, list[dict[str, str]] | None]:
    """PortMap: what is published with the host's real ports, what is only exposed with null; {} while it is off."""
    if not container.alive or not any(endpoint.address for endpoint in container.endpoints):
        return {}
    shown: dict[str, list[dict[str, str]] | None] = {
        with_protocol(port): None for port in container.config.exposed_ports or ()
    }
    for binding in published(container):
        rows = shown.get(key := f"{binding.container_port}/{binding.protocol}")
        if rows is None:
            rows = shown[key] = []
        rows.append({"HostIp": binding.host_ip, "HostPort": str(binding.host_port)})
    return dict(sorted(shown.items()))


def published(container: Container) -> list[PortBinding]:
    return [binding for endpoint in container.endpoints for binding in endpoint.ports]


def with_protocol(port: str) -> str:
    """ "80" -> "80/tcp" """
    number, protocol = parse_port(port)
    return f"{number}/{protocol}"
