"""Published ports of the simulated host: which of its ports lead where, and the way in for the real world.

What listens on the real machine is behind `engine.host.Ports`; without it the ports can be reached from the pretended
host and its containers only. Twin: the DNAT rules and docker-proxy of a real host.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from engine.host import PortBinding, Ports, RuntimeFailure
from sim.net.network import EPHEMERAL, Fabric, fail
from sim.net.sockets import Socket, overlap


@dataclass(frozen=True, slots=True)
class Forward:
    """A port of the host that leads into a container."""

    bridge: str
    host_ip: str
    host_port: int
    address: str
    container_port: int
    protocol: str


class Forwards:
    """All of them. `fabric.published` is what the sockets look at."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._next_port = EPHEMERAL[0]
        self.ports: Ports | None = None

    def open(self, wanted: Sequence[PortBinding], bridge: str, address: str) -> list[Forward]:
        """Take ports of the host, all or none. Raises RuntimeFailure if one has an owner."""
        opened: list[Forward] = []
        try:
            for port in wanted:
                opened.append(self._open(port, bridge, address))
        except RuntimeFailure:
            self.close(opened)
            raise
        return opened

    def close(self, forwards: Sequence[Forward]) -> None:
        registry = self._fabric.published
        for forward in forwards:
            if self.ports is not None and forward.protocol != "sctp":
                self.ports.close(forward.host_ip, forward.host_port, forward.protocol)
            key = forward.protocol, forward.host_port
            rest = [other for other in registry[key] if other is not forward]
            if rest:
                registry[key] = rest
            else:
                del registry[key]

    def _open(self, port: PortBinding, bridge: str, address: str) -> Forward:
        number = self._choose(port)
        try:
            number = self._take(port, number) if number else self._take_any(port)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            inside = f"{address}:{port.container_port}/{port.protocol}"
            host_ip = bracketed(port.host_ip)
            raise RuntimeFailure(f"failed to bind host port for {host_ip}:{number}:{inside}: {reason}") from None
        forward = Forward(bridge, port.host_ip, number, address, port.container_port, port.protocol)
        self._fabric.published.setdefault((port.protocol, number), []).append(forward)
        return forward

    def _choose(self, port: PortBinding) -> int:
        """The port that is asked for, or the first free one of the range; 0: any."""
        first, last = port.host_port, max(port.host_port, port.host_port_end)
        if not first:
            return 0
        for number in range(first, last + 1):
            if self._is_free(port, number):
                return number
        if first == last:
            raise RuntimeFailure(f"Bind for {bracketed(port.host_ip)}:{first} failed: port is already allocated")
        raise RuntimeFailure(f"Bind for {bracketed(port.host_ip)}:{first}-{last} failed: all ports are allocated")

    def _take(self, port: PortBinding, number: int) -> int:
        """Raises OSError if something else listens there, on this host or on the real one."""
        host, protocol = self._fabric.host, port.protocol
        table = host.listeners if protocol == "tcp" else host.datagrams if protocol == "udp" else None
        if any(overlap(socket.address[0], port.host_ip) for socket in (table or {}).get(number, ())):
            raise fail(errno.EADDRINUSE)
        if self.ports is not None and protocol != "sctp":
            self.ports.open(port.host_ip, number, protocol)
        return number

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


def bracketed(host_ip: str) -> str:
    """As it stands before a port.

    >>> bracketed("::1"), bracketed("127.0.0.1")
    ('[::1]', '127.0.0.1')
    """
    return f"[{host_ip}]" if ":" in host_ip else host_ip


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
