"""The network driver of the simulated host: bridges, and who is on them; links, addresses and routes as operations.

A container joins when it starts, or when it is connected; its cable is laid by operations (`HANDLERS`), and taken up
when it leaves. Published ports are in sim/net/forwarding.py. Twin: real/network.py.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from engine import plan
from engine.host import NAME_SERVERS, Aliases, PortBinding, Ports, Published, RuntimeFailure, Surroundings
from engine.loop import SECOND
from engine.operations import (
    AddRoute,
    AddRule,
    LoopbackUp,
    MakeBridge,
    MakeDummy,
    MakeSublink,
    MakeVeth,
    Operation,
    Performed,
    RemoveLink,
    RemoveRule,
    ReplaceRoute,
    SetAddress,
)
from engine.spec import BridgeNetwork, Link
from sim.container import Handlers
from sim.net.datagrams import OutsideDatagrams
from sim.net.forwarding import Forward, Forwards, Outside
from sim.net.network import HOST_GATEWAY, Bridge, Fabric, Interface, NetworkNamespace, fail, network_of, number_of
from sim.net.sockets import connect

if TYPE_CHECKING:
    from sim.container import Container
    from sim.kernel.kernel import Kernel


VLANS = 4095  # IEEE 802.1Q: 1 to 4094


@dataclass(slots=True)
class Endpoint:
    """A container's place on a network."""

    cable: str
    addresses: tuple[str, ...]
    names: Sequence[str]
    forwards: list[Forward] = field(default_factory=list)


