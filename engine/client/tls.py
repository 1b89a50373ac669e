"""TLS to a daemon on TCP: `--tls`, `--tlsverify`, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH (docker/cli, cli/flags).

The bytes are decrypted here and not by `ssl.SSLSocket`: at the end of its input a client says so (close_notify, RFC
8446 section 6.1) and goes on reading, which an SSLSocket cannot.
"""

from __future__ import annotations

import io
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from engine.client.connection import CannotConnect

PIECE = 64 << 10


@dataclass(frozen=True, slots=True)
class Settings:
    """`verify`: the daemon's certificate must be of this authority. "" for a file: the one in the usual folder."""

    on: bool = False
    verify: bool = False
    ca: str = ""
    cert: str = ""
    key: str = ""

    def context(self, folder: Path) -> ssl.SSLContext | None:
        """None: no TLS is asked for. `folder` has ca.pem, cert.pem and key.pem. Raises CannotConnect."""
        verify = self.verify or bool(os.environ.get("DOCKER_TLS_VERIFY"))
        if not (self.on or verify or os.environ.get("DOCKER_TLS")):
            return None
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = verify, ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        if verify:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # of this authority, and of no other
            _load(context.load_verify_locations, "could not read CA certificate", Path(self.ca or folder / "ca.pem"))
        cert, key = Path(self.cert or folder / "cert.pem"), Path(self.key or folder / "key.pem")
        if self.cert or self.key or cert.exists() or key.exists():
            _load(context.load_cert_chain, "could not load X509 key pair", cert, key)
        return context


def _load(load: Callable[..., Any], failed: str, *files: Path) -> None:
    for file in files:
        if not file.exists():
            raise CannotConnect(f"unable to resolve docker endpoint: open {file}: no such file or directory")
    try:
        load(*files)
    except (OSError, ssl.SSLError) as error:
        raise CannotConnect(f"unable to resolve docker endpoint: {failed}: {error}") from None


class TlsSocket(io.RawIOBase):
    """What http.client and `SocketStream` ask of a socket. One thread may read while another writes."""

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        """Raises ssl.SSLError if the daemon is not whom we trust, or does not trust us."""
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._lock = Lock()
        self._early = bytearray()  # decrypted before the end of our side was said
        while not self._step(self._tls.do_handshake)[0]:
            self._receive()

    def _step(self, act: Callable[[], Any]) -> tuple[bool, Any]:
        """(True, result), or (False, None) if more has to come first; what is to be said has been sent."""
        with self._lock:
            try:
                done = True, act()
            except ssl.SSLWantReadError:
                done = False, None
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                done = True, b""
            finally:
                if said := self._outgoing.read():
                    self._plain.sendall(said)
            return done

    def _receive(self) -> None:
        data = self._plain.recv(PIECE)
        with self._lock:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    # -- as a socket

    def sendall(self, data: Any) -> None:
        self._step(lambda: self._tls.write(data))

    def makefile(self, mode: str, *ignored: Any) -> io.BufferedReader:
        return io.BufferedReader(self)

    def shutdown(self, how: int) -> None:
        """SHUT_WR: say that no more comes, and go on reading."""
        if how != socket.SHUT_WR:
            self._plain.shutdown(how)
            return
        while (came := self._step(lambda: self._tls.read(PIECE)))[0] and came[1]:
            self._early += came[1]
        self._step(self._tls.unwrap)

    # -- as a file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        if self._early:
            data = bytes(self._early[:size])
            del self._early[:size]
        else:
            while not (came := self._step(lambda: self._tls.read(size)))[0]:
                self._receive()
            data = came[1]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._plain.close()
