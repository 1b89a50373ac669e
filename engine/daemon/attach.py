"""Being connected to a container's (or an exec's) standard streams: several clients at once, input from any of them.

A `Client` is one connection's queue of output; when it is full the program waits. `Stdin` outlives runs: what clients
send before the start waits for it. `converse` carries one connection until the program or the client has had enough
(moby, daemon/attach.go and container/stream/attach.go).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.api.streams import frame
from engine.detach import DEFAULT_KEYS, Detector, key_bytes
from engine.errors import InvalidParameter
from engine.host import STDERR, Input
from engine.loop import Future, Loop

if TYPE_CHECKING:
    from engine.api.messages import Duplex

FULL = 1 << 20  # bytes that may wait for a client before the program has to


class Client:
    """One connection's output. `put` is the program's side, `get` the connection's."""

    __slots__ = ("_closed", "_drained", "_loop", "_news", "_pieces", "_size", "stderr", "stdout")

    def __init__(self, loop: Loop, stdout: bool = True, stderr: bool = True) -> None:
        self.stdout, self.stderr = stdout, stderr
        self._loop = loop
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._closed = False
        self._news: Future[None] | None = None
        self._drained: Future[None] | None = None

    def put(self, stream: int, data: bytes) -> Future[None] | None:
        """A Future if so much waits already that the program should, too."""
        if self._closed or not (self.stderr if stream == STDERR else self.stdout):
            return None
        self._pieces.append((stream, data))
        self._size += len(data)
        self._wake()
        if self._size < FULL:
            return None
        self._drained = self._drained or Future(self._loop)
        return self._drained

    async def get(self) -> tuple[int, bytes] | None:
        """The next piece; None when all has been said."""
        while not self._pieces:
            if self._closed:
                return None
            self._news = Future(self._loop)
            await self._news
        stream, data = self._pieces.popleft()
        self._size -= len(data)
        if self._size < FULL:
            self._release()
        return stream, data

    def close(self) -> None:
        """Nothing more comes; what is here can still be got."""
        self._closed = True
        self._wake()

    def abandon(self) -> None:
        """Nobody reads any more."""
        self._pieces.clear()
        self.close()
        self._release()

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set_result(None)
            self._news = None

    def _release(self) -> None:
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None


class Stdin:
    """A container's standard input, for all its clients. What they send before the start waits for it."""

    __slots__ = ("_backlog", "_closed", "_drained", "_loop", "_size", "input")

    def __init__(self, loop: Loop) -> None:
        self.input: Input | None = None
        self._loop = loop
        self._backlog: deque[bytes] | None = None
        self._size = 0
        self._closed = False
        self._drained: Future[None] | None = None

    def connect(self, input: Input) -> None:
        """The program has started."""
        self.input = input
        if self._backlog:
            self._loop.spawn(self._catch_up(input), "early input")
        elif self._closed:
            input.close()

    def disconnect(self) -> None:
        """The program has ended; the next run begins anew."""
        self.input, self._closed = None, False
        self._forget_backlog()

    def starving(self) -> bool:
        """The program waits for somebody to type."""
        return self.input is not None and not self._closed and self.input.starving()

    def write(self, data: bytes) -> Future[None] | None:
        """As engine.host.Input."""
        if self.input is not None and not self._backlog:
            return self.input.write(data)
        self._backlog = self._backlog or deque()
        self._backlog.append(data)
        self._size += len(data)
        if self._size < FULL:
            return None
        self._drained = self._drained or Future(self._loop)
        return self._drained

    def close(self) -> None:
        self._closed = True
        if self.input is not None and not self._backlog:
            self.input.close()

    async def _catch_up(self, input: Input) -> None:
        """Give the program what was there before it, at its own pace."""
        while self._backlog and self.input is input:
            if (full := input.write(self._backlog[0])) is not None:
                await full
            if self._backlog:
                self._backlog.popleft()
        if self.input is input:
            self._forget_backlog()
            if self._closed:
                input.close()

    def _forget_backlog(self) -> None:
        self._backlog, self._size = None, 0
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None


class Detached(Exception):
    """The client has typed the detach keys."""


def parse_keys(text: str) -> bytes:
    """The keys that a request names, or the usual ones. Raises InvalidParameter."""
    try:
        return key_bytes(text) if text else DEFAULT_KEYS
    except ValueError:
        raise InvalidParameter(f"Invalid detach keys ({text}) provided") from None


async def converse(
    duplex: Duplex,
    client: Client,
    stdin: Stdin | None,
    *,
    raw: bool,
    keys: bytes = b"",
    close_stdin: bool = False,
    first: list[bytes] | None = None,
    on_detach: Callable[[], object] | None = None,
) -> None:
    """Carry one connection. `raw`: a terminal, so no frames. `first` goes out before anything else.

    `close_stdin`: the client's end of input is the program's. Ends when the output has, the client is gone, or it has
    typed `keys`.
    """
    loop = client._loop
    output = loop.spawn(_send(duplex, client, raw, first or []), "attached output")
    input = loop.spawn(_receive(duplex, stdin, keys if raw else b"", close_stdin), "attached input")
    ended: Future[None] = Future(loop)
    output.add_done_callback(lambda: ended.set_result(None))

    def input_ended() -> None:
        if isinstance(input.error(), Detached):
            ended.set_result(None)

    input.add_done_callback(input_ended)
    try:
        await ended
        if isinstance(input.error() if input.done() else None, Detached) and on_detach is not None:
            on_detach()
    finally:
        output.cancel()
        input.cancel()
        client.abandon()
        duplex.close()


async def _send(duplex: Duplex, client: Client, raw: bool, first: list[bytes]) -> None:
    try:
        for data in first:
            await duplex.write(data)
        while (piece := await client.get()) is not None:
            stream, data = piece
            await duplex.write(data if raw else frame(stream, data))
    except ConnectionError:
        return


async def _receive(duplex: Duplex, stdin: Stdin | None, keys: bytes, close_stdin: bool) -> None:
    """The client's bytes to the program, as fast as it takes them. Raises Detached."""
    detector = Detector(keys)
    try:
        while data := await duplex.read():
            data, detached = detector.feed(data)
            if stdin is not None and data and (full := stdin.write(data)) is not None and not detached:
                await full
            if detached:
                raise Detached
    except ConnectionError:
        pass
    if stdin is not None and close_stdin:
        stdin.close()
