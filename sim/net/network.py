"""Networks: namespaces with interfaces and routes, the bridges that join them, and the way from one address to another.

A `Fabric` is all of the host's networking. `Fabric.find` does what the kernel does with a destination: local? on a
connected network? through a gateway? and answers with a `Way`: who is at its end, how long it takes, whose counters
count. What flows along it is in sim/net/sockets.py. Twin: real/network.py.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any

from engine.loop import SECOND, Loop
from sim.faults import NetworkFaults

if TYPE_CHECKING:
    from sim.net.internet import Internet, Remote

MICROSECOND = SECOND // 1_000_000
LOOPBACK, BRIDGE, GATEWAY = 18 * MICROSECOND, 42 * MICROSECOND, 30 * MICROSECOND  # one way
FRAME = 66  # Ethernet, IP and TCP headers of one segment, bytes
SEGMENT = 1448  # data of one segment, bytes
EPHEMERAL = (32768, 60999)  # net.ipv4.ip_local_port_range
HOST_ADDRESS, HOST_GATEWAY = "192.168.65.3/24", "192.168.65.1"
HOST_ADDRESS6, HOST_GATEWAY6 = "fdc4:f303:9324::3/64", "fdc4:f303:9324::1"  # of Docker Desktop's machine


def fail(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@lru_cache(maxsize=1 << 16)
def number_of(address: str) -> int:
    """ "172.17.0.2" or "fd00::2" as a number. Raises ValueError."""
    if ":" in address:
        from ipaddress import IPv6Address

        return int(IPv6Address(address))
    parts = [int(part) for part in address.split(".")]
    if len(parts) != 4 or not all(0 <= part <= 255 for part in parts):
        raise ValueError(f"{address!r} is not an IPv4 address")
    return parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]


def network_of(cidr: str) -> tuple[int, int]:
    """ "172.17.0.2/16" -> (network's number, shift): two addresses are on it if they are equal after the shift."""
    address, _, length = cidr.partition("/")
    bits = 128 if ":" in address else 32
    shift = bits - int(length or bits)
    return number_of(address) >> shift, shift


def is_address(text: str) -> bool:
    try:
        number_of(text)
    except ValueError:
        return False
    return True


class Interface:
    """One end of a cable, as `ip addr` shows it. The other end is on `bridge` under `host_name` (lo: None).

    A cable that was laid by hand (sim/net/links.py) has an interface at its other end, too: its `mate`; that of a mate
    which is on a bridge is `master`.
    """

    __slots__ = (
        "address", "bridge", "host_name", "index", "mac", "master", "mate", "name", "others", "peer", "rx_bytes",
        "rx_packets", "space", "tx_bytes", "tx_packets", "up",
    )  # fmt: skip

    def __init__(self, space: NetworkNamespace, name: str, index: int, bridge: Bridge | None = None, peer: int = 0,
                 host_name: str = "") -> None:  # fmt: skip
        self.space, self.name, self.index, self.bridge, self.peer = space, name, index, bridge, peer
        self.host_name = host_name
        self.mate: Interface | None = None
        self.master: Bridge | None = None
        self.address = self.mac = ""  # the address with its prefix length
        self.others: tuple[str, ...] = ()  # more of them: IPv6, link-local
        self.up = False
        self.rx_bytes = self.rx_packets = self.tx_bytes = self.tx_packets = 0

    @property
    def carrier(self) -> bool:
        """The other end is up."""
        return self.mate is None or self.mate.up

    @property
    def mtu(self) -> int:
        return 65536 if self.name == "lo" else self.bridge.mtu if self.bridge is not None else 1500

    @property
    def ip(self) -> str:
        return self.address.partition("/")[0]

    @property
    def addresses(self) -> tuple[str, ...]:
        """All, with prefix lengths."""
        return (self.address, *self.others) if self.address else self.others

    def has(self, address: str) -> bool:
        return self.ip == address or any(other.partition("/")[0] == address for other in self.others)

    def source(self, target: str) -> str:
        """The own address from which a packet to `target` is sent: the first of the same family and network."""
        if not self.others:
            return self.ip
        number, family = number_of(target), ":" in target
        same = [each for each in self.addresses if (":" in each) == family]
        near = [each for each in same if number >> network_of(each)[1] == network_of(each)[0]]
        return (near or same or [self.address])[0].partition("/")[0]


class Bridge:
    """A switch on the host; the host itself is on it with the gateway's addresses. `names` answer in its DNS.

    `internal`: no way out. `icc`: its members may talk to each other. `masquerade`: what goes out bears the host's
    address, so that answers come back.
    """

    __slots__ = (
        "aliases", "endpoints", "gateways", "icc", "id", "internal", "masquerade", "members", "mtu", "name", "names",
        "networks", "port", "routers", "title",
    )  # fmt: skip

    def __init__(self, host: NetworkNamespace, name: str, addresses: Sequence[str], mtu: int = 1500) -> None:
        self.id = self.title = ""  # the network's id and name
        self.name, self.mtu = name, mtu
        self.internal, self.icc, self.masquerade = False, True, True
        self.routers: tuple[str, ...] = ()  # beside the host, who leads out of the link that its members share
        self.gateways = tuple(address.partition("/")[0] for address in addresses)
        self.networks = tuple((":" in address, *network_of(address)) for address in addresses)
        self.port = Interface(host, name, next(host.fabric.indexes), self)  # the host's own
        self.port.address = next((address for address in addresses if ":" not in address), "")
        self.port.others = tuple(address for address in addresses if ":" in address)
        number = number_of(self.port.ip) if self.port.address else self.port.index
        self.port.mac = "02:42:" + ":".join(f"{number >> shift & 255:02x}" for shift in (24, 16, 8, 0))
        self.port.up = True
        self.members: dict[str, Interface] = {}  # by address
        self.endpoints: dict[str, Any] = {}  # by container (sim/net/bridges.py)
        self.names: dict[str, list[str]] = {}
        self.aliases: dict[str, dict[str, str]] = {}  # by cable: names that only this container may use

    def holds(self, address: str) -> bool:
        six, value = ":" in address, number_of(address)
        return any(family == six and value >> shift == number for family, number, shift in self.networks)

    def plug(self, link: Interface) -> None:
        """It has its addresses and can be found."""
        for address in link.addresses:
            self.members[address.partition("/")[0]] = link

    def unplug(self, link: Interface) -> None:
        for address in link.addresses:
            if self.members.get(ip := address.partition("/")[0]) is link:
                del self.members[ip]


class NetworkNamespace:
    """Interfaces, routes and sockets of a group of processes."""

    __slots__ = (
        "_lo", "by_hand", "datagrams", "fabric", "gateway", "gateway6", "inode", "links", "listeners", "lo_up",
        "next_port", "owner", "routes", "sockets",
    )  # fmt: skip

    def __init__(self, fabric: Fabric, inode: int, owner: Any = None) -> None:
        self.fabric, self.inode, self.owner = fabric, inode, owner  # owner: as in MountNamespace
        self.lo_up = False
        self.by_hand = False  # a cable that a person has laid leads here (sim/net/links.py)
        self.links: tuple[Interface, ...] = ()
        self.gateway = self.gateway6 = ""
        self.routes: tuple[tuple[str, str], ...] = ()  # (destination, gateway) beside the default
        self._lo: Interface | None = None
        self.listeners: dict[int, list[Any]] | None = None  # by port (sim/net/sockets.py)
        self.sockets: dict[Any, None] | None = None  # connected ones, in order
        self.datagrams: dict[int, list[Any]] | None = None  # UDP sockets by port (sim/net/datagrams.py)
        self.next_port = 0

    @property
    def lo(self) -> Interface:
        if self._lo is None:
            self._lo = Interface(self, "lo", 1)
            self._lo.mac = "00:00:00:00:00:00"
        self._lo.up, self._lo.address = self.lo_up, "127.0.0.1/8" if self.lo_up else ""
        return self._lo

    def link(self, name: str) -> Interface:
        """Raises OSError ENODEV."""
        for link in self.links:
            if link.name == name:
                return link
        raise fail(errno.ENODEV)

    def is_local(self, address: str) -> bool:
        return address.startswith("127.") or address == "::1" or any(link.has(address) for link in self.links)

    def toward(self, address: str) -> tuple[Interface, str]:
        """The interface and the next address on the way (the routing table). Raises OSError ENETUNREACH."""
        if ":" in address:
            return self._toward6(address)
        number = number_of(address)
        for link in self.links:
            if link.up and link.address:
                network, shift = network_of(link.address)
                if number >> shift == network:
                    return link, address
        for destination, gateway in self.routes:
            network, shift = network_of(destination)
            if number >> shift == network:
                return self.toward(gateway)[0], gateway
        if self.gateway:
            return self.toward(self.gateway)[0], self.gateway
        raise fail(errno.ENETUNREACH)

    def _toward6(self, address: str) -> tuple[Interface, str]:
        number = number_of(address)
        for link in self.links:
            for own in link.others if link.up else ():
                network, shift = network_of(own)
                if ":" in own and number >> shift == network:
                    return link, address
        if self.gateway6:
            return self._toward6(self.gateway6)[0], self.gateway6
        raise fail(errno.ENETUNREACH)

    def free_port(self) -> int:
        """An ephemeral port that no socket here has."""
        low, high = EPHEMERAL
        taken = (
            {socket.local[1] for socket in self.sockets or ()} | set(self.listeners or ()) | set(self.datagrams or ())
        )
        port = self.next_port or self.fabric.random.randint(low, high)
        while port in taken:
            port = port + 1 if port < high else low
        self.next_port = port + 1 if port < high else low
        return port


class Way:
    """The way to a destination: its end (a namespace here, or a `remote` host), and the cost of going there.

    `latency` one way, in ns. `lost`: nobody answers; ARP says so after three seconds ("arp"), or nothing ever does
    ("dropped").
    """

    __slots__ = ("address", "hops", "into", "latency", "lost", "out", "remote", "source", "space")

    def __init__(self, address: str, source: str, out: Interface, latency: int, hops: int = 1,
                 space: NetworkNamespace | None = None, into: Interface | None = None, remote: Remote | None = None,
                 lost: str = "") -> None:  # fmt: skip
        self.address, self.source, self.out, self.latency, self.hops = address, source, out, latency, hops
        self.space, self.into, self.remote, self.lost = space, into, remote, lost

    def count(self, size: int, back: bool = False) -> None:
        """Count data of `size` bytes that went along (or came back), with its headers."""
        packets = max(1, -(-size // SEGMENT))
        size += packets * FRAME
        _count(self.out, size, packets, back)
        if self.into is not None:
            _count(self.into, size, packets, not back)


def _count(link: Interface, size: int, packets: int, received: bool) -> None:
    if received:
        link.rx_bytes += size
        link.rx_packets += packets
    else:
        link.tx_bytes += size
        link.tx_packets += packets


class Fabric:
    """The host's networking: its own namespace (lo, eth0), the bridges, and the Internet behind eth0."""

    def __init__(self, loop: Loop, random: Random, internet: Internet, inode: int, inos: Iterator[int]) -> None:
        self.loop, self.random, self.internet, self.inos = loop, random, internet, inos
        self.indexes: Iterator[int] = itertools.count(2)
        self.bridges: dict[str, Bridge] = {}  # by name
        self.published: dict[tuple[str, int], list[Any]] = {}  # by protocol and host port (sim/net/forwarding.py)
        self.faults = NetworkFaults()
        self.tracked: dict[Any, Any] = {}  # whose an answer is (sim/net/datagrams.py)
        self.host = NetworkNamespace(self, inode)
        self.host.lo_up = True
        eth0 = Interface(self.host, "eth0", next(self.indexes))
        eth0.address, eth0.mac, eth0.up = HOST_ADDRESS, "52:54:00:12:34:56", True
        eth0.others = (HOST_ADDRESS6,)
        self.host.links, self.host.gateway, self.host.gateway6 = (eth0,), HOST_GATEWAY, HOST_GATEWAY6

    def find(self, space: NetworkNamespace, address: str) -> Way:
        """The way from a namespace to an address. Raises OSError ENETUNREACH."""
        if address == "0.0.0.0":
            address = "127.0.0.1"
        if space.is_local(address):
            if not space.lo_up:
                raise fail(errno.ENETUNREACH)
            return Way(address, address, space.lo, LOOPBACK, 1, space, space.lo)
        link, neighbour = space.toward(address)
        source = link.source(address)
        if not link.carrier:
            return Way(address, source, link, BRIDGE, lost="arp")
        if link.bridge is None:
            if link.mate is not None:
                return self._across(link.mate, address, link, neighbour, source)
            return self._outside(address, source, link, 0)
        if neighbour in link.bridge.routers:
            return self._outside(address, source, link, GATEWAY)
        if neighbour not in link.bridge.gateways:
            return self._on_bridge(link.bridge, address, link, neighbour, source)
        if self.host.is_local(address):
            return Way(address, source, link, GATEWAY, 1, self.host)
        if link.bridge.internal or any(bridge.holds(address) for bridge in self.bridges.values()):
            return Way(address, source, link, GATEWAY, lost="dropped")  # iptables: DOCKER-ISOLATION-STAGE-1
        if not link.bridge.masquerade:
            return Way(address, source, link, GATEWAY, lost="dropped")  # nobody out there knows the way back
        return self._outside(address, source, link, GATEWAY)

    def _across(self, mate: Interface, address: str, out: Interface, neighbour: str, source: str) -> Way:
        """A cable between two namespaces, without a bridge."""
        if not mate.has(neighbour):
            return Way(address, source, out, BRIDGE, lost="arp")
        if not mate.space.is_local(address):
            return Way(address, source, out, BRIDGE, lost="dropped")
        return Way(address, source, out, BRIDGE, 1, mate.space, mate)

    def _on_bridge(self, bridge: Bridge, address: str, out: Interface, neighbour: str, source: str) -> Way:
        member = bridge.members.get(neighbour)
        if member is None or not (member.up and member.carrier):
            return Way(address, source, out, BRIDGE, lost="arp")
        separated = (not bridge.icc and out is not bridge.port) or self.faults.separate(source, address)
        if neighbour != address or separated:  # a container that is no router; or may not talk to its neighbours
            return Way(address, source, out, BRIDGE, lost="dropped")
        return Way(address, source, out, BRIDGE, 1, member.space, member)

    def _outside(self, address: str, source: str, out: Interface, latency: int) -> Way:
        remote = self.internet.at(address)
        if remote is None:
            return Way(address, source, out, latency, lost="dropped")
        return Way(address, source, out, latency + remote.latency, 2 + remote.hops, remote=remote)

    def jitter(self, latency: int) -> int:
        """There and back, in ns, as ping would measure it this time."""
        return int(2 * latency * (1 + 0.25 * self.random.random()) + self.random.expovariate(1 / (6 * MICROSECOND)))
