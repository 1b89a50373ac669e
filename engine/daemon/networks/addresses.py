"""Addresses of one subnet: the lowest free one is given out, as libnetwork's default driver does."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network

from engine.errors import Forbidden, System

Subnet = IPv4Network | IPv6Network


class Pool:
    """Free addresses of a subnet, or of a range in it. Never given: the network's own address, broadcast, the gateway.

    `reserved` are addresses that nobody gets. `take` and `give_back` cost O(log n) at most; texts name an address
    without prefix length.
    """

    __slots__ = ("_back", "_chosen", "_last", "_next", "_start", "gateway", "subnet")

    def __init__(self, subnet: str, gateway: str = "", ip_range: str = "", reserved: Iterable[str] = ()) -> None:
        self.subnet: Subnet = ip_network(subnet)
        inside = ip_network(ip_range) if ip_range else self.subnet
        first, last = int(inside.network_address), int(inside.broadcast_address)
        if self.subnet.num_addresses > 2:
            first = max(first, int(self.subnet.network_address) + 1)
            if self.subnet.version == 4:
                last = min(last, int(self.subnet.broadcast_address) - 1)
        self._start = self._next = first
        self._last = last
        self._back: list[int] = []  # a heap of those that were given before
        self._chosen: set[int] = set()  # taken out of turn: beyond `_next`, or outside of the range
        for address in reserved:
            self.choose(address)
        self.gateway = self.choose(gateway) if gateway else self.take("")

    def take(self, network: str) -> str:
        """The next address. Raises System when there is none; `network` is named in the text."""
        if self._back:
            return self.text(heapq.heappop(self._back))
        while self._next <= self._last:
            number = self._next
            self._next += 1
            if number not in self._chosen:
                return self.text(number)
        family = self.subnet.version
        raise System(f"no available IPv{family} addresses on this network's address pools: {network}")

    def choose(self, address: str) -> str:
        """This very address. Raises Forbidden if somebody has it."""
        number = _number(address)
        if self._start <= number < self._next and number not in self._chosen:
            if number not in self._back:
                raise Forbidden("Address already in use")
            self._back.remove(number)
            heapq.heapify(self._back)
        elif number in self._chosen or number in self._never():
            raise Forbidden("Address already in use")
        else:
            self._chosen.add(number)
        return self.text(number)

    def give_back(self, address: str) -> None:
        number = _number(address)
        self._chosen.discard(number)
        if self._start <= number < self._next:
            heapq.heappush(self._back, number)

    def _never(self) -> tuple[int, ...]:
        """The subnet's own address and broadcast."""
        if self.subnet.num_addresses <= 2:
            return ()
        own = int(self.subnet.network_address)
        return (own, int(self.subnet.broadcast_address)) if self.subnet.version == 4 else (own,)

    def text(self, number: int) -> str:
        return dotted(number) if self.subnet.version == 4 else str(IPv6Address(number))

    def with_prefix(self, address: str) -> str:
        return f"{address}/{self.subnet.prefixlen}"


def _number(address: str) -> int:
    """
    >>> _number("172.17.0.2") == 0xAC110002
    True
    """
    if ":" in address:
        return int(IPv6Address(address))
    one, two, three, four = address.split(".")
    return int(one) << 24 | int(two) << 16 | int(three) << 8 | int(four)


def dotted(number: int) -> str:
    """
    >>> dotted(0xAC110002)
    '172.17.0.2'
    """
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def hardware_address(address: str) -> str:
    """A locally administered one, made of the IP address: the same for the same address.

    >>> hardware_address("172.17.0.2"), hardware_address("fd00::1:2")
    ('02:42:ac:11:00:02', '02:42:00:01:00:02')
    """
    if ":" in address:
        low = int(IPv6Address(address)) & 0xFFFF_FFFF
        return "02:42:" + ":".join(f"{low >> shift & 255:02x}" for shift in (24, 16, 8, 0))
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))