class Bridges:
    """engine.host.NetworkDriver."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel, self._fabric = kernel, kernel.network
        self._networks: dict[str, tuple[Bridge, Sequence[Operation]]] = {}
        self._forwards = Forwards(self._fabric)

    def surroundings(self) -> Surroundings:
        """See engine.host.NetworkDriver."""
        eth0 = self._fabric.host.links[0]
        return Surroundings((str(ip_network(eth0.address, strict=False)),))

    def name_servers(self) -> tuple[str, ...]:
        """See engine.host.NetworkDriver."""
        return NAME_SERVERS

    # -- networks

    async def create_network(self, network: BridgeNetwork, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        if network.driver != "bridge":
            self._check_parent(network)
        performed = self._done(self._fabric, operations)
        if network.driver != "bridge":
            self._share(network)
        bridge = self._fabric.bridges[network.bridge]
        bridge.id, bridge.title = network.id, network.name
        bridge.internal, bridge.icc, bridge.masquerade = network.internal, network.icc, network.masquerade
        self._networks[network.id] = bridge, operations
        return await self._took(performed)

    async def delete_network(self, id: str) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        found = self._networks.pop(id, None)
        if found is None:
            return ()
        performed = self._done(self._fabric, plan.undo_list(found[1]))
        self._fabric.bridges.pop(found[0].name, None)
        return await self._took(performed)

    def _check_parent(self, network: BridgeNetwork) -> None:
        """Raises RuntimeFailure: there must be a link to share; of "eth0.10", eth0."""
        name, dot, number = network.parent.partition(".")
        if name == "lo":
            raise RuntimeFailure(f"loopback interface is not a valid {network.driver} parent link")
        known = not name or any(link.name == name and link.bridge is None for link in self._fabric.host.links)
        if not known or (dot and not (number.isdecimal() and 0 < int(number) < VLANS)):
            raise RuntimeFailure(f"invalid subinterface vlan name {network.parent}, example formatting is eth0.10")

    def _share(self, network: BridgeNetwork) -> None:
        """Its members are neighbours on a link of the host's, behind which the host's own router is."""
        fabric = self._fabric
        segment = fabric.bridges[network.bridge] = Bridge(fabric.host, network.bridge, (), network.mtu)
        segment.routers = (HOST_GATEWAY,) if network.parent == fabric.host.links[0].name else ()

    # -- a container comes and goes

    async def join(
        self, network: str, container: str, link: Link, names: Sequence[str] = (), aliases: Aliases = ()
    ) -> None:
        """See engine.host.NetworkDriver."""
        bridge = self._networks[network][0]
        addresses = tuple(each.partition("/")[0] for each in (link.address, link.address6) if each)
        forwards: list[Forward] = []
        if (before := bridge.endpoints.get(container)) is not None:
            _forget_names(bridge, before)
            forwards = before.forwards
        bridge.endpoints[container] = Endpoint(link.host_name, addresses, names, forwards)
        if aliases:
            bridge.aliases[link.host_name] = {alias.lower(): name.lower() for alias, name in aliases}
        for name in names:
            bridge.names.setdefault(name.lower(), []).extend(addresses)

    async def leave(self, network: str, container: str) -> None:
        """See engine.host.NetworkDriver."""
        if network not in self._networks:
            return
        bridge = self._networks[network][0]
        endpoint = bridge.endpoints.pop(container, None)
        if endpoint is None:
            return
        self._forwards.close(endpoint.forwards)
        _forget_names(bridge, endpoint)
        for address in endpoint.addresses:
            if (member := bridge.members.get(address)) is not None:
                unplug(member)

    async def configure(self, container: str, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        return await self._perform(self._kernel.containers[container], operations)

    async def _perform(self, subject: Any, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        return await self._took(self._done(subject, operations))

    def _done(self, subject: Any, operations: Sequence[Operation]) -> list[Performed]:
        from sim import performing

        return performing.reconfigure(subject, operations, self._fabric.loop.time)

    async def _took(self, performed: list[Performed]) -> tuple[Performed, ...]:
        """Let the time pass that it takes."""
        if performed:
            await self._fabric.loop.sleep(sum(each.duration for each in performed) / SECOND)
        return tuple(performed)

    # -- ports

    async def publish(self, network: str, container: str, ports: Sequence[PortBinding]) -> Published:
        """See engine.host.NetworkDriver."""
        bridge = self._networks[network][0]
        endpoint = bridge.endpoints[container]
        forwards = self._forwards.open(ports, bridge.name, endpoint.addresses[0])
        endpoint.forwards += forwards
        performed = await self._perform(self._fabric, [_rule(forward) for forward in forwards])
        bound = (PortBinding(each.container_port, each.protocol, each.host_ip, each.host_port) for each in forwards)
        return Published(tuple(bound), performed)

    async def withdraw(self, network: str, container: str) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        endpoint = self._networks[network][0].endpoints[container]
        forwards, endpoint.forwards = endpoint.forwards, []
        self._forwards.close(forwards)
        return await self._perform(self._fabric, plan.undo_list([_rule(forward) for forward in forwards]))

    def publish_through(self, ports: Ports) -> None:
        """See engine.host.NetworkDriver."""
        self._forwards.ports = ports

    async def dial(self, host_ip: str, port: int) -> Outside:
        """See engine.host.NetworkDriver."""
        host = self._fabric.host
        return Outside(await connect(host, self._local(host_ip), port, self._fabric.loop))

    def dial_datagrams(self, host_ip: str, port: int, receive: Callable[[bytes], object]) -> OutsideDatagrams:
        """See engine.host.NetworkDriver."""
        return OutsideDatagrams(self._fabric.host, (self._local(host_ip), port), receive)

    def _local(self, host_ip: str) -> str:
        if self._fabric.host.is_local(host_ip):
            return host_ip
        return "::1" if ":" in host_ip else "127.0.0.1"


def _rule(forward: Forward) -> Operation:
    return plan.forwarding(
        forward.bridge, forward.protocol, forward.host_ip, forward.host_port, forward.address, forward.container_port
    )


def _forget_names(bridge: Bridge, endpoint: Endpoint) -> None:
    bridge.aliases.pop(endpoint.cable, None)
    for name in endpoint.names:
        known = bridge.names[name.lower()]
        for address in endpoint.addresses:
            known.remove(address)
        if not known:
            del bridge.names[name.lower()]


def unplug(link: Interface) -> None:
    """Both ends of a cable go."""
    space = link.space
    if link.bridge is not None:
        link.bridge.unplug(link)
    space.links = tuple(other for other in space.links if other is not link)
    if not space.links:  # routes through a link go with it
        space.gateway = space.gateway6 = ""
        space.routes = ()
        return
    for gateway in (space.gateway, space.gateway6):
        if gateway and not _reaches(space, gateway):
            _default(space, "", gateway)
    space.routes = tuple(route for route in space.routes if _reaches(space, route[1]))


def _reaches(space: NetworkNamespace, gateway: str) -> bool:
    """A neighbour on one of the links."""
    number = number_of(gateway)
    for link in space.links:
        for address in link.addresses:
            network, shift = network_of(address)
            if (":" in address) == (":" in gateway) and number >> shift == network:
                return True
    return False


# -- operations on the host's own namespace: the subject is the fabric


def make_bridge(fabric: Fabric, operation: MakeBridge) -> None:
    if operation.name in fabric.bridges or any(link.name == operation.name for link in fabric.host.links):
        raise fail(errno.EEXIST)
    made = Bridge(fabric.host, operation.name, operation.addresses, operation.mtu)
    fabric.bridges[operation.name] = made
    fabric.host.links += (made.port,)


def remove_link(subject: Fabric | Container, operation: RemoveLink) -> None:
    if not isinstance(subject, Fabric):
        for link in _space(subject).links:
            if operation.name in (link.host_name, link.name):
                unplug(link)
    elif (bridge := subject.bridges.pop(operation.name, None)) is not None:
        subject.host.links = tuple(link for link in subject.host.links if link is not bridge.port)


def filter_rule(subject: Fabric, operation: AddRule | RemoveRule) -> None:
    """What the rules bring about is what `Fabric.find` and `Forwards` do."""


# -- operations on a container's namespace


def make_dummy(fabric: Fabric, operation: MakeDummy) -> None:
    """Nothing is on it but its members (`Bridges._share`)."""


def make_sublink(container: Container, operation: MakeSublink) -> None:
    space, fabric = _space(container), container.kernel.network
    segment = fabric.bridges.get(operation.parent)
    if segment is None:
        raise fail(errno.ENODEV)
    parent = next((link.index for link in fabric.host.links if link.name == operation.parent), segment.port.index)
    space.links += (Interface(space, operation.inside, next(fabric.indexes), segment, parent),)


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
    if operation.others:
        link.others = operation.others
    if link.bridge is not None:
        link.bridge.plug(link)


def add_route(container: Container, operation: AddRoute) -> None:
    space = _space(container)
    if not _reaches(space, operation.gateway):
        raise fail(errno.ENETUNREACH)
    if operation.destination == "default":
        _default(space, operation.gateway, operation.gateway)
    else:
        space.routes += ((operation.destination, operation.gateway),)


def replace_route(container: Container, operation: ReplaceRoute) -> None:
    space = _space(container)
    if operation.gateway and not _reaches(space, operation.gateway):
        raise fail(errno.ENETUNREACH)
    _default(space, operation.gateway, operation.gateway or operation.before)


def _default(space: NetworkNamespace, gateway: str, family: str) -> None:
    if ":" in family:
        space.gateway6 = gateway
    else:
        space.gateway = gateway


def loopback_up(container: Container, operation: LoopbackUp) -> None:
    _space(container).lo_up = True


def _space(container: Container) -> NetworkNamespace:
    assert container.namespaces is not None
    space: NetworkNamespace = container.namespaces.network
    return space


HANDLERS: Handlers = {
    MakeBridge: make_bridge,
    MakeDummy: make_dummy,
    MakeSublink: make_sublink,
    RemoveLink: remove_link,
    AddRule: filter_rule,
    RemoveRule: filter_rule,
    MakeVeth: make_veth,
    SetAddress: set_address,
    AddRoute: add_route,
    ReplaceRoute: replace_route,
    LoopbackUp: loopback_up,
}


def usage(space: NetworkNamespace) -> dict[str, dict[str, int]]:
    """What `docker stats` shows: bytes and packets of each interface but lo."""
    return {
        link.name: {
            "rx_bytes": link.rx_bytes, "rx_packets": link.rx_packets, "rx_errors": 0, "rx_dropped": 0,
            "tx_bytes": link.tx_bytes, "tx_packets": link.tx_packets, "tx_errors": 0, "tx_dropped": 0,
        }
        for link in space.links
    }  # fmt: skip
