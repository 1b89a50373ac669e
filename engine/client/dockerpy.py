"""docker-py on an engine in the same process: `docker_client(engine)` is an unmodified `docker.DockerClient`.

requests, on which docker-py stands, lets an *adapter* answer for the network; ours calls the application. docker-py
also reaches below requests for the raw socket of attach and exec; `EngineSocket` is what it finds there.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

import docker
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from engine.api.app import API_VERSION
from engine.api.inprocess import Answer, Connection, Session
from engine.api.messages import Query

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

BASE_URL = "http://glassdock:2375"  # docker-py wants one; nobody connects to it


def docker_client(engine: Engine) -> docker.DockerClient:
    """A client of this engine. Each call drives the engine's loop until its answer is there."""
    client = docker.DockerClient(base_url=BASE_URL, version=API_VERSION)
    client.api.mount(BASE_URL, EngineAdapter(Connection(engine)))
    return client


class EngineAdapter(BaseAdapter):
    """Answers docker-py's requests from the application."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, verify: Any = True,
        cert: Any = None, proxies: Any = None,
    ) -> requests.Response:  # fmt: skip
        target = urlsplit(request.url or "")
        query = Query(parse_qsl(target.query, keep_blank_values=True))
        given = request.headers.items()  # docker-py writes its credentials as bytes
        headers = {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in given}
        session: Session | None = None
        if "Upgrade" in headers:
            answer, session = self._connection.upgrade(target.path, query, headers, _body(request))
        else:
            answer = self._connection.request(request.method or "GET", target.path, query, headers, _body(request))
        return self._response(request, answer, session)

    def _response(
        self, request: requests.PreparedRequest, answer: Answer, session: Session | None
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        response.url, response.request = request.url or "", request
        pieces = _session_pieces(session) if session is not None else answer.chunks()
        raw = Body(pieces, EngineSocket(session, answer))
        response.raw = HTTPResponse(raw, response.headers, answer.status, preload_content=False, decode_content=False)
        return response

    def close(self) -> None:
        pass


def _body(request: requests.PreparedRequest) -> bytes:
    body = cast(Any, request.body)
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        body = body.read()
    return body if isinstance(body, bytes) else b"".join(body)


def _session_pieces(session: Session) -> Iterator[bytes]:
    while data := session.recv():
        yield data


class Body(io.RawIOBase):
    """An answer's bytes as a file. docker-py asks it for chunks and socket, as it asks http.client's response."""

    chunked = True

    def __init__(self, pieces: Iterator[bytes], below: EngineSocket) -> None:
        self._pieces, self._rest = pieces, b""
        self.raw = below

    @property
    def fp(self) -> Body:
        """http.client keeps the socket at response.fp.raw."""
        return self

    @property
    def chunk_left(self) -> int:
        """Bytes that can be read without waiting."""
        return len(self._rest)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None and not self.closed:
            close()
        super().close()


class EngineSocket:
    """What `attach_socket` and `exec_start(socket=True)` give: send, recv, shutdown and close of a session."""

    def __init__(self, session: Session | None, answer: Answer) -> None:
        self._session, self._answer = session, answer
        self._rest = b""
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._sock = self

    def send(self, data: bytes) -> int:
        self._open().send(bytes(data))
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.send(data)

    write = send

    def recv(self, size: int = 65536) -> bytes:
        """At most `size` bytes; b"" at the end."""
        if not self._rest:
            self._rest = self._open().recv()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    read = recv

    def shutdown(self, how: int) -> None:
        if how != socket.SHUT_RD:
            self._open().half_close()

    def settimeout(self, seconds: float | None) -> None:
        """No call waits longer than the engine has something to do."""

    def fileno(self) -> int:
        """Something that select and poll find readable: `recv` itself brings the bytes about."""
        try:
            if self._pair is None:
                self._pair = socket.socketpair()
                self._pair[1].send(b"\0")
            return self._pair[0].fileno()
        except OSError:  # no sockets at all: a browser
            return os.open(os.devnull, os.O_RDONLY)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._answer.close()
        for end in self._pair or ():
            end.close()

    def _open(self) -> Session:
        if self._session is None:
            raise ConnectionError("this answer has no session")
        return self._session


__all__ = ["EngineAdapter", "EngineSocket", "docker_client"]
