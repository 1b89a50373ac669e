"""Networks and how containers are on them: for now Docker's three predefined ones, bridge, host and none.

The host's driver lays the cables (`NetworkDriver`); names, addresses and published ports' bookkeeping are here. Texts
and order: moby, daemon/container_operations.go and libnetwork.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.daemon.addresses import Pool, hardware_address
from engine.errors import Conflict, Forbidden, InvalidParameter, NotFound, System
from engine.host import PortBinding, RuntimeFailure
from engine.spec import Link

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

KIND = "network"  # of its row
BRIDGE, HOST, NONE = "bridge", "host", "none"
DEFAULT_SUBNET, DEFAULT_BRIDGE = "172.17.0.0/16", "docker0"
ANY_ADDRESS = "0.0.0.0"
PORT = re.compile(r"(\d+)(?:/(tcp|udp|sctp))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Network:
    """`created` ns since 1970. Only a bridge has a pool."""

    id: str
    name: str
    driver: str
    created: int
    bridge: str = ""
    pool: Pool | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running container's place on a network. `ports` with the host's real ports."""

    network: Network
    address: str = ""
    ports: tuple[PortBinding, ...] = ()

    @property
    def mac(self) -> str:
        return hardware_address(self.address) if self.address else ""


class Networks:
    """`engine.networks`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: set[str] = set()  # ids of those that the host's driver knows
        self._by_name: dict[str, Network] = {}
        self.by_id: dict[str, Network] = {}
        for name, driver in ((BRIDGE, "bridge"), (HOST, "host"), (NONE, "null")):
            self._predefine(name, driver)
        self.default = self._by_name[BRIDGE]
        self.gateway = self.default.pool.gateway if self.default.pool else ""

    def _predefine(self, name: str, driver: str) -> None:
        row = self._engine.state.get(KIND, name)
        if row is None:
            row = {"id": self._engine.ids.new(), "created": self._engine.loop.time}
            self._engine.state.put(KIND, name, row)
        pool = Pool(DEFAULT_SUBNET) if name == BRIDGE else None
        network = Network(row["id"], name, driver, row["created"], DEFAULT_BRIDGE if pool else "", pool)
        self._by_name[name] = self.by_id[network.id] = network

    # -- look-up

    def __iter__(self) -> Iterator[Network]:
        return iter(self.by_id.values())

    def get(self, word: str) -> Network:
        """By full id, name, or a prefix of the id that only one has. Raises NotFound, InvalidParameter."""
        if network := self.by_id.get(word) or self._by_name.get(word):
            return network
        found = [network for id, network in self.by_id.items() if word and id.startswith(word)]
        if len(found) > 1:
            raise InvalidParameter(f"network {word} is ambiguous ({len(found)} matches found based on ID prefix)")
        if not found:
            raise NotFound(f"network {word} not found")
        return found[0]

    def of_mode(self, mode: str) -> Network | None:
        """The network that a container's NetworkMode names; None for another container's. Raises NotFound."""
        if mode in ("", "default"):
            return self.default
        if mode.startswith("container:"):
            return None
        return self.get(mode)

    # -- a container comes and goes

    async def join(self, container: Container, ports: Sequence[PortBinding]) -> tuple[Link, ...]:
        """Put a container on the network of its mode; returns the links to make. Raises EngineError."""
        network = self.of_mode(container.host_config.network_mode)
        if network is None:
            return ()
        if network.pool is None:
            container.endpoints = (Endpoint(network),)
            self._tell("connect", network, container)
            return ()
        address = network.pool.take(network.name)
        link = _link(network, network.pool, container, address)
        try:
            bound = await self._publish(network, container, link, ports)
        except BaseException:
            network.pool.give_back(address)
            raise
        container.endpoints = (Endpoint(network, address, tuple(bound)),)
        self._tell("connect", network, container)
        return (link,)

    async def leave(self, container: Container) -> None:
        """Take it off all its networks."""
        endpoints, container.endpoints = container.endpoints, ()
        for endpoint in endpoints:
            network = endpoint.network
            if network.pool is not None:
                await self._engine.host.leave(network.id, container.id)
                network.pool.give_back(endpoint.address)
            self._tell("disconnect", network, container)

    async def _publish(
        self, network: Network, container: Container, link: Link, ports: Sequence[PortBinding]
    ) -> list[PortBinding]:
        host, pool = self._engine.host, network.pool
        try:
            if network.id not in self._made and pool is not None:
                await host.create_network(network.id, network.bridge, str(pool.subnet), pool.gateway, False)
                self._made.add(network.id)
            names = () if network is self.default else (container.name, container.id[:12])  # docker0 has no DNS
            return await host.join(network.id, container.id, link, ports, names)
        except RuntimeFailure as failure:
            raise System(
                "failed to set up container networking: driver failed programming external connectivity on endpoint "
                f"{container.name} ({endpoint_id(container)}): {failure}"
            ) from None

    def _tell(self, action: str, network: Network, container: Container) -> None:
        attributes = {"container": container.id, "name": network.name, "type": network.driver}
        self._engine.events.publish("network", action, network.id, attributes)

    # -- what cannot be done yet, or never

    def create(self, name: str, driver: str) -> Network:
        """Only the predefined networks are here. Raises what an engine without the driver says."""
        if not name:
            raise InvalidParameter("invalid network name: name is empty")
        if name in (BRIDGE, HOST, NONE):
            raise Forbidden(f"operation is not permitted on predefined {name} network ")
        raise NotFound(f'plugin "{driver or BRIDGE}" not found')

    def remove(self, word: str) -> None:
        network = self.get(word)
        raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")

    def connect(self, word: str, container: Container) -> None:
        """Raises: a container cannot be on two of the predefined networks."""
        network = self.get(word)
        mode = container.host_config.network_mode
        if mode == HOST or network.name == HOST:
            raise Conflict("container cannot be disconnected from host network or connected to host network")
        if mode.startswith("container:"):
            raise InvalidParameter(
                "container sharing network namespace with another container or host cannot be connected to any "
                "other network"
            )
        if mode == NONE or network.name == NONE:
            raise InvalidParameter(
                "container cannot be connected to multiple networks with one of the networks in private (none) mode"
            )
        raise Forbidden(f"endpoint with name {container.name} already exists in network {network.name}")

    def disconnect(self, word: str, container: Container) -> None:
        network = self.get(word)
        if network.name == HOST:
            raise Conflict("container cannot be disconnected from host network or connected to host network")
        raise Forbidden(f"container {container.id} is not connected to network {network.name}")


def _link(network: Network, pool: Pool, container: Container, address: str) -> Link:
    return Link(
        bridge=network.bridge,
        host_name=f"veth{container.id[:7]}",
        name="eth0",
        mac=hardware_address(address),
        address=pool.with_prefix(address),
        gateway=pool.gateway,
    )


def endpoint_id(container: Container) -> str:
    """64 hexadecimal digits that change with each start; made when asked for, since hardly anybody does."""
    import hashlib

    return hashlib.sha256(f"{container.id} {container.started_at}".encode()).hexdigest()


def wanted_ports(container: Container) -> list[PortBinding]:
    """The bindings that the settings ask for: `-p`, and with `-P` all exposed ports that have none."""
    host = container.host_config
    if not host.port_bindings and not host.publish_all_ports:
        return []
    wanted = []
    for port, bindings in host.port_bindings.items():
        number, protocol = parse_port(port)
        for binding in bindings or ():
            first = int(binding.host_port.partition("-")[0] or 0)
            wanted.append(PortBinding(number, protocol, binding.host_ip or ANY_ADDRESS, first))
    if host.publish_all_ports:
        for port in container.config.exposed_ports or ():
            if not host.port_bindings.get(port):
                number, protocol = parse_port(port)
                wanted.append(PortBinding(number, protocol))
    return wanted


def parse_port(text: str) -> tuple[int, str]:
    """
    >>> parse_port("80"), parse_port("53/udp")
    ((80, 'tcp'), (53, 'udp'))
    """
    match = PORT.fullmatch(text)
    if match is None or not 0 < int(match[1]) < 65536:
        raise InvalidParameter(f'invalid port specification: "{text}"')
    return int(match[1]), (match[2] or "tcp").lower()
