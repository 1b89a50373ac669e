"""A process's network, as programs see it: the `Net` of sim/abi.py."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from engine.loop import SECOND, Future
from sim import abi
from sim.kernel.userspaces import need
from sim.net import links, resolver, sockets
from sim.net.datagrams import DatagramSocket
from sim.net.network import FRAME, Interface, NetworkNamespace, fail, is_address
from sim.vfs.paths import capable

if TYPE_CHECKING:
    from sim.kernel.syscalls import SystemCalls

PING_HEADERS = 42  # Ethernet, IP, ICMP


class View:
    """What one process sees of its network namespace, and does there."""

    __slots__ = ("_process", "_space")

    def __init__(self, process: SystemCalls, space: NetworkNamespace) -> None:
        self._process, self._space = process, space

    def interfaces(self) -> list[abi.Interface]:
        space = self._space
        shown = [_shown(link) for link in (space.lo, *space.links)]
        if space is space.fabric.host:
            for bridge in space.fabric.bridges.values():
                shown += [_cable(member) for member in bridge.members.values() if member.mate is None]
        return sorted(shown, key=lambda link: link.index)

    def routes(self) -> list[tuple[str, str, str]]:
        space = self._space
        gateways = [("default", gateway) for gateway in (space.gateway, space.gateway6) if gateway]
        rows = [(target, gateway, space.toward(gateway)[0].name) for target, gateway in (*gateways, *space.routes)]
        links = [link for link in space.links if link.up]
        return rows + [(_network(address), "", link.name) for link in links for address in link.addresses]

    async def resolve(self, name: str, family: int = 0) -> list[str]:
        return await resolver.resolve(self._process, self._space, name, family)

    def resolvers(self) -> list[str]:
        return resolver.servers_of(self._process)

    async def ping(self, address: str, size: int = 56, ttl: int = 64, timeout: float = 10.0) -> float:
        fabric, process = self._space.fabric, self._process
        way = fabric.find(self._space, address)
        trip = fabric.jitter(way.latency)
        way.count(size + PING_HEADERS - FRAME)
        if way.lost == "arp" and timeout >= sockets.ARP_TIME:
            await process.sleep(sockets.ARP_TIME)
            raise fail(errno.EHOSTUNREACH)
        if way.lost or trip > timeout * SECOND:
            await process.sleep(timeout)
            raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")
        await process.sleep(trip / SECOND)
        if way.hops > ttl:
            raise OSError(errno.EHOSTUNREACH, "Time to live exceeded")
        way.count(size + PING_HEADERS - FRAME, back=True)
        return trip / SECOND

    async def connect(self, host: str, port: int) -> int:
        process = self._process
        address = host if is_address(host) else (await self.resolve(host))[0]
        return process.descriptors.add(await sockets.connect(self._space, address, port, process))

    def bind_udp(self, address: str, port: int) -> int:
        return self._process.descriptors.add(DatagramSocket(self._space, address, port))

    async def connect_udp(self, host: str, port: int) -> int:
        address = host if is_address(host) else (await self.resolve(host))[0]
        socket = DatagramSocket(self._space)
        try:
            socket.connect((address, port))
        except OSError:
            socket.close()
            raise
        return self._process.descriptors.add(socket)

    async def accept_udp(self, fd: int) -> tuple[str, int]:
        process = self._process
        socket = process.descriptors.file(fd)
        if not isinstance(socket, DatagramSocket):
            raise fail(errno.ENOTSOCK)
        while isinstance(source := socket.sender(), Future):
            process.blocked = source
            try:
                await source
            finally:
                process.blocked = None
        socket.connect(source)
        return source

    async def reverse(self, address: str) -> str:
        return await resolver.reverse(self._process, self._space, address)

    def listen(self, address: str, port: int) -> Listening:
        process, space = self._process, self._space
        if space is space.fabric.host and 0 < port < 1024 and not capable(process, "CAP_NET_BIND_SERVICE"):
            raise fail(errno.EACCES)
        listener = sockets.listen(space, address if is_address(address) else "0.0.0.0", port)
        return Listening(process, listener, process.descriptors.add(listener))

    async def accept(self, fd: int) -> int:
        process = self._process
        listener = process.descriptors.file(fd)
        if not isinstance(listener, sockets.Listener):
            raise fail(errno.ENOTSOCK)
        while isinstance(taken := listener.take(), Future):
            process.blocked = taken
            try:
                await taken
            finally:
                process.blocked = None
        return process.descriptors.add(taken)

    def peer(self, fd: int) -> tuple[str, int]:
        socket = self._process.descriptors.file(fd)
        if not isinstance(socket, sockets.Socket):
            raise fail(errno.ENOTSOCK)
        return socket.remote

    def shutdown(self, fd: int) -> None:
        socket = self._process.descriptors.file(fd)
        if isinstance(socket, DatagramSocket):
            return  # there is no end to tell
        if not isinstance(socket, sockets.Socket):
            raise fail(errno.ENOTSOCK)
        socket.shutdown()

    # -- changes: sim/net/links.py

    def add_link(self, name: str, kind: str, peer: str = "", netns: int = -1) -> None:
        self._need_admin()
        links.add(self._space, name, kind, peer, self._other(netns))

    def delete_link(self, name: str) -> None:
        self._need_admin()
        links.delete(self._space, name)

    def set_link(self, name: str, what: str, value: str = "", netns: int = -1) -> None:
        self._need_admin()
        if what == "netns":
            links.move(self._space, name, self._other(netns))
        else:
            links.change(self._space, name, what, value)

    def add_address(self, name: str, address: str) -> None:
        self._need_admin()
        links.add_address(self._space, name, address)

    def delete_address(self, name: str, address: str) -> None:
        self._need_admin()
        links.delete_address(self._space, name, address)

    def add_route(self, destination: str, gateway: str) -> None:
        self._need_admin()
        links.add_route(self._space, destination, gateway)

    def delete_route(self, destination: str) -> None:
        self._need_admin()
        links.delete_route(self._space, destination)

    def _need_admin(self, space: NetworkNamespace | None = None) -> None:
        need(self._process, (space or self._space).owner, "CAP_NET_ADMIN")

    def _other(self, fd: int) -> NetworkNamespace:
        """The namespace that was opened; -1: the process's own."""
        if fd < 0:
            return self._space
        space = getattr(self._process.descriptors.file(fd), "space", None)
        if not isinstance(space, NetworkNamespace):
            raise fail(errno.EINVAL)
        self._need_admin(space)
        return space

    def sockets(self) -> list[tuple[str, str, str, str]]:
        space = self._space
        listeners = [each for port in (space.listeners or {}).values() for each in port]
        rows = [("tcp", _pair(each.address), "0.0.0.0:*", "LISTEN") for each in listeners]
        rows += [("tcp", _pair(s.local), _pair(s.remote), s.state()) for s in space.sockets or ()]
        datagrams = [each for port in (space.datagrams or {}).values() for each in port]
        return rows + [
            ("udp", _pair(s.address), _pair(s.peer) if s.peer else "0.0.0.0:*", "ESTABLISHED" if s.peer else "")
            for s in datagrams
        ]


