"""HTTP to a daemon: over a Unix socket or TCP, or (`engine.api.inprocess`) without any wire. All three look like this.

`request` is one question and one answer, whose body may be read piece by piece; `upgrade` takes the connection over
(attach, exec) and gives a two-way stream of bytes. Standard library only, so that a command starts quickly.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    import ssl

API_VERSION = "1.50"
HEED = 0.2  # seconds that Ctrl-C may have to wait for on Windows
Query = Mapping[str, str | Sequence[str]]  # a sequence: the name once for each value
Body = bytes | Iterator[bytes]


class CannotConnect(Exception):
    """Nobody answers there."""


class Answer(Protocol):
    status: int
    headers: Mapping[str, str]  # names in lower case

    def read(self) -> bytes:
        """All of the body."""

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes."""

    def close(self) -> None: ...


class Stream(Protocol):
    """A connection taken over. `patient`: recv blocks in another thread's way, so input may be sent meanwhile."""

    patient: bool

    def send(self, data: bytes) -> None: ...

    def recv(self) -> bytes:
        """Some bytes; b"" at the end."""

    def half_close(self) -> None:
        """No more input."""

    def hang_up(self) -> None:
        """End both directions, also under a `recv` that waits in another thread."""

    def close(self) -> None: ...


class Connection(Protocol):
    where: str  # as DOCKER_HOST would name it

    def command(self, line: str) -> AbstractContextManager[None]:
        """The command line that the requests inside belong to, for a trace that can see it."""

    def request(self, method: str, path: str, query: Query, headers: Mapping[str, str], body: Body) -> Answer:
        """`body` may be an iterator: it is then sent piece by piece (an upload)."""

    def upgrade(self, path: str, query: Query, headers: Mapping[str, str], body: bytes) -> tuple[Answer, Stream | None]:
        """The stream is None when the answer is an error."""


class SocketConnection:
    """One daemon, by its address: unix:///run/docker.sock or tcp://127.0.0.1:2375. A new connection per request.

    `tls` is for TCP; a Unix socket has its file's mode.
    """

    def __init__(self, where: str, tls: ssl.SSLContext | None = None) -> None:
        self.where, self._tls = where, tls
        scheme, _, rest = where.partition("://")
        if scheme not in ("unix", "tcp", "http") or not rest:
            raise CannotConnect(f"unable to parse docker host `{where}`")
        self._unix = rest if scheme == "unix" else ""
        host, _, port = rest.rstrip("/").rpartition(":")
        self._address = (host.strip("[]") or "127.0.0.1", int(port)) if scheme != "unix" else ("", 0)

    def command(self, line: str) -> AbstractContextManager[None]:
        return nullcontext()  # a daemon behind a socket is not told

    def request(self, method: str, path: str, query: Query, headers: Mapping[str, str], body: Body) -> SocketAnswer:
        http_connection = self._open()
        sent = {"Host": "api.moby.localhost", "User-Agent": "Docker-Client/glassdock", **headers}
        try:
            try:
                http_connection.request(method, _target(path, query), body or None, sent)
            except (BrokenPipeError, ConnectionResetError):
                if isinstance(body, bytes):
                    raise  # or else: a daemon that has answered an upload before its end, which is worth reading
            return SocketAnswer(http_connection, http_connection.getresponse())
        except (ConnectionError, http.client.HTTPException) as error:
            raise CannotConnect(f"error during connect: {error}") from None

    def upgrade(
        self, path: str, query: Query, headers: Mapping[str, str], body: bytes
    ) -> tuple[SocketAnswer, SocketStream | None]:
        answer = self.request("POST", path, query, {"Connection": "Upgrade", "Upgrade": "tcp", **headers}, body)
        if answer.status != 101:
            return answer, None
        return answer, SocketStream(answer)

    def _open(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._address[0] or "localhost", self._address[1] or None)
        try:
            if self._unix:
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                sock.connect(self._unix)
            else:
                sock = socket.create_connection(self._address)
                if sys.platform == "win32":
                    sock = Heedful(sock)
        except (OSError, AttributeError):
            raise CannotConnect(
                f"Cannot connect to the Docker daemon at {self.where}. Is the docker daemon running?"
            ) from None
        connection.sock = sock if self._tls is None or self._unix else self._secured(sock)
        return connection

    def _secured(self, plain: socket.socket) -> Any:
        import ssl

        from engine.client.tls import TlsSocket

        assert self._tls is not None
        try:
            return TlsSocket(plain, self._tls, self._address[0])
        except (ssl.SSLError, OSError) as error:
            plain.close()
            raise CannotConnect(f"error during connect: {error}") from None


