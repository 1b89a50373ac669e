"""An HTTP client over the simulated network: what wget and curl have in common. The protocol is h11's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import h11

from sim.abi import Proc

BLOCK = 65536
REDIRECTS = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}
Headers = Sequence[tuple[str, str]]


class BadUrl(ValueError):
    """Not something to fetch."""


class Broken(ConnectionError):
    """The other side's answer ended early, or is not HTTP."""


@dataclass(frozen=True, slots=True)
class Url:
    scheme: str
    host: str
    port: int
    path: str  # with the query

    @classmethod
    def parse(cls, text: str) -> Url:
        """`example.com` is short for `http://example.com/`. Raises BadUrl."""
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            port = parts.port or PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise BadUrl(str(error)) from None
        if not parts.hostname:
            raise BadUrl("no host part in the URL")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname, port, path)

    @property
    def authority(self) -> str:
        """For the Host header: without the usual port."""
        return self.host if self.port == PORTS.get(self.scheme) else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    def join(self, location: str) -> str:
        return urljoin(str(self), location)


class Connection:
    """One connection, one exchange."""

    def __init__(self, proc: Proc, fd: int) -> None:
        self._proc, self._fd = proc, fd
        self._http = h11.Connection(h11.CLIENT)

    async def send(self, method: str, url: Url, headers: Headers, body: bytes = b"") -> None:
        """Raises OSError, BadUrl (for what cannot be a request)."""
        try:
            head = self._http.send(h11.Request(method=method, target=url.path, headers=list(headers)))
            rest = self._http.send(h11.Data(body)) if body else b""
            end = self._http.send(h11.EndOfMessage())
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise BadUrl(str(error)) from None
        await self._proc.write(self._fd, (head or b"") + (rest or b"") + (end or b""))

    async def response(self) -> h11.Response:
        """The head of the answer. Raises Broken."""
        while not isinstance(event := await self._next(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise Broken("the server closed the connection")
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """The rest of it. Raises Broken."""
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    def close(self) -> None:
        self._proc.close(self._fd)

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._proc.read(self._fd, BLOCK))
        except h11.RemoteProtocolError as error:
            raise Broken(str(error)) from None
        return event  # type: ignore[return-value]


def fields(response: h11.Response) -> list[tuple[str, str]]:
    """Header names as they were sent, and values."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw_items()]


def field(response: h11.Response, name: str) -> str:
    """A header's value, or ""."""
    return next((value for found, value in fields(response) if found.lower() == name), "")


def status_line(response: h11.Response) -> str:
    return f"HTTP/{response.http_version.decode()} {response.status_code} {response.reason.decode('latin-1')}".rstrip()
