"""Verbs for links, addresses and routes, as ip(8) has them: each is one request, in its socket's network namespace.

This is the seam at which another netlink library could take over: all of `real` reaches rtnetlink through these verbs.
"""

from __future__ import annotations

import errno

from real.netlink import rtnetlink as rt
from real.netlink.channel import (
    NETLINK_ROUTE,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    Channel,
    Message,
)
from real.netlink.rtnetlink import Address, LinkState, Route

NEW = NLM_F_CREATE | NLM_F_EXCL


class Links:
    """Raises OSError as the kernel does: EEXIST, ENODEV, EPERM, EOPNOTSUPP for a kind that it does not know."""

    def __init__(self) -> None:
        self._channel = Channel(NETLINK_ROUTE)

    def close(self) -> None:
        self._channel.close()

    # -- making and removing

    def add_bridge(self, name: str, mtu: int, mac: str, group: int) -> None:
        """ip link add NAME type bridge"""
        self._make(rt.new_bridge(name, mtu, mac, group))

    def add_dummy(self, name: str, group: int) -> None:
        """ip link add NAME type dummy"""
        self._make(rt.new_dummy(name, group))

    def add_veth(self, name: str, bridge: str, mtu: int, group: int, peer: str, namespace: int) -> None:
        """A cable with one end on the bridge, and the other, `peer`, in the network namespace of a descriptor."""
        self._make(rt.new_veth(name, self.index(bridge), mtu, group, peer, namespace))

    def add_sublink(self, driver: str, parent: str, name: str, namespace: int) -> None:
        """ip link add link PARENT name NAME type macvlan mode bridge"""
        self._make(rt.new_sublink(driver, self.index(parent), name, namespace))

    def _make(self, message: Message) -> None:
        self._channel.request(message._replace(flags=NEW))

    def remove(self, name: str) -> None:
        """ip link del NAME"""
        self._channel.request(rt.delete_link(name))

    def remove_group(self, group: int) -> None:
        """ip link del group GROUP; nothing happens if there is none."""
        try:
            self._channel.request(rt.delete_group(group))
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise

    # -- changing

    def index(self, name: str) -> int:
        """Raises OSError ENODEV."""
        return rt.link_state(self._channel.ask(rt.get_link(name))).index

    def has(self, name: str) -> bool:
        return self._find(name) is not None

    def group(self, name: str) -> int:
        """The group of a link; 0 also if there is none of that name."""
        found = self._find(name)
        return found.group if found is not None else 0

    def _find(self, name: str) -> LinkState | None:
        try:
            return rt.link_state(self._channel.ask(rt.get_link(name)))
        except OSError:
            return None

    def up(self, index: int, mac: str = "") -> None:
        """ip link set [address MAC] up"""
        self._channel.request(rt.change_link(index, *([rt.hardware(mac)] if mac else []), up=True))

    def isolate(self, index: int) -> None:
        """bridge link set isolated on: ports that are so do not hear each other."""
        self._channel.request(rt.change_port(index, rt.port_isolated()))

    def silence(self, index: int) -> None:
        """A bridge's port that carries nothing from now on, and behind which nobody is known."""
        self._channel.request(rt.change_port(index, rt.port_state(rt.BR_STATE_DISABLED), rt.port_flush()))

    def add_address(self, index: int, address: str) -> None:
        """ip addr add ADDRESS/LENGTH dev …"""
        self._channel.request(rt.new_address(index, address)._replace(flags=NEW))

    def add_route(self, destination: str, gateway: str) -> None:
        """ip route add DESTINATION via GATEWAY"""
        self._channel.request(rt.new_route(destination, gateway)._replace(flags=NEW))

    def replace_route(self, destination: str, gateway: str) -> None:
        """ip route replace DESTINATION via GATEWAY"""
        self._channel.request(rt.new_route(destination, gateway)._replace(flags=NLM_F_CREATE | NLM_F_REPLACE))

    def remove_route(self, destination: str, gateway: str) -> None:
        """ip route del DESTINATION via GATEWAY"""
        self._channel.request(rt.delete_route(destination, gateway))

    # -- reading

    def links(self) -> list[LinkState]:
        """ip link"""
        return [rt.link_state(message) for message in self._channel.listing(rt.get_links())]

    def addresses(self) -> list[Address]:
        """ip addr"""
        return [rt.address_of(message) for message in self._channel.listing(rt.get_addresses())]

    def routes(self) -> list[Route]:
        """ip route show table all"""
        return [
            route for message in self._channel.listing(rt.get_routes()) if (route := rt.route_of(message)) is not None
        ]
