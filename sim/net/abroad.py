"""The daemon's way to the pretended Internet: HTTP to the hosts of sim/net/internet.py, for ADD and contexts from URLs.

What answers there speaks no TLS; an https URL is taken for the same page, as if it did.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

from engine.distribution.transport import Reply, Unreachable
from sim.net.forwarding import Outside
from sim.net.network import Fabric
from sim.net.sockets import connect

HTTP, HTTPS = 80, 443


class Abroad:
    """A `Transport` from the host's own network."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric

    def knows(self, name: str) -> bool:
        return bool(self._fabric.internet.lookup(name))

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        """See engine.distribution.transport.Transport."""
        from engine.distribution.dialled import Dialled, Refused

        where = urlsplit(url)
        addresses = self._fabric.internet.lookup(where.hostname or "")
        if not addresses:
            raise Unreachable(f"dial tcp: lookup {where.hostname}: no such host")
        remote = self._fabric.internet.at(addresses[0])
        has_tls = remote is not None and HTTPS in remote.services
        port = where.port or (HTTPS if where.scheme == "https" and has_tls else HTTP)
        plain = where._replace(scheme="http", netloc=f"{where.hostname}:{port}" if where.port else where.netloc)
        try:
            return await Dialled(_Way(self._fabric, addresses[0], port)).request(method, plain.geturl(), headers, body)
        except Refused:
            raise Unreachable(f"dial tcp {addresses[0]}:{port}: connect: connection refused") from None


class _Way:
    """To one port there, whichever is asked for."""

    def __init__(self, fabric: Fabric, address: str, port: int) -> None:
        self._fabric, self._address, self._port = fabric, address, port

    async def dial(self, host_ip: str, port: int) -> Outside:
        return Outside(await connect(self._fabric.host, self._address, self._port, self._fabric.loop))
