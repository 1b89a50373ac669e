"""Bridges, places on them, and published ports: libnetwork's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.operations import Operation, Performed
from engine.spec import BridgeNetwork, Link

Aliases = Sequence[tuple[str, str]]
NAME_SERVERS = ("8.8.8.8", "8.8.4.4")  # as in Docker


@dataclass(frozen=True, slots=True)
class PortBinding:
    """`docker run -p ip:host:container/protocol`. Host port 0: any free one; with `host_port_end`, one of a range."""

    container_port: int
    protocol: str = "tcp"
    host_ip: str = "0.0.0.0"
    host_port: int = 0
    host_port_end: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """Ports that lead into a container now, with the host's real ports, and what was done for it."""

    ports: tuple[PortBinding, ...]
    performed: tuple[Performed, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The host's own network: subnets that it is on or has routes to, and what the default bridge can be called."""

    occupied: tuple[str, ...] = ()
    default_bridge: str = "docker0"


class NetworkDriver(Protocol):
    """Bridges, cables and published ports (libnetwork's words). Address management is the daemon's."""

    def surroundings(self) -> Surroundings:
        """As they are now: no network may be given a subnet that the host needs to reach others."""

    def name_servers(self) -> tuple[str, ...]:
        """Whom the host asks; those of `NAME_SERVERS` if it knows none that a container could ask, too."""

    async def create_network(self, network: BridgeNetwork, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """Raises RuntimeFailure after undoing what was done."""

    async def delete_network(self, id: str) -> tuple[Performed, ...]:
        """Take back what `create_network` did. One that is not there does not mind."""

    async def join(
        self, network: str, container: str, link: Link, names: Sequence[str] = (), aliases: Aliases = ()
    ) -> None:
        """Reserve a place: `names` mean the container in the network's DNS, for all on it; joining again changes them.

        `aliases` are (alias, name) pairs that only this container may use. The cable itself is laid by operations:
        those of `Runtime.create` for a container that starts, those of `configure` for one that runs.
        """

    async def configure(self, container: str, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """Perform operations on links and routes of a running container. RuntimeFailure after undoing."""

    async def leave(self, network: str, container: str) -> None:
        """Forget its place, names and published ports there; unplug the cable if there still is one."""

    async def publish(self, network: str, container: str, ports: Sequence[PortBinding]) -> Published:
        """Make ports of the host lead to the container's place on a network (ProgramExternalConnectivity).

        Raises RuntimeFailure (`Bind for 0.0.0.0:80 failed: port is already allocated`), and then none is published.
        """

    async def withdraw(self, network: str, container: str) -> tuple[Performed, ...]:
        """Free the published ports (RevokeExternalConnectivity)."""

    def publish_through(self, ports: Ports) -> None:
        """Open and close published ports there too: a pretended host has none that the world could reach."""

    async def dial(self, host_ip: str, port: int) -> Connection:
        """Connect to a published TCP port of the host. Raises OSError, as connect(2)."""

    def dial_datagrams(self, host_ip: str, port: int, receive: Callable[[bytes], object]) -> Datagrams:
        """A UDP socket of the host's, connected to a published port; `receive` is called with each answer."""


class Ports(Protocol):
    """Real ports for published ones (engine.api.publish)."""

    def open(self, host_ip: str, port: int, protocol: str = "tcp") -> None:
        """Listen. Raises OSError."""

    def close(self, host_ip: str, port: int, protocol: str = "tcp") -> None: ...


class Datagrams(Protocol):
    """Whom a published UDP port is spoken to by: one client of the world's."""

    def send(self, data: bytes) -> None:
        """One datagram; it may get lost."""

    def close(self) -> None: ...


class Connection(Protocol):
    """A connection into a container."""

    async def read(self, size: int = 65536) -> bytes:
        """b"" at the end. Raises ConnectionResetError."""

    async def write(self, data: bytes) -> None:
        """All of it. Raises BrokenPipeError."""

    def shutdown(self) -> None:
        """No more will be written; reading goes on."""

    def close(self) -> None: ...
