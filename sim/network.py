"""Networks: namespaces with interfaces and routes, the bridges that join them, and the way from one address to another.

A `Fabric` is all of the host's networking. `Fabric.find` does what the kernel does with a destination: local? on a
connected network? through a gateway? and answers with a `Way`: who is at its end, how long it takes, whose counters
count. What flows along it is in sim/sockets.py. Twin: real/network.py.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any

from engine.loop import SECOND, Loop

if TYPE_CHECKING:
    from sim.internet import Internet, Remote

MICROSECOND = SECOND // 1_000_000
LOOPBACK, BRIDGE, GATEWAY = 18 * MICROSECOND, 42 * MICROSECOND, 30 * MICROSECOND  # one way
FRAME = 66  # Ethernet, IP and TCP headers of one segment, bytes
SEGMENT = 1448  # data of one segment, bytes
EPHEMERAL = (32768, 60999)  # net.ipv4.ip_local_port_range
HOST_ADDRESS, HOST_GATEWAY = "192.168.65.3/24", "192.168.65.1"


def fail(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@lru_cache(maxsize=1 << 16)
def number_of(address: str) -> int:
    """ "172.17.0.2" as a number. Raises ValueError."""
    parts = [int(part) for part in address.split(".")]
    if len(parts) != 4 or not all(0 <= part <= 255 for part in parts):
        raise ValueError(f"{address!r} is not an IPv4 address")
    return parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]


def network_of(cidr: str) -> tuple[int, int]:
    """ "172.17.0.2/16" -> (network's number, shift): two addresses are on it if they are equal after the shift."""
    address, _, length = cidr.partition("/")
    shift = 32 - int(length or 32)
    return number_of(address) >> shift, shift


def is_address(text: str) -> bool:
    try:
        number_of(text)
    except ValueError:
        return False
    return True


class Interface:
    """One end of a cable, as `ip addr` shows it. The other end is on `bridge` under `host_name` (lo: None)."""

    __slots__ = (
        "address", "bridge", "host_name", "index", "mac", "name", "peer", "rx_bytes", "rx_packets", "space", "tx_bytes",
        "tx_packets", "up",
    )  # fmt: skip

    def __init__(self, space: NetworkNamespace, name: str, index: int, bridge: Bridge | None = None, peer: int = 0,
                 host_name: str = "") -> None:  # fmt: skip
        self.space, self.name, self.index, self.bridge, self.peer = space, name, index, bridge, peer
        self.host_name = host_name
        self.address = self.mac = ""  # the address with its prefix length
        self.up = False
        self.rx_bytes = self.rx_packets = self.tx_bytes = self.tx_packets = 0

    @property
    def mtu(self) -> int:
        return 65536 if self.name == "lo" else 1500

    @property
    def ip(self) -> str:
        return self.address.partition("/")[0]


class Bridge:
    """A switch on the host; the host itself is on it with the gateway's address. `names` answer in its DNS."""

    __slots__ = ("endpoints", "gateway", "id", "internal", "members", "name", "names", "network", "port")

    def __init__(self, host: NetworkNamespace, id: str, name: str, subnet: str, gateway: str, internal: bool) -> None:
        self.id, self.name, self.gateway, self.internal = id, name, gateway, internal
        self.network = network_of(subnet)
        self.port = Interface(host, name, next(host.fabric.indexes), self)  # the host's own
        self.port.address = f"{gateway}/{subnet.partition('/')[2]}"
        self.port.mac = "02:42:" + ":".join(f"{number_of(gateway) >> shift & 255:02x}" for shift in (24, 16, 8, 0))
        self.port.up = True
        self.members: dict[str, Interface] = {}  # by address
        self.endpoints: dict[str, Any] = {}  # by container (sim/bridges.py)
        self.names: dict[str, list[str]] = {}

    def holds(self, address: str) -> bool:
        number, shift = self.network
        return number_of(address) >> shift == number


class NetworkNamespace:
    """Interfaces, routes and sockets of a group of processes."""

    __slots__ = ("_lo", "fabric", "gateway", "inode", "links", "listeners", "lo_up", "next_port", "routes", "sockets")

    def __init__(self, fabric: Fabric, inode: int) -> None:
        self.fabric, self.inode = fabric, inode
        self.lo_up = False
        self.links: tuple[Interface, ...] = ()
        self.gateway = ""
        self.routes: tuple[tuple[str, str], ...] = ()  # (destination, gateway) beside the default
        self._lo: Interface | None = None
        self.listeners: dict[int, list[Any]] | None = None  # by port (sim/sockets.py)
        self.sockets: dict[Any, None] | None = None  # connected ones, in order
        self.next_port = 0

    @property
    def lo(self) -> Interface:
        if self._lo is None:
            self._lo = Interface(self, "lo", 1)
            self._lo.address, self._lo.mac = "127.0.0.1/8", "00:00:00:00:00:00"
        self._lo.up = self.lo_up
        return self._lo

    def link(self, name: str) -> Interface:
        """Raises OSError ENODEV."""
        for link in self.links:
            if link.name == name:
                return link
        raise fail(errno.ENODEV)

    def is_local(self, address: str) -> bool:
        return address.startswith("127.") or any(link.ip == address for link in self.links)

    def toward(self, address: str) -> tuple[Interface, str]:
        """The interface and the next address on the way (the routing table). Raises OSError ENETUNREACH."""
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

    def free_port(self) -> int:
        """An ephemeral port that no socket here has."""
        low, high = EPHEMERAL
        taken = {socket.local[1] for socket in self.sockets or ()} | set(self.listeners or ())
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
        self.published: dict[tuple[str, int], list[Any]] = {}  # by protocol and host port (sim/bridges.py)
        self.host = NetworkNamespace(self, inode)
        self.host.lo_up = True
        eth0 = Interface(self.host, "eth0", next(self.indexes))
        eth0.address, eth0.mac, eth0.up = HOST_ADDRESS, "52:54:00:12:34:56", True
        self.host.links, self.host.gateway = (eth0,), HOST_GATEWAY

    def find(self, space: NetworkNamespace, address: str) -> Way:
        """The way from a namespace to an address. Raises OSError ENETUNREACH."""
        if address == "0.0.0.0":
            address = "127.0.0.1"
        if space.is_local(address):
            if not space.lo_up:
                raise fail(errno.ENETUNREACH)
            return Way(address, address, space.lo, LOOPBACK, 1, space, space.lo)
        link, neighbour = space.toward(address)
        if link.bridge is None:
            return self._outside(address, link.ip, link, 0)
        if neighbour != link.bridge.gateway:
            return self._on_bridge(link.bridge, address, link, neighbour)
        if self.host.is_local(address):
            return Way(address, link.ip, link, GATEWAY, 1, self.host)
        if link.bridge.internal or any(bridge.holds(address) for bridge in self.bridges.values()):
            return Way(address, link.ip, link, GATEWAY, lost="dropped")  # iptables: DOCKER-ISOLATION-STAGE-1
        return self._outside(address, link.ip, link, GATEWAY)

    def _on_bridge(self, bridge: Bridge, address: str, out: Interface, neighbour: str) -> Way:
        member = bridge.members.get(neighbour)
        if member is None or not member.up:
            return Way(address, out.ip, out, BRIDGE, lost="arp")
        if neighbour != address:  # a container that is no router
            return Way(address, out.ip, out, BRIDGE, lost="dropped")
        return Way(address, out.ip, out, BRIDGE, 1, member.space, member)

    def _outside(self, address: str, source: str, out: Interface, latency: int) -> Way:
        remote = self.internet.at(address)
        if remote is None:
            return Way(address, source, out, latency, lost="dropped")
        return Way(address, source, out, latency + remote.latency, 2 + remote.hops, remote=remote)

    def jitter(self, latency: int) -> int:
        """There and back, in ns, as ping would measure it this time."""
        return int(2 * latency * (1 + 0.25 * self.random.random()) + self.random.expovariate(1 / (6 * MICROSECOND)))
