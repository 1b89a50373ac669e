"""The vocabulary of rtnetlink(7): links, addresses and routes as messages, and back.

Names are those of linux/rtnetlink.h, if_link.h and if_addr.h, so that they can be looked up.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass

from real.netlink.attributes import attribute, nested, number, parse, string, text, u8, u16, u32
from real.netlink.channel import Message

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK = 16, 17, 18, 19
RTM_NEWADDR, RTM_GETADDR = 20, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26

IFF_UP = 1
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER, IFLA_PROTINFO, IFLA_LINKINFO = 1, 3, 4, 5, 10, 12, 18
IFLA_GROUP, IFLA_NET_NS_FD = 27, 28
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
VETH_INFO_PEER = 1
IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE = 1, 4
IFLA_IPVLAN_MODE, IPVLAN_MODE_L2 = 1, 0
IFLA_BRPORT_STATE, IFLA_BRPORT_FLUSH, IFLA_BRPORT_ISOLATED = 1, 24, 33
BR_STATE_DISABLED = 0

IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST = 1, 2, 4
IFA_F_NODAD, IFA_F_PERMANENT = 0x02, 0x80

RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_TABLE = 1, 4, 5, 15
RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST = 254, 3, 0, 1

IFINFOMSG = struct.Struct("=BxHiII")  # family, type, index, flags, which of them change
IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
RTMSG = struct.Struct("=BBBBBBBBI")  # family, dst length, src length, tos, table, protocol, scope, type, flags


@dataclass(frozen=True, slots=True)
class LinkState:
    """One link, as the kernel lists it. `master`: index of the bridge that it is a port of, 0 for none."""

    index: int
    name: str
    kind: str  # "bridge", "veth", "" for hardware
    up: bool
    mtu: int
    mac: str
    master: int
    group: int


@dataclass(frozen=True, slots=True)
class Address:
    """`local` with prefix length: "172.17.0.1/16"."""

    index: int
    local: str


@dataclass(frozen=True, slots=True)
class Route:
    """`destination` "default" or a subnet; `gateway` "" for what is reached without one; `index` of the link, or 0."""

    destination: str
    gateway: str
    index: int
    table: int


# -- links


def ifinfomsg(index: int = 0, flags: int = 0, change: int = 0, family: int = socket.AF_UNSPEC) -> bytes:
    return IFINFOMSG.pack(family, 0, index, flags, change)


def kind(name: str, *data: bytes) -> bytes:
    """IFLA_LINKINFO: what sort of link it is, with what that sort needs to know."""
    return nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, name), *([nested(IFLA_INFO_DATA, *data)] if data else []))


def hardware(mac: str) -> bytes:
    return attribute(IFLA_ADDRESS, bytes.fromhex(mac.replace(":", "")))


def new_bridge(name: str, mtu: int, mac: str, group: int) -> Message:
    address = hardware(mac) if mac else b""
    body = text(IFLA_IFNAME, name) + u32(IFLA_MTU, mtu) + u32(IFLA_GROUP, group) + address + kind("bridge")
    return Message(RTM_NEWLINK, 0, ifinfomsg() + body)


def new_dummy(name: str, group: int) -> Message:
    return Message(RTM_NEWLINK, 0, ifinfomsg() + text(IFLA_IFNAME, name) + u32(IFLA_GROUP, group) + kind("dummy"))


def new_veth(name: str, master: int, mtu: int, group: int, peer: str, namespace: int) -> Message:
    """Both ends at once: this one up and on its bridge, the other in the namespace of a descriptor."""
    other = ifinfomsg() + text(IFLA_IFNAME, peer) + u32(IFLA_NET_NS_FD, namespace) + u32(IFLA_MTU, mtu)
    body = text(IFLA_IFNAME, name) + u32(IFLA_MTU, mtu) + u32(IFLA_MASTER, master) + u32(IFLA_GROUP, group)
    return Message(
        RTM_NEWLINK, 0, ifinfomsg(flags=IFF_UP, change=IFF_UP) + body + kind("veth", attribute(VETH_INFO_PEER, other))
    )


def new_sublink(driver: str, parent: int, name: str, namespace: int) -> Message:
    """macvlan or ipvlan, in the namespace of a descriptor."""
    mode = u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE) if driver == "macvlan" else u16(IFLA_IPVLAN_MODE, IPVLAN_MODE_L2)
    body = text(IFLA_IFNAME, name) + u32(IFLA_LINK, parent) + u32(IFLA_NET_NS_FD, namespace)
    return Message(RTM_NEWLINK, 0, ifinfomsg() + body + kind(driver, mode))


def change_link(index: int, *changes: bytes, up: bool | None = None) -> Message:
    """`changes`: attributes. `up` None: as it is."""
    return Message(
        RTM_NEWLINK, 0, ifinfomsg(index, IFF_UP if up else 0, 0 if up is None else IFF_UP) + b"".join(changes)
    )


def change_port(index: int, *changes: bytes) -> Message:
    """Of a bridge's port: IFLA_BRPORT_… attributes."""
    return Message(RTM_SETLINK, 0, ifinfomsg(index, family=socket.AF_BRIDGE) + nested(IFLA_PROTINFO, *changes))


