"""System calls on the network, as a simulated program sees them: the part of sim/abi.py that is `proc.net`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Interface:
    """ip-address(8). `addresses` with prefix lengths."""

    index: int
    name: str
    mac: str
    mtu: int
    up: bool
    addresses: tuple[str, ...]
    peer: int = 0
    rx_bytes: int = 0
    tx_bytes: int = 0
    rx_packets: int = 0
    tx_packets: int = 0
    carrier: bool = True  # the other end of its cable is up
    master: str = ""  # the bridge that it is on


class Listener(Protocol):
    """A listening socket."""

    address: tuple[str, int]
    fd: int

    async def accept(self) -> int:
        """A file descriptor of the next connection."""

    def close(self) -> None: ...


class Net(Protocol):
    """The process's network namespace."""

    def interfaces(self) -> list[Interface]: ...

    def routes(self) -> list[tuple[str, str, str]]:
        """(destination, gateway or "", interface)."""

    async def resolve(self, name: str, family: int = 0) -> list[str]:
        """/etc/hosts, then DNS; of `family` 4 or 6, or (0) of IPv4 if there are any.

        Raises OSError (socket.gaierror's words: "Name or service not known").
        """

    async def ping(self, address: str, size: int = 56, ttl: int = 64, timeout: float = 10.0) -> float:
        """Round trip in seconds. Raises TimeoutError, or OSError ENETUNREACH / EHOSTUNREACH."""

    async def connect(self, host: str, port: int) -> int:
        """A connected TCP socket as a file descriptor. Raises ConnectionRefusedError, OSError ENETUNREACH, …"""

    def listen(self, address: str, port: int) -> Listener:
        """Raises OSError EADDRINUSE, EACCES."""

    def shutdown(self, fd: int) -> None:
        """Write no more to a connection: the other side reads the end of file; reading goes on (SHUT_WR)."""

    def bind_udp(self, address: str, port: int) -> int:
        """A UDP socket that takes datagrams from all. Raises OSError EADDRINUSE, EADDRNOTAVAIL."""

    async def connect_udp(self, host: str, port: int) -> int:
        """A UDP socket that speaks with one; `read` and `write` are a datagram each. Raises OSError ENETUNREACH."""

    async def accept_udp(self, fd: int) -> tuple[str, int]:
        """Wait for a datagram, leave it where it is, and speak with its sender alone from now on."""

    async def reverse(self, address: str) -> str:
        """The name of an address (getnameinfo); "" if it has none."""

    def resolvers(self) -> list[str]:
        """Addresses of the name servers that `resolve` asks."""

    async def accept(self, fd: int) -> int:
        """The next connection of a listening socket, also of one that was inherited."""

    def peer(self, fd: int) -> tuple[str, int]:
        """Address and port of a connection's other side (getpeername)."""

    # Changing links needs CAP_NET_ADMIN. `netns`: the descriptor of a network namespace, -1 for one's own.

    def add_link(self, name: str, kind: str, peer: str = "", netns: int = -1) -> None:
        """A "bridge", or a "veth" whose other end `peer` is in `netns`. Raises OSError EEXIST, EOPNOTSUPP."""

    def delete_link(self, name: str) -> None: ...

    def set_link(self, name: str, what: str, value: str = "", netns: int = -1) -> None:
        """what: "up", "down", "master", "nomaster", "name", "address", "netns". Raises OSError ENODEV, EBUSY, …"""

    def add_address(self, name: str, address: str) -> None:
        """ "10.0.0.2/24". Raises OSError EEXIST."""

    def delete_address(self, name: str, address: str) -> None:
        """Raises OSError EADDRNOTAVAIL."""

    def add_route(self, destination: str, gateway: str) -> None:
        """Of "default" or a network. Raises OSError ENETUNREACH, EEXIST."""

    def delete_route(self, destination: str) -> None:
        """Raises OSError ESRCH."""

    def sockets(self) -> list[tuple[str, str, str, str]]:
        """netstat(8): (protocol, local, remote, state)."""
