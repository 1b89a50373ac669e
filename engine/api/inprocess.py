"""The application without a socket: a request is a call, which drives the engine's loop until the answer is there.

For notebooks, tests and the browser. Nothing happens between two calls, and time passes only inside of one. An answer
may stream: reading on drives the loop on. `Connection` looks like engine.client.connection.SocketConnection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from engine.api.app import App
from engine.api.channel import Channel, TwoWay
from engine.api.messages import Query, Request, Response
from engine.api.streams import close_stream
from engine.loop import Loop, Task
from engine.trace import Span

if TYPE_CHECKING:
    from engine.daemon.engine import Engine


class WaitsForInput(ConnectionError):
    """`recv` would wait for ever: the program waits for somebody to type, and that could only be the caller."""


class Connection:
    """A client's way to an engine in the same process."""

    where = "in-process"

    def __init__(self, engine: Engine, app: App | None = None) -> None:
        self.engine = engine
        self.app = app or App(engine)
        self._command: Span | None = None  # the client's span that requests belong to

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] = b"",
    ) -> Answer:
        """Ask, and wait for the head of the answer. Raises engine.loop.Deadlock if nothing can ever bring it about."""
        return Answer(self.engine.loop, self._ask(self._request(method, path, query, headers, body)))

    def upgrade(
        self,
        path: str,
        query: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> tuple[Answer, Session | None]:
        """Ask for a session (attach, exec). None: the answer is a refusal."""
        upgrade = {"connection": "Upgrade", "upgrade": "tcp", **(headers or {})}
        response = self._ask(self._request("POST", path, query, upgrade, body))
        session = Session(self.engine.loop, response) if response.session is not None else None
        return Answer(self.engine.loop, response), session

    @contextmanager
    def command(self, line: str) -> Iterator[None]:
        """A command line of a client, around the requests it makes: the first hop of the trace."""
        trace = self.engine.trace
        self._command = trace.open("client", line, {})
        try:
            yield
        finally:
            trace.close(self._command)
            self._command = None

    def _ask(self, request: Request) -> Response:
        loop = self.engine.loop
        return loop.run(loop.spawn(self.app.handle(request), "request", self._command))

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | Sequence[str]] | None,
        headers: Mapping[str, str] | None,
        body: bytes | Iterator[bytes],
    ) -> Request:
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        asked = Query(_pairs(query or {}))
        if isinstance(body, bytes):
            return Request(method, unquote(path), asked, lower, body)
        return Request(method, unquote(path), asked, lower, stream=_stream(body))


class Answer:
    """`headers` with names in lower case. Read the body once: `read`, or piece by piece `chunks`."""

    def __init__(self, loop: Loop, response: Response) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._loop = loop
        self._body = response.body
        self._channel: Channel | None = None
        self._task: Task[None] | None = None
        if response.stream is not None:
            self._channel = Channel(_nothing, loop.future, loop.future)
            self._task = loop.spawn(_pump(response.stream, self._channel), "answer")
            self._task.add_done_callback(_nothing)  # its error reaches the reader through the channel

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes; leaving the loop early closes the answer."""
        if self._channel is None:
            if self._body:
                yield self._body
            return
        try:
            while data := self._loop.run(self._channel.get()):
                yield data
        finally:
            self.close()

    def close(self) -> None:
        """Read no further: a stream is told so."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._loop.run_ready()


class Session:
    """The connection after `101 UPGRADED`, as the client holds it; to the engine it is a `Duplex`."""

    patient = False  # recv never waits for what the same caller has yet to send

    def __init__(self, loop: Loop, response: Response) -> None:
        assert response.session is not None
        self._loop, self._starving = loop, response.starving
        self._up = Channel(_nothing, loop.future, loop.future)
        self._down = Channel(_nothing, loop.future, loop.future)
        self._task = loop.spawn(self._serve(response), "session")
        self._task.add_done_callback(_nothing)
        loop.run_ready()

    def send(self, data: bytes) -> None:
        """Raises ConnectionError when the session is over."""
        if self._task.done():
            raise BrokenPipeError("the session is over")
        self._up.give(data)
        self._loop.run_ready()

    def recv(self) -> bytes:
        """Some bytes; b"" at the end. Lets time pass; raises WaitsForInput instead of waiting for its own caller."""
        got = self._loop.spawn(self._down.get())
        self._loop.run_ready()
        while not got.done():
            waits = self._starving is not None and self._starving()
            if waits or not self._loop.step():
                got.cancel()
                self._loop.run_ready()
                raise WaitsForInput("the program waits for input")
            self._loop.run_ready()
        return got.result()

    def half_close(self) -> None:
        self._up.end()
        self._loop.run_ready()

    def close(self) -> None:
        """Go away; what was sent before is still read."""
        self._up.end()
        self._down.end()
        self._loop.run_ready()
        self._task.cancel()
        self._loop.run_ready()

    def hang_up(self) -> None:
        """The same: nobody waits in another thread here."""
        self.close()

    async def _serve(self, response: Response) -> None:
        assert response.session is not None
        try:
            with suppress(ConnectionError):
                await response.session(TwoWay(self._up, self._down))
        finally:
            self._down.end()


def _pairs(query: Mapping[str, str | Sequence[str]]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        yield from [(name, value)] if isinstance(value, str) else [(name, each) for each in value]


async def _stream(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _pump(stream: AsyncIterator[bytes], channel: Channel) -> None:
    error: BaseException | None = None
    try:
        async for data in stream:
            if (room := channel.give(data)) is not None:
                await room
    except Exception as raised:
        error = raised
    finally:
        await close_stream(stream)
        channel.end(error)


def _nothing() -> None:
    pass
