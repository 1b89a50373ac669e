"""Address management for one subnet: the lowest free address is given out, as libnetwork's default driver does."""

from __future__ import annotations

import heapq
from ipaddress import IPv4Address, IPv4Network

from engine.errors import Forbidden


class Pool:
    """Free addresses of a subnet. The network's own address, the gateway and the broadcast address are never given.

    `take` and `give_back` cost O(log n) at most.
    """

    __slots__ = ("_back", "_gateway", "_last", "_next", "subnet")

    def __init__(self, subnet: str) -> None:
        self.subnet = IPv4Network(subnet)
        self._gateway = int(self.subnet.network_address) + 1
        self._next = self._gateway + 1
        self._last = int(self.subnet.broadcast_address) - 1
        self._back: list[int] = []  # a heap of those that were given before

    @property
    def gateway(self) -> str:
        return dotted(self._gateway)

    def take(self, network: str) -> str:
        """An address without prefix length. Raises Forbidden when there is none; `network` is named in the text."""
        if self._back:
            return dotted(heapq.heappop(self._back))
        if self._next > self._last:
            raise Forbidden(f"no available IPv4 addresses on this network's address pools: {network}")
        self._next += 1
        return dotted(self._next - 1)

    def give_back(self, address: str) -> None:
        heapq.heappush(self._back, int(IPv4Address(address)))

    def with_prefix(self, address: str) -> str:
        return f"{address}/{self.subnet.prefixlen}"


def dotted(number: int) -> str:
    """
    >>> dotted(0xAC110002)
    '172.17.0.2'
    """
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def hardware_address(address: str) -> str:
    """The address that libnetwork makes of an IPv4 address: locally administered, and the same for the same address.

    >>> hardware_address("172.17.0.2")
    '02:42:ac:11:00:02'
    """
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))
