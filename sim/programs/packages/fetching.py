"""Downloads of the package managers: HTTP over connections that are kept, and what can be said when one fails."""

from __future__ import annotations

from dataclasses import dataclass

import h11

from sim.abi import Proc
from sim.programs.network.http import BLOCK, Url, field


class Unresolved(Exception):
    """A host's name has no address. `words` are getaddrinfo's."""

    def __init__(self, host: str, number: int, words: str) -> None:
        super().__init__(words)
        self.host, self.number, self.words = host, number, words


class Unconnected(Exception):
    """Nobody answers at the address, or the connection broke."""

    def __init__(self, url: Url, address: str, error: OSError) -> None:
        super().__init__(error.strerror or "Connection broken")
        self.url, self.address, self.error = url, address, error


@dataclass(frozen=True, slots=True)
class Download:
    """A reply. `seconds` it took."""

    status: int
    data: bytes
    seconds: float


class Downloads:
    """One program's way out. `agent`: its name in requests."""

    def __init__(self, proc: Proc, agent: str) -> None:
        self._proc, self._agent = proc, agent
        self._open: dict[tuple[str, int], tuple[int, h11.Connection]] = {}
        self.size = 0  # bytes of bodies so far
        self.began = proc.now()

    @property
    def seconds(self) -> float:
        return (self._proc.now() - self.began) / 1e9

    async def get(self, url: str, *more: tuple[str, str]) -> Download:
        """Raises Unresolved, Unconnected. `more` headers."""
        parsed, began = Url.parse(url), self._proc.now()
        fd, http = await self._connection(parsed)
        headers = [("Host", parsed.authority), ("User-Agent", self._agent), *more]
        try:
            await self._send(fd, http, h11.Request(method="GET", target=parsed.path, headers=headers))
            await self._send(fd, http, h11.EndOfMessage())
            response = await self._event(fd, http)
            if not isinstance(response, h11.Response):
                raise ConnectionResetError(104, "Connection reset by peer")
            parts = []
            while isinstance(event := await self._event(fd, http), h11.Data):
                parts.append(event.data)
        except (OSError, h11.RemoteProtocolError) as error:
            if isinstance(error, InterruptedError):
                raise
            self._forget(parsed)
            failure = error if isinstance(error, OSError) else ConnectionResetError(104, "Connection reset by peer")
            raise Unconnected(parsed, "", failure) from None
        http.start_next_cycle() if field(response, "connection") != "close" else self._forget(parsed)
        data = b"".join(parts)
        self.size += len(data)
        return Download(response.status_code, data, (self._proc.now() - began) / 1e9)

    def close(self) -> None:
        for fd, _ in self._open.values():
            self._proc.close(fd)
        self._open.clear()

    async def _connection(self, url: Url) -> tuple[int, h11.Connection]:
        where = (url.host, url.port)
        if where not in self._open:
            try:
                address = (await self._proc.net.resolve(url.host))[0]
            except InterruptedError:
                raise
            except OSError as error:
                raise Unresolved(url.host, error.errno or 0, error.strerror or str(error)) from None
            try:
                fd = await self._proc.net.connect(address, url.port)
            except InterruptedError:
                raise
            except OSError as error:
                raise Unconnected(url, address, error) from None
            self._open[where] = (fd, h11.Connection(h11.CLIENT))
        return self._open[where]

    def _forget(self, url: Url) -> None:
        fd, _ = self._open.pop((url.host, url.port))
        self._proc.close(fd)

    async def _send(self, fd: int, http: h11.Connection, event: h11.Request | h11.EndOfMessage) -> None:
        data = http.send(event)
        if data:
            await self._proc.write(fd, data)

    async def _event(self, fd: int, http: h11.Connection) -> object:
        while (event := http.next_event()) is h11.NEED_DATA:
            http.receive_data(await self._proc.read(fd, BLOCK))
        return event
