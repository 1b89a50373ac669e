"""Which subnets are taken, and which one a network gets that asks for none (libnetwork, ipams/defaultipam).

Sources: ipamutils (the default pools), address_space.go. The words are libnetwork's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from engine.daemon.networks.addresses import Subnet
from engine.errors import Forbidden, InvalidParameter

# 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20 to 192.168.240.0/20
DEFAULT_POOLS = (*(f"172.{number}.0.0/16" for number in range(17, 32)),
                 *(f"192.168.{number}.0/20" for number in range(0, 256, 16)))  # fmt: skip
FULL = "all predefined address pools have been fully subnetted"


class AddressSpace:
    """The subnets of all networks. `occupied` tells those that the host itself is on; they are never chosen."""

    def __init__(self, seed: str, occupied: Callable[[], Iterable[str]] = tuple) -> None:
        self._taken: list[Subnet] = []
        self._occupied = occupied
        digits = hashlib.sha256(seed.encode()).hexdigest()[:10]
        self._unique_local = int(f"fd{digits}", 16) << 80  # RFC 4193: a random prefix of 48 bits

    def request(self, text: str) -> str:
        """Take this subnet. Raises Forbidden if it overlaps with another network's."""
        wanted = ip_network(text)
        if any(_overlap(wanted, other) for other in self._taken):
            raise Forbidden("invalid pool request: Pool overlaps with other one on this address space")
        self._taken.append(wanted)
        return str(wanted)

    def any4(self) -> str:
        """Take the first of the default pools that is free. Raises InvalidParameter."""
        return self._first_free(map(IPv4Network, DEFAULT_POOLS))

    def any6(self) -> str:
        """Take a /64 of the host's own unique local addresses."""
        return self._first_free(self._unique_locals())

    def release(self, text: str) -> None:
        self._taken.remove(ip_network(text))

    def _unique_locals(self) -> Iterator[IPv6Network]:
        return (IPv6Network((self._unique_local + (number << 64), 64)) for number in range(1 << 16))

    def _first_free(self, pools: Iterable[Subnet]) -> str:
        used = [*self._taken, *map(ip_network, self._occupied())]
        for pool in pools:
            if not any(_overlap(pool, other) for other in used):
                self._taken.append(pool)
                return str(pool)
        raise InvalidParameter(FULL)


def _overlap(one: Subnet, other: Subnet) -> bool:
    """
    >>> _overlap(IPv4Network("10.0.0.0/8"), IPv4Network("10.1.0.0/16"))
    True
    """
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)
