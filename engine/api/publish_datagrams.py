"""Published UDP ports on the real machine: each sender there becomes a client of the pretended host's port.

A client is forgotten when it has been silent for a minute, as a router's connection tracking does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING

from engine.api.messages import Waiting

if TYPE_CHECKING:
    from engine.api.publish import Publisher

SILENCE = 60.0  # seconds of the world's time
ANSWER = 0.5  # seconds for which a client that has asked lets a stepped clock go on
CLIENTS = 1024  # on one port; a new one then replaces the one that was there first


class DatagramPort:
    """One port of the machine."""

    def __init__(self, publisher: Publisher, listener: socket.socket, host_ip: str, port: int) -> None:
        self.publisher, self.target = publisher, (host_ip, port)
        self._listener = listener
        self._clients: dict[tuple[str, int], Client] = {}
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._serve())

    async def _serve(self) -> None:
        while self._listener.fileno() >= 0:
            try:
                data, sender = await self._loop.sock_recvfrom(self._listener, 65536)
            except OSError:  # the news that an answer did not arrive
                continue
            self._client(sender).ask(data)

    def _client(self, sender: tuple[str, int]) -> Client:
        if (known := self._clients.get(sender[:2])) is not None:
            return known
        if len(self._clients) >= CLIENTS:
            next(iter(self._clients.values())).close()
        client = self._clients[sender[:2]] = Client(self, sender)
        return client

    def answer(self, data: bytes, sender: tuple[str, int]) -> None:
        try:
            self._listener.sendto(data, sender)
        except OSError:
            return  # a datagram may get lost

    def forget(self, sender: tuple[str, int]) -> None:
        self._clients.pop(sender[:2], None)

    def close(self) -> None:
        """The port is free at once."""
        with contextlib.suppress(NotImplementedError):  # the proactor loop of Windows has no readers
            self._loop.remove_reader(self._listener)
        self._task.cancel()
        for client in list(self._clients.values()):
            client.close()
        self._listener.close()


class Client:
    """Somebody out there who has sent something."""

    def __init__(self, port: DatagramPort, sender: tuple[str, int]) -> None:
        self._port, self._sender = port, sender
        publisher = port.publisher
        self._driver = publisher.driver
        self._datagrams = publisher.host.dial_datagrams(*port.target, self._answered)
        self._asked = 0.0
        self._wait = self._driver.waits.begin(self._waiting)
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, data: bytes) -> None:
        self._heard()
        self._asked = time.monotonic()
        self._datagrams.send(data)
        self._driver.wake()

    def _answered(self, data: bytes) -> None:
        self._heard()
        self._asked = 0.0
        self._port.answer(data, self._sender)

    def _heard(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(SILENCE, self.close)

    def _waiting(self) -> Waiting:
        return "program" if time.monotonic() - self._asked < ANSWER else "news"

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wait.end()
        self._datagrams.close()
        self._port.forget(self._sender)
