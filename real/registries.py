"""The way to registries from a real host: the real network, once the daemon is on sockets. Twin: sim/net/ways.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from engine.distribution.transport import Reply, Transport, Unreachable


class Outward:
    """engine.distribution.transport.Gateway."""

    def __init__(self) -> None:
        self._real: Transport | None = None

    def reach_out(self, real: Transport) -> None:
        self._real = real

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        """See engine.distribution.transport.Transport."""
        if self._real is None:
            raise Unreachable("dial tcp: this engine is not served on sockets, and has no way to registries")
        return await self._real.request(method, url, headers, body)
