"""A connection that has stopped being HTTP: after `101 UPGRADED`, raw bytes both ways (attach, exec).

Each direction ends by itself: a client that has nothing to say shuts down its side at once and goes on listening, so
the end of its bytes is not the end of the connection. `Hijack` is the asyncio protocol that takes the transport over
from the HTTP server, and at the same time the engine's `Duplex`.
"""

from __future__ import annotations

import asyncio
import select
import struct
import sys
from asyncio.trsock import TransportSocket as Socket

from engine.api.channel import Brake, Channel
from engine.api.driver import Driver
from engine.api.messages import Response

GUARD = 0.03  # seconds after the head for which output is held back, where nobody can tell that the head was read
AF_UNIX = 1  # socket.AF_UNIX, which Windows has not
FIRST_LOOK, LAST_LOOK = 0.0005, 1.0  # seconds between looks whether it was, each twice as long as the one before
LINGER = 1.0  # seconds: for the client to close its side after ours; for a session to use what a lost client had sent
LOOK = 1.0  # seconds between looks for a half-closed client that has gone altogether


class Hijack(asyncio.Protocol):
    """Takes over `transport` from the protocol `http`, and sends the response's head.

    Some clients (docker-py) read the head through a buffer and the rest past it: output in the same packet is lost to
    them. So the first output waits, for every client, until the head was read (Linux tells that of a Unix socket) or
    for a moment; a session that says nothing waits for nothing.
    """

    def __init__(
        self, driver: Driver, transport: asyncio.Transport, http: asyncio.Protocol, response: Response
    ) -> None:
        self._driver, self._transport, self._http = driver, transport, http
        self._asyncio = asyncio.get_running_loop()
        self._incoming = Channel(driver.wake, driver.loop.future, self._asyncio.create_future)
        self._brake = Brake(driver.wake, driver.loop.future)
        self._held: bytearray | None = bytearray()
        self._closing = self._heard_end = self._gone = False
        self.over: asyncio.Future[None] = self._asyncio.create_future()
        transport.set_protocol(self)
        transport.write(head(response))
        self._socket: Socket | None = transport.get_extra_info("socket")  # None for a named pipe of Windows
        if unread(self._socket) is None:
            self._asyncio.call_later(GUARD, self._release)
        else:
            self._release_when_read(FIRST_LOOK)

    # -- the engine's side: engine.api.messages.Duplex

    async def read(self) -> bytes:
        return await self._incoming.get()

    async def write(self, data: bytes) -> None:
        if self._gone or self._closing:
            raise ConnectionResetError("the client is gone")
        if self._held is not None:
            self._held += data
            return
        self._transport.write(data)
        await self._brake.wait()

    def close(self) -> None:
        """Everything is said: close our side, and give the client a moment to close its own."""
        self._closing = True
        if self._held or self._gone:
            return
        if self._heard_end:
            self._transport.close()  # after what is still to be sent
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._asyncio.call_later(LINGER, self._transport.close)

    def _release_when_read(self, pause: float) -> None:
        if not self._gone and pause <= LAST_LOOK and unread(self._socket):
            self._asyncio.call_later(pause, self._release_when_read, 2 * pause)
        else:
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held and not self._gone:
            self._transport.write(bytes(held))
        if held and self._closing:
            self.close()

    # -- asyncio's side: asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        if (room := self._incoming.give(data)) is not None:
            self._transport.pause_reading()
            room.add_done_callback(self._resume)

    def _resume(self, room: asyncio.Future[None]) -> None:
        if not self._gone:
            self._transport.resume_reading()

    def eof_received(self) -> bool:
        self._heard_end = True
        self._incoming.end()
        if self._closing and not self._held:
            return False  # both sides have ended: let asyncio close it
        self._look()
        return True

    def pause_writing(self) -> None:
        self._brake.pause()

    def resume_writing(self) -> None:
        self._brake.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._incoming.end()
        self.resume_writing()
        if not self.over.done():
            self.over.set_result(None)
        self._asyncio.call_later(0 if self._closing else LINGER, self._http.connection_lost, exc)

    def _look(self) -> None:
        """After its half-close asyncio no longer hears of a client: ask the kernel whether it is gone."""
        if self._gone:
            return
        if hung_up(self._socket):
            self._transport.abort()
        else:
            self._asyncio.call_later(LOOK, self._look)


def head(response: Response) -> bytes:
    """The answer's first lines exactly as dockerd writes them; clients compare."""
    lines = ["HTTP/1.1 101 UPGRADED" if response.status == 101 else "HTTP/1.1 200 OK"]
    lines.append(f"Content-Type: {response.headers.get('Content-Type', 'application/vnd.docker.raw-stream')}")
    if response.status == 101:
        lines += ["Connection: Upgrade", "Upgrade: tcp"]
    return "\r\n".join([*lines, "", ""]).encode()


def unread(socket: Socket | None) -> int | None:
    """Bytes of memory for what the other end has not read yet (unix(7), SIOCOUTQ); None where the kernel cannot tell:
    of TCP it says what was not acknowledged.
    """
    if socket is None or sys.platform != "linux" or socket.family != AF_UNIX:
        return None
    import fcntl
    import termios

    (count,) = struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4)))
    return int(count)


def hung_up(socket: Socket | None) -> bool:
    """True if the other end is closed both ways. Only Linux tells this from a half-close; elsewhere False."""
    if socket is None or sys.platform != "linux":
        return False
    poll = select.poll()
    poll.register(socket.fileno(), 0)  # POLLHUP and POLLERR are always told
    return bool(poll.poll(0))
