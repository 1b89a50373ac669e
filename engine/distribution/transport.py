"""How a registry is reached: one HTTP request, one reply. The registry client knows nothing else of the network.

Transports: the simulated hub's (virtual latency and bandwidth), a container's published port (dialled.py), the real
network (internet.py). A transport raises `Unreachable` when there is no reply at all, and also while a body is being
read, when the connection breaks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class Unreachable(ConnectionError):
    """No (whole) reply. The text is Go's, after the URL: "dial tcp: lookup registry.test: no such host",
    "dial tcp 127.0.0.1:5000: connect: connection refused", "unexpected EOF"."""


@dataclass(slots=True)
class Reply:
    """`headers` have lower-case names. `body` is read at most once; whoever does not want the rest calls `aclose`."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes]

    async def read(self, limit: int = 8 << 20) -> bytes:
        """The whole body; raises ValueError if it is longer than `limit` bytes."""
        parts, size = [], 0
        try:
            async for part in self.body:
                size += len(part)
                if size > limit:
                    raise ValueError(f"the body is longer than {limit} bytes")
                parts.append(part)
        finally:
            await self.aclose()
        return b"".join(parts)

    async def aclose(self) -> None:
        """Let go of the connection."""
        close = getattr(self.body, "aclose", None)
        if close is not None:
            await close()


class Transport(Protocol):
    """Where requests go."""

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        """Returns when the reply's headers are there. Raises Unreachable."""


@runtime_checkable
class Gateway(Transport, Protocol):
    """A transport of a pretended network that can hand requests on to the real one."""

    def reach_out(self, real: Transport) -> None: ...


def is_loopback(host: str) -> bool:
    """Does a name or address mean this computer itself?

    >>> is_loopback("127.0.0.2"), is_loopback("localhost"), is_loopback("127.example.com")
    (True, True, False)
    """
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdecimal())
