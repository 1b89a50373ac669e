"""Docker's own name server at 127.0.0.11: sockets inside a container's network namespace, answered by the daemon.

They are bound to any free port, and the namespace's packet filter leads port 53 to it, so that a container may run a
name server of its own. What is not the name of a neighbour goes to the host's servers, from the host's network, or to
those of `--dns`, from the container's. Source: libnetwork, resolver.go, resolver_unix.go.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, NamedTuple

from real import dnswire
from real.netlink import expressions as ex
from real.netlink import nf_tables as nft
from real.netlink.rules import Rules
from real.poller import READ, Poller
from real.sockets import Listener, Stream, family_of

ADDRESS, PORT = "127.0.0.11", 53
TABLE, HOOK = "docker-dns", nft.Hook("nat", "output", -100)
IP_FREEBIND = 15  # bind to an address whose link is not up yet (ip(7))
EXTERNAL = re.compile(r"^# ExtServers: \[(.*)\]$", re.MULTILINE)
SERVER = re.compile(r"^nameserver\s+(\S+)", re.MULTILINE)
TIMEOUT = 4.0  # seconds for each server
IDLE = 30.0  # of a connection
LONGEST = 65535
LENGTH = struct.Struct(">H")
AT_ONCE = 100  # questions of one container that wait for other servers


class Sockets(NamedTuple):
    """Opened in the container's namespace."""

    datagrams: socket.socket
    listener: socket.socket


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server to ask: from the host's network, or from the container's."""

    address: str
    from_host: bool


def open_sockets() -> Sockets:
    """In the network namespace that this thread is in. Raises OSError."""
    try:
        made = _bind(0)
        _lead_to(made)
    except OSError:  # a kernel without NAT
        made = _bind(PORT)
    return made


def _bind(port: int) -> Sockets:
    kinds = socket.SOCK_DGRAM, socket.SOCK_STREAM
    datagrams, listener = (socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK) for kind in kinds)
    try:
        for each in (datagrams, listener):
            each.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
            each.bind((ADDRESS, port))
        listener.listen()
    except OSError:
        datagrams.close()
        listener.close()
        raise
    return Sockets(datagrams, listener)


def _lead_to(sockets: Sockets) -> None:
    """Whoever speaks to port 53 of the address speaks to these. Raises OSError, and then they are closed."""
    rules = [nft.new_table(TABLE, "names of a Docker network"), nft.new_chain(TABLE, "OUTPUT", HOOK)]
    for name, each in zip(("udp", "tcp"), sockets, strict=True):
        asked = (*ex.family(4), *ex.address("d", ADDRESS), *ex.protocol(name), *ex.destination_port(PORT))
        rules.append(nft.new_rule(TABLE, "OUTPUT", (*asked, *ex.destination_nat(ADDRESS, each.getsockname()[1]))))
    with contextlib.closing(Rules()) as filter:
        try:
            try:
                filter.commit(rules)
            except FileExistsError:
                filter.remove_table(TABLE)  # an earlier daemon's
                filter.commit(rules)
        except OSError:
            for each in sockets:
                each.close()
            raise


def upstreams(resolv_conf: str, of_host: Sequence[str]) -> tuple[Upstream, ...]:
    """Whom the embedded server asks, as the daemon has written it into the container's file.

    From the host's network only the host's own servers are asked: the container may have written something else.

    >>> upstreams("# ExtServers: [host(8.8.8.8) 10.0.0.2]", ["8.8.8.8"])
    (Upstream(address='8.8.8.8', from_host=True), Upstream(address='10.0.0.2', from_host=False))
    """
    found = EXTERNAL.search(resolv_conf)
    words = found[1].split() if found else SERVER.findall(resolv_conf)
    addresses = [word.removeprefix("host(").removesuffix(")") for word in words]
    return tuple(Upstream(address, address in of_host) for address in addresses if _is_address(address))


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


class Nameserver:
    """Of one container. `answer(message, question)` says what is known here; None: others may know.

    `inside(function)` calls a function in the container's network namespace.
    """

    def __init__(
        self,
        poller: Poller,
        sockets: Sockets,
        servers: tuple[Upstream, ...],
        answer: Callable[[bytes, dnswire.Question], bytes | None],
        inside: Callable[[Callable[[], socket.socket]], socket.socket],
    ) -> None:
        self._poller, self._datagrams, self._servers = poller, sockets.datagrams, servers
        self._answer, self._inside = answer, inside
        self._waiting = 0
        poller.watch(self._datagrams.fileno(), READ, self._datagram)
        self._listener = Listener(poller, sockets.listener, self._accepted)

    def _datagram(self, events: int) -> None:
        try:
            message, client = self._datagrams.recvfrom(LONGEST)
        except OSError:
            return
        known = self._known(message)
        if known is not None:
            self._send(known, client)
        elif self._waiting < AT_ONCE:
            self._poller.loop.spawn(self._ask_for(message, client), "a question to other name servers")

    def _known(self, message: bytes) -> bytes | None:
        """b"" for what is no question."""
        asked = dnswire.question(message)
        return self._answer(message, asked) if asked is not None else b""

    def _send(self, message: bytes, client: Any) -> None:
        with contextlib.suppress(OSError):  # it is closed, or nobody waits any more
            if message:
                self._datagrams.sendto(message, client)

    async def _ask_for(self, message: bytes, client: Any) -> None:
        self._waiting += 1
        try:
            self._send(await self._ask_others(message, socket.SOCK_DGRAM), client)
        finally:
            self._waiting -= 1

    async def _ask_others(self, message: bytes, kind: int) -> bytes:
        """The first answer of the servers, or that there is none."""
        for server in self._servers:
            with contextlib.suppress(OSError):
                return await self._ask(server, message, kind)
        asked = dnswire.question(message)
        return dnswire.answer(message, asked, code=dnswire.SERVFAIL) if asked is not None else b""

    async def _ask(self, server: Upstream, message: bytes, kind: int) -> bytes:
        """Raises OSError if it does not answer in time."""

        def line() -> socket.socket:
            return socket.socket(family_of(server.address), kind)

        stream = Stream(self._poller, line() if server.from_host else self._inside(line))
        timer = self._poller.loop.call_later(TIMEOUT, stream.close)
        try:
            await stream.connected((server.address, PORT))
            if kind == socket.SOCK_STREAM:
                await stream.write(LENGTH.pack(len(message)) + message)
                return await _message(stream)
            await stream.write(message)
            while (said := await stream.read(LONGEST))[:2] != message[:2]:
                pass  # an answer to something else
            return said
        finally:
            timer.cancel()
            stream.close()

    # -- over TCP, for what is too long for a datagram

    def _accepted(self, stream: Stream) -> None:
        if self._waiting >= AT_ONCE:
            stream.close()
            return
        self._waiting += 1
        self._poller.loop.spawn(self._converse(stream), "questions to a name server, over TCP")

    async def _converse(self, stream: Stream) -> None:
        timer = self._poller.loop.call_later(IDLE, stream.close)
        try:
            while True:
                message = await _message(stream)
                known = self._known(message)
                said = known if known is not None else await self._ask_others(message, socket.SOCK_STREAM)
                await stream.write(LENGTH.pack(len(said)) + said)
        except OSError:
            pass
        finally:
            timer.cancel()
            stream.close()
            self._waiting -= 1

    def close(self) -> None:
        """The namespace goes when nothing in it is open any more."""
        self._poller.forget(self._datagrams.fileno())
        self._datagrams.close()
        self._listener.close()


async def _message(stream: Stream) -> bytes:
    """One of a connection: its length comes first (RFC 1035, 4.2.2)."""
    (length,) = LENGTH.unpack(await stream.exactly(LENGTH.size))
    return await stream.exactly(length)
