"""Who is called what on which network: what the embedded name server knows. Twin: sim/net/resolver.py."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.host import Aliases


@dataclass(slots=True)
class Entry:
    """A container on a network. `aliases`: names that only it may use, and what they stand for."""

    addresses: tuple[str, ...]
    names: tuple[str, ...]
    aliases: dict[str, str]


@dataclass(slots=True)
class Zone:
    """A network: its name, the host's address on it, and its containers by id."""

    title: str
    internal: bool
    gateway: str
    entries: dict[str, Entry] = field(default_factory=dict)


class Directory:
    """All networks that have names. `host_names` mean the host itself."""

    def __init__(self, host_names: Sequence[str] = ("host.docker.internal", "gateway.docker.internal")) -> None:
        self.zones: dict[str, Zone] = {}
        self._host_names = frozenset(host_names)

    def join(
        self, network: str, container: str, addresses: tuple[str, ...], names: Sequence[str], aliases: Aliases
    ) -> None:
        """Joining again changes the names."""
        own = {alias.lower(): name.lower() for alias, name in aliases}
        lowered = tuple(name.lower() for name in names)
        self.zones[network].entries[container] = Entry(addresses, lowered, own)

    def leave(self, network: str, container: str) -> None:
        if network in self.zones:
            self.zones[network].entries.pop(container, None)

    def _of(self, container: str) -> list[Zone]:
        return [zone for zone in self.zones.values() if container in zone.entries]

    def leads_out(self, container: str) -> bool:
        """Is it on a network from which others may be asked?"""
        return any(not zone.internal for zone in self._of(container))

    def look_up(self, container: str, name: str) -> list[str]:
        """Addresses as this container may know them, in any order: an alias of its own, a name, or NAME.NETWORK."""
        wanted = name.lower().rstrip(".")
        found = [address for zone in self._of(container) for address in _known(zone, container, wanted)]
        if not found and wanted in self._host_names:
            found = [zone.gateway for zone in self._of(container) if zone.gateway and not zone.internal][:1]
        return random.sample(found, len(found))

    def reverse(self, container: str, address: str) -> str:
        """ "web.lab" for an address; "" if nobody on the container's networks has it."""
        for zone in self._of(container):
            for entry in zone.entries.values():
                if address in entry.addresses and entry.names:
                    return f"{entry.names[0]}.{zone.title}"
        return ""


def _known(zone: Zone, container: str, wanted: str) -> list[str]:
    wanted = zone.entries[container].aliases.get(wanted, wanted)
    suffix = f".{zone.title.lower()}"
    for name in (wanted, wanted.removesuffix(suffix)):
        found = [address for entry in zone.entries.values() if name in entry.names for address in entry.addresses]
        if found:
            return found
    return []
