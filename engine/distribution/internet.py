"""A `Transport` to real registries: HTTP and HTTPS by aiohttp, on asyncio's loop, for callers on the engine's.

As Docker does it: certificates are verified, except on this computer's own addresses (`--insecure-registry 127.0.0.0/8`
goes without saying); HTTP_PROXY, HTTPS_PROXY and NO_PROXY count, except for this computer; redirections are the
caller's. Imported only where sockets are (engine/serve.py): the browser has neither.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from engine.api.channel import Channel
from engine.api.driver import Driver
from engine.distribution.transport import Reply, Unreachable, is_loopback
from engine.loop import Future

TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=120)  # seconds
PIECE = 1 << 16  # bytes
NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


class Internet:
    """Use in the thread of the server's asyncio loop; `close` in the end.

    `trust`: verifies servers' certificates (default: as the system does); `resolver`: finds addresses.
    """

    def __init__(
        self, driver: Driver, trust: ssl.SSLContext | None = None, resolver: AbstractResolver | None = None
    ) -> None:
        self._driver, self._resolver = driver, resolver
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        """See transport.py."""
        return await _Exchange(self._driver, self._open(), self._tls(url)).begin(method, url, headers, body)

    async def close(self) -> None:
        """On asyncio's loop."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, resolver=self._resolver)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=TIMEOUT, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def _tls(self, url: str) -> ssl.SSLContext | bool:
        if is_loopback(urlsplit(url).hostname or ""):
            return False
        self._trust = self._trust or ssl.create_default_context()
        return self._trust


class _Exchange:
    """One request and its answer, as both loops see them. Iterating gives the answer's body."""

    def __init__(self, driver: Driver, session: aiohttp.ClientSession, tls: ssl.SSLContext | bool) -> None:
        self._driver, self._session, self._tls = driver, session, tls
        asyncio_loop = asyncio.get_running_loop()
        self._head: Future[Reply] = driver.loop.future()
        self._down = Channel(driver.wake, driver.loop.future, asyncio_loop.create_future)
        self._up = Channel(driver.wake, asyncio_loop.create_future, driver.loop.future)
        self._task: asyncio.Task[None] | None = None

    # -- on the engine's loop

    async def begin(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes]
    ) -> Reply:
        sent: Any = body if isinstance(body, bytes) else self._up.pieces()
        self._driver.waits.outside += 1
        self._task = asyncio.get_running_loop().create_task(self._perform(method, url, headers, sent))
        self._task.add_done_callback(self._left)
        try:
            if not isinstance(body, bytes):
                await self._send(body)
            return await self._head
        except BaseException:
            await self.aclose()
            raise

    async def _send(self, body: AsyncIterator[bytes]) -> None:
        """Until all is sent, or the server has had enough."""
        async for piece in body:
            if self._head.done():
                break
            if (room := self._up.give(piece)) is not None:
                await room
        self._up.end()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if data := await self._down.get():
            return data
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._up.end(ConnectionAbortedError("given up"))
        if self._task is not None and not self._task.done():
            self._task.cancel()

    # -- on asyncio's

    async def _perform(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> None:
        error: Unreachable | None = None
        try:
            proxy = _proxy(url)
            options: dict[str, Any] = {"ssl": self._tls, "proxy": proxy, "allow_redirects": False}
            target = URL(url, encoded=True)
            async with self._session.request(method, target, headers=headers, data=body or None, **options) as reply:
                names = {name.lower(): value for name, value in reply.headers.items()}
                self._answer(Reply(reply.status, names, self))
                async for data in reply.content.iter_chunked(PIECE):
                    if (room := self._down.give(data)) is not None:
                        await room
        except (aiohttp.ClientError, OSError, ValueError) as raised:
            error = Unreachable(words(raised, url))
        finally:
            self._over(error)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._driver.waits.outside -= 1
        self._driver.wake()

    def _answer(self, reply: Reply) -> None:
        self._head.set_result(reply)
        self._up.end()  # nobody reads on
        self._driver.wake()

    def _over(self, error: Unreachable | None) -> None:
        self._up.end()
        self._down.end(error)
        if not self._head.done():
            self._head.set_error(error or Unreachable("context canceled"))
        self._driver.wake()


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL."""
    where = urlsplit(url)
    host = where.hostname or ""
    if is_loopback(host) or proxy_bypass_environment(where.netloc):
        return None
    return getproxies_environment().get(where.scheme)


def words(error: BaseException, url: str) -> str:
    """What Go's HTTP client says of it, after the URL."""
    where = urlsplit(url)
    port = where.port or {"http": 80, "https": 443}.get(where.scheme, 0)
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"dial tcp: lookup {where.hostname}: no such host"
        case aiohttp.ClientConnectorCertificateError():
            return f"tls: failed to verify certificate: x509: {_certificate(error.certificate_error, where.hostname)}"
        case aiohttp.ClientConnectorSSLError() if any(name in str(error).upper() for name in NOT_TLS):
            return "http: server gave HTTP response to HTTPS client"
        case aiohttp.ClientConnectorSSLError():
            return f"remote error: tls: {str(error).partition('[')[2].partition(']')[0] or 'handshake failure'}"
        case aiohttp.ClientConnectorError():
            address = f"127.0.0.1:{port}" if is_loopback(where.hostname or "") else f"{where.hostname}:{port}"
            reason = (error.os_error.strerror or str(error.os_error)).lower()
            refused = "connection refused" if isinstance(error.os_error, ConnectionRefusedError) else reason
            return f"dial tcp {address}: connect: {refused}"
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
        case aiohttp.ServerDisconnectedError():
            return "EOF"
        case aiohttp.ClientPayloadError() | ConnectionResetError() | BrokenPipeError():
            return "unexpected EOF"
    return str(error) or type(error).__name__


def _certificate(error: Exception, host: str | None) -> str:
    text = getattr(error, "verify_message", "") or str(error)
    if "Hostname mismatch" in text or "IP address mismatch" in text:
        return f"certificate is not valid for {host}"
    if "expired" in text:
        return "certificate has expired or is not yet valid"
    return "certificate signed by unknown authority"
