"""/proc/PID/net: the network namespace of a process as files. Source: proc_pid_net(5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.net.network import Interface, NetworkNamespace, network_of, number_of
from sim.net.sockets import Address
from sim.vfs.synthetic import Listing, SyntheticFile

if TYPE_CHECKING:
    from sim.kernel.processes import Process

STATES = {"ESTABLISHED": 1, "FIN_WAIT2": 5, "CLOSE_WAIT": 8, "LAST_ACK": 9, "LISTEN": 10}  # net/tcp_states.h
UP, GATEWAY = 1, 2  # flags of a route
DEV = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|"
    "bytes    packets errs drop fifo colls carrier compressed\n"
)
ROUTE = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
UDP = (
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
    "drops\n"
)
ARP = "IP address       HW type     Flags       HW address            Mask     Device\n"


def make(process: Process, base: int) -> Listing:
    """The entries of the directory."""
    space: NetworkNamespace = process.namespaces.network

    def entry(name: str) -> SyntheticFile | None:
        text = TEXTS.get(name)
        return SyntheticFile(base + 9, lambda reader: text(space)) if text is not None else None

    return Listing(entry, lambda: TEXTS)


def dev(space: NetworkNamespace) -> str:
    return DEV + "".join(map(_counters, (space.lo, *space.links)))


def _counters(link: Interface) -> str:
    received = f"{link.rx_bytes:8d} {link.rx_packets:7d}    0    0    0     0          0         0"
    sent = f"{link.tx_bytes:8d} {link.tx_packets:7d}    0    0    0     0       0          0"
    return f"{link.name:>6}: {received} {sent}\n"


def route(space: NetworkNamespace) -> str:
    rows = [_route(space.toward(space.gateway)[0], "0.0.0.0/0", space.gateway)] if space.gateway else []
    rows += [_route(space.toward(gateway)[0], target, gateway) for target, gateway in space.routes]
    rows += [_route(link, link.address, "") for link in space.links if link.up and link.address]
    return ROUTE + "".join(rows)


def _route(link: Interface, target: str, gateway: str) -> str:
    number, shift = network_of(target)
    mask = 0xFFFFFFFF >> shift << shift
    flags = UP | GATEWAY * bool(gateway)
    via = number_of(gateway) if gateway else 0
    return f"{link.name}\t{_hex(number << shift)}\t{_hex(via)}\t{flags:04X}\t0\t0\t0\t{_hex(mask)}\t0\t0\t0\n"


def tcp(space: NetworkNamespace) -> str:
    rows: list[tuple[Address, Address, str, int]] = [
        (listener.address, ("0.0.0.0", 0), "LISTEN", listener.ino)
        for listeners in (space.listeners or {}).values()
        for listener in listeners
    ]
    rows += [(socket.local, socket.remote, socket.state(), socket.ino) for socket in space.sockets or ()]
    return TCP + "".join(
        f"{number:4d}: {_pair(local)} {_pair(remote)} {STATES[state]:02X} 00000000:00000000 00:00000000 00000000"
        f"     0        0 {ino} 1 0000000000000000 100 0 0 10 0\n"
        for number, (local, remote, state, ino) in enumerate(rows)
    )


def udp(space: NetworkNamespace) -> str:
    sockets = [socket for port in (space.datagrams or {}).values() for socket in port if ":" not in socket.address[0]]
    return UDP + "".join(
        f"{number:5d}: {_pair(socket.address)} {_pair(socket.peer or ('0.0.0.0', 0))} {1 if socket.peer else 7:02X}"
        f" 00000000:00000000 00:00000000 00000000     0        0 {socket.ino} 2 0000000000000000 0\n"
        for number, socket in enumerate(sockets)
    )


def arp(space: NetworkNamespace) -> str:
    rows = [(link.bridge.port.ip, link.bridge.port.mac, link.name) for link in space.links if link.bridge is not None]
    return ARP + "".join(f"{ip:<17}0x1         0x2         {mac}     *        {name}\n" for ip, mac, name in rows)


def _hex(number: int) -> str:
    """An address as the kernel prints it: in the byte order of the machine."""
    return number.to_bytes(4, "little").hex().upper()


def _pair(address: Address) -> str:
    return f"{_hex(number_of(address[0]))}:{address[1]:04X}"


TEXTS: dict[str, Callable[[NetworkNamespace], str]] = {"arp": arp, "dev": dev, "route": route, "tcp": tcp, "udp": udp}
