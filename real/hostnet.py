"""The network of the machine itself: routes, name servers, forwarding, and what a killed daemon has left there."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from ipaddress import ip_address
from pathlib import Path

from engine.host import NAME_SERVERS, Surroundings
from real.netlink.links import Links
from real.netlink.rules import Rules

FORWARDING = {4: Path("/proc/sys/net/ipv4/ip_forward"), 6: Path("/proc/sys/net/ipv6/conf/all/forwarding")}
RESOLV_CONF, BEHIND_RESOLVED = Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")
# the first is another engine's, perhaps
DEFAULT_BRIDGES = ("docker0", *(f"glassdock{number}" for number in range(100)))


class Tag:
    """How the daemon of a folder marks what it makes: a group of links, and a table of rules."""

    def __init__(self, root: str) -> None:
        self.group = zlib.crc32(root.encode()) & 0x7FFF_FFFF | 1
        self.table = f"glassdock-{self.group:08x}"
        self.comment = f"glassdock {root}"


def reclaim(tag: Tag, links: bool = True) -> None:
    """Take away the rules that bear the tag, and the links. Where that is not allowed, they were not made either."""
    if links:
        with contextlib.suppress(OSError), contextlib.closing(Links()) as there:
            there.remove_group(tag.group)
    with contextlib.suppress(OSError), contextlib.closing(Rules()) as rules:
        rules.remove_table(tag.table)


def bridges(tag: Tag) -> set[str]:
    """The daemon's, by name."""
    with contextlib.closing(Links()) as links:
        return {link.name for link in links.links() if link.group == tag.group and link.kind == "bridge"}


def surroundings(tag: Tag) -> Surroundings:
    """What the machine's network leaves free. Raises OSError."""
    with contextlib.closing(Links()) as links:
        there, routes = links.links(), links.routes()
    ours = {link.index for link in there if link.group == tag.group}
    others = {link.name for link in there if link.group != tag.group}
    subnets = {route.destination for route in routes if route.index not in ours} - {"default"}
    bridge = next(name for name in DEFAULT_BRIDGES if name not in others)
    return Surroundings(tuple(sorted(subnets)), bridge)


def name_servers() -> tuple[str, ...]:
    """See engine.host.NetworkDriver: without those that only the machine itself can ask, as systemd-resolved's."""
    for file in (RESOLV_CONF, BEHIND_RESOLVED):
        with contextlib.suppress(OSError):
            found = re.findall(r"^nameserver\s+([0-9a-fA-F.:]+)\s*$", file.read_text(), re.MULTILINE)
            if usable := tuple(server for server in found if not ip_address(server).is_loopback):
                return usable
    return NAME_SERVERS


class Forwarding:
    """Does the machine pass packets on between its links? Turned on for the bridges if need be, and off again."""

    def __init__(self, root: str) -> None:
        self._note = Path(root, "run", "forwarding")  # families that this daemon, or a killed one before it, turned on
        known = self._note.read_text().split() if self._note.exists() else []
        self._turned_on = {int(version) for version in known}

    @property
    def is_ours(self) -> bool:
        """Nothing was forwarded before the daemon came."""
        return 4 in self._turned_on

    def turn_on(self, version: int) -> None:
        """If it is off, and if the daemon may."""
        file = FORWARDING[version]
        with contextlib.suppress(OSError):
            if file.read_text().strip() == "0":
                file.write_text("1")
                self._turned_on.add(version)
                self._note.parent.mkdir(exist_ok=True)
                self._note.write_text(" ".join(map(str, sorted(self._turned_on))))

    def restore(self) -> None:
        for version in self._turned_on:
            with contextlib.suppress(OSError):
                FORWARDING[version].write_text("0")
        self._turned_on.clear()
        self._note.unlink(missing_ok=True)


def forwards() -> bool:
    try:
        return FORWARDING[4].read_text().strip() != "0"
    except OSError:
        return False


def may_turn_on() -> bool:
    return os.access(FORWARDING[4], os.W_OK)