def port_state(state: int) -> bytes:
    return u8(IFLA_BRPORT_STATE, state)


def port_flush() -> bytes:
    """Forget the hardware addresses that were learned behind the port."""
    return attribute(IFLA_BRPORT_FLUSH, b"")


def port_isolated() -> bytes:
    return u8(IFLA_BRPORT_ISOLATED, 1)


def delete_link(name: str) -> Message:
    return Message(RTM_DELLINK, 0, ifinfomsg() + text(IFLA_IFNAME, name))


def delete_group(group: int) -> Message:
    """All links of a group at one stroke."""
    return Message(RTM_DELLINK, 0, ifinfomsg() + u32(IFLA_GROUP, group))


def get_link(name: str) -> Message:
    return Message(RTM_GETLINK, 0, ifinfomsg() + text(IFLA_IFNAME, name))


def get_links() -> Message:
    return Message(RTM_GETLINK, 0, ifinfomsg())


def link_state(message: Message) -> LinkState:
    _, _, index, flags, _ = IFINFOMSG.unpack_from(message.body)
    found = parse(message.body[IFINFOMSG.size :])
    info = parse(found.get(IFLA_LINKINFO, b""))
    return LinkState(
        index=index,
        name=string(found[IFLA_IFNAME]),
        kind=string(info.get(IFLA_INFO_KIND, b"")),
        up=bool(flags & IFF_UP),
        mtu=number(found[IFLA_MTU]),
        mac=found.get(IFLA_ADDRESS, b"").hex(":"),
        master=number(found[IFLA_MASTER]) if IFLA_MASTER in found else 0,
        group=number(found[IFLA_GROUP]) if IFLA_GROUP in found else 0,
    )


# -- addresses


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return socket.AF_INET6 if address.version == 6 else socket.AF_INET


def new_address(index: int, address: str) -> Message:
    """`address` with prefix length. IPv6 without asking whether somebody has it: addresses are given out by us."""
    interface = ipaddress.ip_interface(address)
    body = attribute(IFA_LOCAL, interface.ip.packed) + attribute(IFA_ADDRESS, interface.ip.packed)
    if interface.version == 4 and interface.network.prefixlen < 31:
        body += attribute(IFA_BROADCAST, interface.network.broadcast_address.packed)
    flags = IFA_F_PERMANENT | (IFA_F_NODAD if interface.version == 6 else 0)
    head = IFADDRMSG.pack(_family(interface.ip), interface.network.prefixlen, flags, RT_SCOPE_UNIVERSE, index)
    return Message(RTM_NEWADDR, 0, head + body)


def get_addresses() -> Message:
    return Message(RTM_GETADDR, 0, IFADDRMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0))


def address_of(message: Message) -> Address:
    _, length, _, _, index = IFADDRMSG.unpack_from(message.body)
    found = parse(message.body[IFADDRMSG.size :])
    return Address(index, f"{ipaddress.ip_address(found.get(IFA_LOCAL) or found[IFA_ADDRESS])}/{length}")


# -- routes


def _route(type: int, destination: str, gateway: str, family: int) -> Message:
    length, body = 0, b""
    if destination != "default":
        network = ipaddress.ip_network(destination)
        length, body = network.prefixlen, attribute(RTA_DST, network.network_address.packed)
    if gateway:
        body += attribute(RTA_GATEWAY, ipaddress.ip_address(gateway).packed)
    head = RTMSG.pack(family, length, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST, 0)
    return Message(type, 0, head + body)


def new_route(destination: str, gateway: str) -> Message:
    """`destination` "default" or a subnet."""
    return _route(RTM_NEWROUTE, destination, gateway, _family(ipaddress.ip_address(gateway)))


def delete_route(destination: str, gateway: str) -> Message:
    """`gateway`: whose family it is, too."""
    return _route(RTM_DELROUTE, destination, gateway, _family(ipaddress.ip_address(gateway)))


def get_routes() -> Message:
    return Message(RTM_GETROUTE, 0, RTMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0, 0, 0, 0, 0))


def route_of(message: Message) -> Route | None:
    """None for what is no way to others: local addresses, broadcast."""
    _, length, _, _, table, _, _, kind, _ = RTMSG.unpack_from(message.body)
    if kind != RTN_UNICAST:
        return None
    found = parse(message.body[RTMSG.size :])
    destination = "default"
    if RTA_DST in found:
        destination = f"{ipaddress.ip_address(found[RTA_DST])}/{length}"
    gateway = str(ipaddress.ip_address(found[RTA_GATEWAY])) if RTA_GATEWAY in found else ""
    index = number(found[RTA_OIF]) if RTA_OIF in found else 0
    return Route(destination, gateway, index, number(found[RTA_TABLE]) if RTA_TABLE in found else table)