class Listening:
    """A listening socket in the hands of the process that made it."""

    __slots__ = ("_listener", "_process", "address", "fd")

    def __init__(self, process: SystemCalls, listener: sockets.Listener, fd: int) -> None:
        self._process, self._listener, self.fd = process, listener, fd
        self.address = listener.address

    async def accept(self) -> int:
        return await self._process.net.accept(self.fd)

    def close(self) -> None:
        if not self._listener.closed:
            self._process.close(self.fd)


def _shown(link: Interface) -> abi.Interface:
    return abi.Interface(
        link.index, link.name, link.mac, link.mtu, link.up, link.addresses, link.peer,
        link.rx_bytes, link.tx_bytes, link.rx_packets, link.tx_packets, link.carrier,
        link.master.name if link.master is not None else "",
    )  # fmt: skip


def _cable(link: Interface) -> abi.Interface:
    """The host's end of a container's cable: its traffic is the other way round."""
    mac = "02:" + link.mac[3:6].replace("42", "ce") + link.mac[6:]
    return abi.Interface(
        link.peer, link.host_name, mac, link.mtu, link.up, (), link.index,
        link.tx_bytes, link.rx_bytes, link.tx_packets, link.rx_packets,
    )  # fmt: skip


def _network(cidr: str) -> str:
    """ "172.17.0.2/16" -> "172.17.0.0/16" """
    from ipaddress import ip_interface

    return str(ip_interface(cidr).network)


def _pair(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
