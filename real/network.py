"""The network driver of the real host: bridges, who is on them, names and published ports. Twin: sim/net/bridges.py.

Links and addresses are made through rtnetlink, address translation through nf_tables (real/netlink). All links that
the daemon makes are in one group of links, all rules in one table: that is how they are told from others', and how they
go. A container's end of a cable goes with its network namespace.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine import plan
from engine.host import Aliases, Connection, Datagrams, PortBinding, Ports, Published, RuntimeFailure, Surroundings
from engine.loop import Future
from engine.operations import Operation, Performed
from engine.spec import BridgeNetwork, Link
from real import cables, dnswire, hostnet, nameserver
from real.bridges import Bridges, moment, words_for
from real.cables import Times, Wiring
from real.names import Directory, Zone
from real.nameserver import Nameserver, Sockets
from real.netlink.links import Links
from real.performing import reason
from real.poller import Poller
from real.ports import Forward, Forwards
from real.relay import DatagramLine
from real.sockets import dial

ROOTLESS = (
    "a daemon without root has no bridge networks: they would take a network stack in user space (pasta or "
    "slirp4netns), which this version does not drive; use --network none, --network host or --network container:NAME"
)
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(slots=True)
class Place:
    """A container on a network."""

    link: Link
    forwards: list[Forward] = field(default_factory=list)


@dataclass(slots=True)
class Member:
    """A container that is on networks, by their ids; `pid` 0 until it has a process, `inode` of its namespace."""

    places: dict[str, Place] = field(default_factory=dict)
    named: bool = False  # on a network with names
    pid: int = 0
    inode: int = 0
    servers: tuple[nameserver.Upstream, ...] = ()
    nameserver: Nameserver | None = None


class Networks:
    """engine.host.NetworkDriver. `root`: the daemon's folder; `kept`: containers have gone on without a daemon."""

    def __init__(self, poller: Poller, root: str, rootless: bool, kept: bool = False) -> None:
        self._poller, self._root, self._rootless = poller, root, rootless
        self.tag = hostnet.Tag(root)
        self._forwarding = hostnet.Forwarding(root)
        self._wiring = Wiring(self.tag.group)
        self._networks: dict[str, tuple[BridgeNetwork, tuple[Operation, ...]]] = {}
        self._members: dict[str, Member] = {}
        self._directory = Directory()
        self._forwards = Forwards(poller)
        self._awaited: dict[str, Callable[[int], object]] = {}  # whose cables wait for a process to lay them to
        if not rootless:
            hostnet.reclaim(self.tag, links=not kept)
        self._bridges = Bridges(poller.loop, self.tag, hostnet.bridges(self.tag) if kept else set())

    def surroundings(self) -> Surroundings:
        """See engine.host.NetworkDriver."""
        return hostnet.surroundings(self.tag)

    # -- networks

    async def create_network(self, network: BridgeNetwork, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        if self._rootless:
            raise RuntimeFailure(ROOTLESS)
        self._prepare(network)
        self._wiring.mtus[network.bridge] = network.mtu
        if not network.icc:
            self._wiring.isolated.add(network.bridge)
        performed = self._bridges.perform(operations)
        self._networks[network.id] = network, tuple(operations)
        self._directory.zones[network.id] = Zone(network.name, network.internal, network.gateway)
        return performed

    def _prepare(self, network: BridgeNetwork) -> None:
        """Raises RuntimeFailure."""
        if network.driver != "bridge":
            return
        for version, subnet in ((4, network.subnet), (6, network.subnet6)):
            if subnet:
                self._forwarding.turn_on(version)
        try:
            self._bridges.filter.open(self._forwarding.is_ours)
        except OSError as error:
            raise RuntimeFailure(f"no packet filter: nf_tables: {reason(error)} (see glassdock check)") from None

    async def delete_network(self, id: str) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        if id not in self._networks:
            return ()
        network, operations = self._networks.pop(id)
        del self._directory.zones[id]
        self._wiring.isolated.discard(network.bridge)
        return self._bridges.take_back(operations)

    # -- a container comes and goes

    async def join(
        self, network: str, container: str, link: Link, names: Sequence[str] = (), aliases: Aliases = ()
    ) -> None:
        """See engine.host.NetworkDriver."""
        member = self._members.setdefault(container, Member())
        before = member.places.get(network)
        member.places[network] = Place(link, before.forwards if before is not None else [])
        if names:
            addresses = tuple(each.partition("/")[0] for each in (link.address, link.address6) if each)
            self._directory.join(network, container, addresses, names, aliases)
            member.named = True

    def found(self, container: str, pid: int) -> None:
        """It has gone on without a daemon, and will join its networks again."""
        with contextlib.suppress(OSError):  # it has just ended
            member = Member(pid=pid, inode=cables.inode_of(pid))
            member.servers = nameserver.upstreams(self._resolv_conf(container), hostnet.name_servers())
            self._members[container] = member

    def expect(self, container: str, operations: Sequence[Operation]) -> Future[tuple[Performed, ...]]:
        """Lay its cables as soon as it has a process; the future ends with RuntimeFailure if one cannot be laid."""
        laid: Future[tuple[Performed, ...]] = Future(self._poller.loop)

        async def lay(pid: int) -> None:
            member = self._members[container]
            try:
                member.pid, member.inode = pid, cables.inode_of(pid)
                member.servers = nameserver.upstreams(self._resolv_conf(container), hostnet.name_servers())
                laid.set_result(await self._lay(container, member, operations))
            except (OSError, RuntimeFailure) as error:
                failure = error if isinstance(error, RuntimeFailure) else RuntimeFailure(reason(error))
                laid.set_error(failure)

        self._awaited[container] = lambda pid: self._poller.loop.spawn(lay(pid), "cables")
        return laid

    def born(self, container: str, pid: int) -> None:
        """It has a process, that makes its root now and waits then."""
        if (lay := self._awaited.pop(container, None)) is not None:
            lay(pid)

    def _resolv_conf(self, container: str) -> str:
        file = Path(self._root, "containers", container, "resolv.conf")
        return file.read_text(errors="replace") if file.exists() else ""

    async def configure(self, container: str, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        member = self._members.get(container)
        if member is None or not member.pid:
            raise RuntimeFailure("its network namespace is not its own")
        return await self._lay(container, member, operations)

    async def _lay(self, container: str, member: Member, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """Raises RuntimeFailure after undoing."""
        names = member.named and member.nameserver is None
        times: Times = []
        try:
            work = self._wiring, member.pid, member.inode, operations, names, times
            sockets = await self._poller.work(_lay_within, *work)
        except OSError as error:
            done = min(len(times), len(operations)) - 1
            performed = list(self._performed(operations, times))
            words = words_for(operations[done], error)
            if performed:
                last = performed[-1]
                performed[-1] = Performed(last.operation, last.start, last.duration, words)
            raise RuntimeFailure(words, performed) from None
        if sockets is not None:
            self._name(container, member, sockets)
        return self._performed(operations, times)

    def _name(self, container: str, member: Member, sockets: Sockets) -> None:
        """The container's name server begins to answer."""

        def inside(make: Callable[[], socket.socket]) -> socket.socket:
            with cables.entered(self._wiring, member.pid, member.inode):
                return make()

        def answer(message: bytes, asked: dnswire.Question) -> bytes | None:
            return self._answer(container, message, asked)

        if member.pid:
            member.nameserver = Nameserver(self._poller, sockets, member.servers, answer, inside)
        else:  # it has ended meanwhile
            for each in sockets:
                each.close()

    def _answer(self, container: str, message: bytes, asked: dnswire.Question) -> bytes | None:
        """None if other servers are to be asked."""
        if address := dnswire.reversed_address(asked.name):
            if name := self._directory.reverse(container, address):
                return dnswire.answer(message, asked, [dnswire.pointer_record(name)])
        elif found := self._directory.look_up(container, asked.name):
            known = asked.type in (dnswire.A, dnswire.AAAA)
            return dnswire.answer(message, asked, dnswire.address_records(found, asked.type) if known else ())
        if not self._directory.leads_out(container):
            return dnswire.answer(message, asked, code=dnswire.NXDOMAIN)
        return None

    def gone(self, container: str) -> None:
        """Its processes have ended. Its cables are dead at once, though the kernel takes them away at its leisure."""
        self._awaited.pop(container, None)
        member = self._members.get(container)
        if member is None:
            return
        member.pid = 0
        if member.nameserver is not None:
            member.nameserver.close()
            member.nameserver = None
        cut = [place.link.host_name for place in member.places.values() if place.link.driver == "bridge"]
        if cut:
            with contextlib.closing(Links()) as links:
                for name in cut:
                    with contextlib.suppress(OSError):
                        links.silence(links.index(name))
        if not member.places:
            del self._members[container]

    async def leave(self, network: str, container: str) -> None:
        """See engine.host.NetworkDriver."""
        self._directory.leave(network, container)
        member = self._members.get(container)
        place = member.places.pop(network, None) if member is not None else None
        if member is None or place is None:
            return
        self._withdraw(network, place)
        if not member.places and not member.pid:
            del self._members[container]

    # -- ports

    async def publish(self, network: str, container: str, ports: Sequence[PortBinding]) -> Published:
        """See engine.host.NetworkDriver."""
        place = self._members[container].places[network]
        address, address6 = (each.partition("/")[0] for each in (place.link.address, place.link.address6))
        forwards = self._forwards.open(ports, address, address6)
        try:
            performed = self._bridges.perform(self._rules(network, forwards))
        except RuntimeFailure:
            self._forwards.close(forwards)
            raise
        place.forwards += forwards
        return Published(tuple(each.binding() for each in forwards), performed)

    async def withdraw(self, network: str, container: str) -> tuple[Performed, ...]:
        """See engine.host.NetworkDriver."""
        return self._withdraw(network, self._members[container].places[network])

    def _withdraw(self, network: str, place: Place) -> tuple[Performed, ...]:
        forwards, place.forwards = place.forwards, []
        self._forwards.close(forwards)
        return self._bridges.take_back(self._rules(network, forwards))

    def _rules(self, network: str, forwards: Sequence[Forward]) -> list[Operation]:
        """For those whose two ends are of the same family of addresses: the others are relayed only."""
        bridge = self._networks[network][0].bridge
        return [
            plan.forwarding(bridge, each.protocol, each.host_ip, each.host_port, each.address, each.container_port)
            for each in forwards
            if (":" in each.host_ip) == (":" in each.address)
        ]

    def publish_through(self, ports: Ports) -> None:
        """See engine.host.NetworkDriver. A real host's ports are its own."""

    async def dial(self, host_ip: str, port: int) -> Connection:
        """See engine.host.NetworkDriver."""
        return await dial(self._poller, EVERYWHERE.get(host_ip, host_ip), port)

    def dial_datagrams(self, host_ip: str, port: int, receive: Callable[[bytes], object]) -> Datagrams:
        """See engine.host.NetworkDriver."""
        return DatagramLine(self._poller, (EVERYWHERE.get(host_ip, host_ip), port), receive)

    # -- times, and the end

    def _performed(self, operations: Sequence[Operation], times: Times) -> tuple[Performed, ...]:
        shift = moment(self._poller.loop, 0)
        pairs = zip(operations, times, strict=False)
        return tuple(Performed(operation, begin + shift, length) for operation, (begin, length) in pairs)

    def close(self, keep: bool = False) -> None:
        """Take away all that was made; containers have ended before, unless they go on without a daemon: `keep`."""
        if keep:
            return
        for container, member in list(self._members.items()):
            self.gone(container)
            for place in member.places.values():
                self._forwards.close(place.forwards)
        if not self._rootless:
            self._bridges.filter.close()
            hostnet.reclaim(self.tag)
            self._forwarding.restore()


def _lay_within(
    wiring: Wiring, pid: int, inode: int, operations: Sequence[Operation], names: bool, times: Times
) -> Sockets | None:
    """In a thread: perform them in the container's network namespace; with `names`, open its name server's sockets."""
    with cables.entered(wiring, pid, inode) as site:
        site.perform(operations, times)
        try:
            return nameserver.open_sockets() if names else None
        except OSError:
            site.undo(operations)
            raise
