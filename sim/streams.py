"""Standard streams of a container's process, between the simulated kernel and the daemon.

`Sink` is the write end of a pipe whose reader is the daemon's callback; `Source` is both the read end of a pipe and the
`Input` that the daemon writes to. Neither has a task of its own.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from engine.loop import Future
from sim.abi import O_RDONLY, O_WRONLY, Stat
from sim.kernel.pipes import End, Pipe

if TYPE_CHECKING:
    from engine.host import OnOutput
    from engine.loop import Loop


class Sink:
    """Output: every write is handed on at once; while the daemon is slow, the writer waits."""

    __slots__ = ("_busy", "_call", "stream")
    flags = O_WRONLY
    path = "pipe:[1]"

    def __init__(self, call: OnOutput, stream: int) -> None:
        self._call, self.stream = call, stream
        self._busy: Future[None] | None = None

    def read(self, size: int) -> bytes:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def write(self, data: bytes) -> int | Future[None]:
        if self._busy is not None:
            if not self._busy.done():
                return _waiter(self._busy)
            self._busy = None
        self._busy = self._call(self.stream, bytes(data))
        return len(data)

    def lseek(self, offset: int, whence: int = 0) -> int:
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))

    def ftruncate(self, size: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def fstat(self) -> Stat:
        return Stat(1, stat.S_IFIFO | 0o600, 1, 0, 0, 0, 0)

    def reopen(self, flags: int) -> Sink:
        """/dev/stdout, opened anew."""
        return Sink(self._call, self.stream)

    def close(self) -> None:
        self._busy = None


class Source(Pipe):
    """Standard input: a pipe that the daemon holds the write end of."""

    __slots__ = ("_closed",)

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop, 0)
        self.writers = 1
        self._closed = False

    def end(self) -> End:
        """The process's side."""
        return End(self, O_RDONLY)

    def write(self, data: bytes) -> Future[None] | None:
        """engine.host.Input"""
        if self._closed or not self.readers or not data:
            return None
        taken = self.put(data)
        if not isinstance(taken, int):
            return self.loop.spawn(self._feed(data), "stdin")
        return None if taken == len(data) else self.loop.spawn(self._feed(data[taken:]), "stdin")

    async def _feed(self, rest: bytes) -> None:
        while rest and self.readers and not self._closed:
            taken = self.put(rest)
            if isinstance(taken, int):
                rest = rest[taken:]
            else:
                await taken

    def close(self) -> None:
        """engine.host.Input"""
        if not self._closed:
            self._closed = True
            self.writers = 0
            self.changed()


def _waiter(future: Future[None]) -> Future[None]:
    """A future of the process's own that is done when the other is: it may be given an error (EINTR)."""
    own: Future[None] = Future(future.loop)
    future.add_done_callback(lambda: own.set_result(None))
    return own
