"""The network driver of the real host: for now none, host and another container's. Twin: sim/net/bridges.py.

Bridges, published ports and NAT are made through netlink with pyroute2; this driver refuses what it cannot make, with
the reason and the remedy, and has nothing to take back.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence

from engine.host import Aliases, Connection, Datagrams, PortBinding, Ports, Published, RuntimeFailure
from engine.operations import Operation, Performed
from engine.spec import BridgeNetwork, Link

REFUSAL = (
    "this host has no bridge networks: they need a driver on the netlink library pyroute2, which is not part of this "
    "version; use --network none, --network host or --network container:NAME"
)


class Networks:
    """engine.host.NetworkDriver."""

    async def create_network(self, network: BridgeNetwork, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        raise RuntimeFailure(REFUSAL)

    async def delete_network(self, id: str) -> tuple[Performed, ...]:
        return ()  # none was made

    async def join(
        self, network: str, container: str, link: Link, names: Sequence[str] = (), aliases: Aliases = ()
    ) -> None:
        raise RuntimeFailure(REFUSAL)

    async def configure(self, container: str, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        raise RuntimeFailure(REFUSAL)

    async def leave(self, network: str, container: str) -> None:
        """Nobody is on one."""

    async def publish(self, network: str, container: str, ports: Sequence[PortBinding]) -> Published:
        if ports:
            raise RuntimeFailure(REFUSAL)
        return Published(())

    async def withdraw(self, network: str, container: str) -> tuple[Performed, ...]:
        return ()

    def publish_through(self, ports: Ports) -> None:
        """A real host's ports are its own."""

    async def dial(self, host_ip: str, port: int) -> Connection:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "nothing is published on this host")

    def dial_datagrams(self, host_ip: str, port: int, receive: Callable[[bytes], object]) -> Datagrams:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "nothing is published on this host")
