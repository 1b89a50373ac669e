"""Published ports: which ports of this machine lead into which container. Twin: sim/net/forwarding.py.

The packet filter leads what comes from elsewhere; what comes from this machine itself, or from another family of
addresses, is passed on by the daemon (real/relay.py), whose sockets also keep the port from others. Source: moby,
libnetwork/portallocator, cmd/docker-proxy.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.host import PortBinding, RuntimeFailure
from real.performing import reason
from real.poller import Poller
from real.relay import DatagramRelay, StreamRelay
from real.sockets import bound

EVERYWHERE = ("", "0.0.0.0", "::")
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}  # sctp has the packet filter only


class Relay(Protocol):
    """What is behind a port."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Forward:
    """A port of this machine that leads into a container."""

    host_ip: str
    host_port: int
    address: str
    container_port: int
    protocol: str
    relay: Relay | None

    def binding(self) -> PortBinding:
        return PortBinding(self.container_port, self.protocol, self.host_ip, self.host_port)


class Forwards:
    """All of them."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._taken: dict[tuple[str, int], list[str]] = {}  # host addresses by protocol and port

    def open(self, wanted: Sequence[PortBinding], address: str, address6: str = "") -> list[Forward]:
        """Take ports for a container with these addresses, all or none. Raises RuntimeFailure if one has an owner."""
        opened: list[Forward] = []
        try:
            for port in wanted:
                inside = address6 if ":" in port.host_ip and address6 else address or address6
                opened.append(self._open(port, inside))
        except RuntimeFailure:
            self.close(opened)
            raise
        return opened

    def close(self, forwards: Sequence[Forward]) -> None:
        for forward in forwards:
            if forward.relay is not None:
                forward.relay.close()
            self._taken[forward.protocol, forward.host_port].remove(forward.host_ip)

    def _open(self, port: PortBinding, inside: str) -> Forward:
        first, last = port.host_port, max(port.host_port, port.host_port_end)
        free = [number for number in range(first, last + 1) if self._is_free(port, number)]
        if not free:
            where = f"Bind for {_bracketed(port.host_ip)}:{first}"
            if first == last:
                raise RuntimeFailure(f"{where} failed: port is already allocated")
            raise RuntimeFailure(f"{where}-{last} failed: all ports are allocated")
        try:
            number, relay = self._first_that_binds(port, free, inside)
        except OSError as error:
            target = f"{_bracketed(inside)}:{port.container_port}/{port.protocol}"
            host = f"{_bracketed(port.host_ip)}:{free[-1]}"
            raise RuntimeFailure(f"failed to bind host port for {host}:{target}: {reason(error)}") from None
        self._taken.setdefault((port.protocol, number), []).append(port.host_ip)
        return Forward(port.host_ip, number, inside, port.container_port, port.protocol, relay)

    def _first_that_binds(self, port: PortBinding, numbers: Sequence[int], inside: str) -> tuple[int, Relay | None]:
        """Of a range, the next is tried if one is taken by somebody else. Raises OSError."""
        if port.protocol not in KINDS:
            return numbers[0], None
        for number in numbers:
            try:
                opened = bound(port.host_ip or "0.0.0.0", number, KINDS[port.protocol])
            except OSError as error:
                if error.errno != errno.EADDRINUSE or number == numbers[-1]:
                    raise
            else:
                break
        target = inside, port.container_port
        relay = StreamRelay if port.protocol == "tcp" else DatagramRelay
        return opened.getsockname()[1], relay(self._poller, opened, target)

    def _is_free(self, port: PortBinding, number: int) -> bool:
        """Port 0 stands for any, and is always."""
        owners = self._taken.get((port.protocol, number), ()) if number else ()
        return not any(_overlap(owner, port.host_ip) for owner in owners)


def _overlap(one: str, other: str) -> bool:
    """
    >>> _overlap("0.0.0.0", "127.0.0.1"), _overlap("::1", "0.0.0.0"), _overlap("10.0.0.1", "10.0.0.2")
    (True, False, False)
    """
    if (":" in one) != (":" in other):
        return False
    return one == other or one in EVERYWHERE or other in EVERYWHERE


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
