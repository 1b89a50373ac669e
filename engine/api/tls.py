"""TLS in front of the daemon's TCP socket, with the client's certificate as the key to the door (dockerd --tlsverify).

After attach's upgrade a docker client closes its sending side and goes on listening. TLS can say that (close_notify,
RFC 8446 section 6.1), asyncio's TLS transport cannot: it closes both. So the bytes are decrypted here, into a pair of
sockets whose other end the HTTP server holds as if the client had come without TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import cast

HANDSHAKE = 10.0  # seconds that a client may take for it
PIECE = 64 << 10


class TlsError(ValueError):
    """A certificate or key that cannot be used; says which."""


def server_context(cert: Path, key: Path, ca: Path | None) -> ssl.SSLContext:
    """`ca`: only clients with a certificate of this authority come in; None: anybody may. Raises TlsError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise TlsError(f"could not load X509 key pair (cert: {str(cert)!r}, key: {str(key)!r}): {error}") from None
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except (OSError, ssl.SSLError) as error:
            raise TlsError(f"could not read CA certificate {str(ca)!r}: {error}") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Front(asyncio.Protocol):
    """One client's TLS connection. `http` makes the protocol that serves the decrypted side."""

    def __init__(self, context: ssl.SSLContext, http: Callable[[], asyncio.BaseProtocol]) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._http = http
        self._asyncio = asyncio.get_running_loop()
        self._inner: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None
        self._ready = self._heard_end = self._said_end = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = cast(asyncio.Transport, transport)
        self._late = self._asyncio.call_later(HANDSHAKE, self._client.abort)

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        self._go_on()

    def eof_received(self) -> bool:
        self._incoming.write_eof()
        self._go_on()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.cancel()
        if self._opening is not None:
            self._opening.cancel()
        if self._inner is not None:
            self._inner.close()

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_reading()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_reading()

    # -- between the two sides

    def _go_on(self) -> None:
        """Do what the bytes at hand allow: the handshake, or decrypting."""
        try:
            if not self._ready:
                self._tls.do_handshake()
                self._ready = True
                self._late.cancel()
                self._client.pause_reading()
                self._opening = self._asyncio.create_task(self._open())
            elif self._inner is not None:
                self._decrypt(self._inner)
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, OSError):
            self._flush()  # the alert that says why
            self._client.close()
            return
        self._flush()

    async def _open(self) -> None:
        """Connect the HTTP server to the decrypted side."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        await self._asyncio.connect_accepted_socket(self._http, theirs)
        self._inner, _ = await self._asyncio.create_connection(lambda: _Inner(self), sock=ours)
        self._client.resume_reading()
        self._go_on()

    def _decrypt(self, inner: asyncio.Transport) -> None:
        while not self._heard_end:
            try:
                data = self._tls.read(PIECE)
            except ssl.SSLZeroReturnError:
                data = b""
            if data:
                inner.write(data)
                continue
            self._heard_end = True
            inner.write_eof()
            self._close_if_over()

    def answer(self, data: bytes) -> None:
        """What the HTTP server says."""
        self._tls.write(data)
        self._flush()

    def answered(self) -> None:
        """The HTTP server has said everything."""
        self._said_end = True
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()  # sends close_notify; the client's own need not have come
        self._flush()
        self._close_if_over()

    def read_on(self, go_on: bool) -> None:
        """The HTTP server can (not) take more."""
        if go_on:
            self._client.resume_reading()
        else:
            self._client.pause_reading()

    def over(self) -> None:
        """The HTTP server has let go."""
        self._client.close()

    def _close_if_over(self) -> None:
        if self._heard_end and self._said_end:
            self._client.close()

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._client.write(data)


class _Inner(asyncio.Protocol):
    """Our end of the socket pair."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def data_received(self, data: bytes) -> None:
        self._front.answer(data)

    def eof_received(self) -> bool:
        self._front.answered()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._front.over()

    def pause_writing(self) -> None:
        self._front.read_on(False)

    def resume_writing(self) -> None:
        self._front.read_on(True)
