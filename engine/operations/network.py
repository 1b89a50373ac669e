"""Operations on links, addresses, routes and packet filters: what ip(8) and iptables(8) do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.operations.base import Operation


@dataclass(frozen=True, slots=True)
class MakeBridge(Operation):
    """A switch in the kernel, with the host's own addresses on it: the gateways of its containers."""

    man: ClassVar[str] = "bridge(8)"
    name: str
    addresses: tuple[str, ...]
    mtu: int = 1500

    def shell(self) -> str:
        mtu = f" mtu {self.mtu}" if self.mtu != 1500 else ""
        addresses = "".join(f"ip addr add {address} dev {self.name} && " for address in self.addresses)
        return f"ip link add {self.name}{mtu} type bridge && {addresses}ip link set {self.name} up"

    def undo(self) -> Operation:
        return RemoveLink(self.name)


@dataclass(frozen=True, slots=True)
class MakeDummy(Operation):
    """A link that leads nowhere: a network for those who share it."""

    man: ClassVar[str] = "ip-link(8)"
    name: str

    def shell(self) -> str:
        return f"ip link add {self.name} type dummy && ip link set {self.name} up"

    def undo(self) -> Operation:
        return RemoveLink(self.name)


@dataclass(frozen=True, slots=True)
class MakeSublink(Operation):
    """A link of the container's that shares one of the host's: with an own hardware address (macvlan) or without."""

    man: ClassVar[str] = "ip-link(8)"
    driver: str
    parent: str
    inside: str

    def shell(self) -> str:
        mode = "bridge" if self.driver == "macvlan" else "l2"
        return f"ip link add link {self.parent} name {self.inside} netns {{pid}} type {self.driver} mode {mode}"

    def undo(self) -> Operation:
        return RemoveLink(self.inside)


@dataclass(frozen=True, slots=True)
class AddRule(Operation):
    """A rule of the packet filter; `words` as iptables takes them after the chain."""

    man: ClassVar[str] = "iptables(8)"
    table: str
    chain: str
    words: str
    command: str = "iptables"

    def shell(self) -> str:
        return f"{self.command} -t {self.table} -A {self.chain} {self.words}"

    def undo(self) -> Operation:
        return RemoveRule(self.table, self.chain, self.words, self.command)


@dataclass(frozen=True, slots=True)
class RemoveRule(Operation):
    man: ClassVar[str] = "iptables(8)"
    table: str
    chain: str
    words: str
    command: str = "iptables"

    def shell(self) -> str:
        return f"{self.command} -t {self.table} -D {self.chain} {self.words}"


@dataclass(frozen=True, slots=True)
class MakeVeth(Operation):
    """A virtual cable: one end on the host's bridge, the other in the container's network namespace."""

    man: ClassVar[str] = "veth(4)"
    host: str
    bridge: str
    inside: str

    def shell(self) -> str:
        return (
            f"ip link add {self.host} type veth peer name {self.inside} netns {{pid}} && "
            f"ip link set {self.host} master {self.bridge} up"
        )

    def undo(self) -> Operation:
        return RemoveLink(self.host)


@dataclass(frozen=True, slots=True)
class RemoveLink(Operation):
    """A bridge, a cable by its end on the host (the other end goes with it), or a link that shares the host's."""

    man: ClassVar[str] = "ip-link(8)"
    name: str

    def shell(self) -> str:
        return f"ip link del {self.name}"


@dataclass(frozen=True, slots=True)
class SetAddress(Operation):
    """Address, hardware address and `up`, inside the container."""

    man: ClassVar[str] = "ip-address(8)"
    link: str
    address: str
    mac: str = ""
    others: tuple[str, ...] = ()  # more addresses of the same link

    def shell(self) -> str:
        mac = f"ip link set {self.link} address {self.mac} && " if self.mac else ""
        addresses = [address for address in (self.address, *self.others) if address]
        added = "".join(f"ip addr add {address} dev {self.link} && " for address in addresses)
        return f"{mac}{added}ip link set {self.link} up"


@dataclass(frozen=True, slots=True)
class LoopbackUp(Operation):
    man: ClassVar[str] = "ip-link(8)"

    def shell(self) -> str:
        return "ip link set lo up"


@dataclass(frozen=True, slots=True)
class AddRoute(Operation):
    man: ClassVar[str] = "ip-route(8)"
    destination: str  # "default" or a subnet
    gateway: str

    def shell(self) -> str:
        family = " -6" if ":" in self.gateway else ""
        return f"ip{family} route add {self.destination} via {self.gateway}"


@dataclass(frozen=True, slots=True)
class ReplaceRoute(Operation):
    """Another way out for what had one already; `before` "" if it had none. No `gateway`: the way out goes."""

    man: ClassVar[str] = "ip-route(8)"
    destination: str
    gateway: str
    before: str = ""

    def shell(self) -> str:
        family = " -6" if ":" in (self.gateway or self.before) else ""
        if not self.gateway:
            return f"ip{family} route del {self.destination}"
        return f"ip{family} route replace {self.destination} via {self.gateway}"

    def undo(self) -> Operation:
        return ReplaceRoute(self.destination, self.before, self.gateway)