class Heedful(socket.socket):
    """Waits in short pieces: on Windows Ctrl-C is not heard of in the middle of a wait for a socket."""

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain.family, plain.type, plain.proto, plain.detach())

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        self._wait()
        return super().recv(size, flags)

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0, /) -> int:
        self._wait()
        return super().recv_into(buffer, size, flags)

    def _wait(self) -> None:
        while not select.select([self], [], [], HEED)[0]:
            pass


class SocketAnswer:
    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection, self.response = connection, response
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.getheaders()}

    def read(self) -> bytes:
        try:
            return self.response.read()
        finally:
            self.close()

    def chunks(self) -> Iterator[bytes]:
        try:
            while data := self.response.read1(65536):
                yield data
        finally:
            self.close()

    def socket(self) -> socket.socket:
        return self._connection.sock

    def close(self) -> None:
        self.response.close()
        self._connection.close()


class SocketStream:
    patient = True

    def __init__(self, answer: SocketAnswer) -> None:
        self._answer = answer
        self._socket = answer.socket()
        self._reader = answer.response.fp  # may hold bytes that came with the head

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def recv(self) -> bytes:
        return self._reader.read1(65536)

    def half_close(self) -> None:
        with suppress(OSError):  # the other side was quicker
            self._socket.shutdown(socket.SHUT_WR)

    def hang_up(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._answer.close()


def _target(path: str, query: Query) -> str:
    return quote(path, safe="/:@%") + ("?" + urlencode(query, doseq=True) if query else "")


class ApiError(Exception):
    """The daemon refused; the text is its `message`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """The Engine API as Python calls: JSON in, JSON out, refusals as ApiError."""

    def __init__(self, connection: Connection, version: str = API_VERSION) -> None:
        self.connection, self.prefix = connection, f"/v{version}"
        self._date = ""

    def call(self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None,
             headers: Mapping[str, str] | None = None) -> Answer:  # fmt: skip
        """`body` is sent as JSON; an iterator of bytes as they are. Raises ApiError for a status of 400 and above."""
        sent = dict(headers or {})
        data: Body = b""
        if isinstance(body, Iterator):
            data = body
        elif body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        answer = self.connection.request(method, self.prefix + path, _words(query), sent, data)
        return self._checked(answer)

    def json(self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None,
             headers: Mapping[str, str] | None = None) -> Any:  # fmt: skip
        data = self.call(method, path, query, body, headers).read()
        return json.loads(data) if data.strip() else None

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return self.json("GET", path, query)

    def post(self, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        return self.json("POST", path, query, body)

    def upgrade(self, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> tuple[Answer, Stream]:
        """Raises ApiError."""
        headers = {"Content-Type": "application/json"} if body is not None else {"Content-Type": "text/plain"}
        data = json.dumps(body).encode() if body is not None else b""
        answer, stream = self.connection.upgrade(self.prefix + path, _words(query), headers, data)
        if stream is None:
            self._checked(answer)
            raise ApiError(answer.status, f"unable to upgrade to tcp, received {answer.status}")
        return answer, stream

    def lines(self, method: str, path: str, query: Mapping[str, Any] | None = None,
              headers: Mapping[str, str] | None = None, body: Any = None) -> Iterator[Any]:  # fmt: skip
        """A stream of JSON values, one a line."""
        rest = b""
        for chunk in self.call(method, path, query, body, headers).chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                if line.strip():
                    yield json.loads(line)
        if rest.strip():
            yield json.loads(rest)

    @property
    def now(self) -> float:
        """The daemon's time, seconds since 1970, by the Date of its last answer: a simulated clock may be elsewhere.

        Who has had no answer yet asks for one. Raises ApiError, CannotConnect.
        """
        if not self._date:
            self.call("HEAD", "/_ping")
        return parsedate_to_datetime(self._date).timestamp() if self._date else time.time()

    def _checked(self, answer: Answer) -> Answer:
        self._date = answer.headers.get("date", self._date)
        if answer.status < 400:
            return answer
        data = answer.read()
        try:
            message = str(json.loads(data)["message"])
        except (ValueError, KeyError, TypeError):
            message = data.decode(errors="replace").strip() or f"status {answer.status}"
        raise ApiError(answer.status, message)


def _words(query: Mapping[str, Any] | None) -> dict[str, str | Sequence[str]]:
    """Query values as the API writes them: true is 1, an object is JSON, what is empty is left out.

    A tuple is a name that is given more than once.
    """
    words: dict[str, str | Sequence[str]] = {}
    for name, value in (query or {}).items():
        if value is None or value is False or value in ("", {}, ()):
            continue
        words[name] = "1" if value is True else value if isinstance(value, str | tuple) else json.dumps(value)
    return words
