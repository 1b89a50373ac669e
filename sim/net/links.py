"""Links, addresses and routes as a person changes them with ip(8): bridges and cables (veth) laid by hand.

What the runtime lays for containers is in sim/net/bridges.py; both meet on the same bridges. Source: ip-link(8),
veth(4), the kernel's rtnetlink.
"""

from __future__ import annotations

import errno
from ipaddress import ip_interface

from sim.net.bridges import unplug
from sim.net.network import Bridge, Interface, NetworkNamespace, fail, network_of, number_of

NAME_MAX = 15  # IFNAMSIZ, without the zero at its end


def find(space: NetworkNamespace, name: str) -> Interface:
    """Raises OSError ENODEV."""
    return space.lo if name == "lo" else space.link(name)


def _free(space: NetworkNamespace, name: str) -> None:
    """Raises OSError EEXIST, EINVAL."""
    if not 0 < len(name) <= NAME_MAX or "/" in name:
        raise fail(errno.EINVAL)
    if name == "lo" or any(link.name == name for link in space.links):
        raise fail(errno.EEXIST)


def add(space: NetworkNamespace, name: str, kind: str, peer: str, other: NetworkNamespace) -> None:
    """ip link add NAME type bridge; ip link add NAME type veth peer name PEER netns OTHER.

    Raises OSError EEXIST, EOPNOTSUPP (other kinds; bridges are made on the host only).
    """
    fabric = space.fabric
    _free(space, name)
    if kind == "bridge" and space is fabric.host:
        made = fabric.bridges[name] = Bridge(space, name, ())
        made.port.up = False
        space.links += (made.port,)
    elif kind == "veth":
        _free(other, peer)
        far = Interface(other, peer, next(fabric.indexes))
        near = Interface(space, name, next(fabric.indexes))
        near.mate, far.mate = far, near
        space.by_hand = other.by_hand = True
        near.peer, far.peer = far.index, near.index
        for end in (near, far):
            end.mac = _mac(fabric.random.getrandbits(40))
            end.space.links += (end,)
    else:
        raise fail(errno.EOPNOTSUPP)


def _mac(number: int) -> str:
    """A locally administered hardware address."""
    return "02:" + ":".join(f"{number >> shift & 255:02x}" for shift in (32, 24, 16, 8, 0))


def delete(space: NetworkNamespace, name: str) -> None:
    """A cable goes with both ends. Raises OSError ENODEV; EOPNOTSUPP for lo and the host's own card."""
    link, fabric = find(space, name), space.fabric
    if link.mate is not None:
        for end in (link, link.mate):
            _leave(end)
            unplug(end)
    elif (bridge := fabric.bridges.get(name)) is not None and space is fabric.host:
        for member in [each for each in space.links if each.master is bridge]:
            _leave(member)
        del fabric.bridges[name]
        space.links = tuple(each for each in space.links if each is not link)
    else:
        raise fail(errno.EOPNOTSUPP)


def change(space: NetworkNamespace, name: str, what: str, value: str) -> None:
    """ip link set NAME up, down, master BRIDGE, nomaster, name NEW, address MAC.

    Raises OSError ENODEV, EBUSY, EINVAL.
    """
    link = find(space, name)
    if what in ("up", "down"):
        if name == "lo":
            space.lo_up = what == "up"
        link.up = what == "up"
    elif what == "master":
        _join(link, value)
    elif what == "nomaster":
        _leave(link)
    elif what == "address":
        link.mac = value.lower()
    elif what == "name":
        if link.up:
            raise fail(errno.EBUSY)
        _free(space, value)
        link.name = value
    else:
        raise fail(errno.EINVAL)


def _join(link: Interface, name: str) -> None:
    """The other end of the cable is now where all on this bridge can be reached."""
    bridge = link.space.fabric.bridges.get(name)
    if bridge is None or link.mate is None:
        raise fail(errno.ENODEV if bridge is None else errno.EINVAL)
    _leave(link)
    link.master, link.mate.bridge, link.mate.host_name = bridge, bridge, link.name
    bridge.plug(link.mate)


def _leave(link: Interface) -> None:
    if link.master is not None and link.mate is not None:
        link.master.unplug(link.mate)
        link.master = link.mate.bridge = None


def move(space: NetworkNamespace, name: str, other: NetworkNamespace) -> None:
    """ip link set NAME netns OTHER: it arrives down and without its addresses.

    Raises OSError ENODEV, EINVAL, EEXIST.
    """
    link = find(space, name)
    if link.mate is None:
        raise fail(errno.EINVAL)
    if other is space:
        return
    _free(other, name)
    _leave(link)
    unplug(link)
    link.space, link.up, link.address, link.others = other, False, "", ()
    other.by_hand = True
    other.links += (link,)


def abandon(space: NetworkNamespace) -> None:
    """Nobody is left in it: it goes, and with it both ends of its cables."""
    for link in space.links:
        if link.mate is not None:
            delete(space, link.name)


# -- addresses and routes


def add_address(space: NetworkNamespace, name: str, address: str) -> None:
    """Raises OSError ENODEV, EEXIST."""
    link = find(space, name)
    if address in link.addresses:
        raise fail(errno.EEXIST)
    if link.address or ":" in address:
        link.others += (address,)
    else:
        link.address = address
    _tell_bridge(link)


def delete_address(space: NetworkNamespace, name: str, address: str) -> None:
    """Raises OSError ENODEV, EADDRNOTAVAIL."""
    link = find(space, name)
    if address not in link.addresses:
        raise fail(errno.EADDRNOTAVAIL)
    if link.bridge is not None:
        link.bridge.unplug(link)
    left = [each for each in link.addresses if each != address]
    link.address = next((each for each in left if ":" not in each), "")
    link.others = tuple(each for each in left if each != link.address)
    _tell_bridge(link)


def _tell_bridge(link: Interface) -> None:
    bridge = link.bridge
    if bridge is None:
        return
    if bridge.port is link:
        bridge.gateways = tuple(each.partition("/")[0] for each in link.addresses)
        bridge.networks = tuple((":" in each, *network_of(each)) for each in link.addresses)
    else:
        bridge.plug(link)


def add_route(space: NetworkNamespace, destination: str, gateway: str) -> None:
    """Raises OSError ENETUNREACH (no link leads to the gateway), EEXIST."""
    if not any(link.up and _is_on(link, gateway) for link in space.links):
        raise fail(errno.ENETUNREACH)
    if destination != "default":
        space.routes += ((str(ip_interface(destination).network), gateway),)
    elif ":" in gateway:
        space.gateway6 = gateway
    elif space.gateway:
        raise fail(errno.EEXIST)
    else:
        space.gateway = gateway


def _is_on(link: Interface, address: str) -> bool:
    number = number_of(address)
    nets = (network_of(each) for each in link.addresses if (":" in each) == (":" in address))
    return any(number >> shift == network for network, shift in nets)


def delete_route(space: NetworkNamespace, destination: str) -> None:
    """Raises OSError ESRCH."""
    left = tuple(route for route in space.routes if route[0] != destination)
    if destination == "default" and space.gateway:
        space.gateway = ""
    elif len(left) < len(space.routes):
        space.routes = left
    else:
        raise fail(errno.ESRCH)
