"""A pipe for bytes between two sides that may wait on different loops: two tasks, or a task and asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any


class Channel:
    """Bytes in order; a writer that is far ahead is told to wait.

    `reader` and `writer` make a future of the loop on which that side awaits; `wake` is called when one is done.
    """

    LIMIT = 256 << 10

    def __init__(self, wake: Callable[[], None], reader: Callable[[], Any], writer: Callable[[], Any]) -> None:
        self._wake, self._reader, self._writer = wake, reader, writer
        self._pieces: list[bytes] = []
        self._size = 0
        self.ended = False
        self._error: BaseException | None = None
        self._news: Any = None
        self._room: Any = None

    def give(self, data: bytes) -> Any:
        """Add bytes. A future of the writer's loop means: full, wait for it. After the end they are dropped."""
        if not data or self.ended:
            return None
        self._pieces.append(data)
        self._size += len(data)
        self._tell(self._news)
        if self._size <= self.LIMIT:
            return None
        if self._room is None or self._room.done():
            self._room = self._writer()
        return self._room

    def end(self, error: BaseException | None = None) -> None:
        """No more will come; `error` is raised where it is read, after what is left."""
        if not self.ended:
            self.ended, self._error = True, error
            self._tell(self._news)
            self._tell(self._room)

    async def get(self) -> bytes:
        """All that is there, at least one byte; b"" at the end."""
        while not self._pieces:
            if self.ended:
                if self._error is not None:
                    raise self._error
                return b""
            self._news = self._reader()
            await self._news
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        self._tell(self._room)
        return data

    async def pieces(self) -> AsyncIterator[bytes]:
        """All until the end."""
        while data := await self.get():
            yield data

    def _tell(self, waiter: Any) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
            self._wake()


class Brake:
    """A transport's wish that its writer wait: asyncio's pause_writing and resume_writing, for another loop."""

    def __init__(self, wake: Callable[[], None], writer: Callable[[], Any]) -> None:
        self._wake, self._writer = wake, writer
        self._room: Any = None

    def pause(self) -> None:
        self._room = self._writer()

    def resume(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set_result(None)
            self._wake()

    async def wait(self) -> None:
        """Until there is room; at once, if there is."""
        if self._room is not None:
            await self._room


class TwoWay:
    """The engine's end of a session over two channels: engine.api.messages.Duplex."""

    def __init__(self, up: Channel, down: Channel) -> None:
        self._up, self._down = up, down

    async def read(self) -> bytes:
        return await self._up.get()

    async def write(self, data: bytes) -> None:
        if self._down.ended:
            raise ConnectionResetError("the client is gone")
        if (room := self._down.give(data)) is not None:
            await room

    def close(self) -> None:
        self._down.end()
