"""The network driver of the simulated host: bridges, who is on them, published ports; and links as operations.

A container joins when it starts; its cable is laid by operations (`HANDLERS`), and taken up when it leaves.
Twin: real/network.py.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.host import PortBinding, Ports, RuntimeFailure
from engine.operations import AddRoute, LoopbackUp, MakeVeth, SetAddress
from engine.spec import Link
from sim.container import Handlers
from sim.network import EPHEMERAL, Bridge, Fabric, Interface, NetworkNamespace, fail
from sim.sockets import Socket, connect, overlap

if TYPE_CHECKING:
    from sim.container import Container


@dataclass(frozen=True, slots=True)
class Published:
    """A port of the host that leads into a container."""

    host_ip: str
    host_port: int
    address: str
    container_port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A container's place on a network."""

    address: str
    names: tuple[str, ...]
    ports: tuple[Published, ...]


class Bridges:
    """engine.host.NetworkDriver."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._networks: dict[str, Bridge] = {}
        self._next_port = EPHEMERAL[0]
        self._ports: Ports | None = None

    async def create_network(self, id: str, bridge: str, subnet: str, gateway: str, internal: bool) -> None:
        """See engine.host.NetworkDriver."""
        fabric = self._fabric
        made = Bridge(fabric.host, id, bridge, subnet, gateway, internal)
        self._networks[id] = fabric.bridges[bridge] = made
        fabric.host.links += (made.port,)

    async def delete_network(self, id: str) -> None:
        """See engine.host.NetworkDriver."""
        bridge = self._networks.pop(id, None)
        if bridge is not None:
            del self._fabric.bridges[bridge.name]
            self._fabric.host.links = tuple(link for link in self._fabric.host.links if link is not bridge.port)

    async def join(
        self, network: str, container: str, link: Link, ports: Sequence[PortBinding], names: Sequence[str]
    ) -> list[PortBinding]:
        """See engine.host.NetworkDriver."""
        bridge = self._networks[network]
        address = link.address.partition("/")[0]
        published: list[Published] = []
        try:
            for port in ports:
                published.append(self._publish(port, address))
        except RuntimeFailure:
            self._withdraw(published)
            raise
        bridge.endpoints[container] = Endpoint(address, tuple(names), tuple(published))
        for name in names:
            bridge.names.setdefault(name.lower(), []).append(address)
        return [PortBinding(port.container_port, port.protocol, port.host_ip, port.host_port) for port in published]

    async def leave(self, network: str, container: str) -> None:
        """See engine.host.NetworkDriver."""
        bridge = self._networks[network]
        endpoint = bridge.endpoints.pop(container, None)
        if endpoint is None:
            return
        self._withdraw(endpoint.ports)
        for name in endpoint.names:
            addresses = bridge.names[name.lower()]
            addresses.remove(endpoint.address)
            if not addresses:
                del bridge.names[name.lower()]
        member = bridge.members.pop(endpoint.address, None)
        if member is not None:
            space = member.space
            space.links = tuple(link for link in space.links if link is not member)

    def publish_through(self, ports: Ports) -> None:
        """See engine.host.NetworkDriver."""
        self._ports = ports

    async def dial(self, host_ip: str, port: int) -> Outside:
        """See engine.host.NetworkDriver."""
        fabric = self._fabric
        address = host_ip if fabric.host.is_local(host_ip) else "127.0.0.1"
        return Outside(await connect(fabric.host, address, port, fabric.loop))

    def _publish(self, port: PortBinding, address: str) -> Published:
        """Take a port of the host. Raises RuntimeFailure if it has an owner."""
        number = port.host_port
        if number and not self._is_free(port, number):
            raise RuntimeFailure(f"Bind for {port.host_ip}:{number} failed: port is already allocated")
        try:
            number = self._take(port, number) if number else self._take_any(port)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            inside = f"{address}:{port.container_port}/{port.protocol}"
            raise RuntimeFailure(f"failed to bind host port for {port.host_ip}:{number}:{inside}: {reason}") from None
        published = Published(port.host_ip, number, address, port.container_port, port.protocol)
        self._fabric.published.setdefault((port.protocol, number), []).append(published)
        return published

    def _take(self, port: PortBinding, number: int) -> int:
        """Raises OSError if something else listens there, on this host or on the real one."""
        if port.protocol == "tcp":
            listeners = (self._fabric.host.listeners or {}).get(number, ())
            if any(overlap(listener.address[0], port.host_ip) for listener in listeners):
                raise fail(errno.EADDRINUSE)
            if self._ports is not None:
                self._ports.open(port.host_ip, number)
        return number

    def _withdraw(self, ports: Sequence[Published]) -> None:
        registry = self._fabric.published
        for port in ports:
            if self._ports is not None and port.protocol == "tcp":
                self._ports.close(port.host_ip, port.host_port)
            rest = [other for other in registry[port.protocol, port.host_port] if other is not port]
            if rest:
                registry[port.protocol, port.host_port] = rest
            else:
                del registry[port.protocol, port.host_port]

    def _is_free(self, port: PortBinding, number: int) -> bool:
        owners = self._fabric.published.get((port.protocol, number), ())
        return not any(overlap(owner.host_ip, port.host_ip) for owner in owners)

    def _take_any(self, port: PortBinding) -> int:
        """The next port of the range that nobody has. Raises RuntimeFailure when all are taken."""
        low, high = EPHEMERAL
        for offset in range(high - low + 1):
            number = low + (self._next_port - low + offset) % (high - low + 1)
            if self._is_free(port, number):
                try:
                    self._take(port, number)
                except OSError:
                    continue
                self._next_port = number + 1
                return number
        raise RuntimeFailure("all ports are allocated")


# -- operations


def make_veth(container: Container, operation: MakeVeth) -> None:
    space, fabric = _space(container), container.kernel.network
    bridge = fabric.bridges.get(operation.bridge)
    if bridge is None:
        raise fail(errno.ENODEV)
    inside = next(fabric.indexes)
    space.links += (Interface(space, operation.inside, inside, bridge, next(fabric.indexes), operation.host),)


def set_address(container: Container, operation: SetAddress) -> None:
    link = _space(container).link(operation.link)
    link.address, link.mac, link.up = operation.address, operation.mac, True
    if link.bridge is not None:
        link.bridge.members[link.ip] = link


def add_route(container: Container, operation: AddRoute) -> None:
    space = _space(container)
    space.toward(operation.gateway)  # raises ENETUNREACH
    if operation.destination == "default":
        space.gateway = operation.gateway
    else:
        space.routes += ((operation.destination, operation.gateway),)


def loopback_up(container: Container, operation: LoopbackUp) -> None:
    _space(container).lo_up = True


def _space(container: Container) -> NetworkNamespace:
    assert container.namespaces is not None
    space: NetworkNamespace = container.namespaces.network
    return space


HANDLERS: Handlers = {
    MakeVeth: make_veth,
    SetAddress: set_address,
    AddRoute: add_route,
    LoopbackUp: loopback_up,
}


# -- seen from outside


class Outside:
    """engine.host.Connection: from the world into a published port, for whoever forwards its bytes."""

    __slots__ = ("_socket",)

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    async def read(self, size: int = 65536) -> bytes:
        """b"" at the end. Raises ConnectionResetError."""
        while not isinstance(data := self._socket.read(size), bytes):
            await data
        return data

    async def write(self, data: bytes) -> None:
        """All of it. Raises BrokenPipeError."""
        while data:
            taken = self._socket.write(data)
            if isinstance(taken, int):
                data = data[taken:]
            else:
                await taken

    def shutdown(self) -> None:
        """No more will be written."""
        self._socket.shutdown()

    def close(self) -> None:
        self._socket.close()


def usage(space: NetworkNamespace) -> dict[str, dict[str, int]]:
    """What `docker stats` shows: bytes and packets of each interface but lo."""
    return {
        link.name: {
            "rx_bytes": link.rx_bytes, "rx_packets": link.rx_packets, "rx_errors": 0, "rx_dropped": 0,
            "tx_bytes": link.tx_bytes, "tx_packets": link.tx_packets, "tx_errors": 0, "tx_dropped": 0,
        }
        for link in space.links
    }  # fmt: skip
