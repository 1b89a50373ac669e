"""Which way a request to a registry goes, from a pretended host.

    docker.io, and what else is pretended   ->  the simulated hub
    a name of the pretended Internet        ->  its server there (sim/net/abroad.py)
    localhost, 127.*                        ->  a container that publishes the port; else this computer
    any other name                          ->  nowhere ("no such host"), or the real Internet if that is allowed

This computer and the Internet are there only when the engine is served on sockets (`reach_out`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.distribution.transport import Reply, Transport, Unreachable, is_loopback
from sim.hub.hub import Hub, HubTransport
from sim.net.abroad import Abroad

if TYPE_CHECKING:
    from engine.distribution.dialled import Dialer


class Ways:
    """A `Transport`. `internet`: names that are not pretended are real; `pretend` False: docker.io is real, too."""

    def __init__(
        self, hub: Hub, way: HubTransport, host: Dialer, *, internet: bool = False, pretend: bool = True,
        abroad: Abroad | None = None,
    ) -> None:  # fmt: skip
        self.hub = hub
        self.internet, self.pretend = internet or not pretend, pretend
        self._way, self._host, self._abroad = way, host, abroad
        self._real: Transport | None = None

    def reach_out(self, real: Transport) -> None:
        """The way out of this process. Called by whoever serves the engine on sockets."""
        self._real = real

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        where = urlsplit(url).hostname or ""
        if is_loopback(where):
            return await self._nearby(method, url, headers, body)
        if self._abroad is not None and not self.internet and self._abroad.knows(where) and not self.hub.serves(where):
            return await self._abroad.request(method, url, headers, body)
        if self.pretend and (not self.internet or self.hub.serves(where)):
            return await self._way.request(method, url, headers, body)
        if self._real is None:
            raise Unreachable(f"dial tcp: lookup {where}: no such host")
        return await self._real.request(method, url, headers, body)

    async def _nearby(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes]
    ) -> Reply:
        from engine.distribution.dialled import Dialled, Refused

        try:
            return await Dialled(self._host).request(method, url, headers, body)
        except Refused:
            if self._real is None:
                raise
        return await self._real.request(method, url, headers, body)
