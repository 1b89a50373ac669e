"""From a request to a network that has no addresses yet: drivers, configuration networks, what is refused.

Source: moby, daemon/network.go (createNetwork) and libnetwork/controller.go (NewNetwork); the order of the checks is
theirs, since of several mistakes the first is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.daemon.networks.network import LINKS, PARENT, PREDEFINED, Network
from engine.daemon.networks.request import IPAM, NetworkRequest, check_ipam, check_options
from engine.errors import Forbidden, InvalidParameter, NotFound

NOT_A_MANAGER = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm '
    "and try again."
)
DEPENDS = "are not supported if the network depends on a configuration network"


def check(request: NetworkRequest) -> None:
    """What is wrong whatever networks there are. Raises EngineError."""
    if request.name in PREDEFINED:
        raise Forbidden(f"operation is not permitted on predefined {request.name} network ")
    if request.driver == "overlay":
        raise Forbidden(NOT_A_MANAGER)
    check_ipam(request.ipam, bool(request.enable_ipv6))
    if not request.name.strip():
        raise InvalidParameter("invalid name: name is empty")


def complete(request: NetworkRequest, networks: Mapping[str, Network]) -> NetworkRequest:
    """`--config-from`: with what a configuration network says, and nothing of its own. Raises EngineError."""
    if request.config_from is None or not (name := request.config_from.network):
        return request
    found = networks.get(name)
    if found is None or not found.config_only:
        raise NotFound(f'configuration network "{name}" does not exist')
    if request.config_only:
        raise Forbidden("a configuration network cannot depend on another configuration network")
    if request.internal or request.enable_ipv6 or (request.ipam and request.ipam.config):
        raise Forbidden(f"user-specified configurations {DEPENDS}")
    if request.options:
        raise Forbidden(f"network driver options {DEPENDS}")
    return replace(request, options=found.options, internal=found.internal, enable_ipv6=found.ipv6, ipam=found.ipam)


def draft(request: NetworkRequest, id: str, created: int) -> Network:
    """The network, without subnets. Raises EngineError."""
    ipam = request.ipam or IPAM()
    _check_drivers(request, ipam)
    check_options(request.options or {})
    network = Network(id, request.name, "null" if request.config_only else request.driver or "bridge", created)
    network.config_only = request.config_only
    network.config_from = request.config_from.network if request.config_from else ""
    network.internal, network.attachable = request.internal, request.attachable
    network.ipv4, network.ipv6 = request.enable_ipv4 is not False, bool(request.enable_ipv6)
    network.labels, network.options = dict(request.labels or {}), dict(request.options or {})
    if network.driver != "bridge" and not network.options.get(PARENT):
        network.internal = True  # it leads nowhere
    network.ipam = replace(ipam, driver=ipam.driver or "default")
    return network


def _check_drivers(request: NetworkRequest, ipam: IPAM) -> None:
    driver = request.driver or "bridge"
    if not request.config_only:
        if driver in ("host", "null"):
            raise Forbidden(f'only one instance of "{driver}" network is allowed')
        if driver not in LINKS:
            raise NotFound(f'plugin "{driver}" not found')
    if request.scope == "swarm":
        raise Forbidden("cannot create a swarm scoped network when swarm is not active")
    if request.ingress:
        raise Forbidden("Ingress network can only be global scope network")
    if ipam.driver not in ("", "default"):
        raise NotFound(f'plugin "{ipam.driver}" not found')
