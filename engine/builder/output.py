"""What a build tells its client while it goes on: JSON lines, as moby's streamformatter writes them.

`-q` holds everything back: the id at the end is all, or, if the build fails, what it would have said.
"""

from __future__ import annotations

import codecs

from engine.api.streams import error_line, json_line, progress_line, status_line
from engine.distribution.progress import Message, Progress
from engine.host import STDERR
from engine.loop import Future, Loop, Queue

FULL = 1 << 20  # bytes that may wait for the client before a program has to
RED, PLAIN = "\x1b[91m", "\x1b[0m"  # what programs write on standard error


class Output:
    """Lines for one client, who gets them with `next`."""

    def __init__(self, loop: Loop, quiet: bool = False) -> None:
        self._loop = loop
        self._lines: Queue[bytes] = Queue(loop)
        self._waiting = 0  # bytes
        self._taken: Future[None] | None = None
        self._held: list[bytes] | None = [] if quiet else None
        self._spoken = False

    async def next(self) -> bytes | None:
        """The next line; None when all has been said."""
        line = await self._lines.get()
        self._waiting -= len(line or b"")
        if self._taken is not None and self._waiting < FULL:
            self._taken.set_result(None)
            self._taken = None
        return line

    async def room(self) -> None:
        """Wait until the client has taken enough of what was said."""
        if self._waiting >= FULL:
            self._taken = self._taken or self._loop.future()
            await self._taken

    def close(self) -> None:
        """Nothing more will be said."""
        self._lines.close()

    def announce(self, text: str) -> None:
        """A line in two writes: so Docker prints the heads of its steps, and clients see two messages."""
        self.write(text)
        self.write("\n")

    def say(self, text: str) -> None:
        self.write(f"{text}\n")

    def write(self, text: str) -> None:
        self._put(json_line({"stream": text}))

    def progress(self, news: Progress | Message) -> None:
        if isinstance(news, Message):
            self._put(status_line(news.status, news.id))
        else:
            self._put(progress_line(news.status, news.id, news.current, news.total))

    def image(self, id: str) -> None:
        """A stage has ended with this image."""
        self._put(json_line({"aux": {"ID": id}}))

    def answer(self, id: str) -> None:
        """The result of a quiet build."""
        if self._held is not None:
            self._send(json_line({"stream": f"{id}\n"}))

    def fail(self, message: str, code: int = 0) -> bool:
        """Tell of the failure; False if nothing has been said yet, so that the answer may still be an error."""
        for line in self._held or ():
            self._send(line)
        if not self._spoken and not self._held:
            return False
        detail = {"code": code, "message": message} if code else {"message": message}
        self._send(json_line({"errorDetail": detail, "error": message}) if code else error_line(message))
        return True

    def _put(self, line: bytes) -> None:
        if self._held is not None:
            self._held.append(line)
        else:
            self._spoken = True
            self._send(line)

    def _send(self, line: bytes) -> None:
        self._waiting += len(line)
        self._lines.put(line)


class ProgramOutput:
    """What a RUN's program writes, as text: a character may come in two pieces."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._decoders: dict[int, codecs.IncrementalDecoder] = {}

    def write(self, stream: int, data: bytes) -> None:
        decoder = self._decoders.setdefault(stream, codecs.getincrementaldecoder("utf-8")("replace"))
        self._say(stream, decoder.decode(data))

    def end(self) -> None:
        for stream, decoder in self._decoders.items():
            self._say(stream, decoder.decode(b"", True))

    def _say(self, stream: int, text: str) -> None:
        if text:
            self._output.write(f"{RED}{text}{PLAIN}" if stream == STDERR else text)
