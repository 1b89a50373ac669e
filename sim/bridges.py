"""Links of containers: for now, published ports and the names of interfaces."""

from __future__ import annotations

from collections.abc import Sequence

from engine.host import PortBinding, RuntimeFailure
from engine.operations import AddRoute, LoopbackUp, MakeVeth, SetAddress
from engine.spec import Link
from sim.container import Container, Handlers

EPHEMERAL = 32768


class Bridges:
    """engine.host.NetworkDriver."""

    def __init__(self) -> None:
        self._ports: dict[tuple[str, int], tuple[str, str]] = {}
        self._next = EPHEMERAL

    async def create_network(self, id: str, bridge: str, subnet: str, gateway: str, internal: bool) -> None:
        """See engine.host.NetworkDriver."""

    async def delete_network(self, id: str) -> None:
        """See engine.host.NetworkDriver."""

    async def join(
        self, network: str, container: str, link: Link, ports: Sequence[PortBinding], names: Sequence[str]
    ) -> list[PortBinding]:
        given: list[PortBinding] = []
        for port in ports:
            number = port.host_port or self._free(port.protocol)
            if (port.protocol, number) in self._ports:
                await self.leave(network, container)
                raise RuntimeFailure(f"Bind for {port.host_ip}:{number} failed: port is already allocated")
            self._ports[port.protocol, number] = (network, container)
            given.append(PortBinding(port.container_port, port.protocol, port.host_ip, number))
        return given

    async def leave(self, network: str, container: str) -> None:
        if self._ports:
            self._ports = {port: owner for port, owner in self._ports.items() if owner != (network, container)}

    def _free(self, protocol: str) -> int:
        while (protocol, self._next) in self._ports:
            self._next += 1
        return self._next


def nothing(container: Container, operation: object) -> None:
    """The interface is told of by the link."""


HANDLERS: Handlers = {MakeVeth: nothing, SetAddress: nothing, AddRoute: nothing, LoopbackUp: nothing}
