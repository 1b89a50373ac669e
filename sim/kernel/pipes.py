"""Pipes: 64 KiB between a writer and a reader, with backpressure both ways. Also fifos, which are pipes with a name.

A stream's `read` and `write` never wait by themselves. They give the result, or a Future that is done when it is worth
trying again; the process that called waits for it, where a signal can interrupt it. Source: pipe(7), fifo(7).
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from typing import Protocol

from engine.loop import Future, Loop
from sim.abi import O_RDONLY, O_WRONLY, Stat

CAPACITY = 65536
PIPE_BUF = 4096  # writes up to this size are not torn apart


class Stream(Protocol):
    """An open file that may have to wait: a pipe's end, a terminal, a socket."""

    path: str
    flags: int

    def read(self, size: int) -> bytes | Future[None]:
        """b"" at the end; a Future: nothing there yet."""

    def write(self, data: bytes) -> int | Future[None]:
        """How much was taken; a Future: no room yet. Raises BrokenPipeError."""

    def lseek(self, offset: int, whence: int = 0) -> int: ...

    def ftruncate(self, size: int) -> None: ...

    def fstat(self) -> Stat: ...

    def close(self) -> None: ...


class Pipe:
    """The buffer. `readers` and `writers` count the open ends, `opened` all that ever were."""

    __slots__ = ("_chunks", "_held", "_readable", "_writable", "ino", "loop", "opened", "readers", "writers")

    def __init__(self, loop: Loop, ino: int) -> None:
        self.loop, self.ino = loop, ino
        self.readers = self.writers = self.opened = 0
        self._chunks: deque[bytes] | None = None  # made with the first byte: most pipes of idle containers see none
        self._held = 0
        self._readable: list[Future[None]] | None = None
        self._writable: list[Future[None]] | None = None

    def take(self, size: int) -> bytes | Future[None]:
        chunks = self._chunks
        if not chunks:
            return self.wait_to_read() if self.writers else b""
        taken: list[bytes] = []
        while chunks and size > 0:
            chunk = chunks.popleft()
            if len(chunk) > size:
                chunks.appendleft(chunk[size:])
                chunk = chunk[:size]
            taken.append(chunk)
            size -= len(chunk)
        data = taken[0] if len(taken) == 1 else b"".join(taken)
        self._held -= len(data)
        _wake(self._writable)
        return data

    def put(self, data: bytes) -> int | Future[None]:
        if not self.readers:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        room = CAPACITY - self._held
        if room < min(len(data), PIPE_BUF):
            return self.wait_to_write()
        part = data if len(data) <= room else data[:room]
        if part:
            if self._chunks is None:
                self._chunks = deque()
            self._chunks.append(bytes(part))
            self._held += len(part)
            _wake(self._readable)
        return len(part)

    def starving(self) -> bool:
        """Somebody waits to read, and nothing is there."""
        return not self._held and any(not waiter.done() for waiter in self._readable or ())

    def changed(self) -> None:
        """An end was opened or closed: let all who wait look again."""
        _wake(self._readable)
        _wake(self._writable)

    def wait_to_read(self) -> Future[None]:
        future: Future[None] = Future(self.loop)
        self._readable = [*(self._readable or ()), future]
        return future

    def wait_to_write(self) -> Future[None]:
        future: Future[None] = Future(self.loop)
        self._writable = [*(self._writable or ()), future]
        return future


class End:
    """One end of a pipe, or (with O_RDWR) both, as an open file."""

    __slots__ = ("flags", "path", "pipe")

    def __init__(self, pipe: Pipe, flags: int, path: str = "") -> None:
        self.pipe, self.flags, self.path = pipe, flags & 3, path or f"pipe:[{pipe.ino}]"
        pipe.readers += self.flags != O_WRONLY
        pipe.writers += self.flags != O_RDONLY
        pipe.opened += 1
        pipe.changed()

    def read(self, size: int) -> bytes | Future[None]:
        if self.flags == O_WRONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self.pipe.take(size)

    def write(self, data: bytes) -> int | Future[None]:
        if self.flags == O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self.pipe.put(data)

    def lseek(self, offset: int, whence: int = 0) -> int:
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))

    def ftruncate(self, size: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def fstat(self) -> Stat:
        return Stat(self.pipe.ino, stat.S_IFIFO | 0o600, 1, 0, 0, 0, 0)

    def reopen(self, flags: int) -> End:
        return End(self.pipe, flags, self.path)

    def close(self) -> None:
        self.pipe.readers -= self.flags != O_WRONLY
        self.pipe.writers -= self.flags != O_RDONLY
        self.pipe.changed()


def pair(loop: Loop, ino: int) -> tuple[End, End]:
    """pipe(2): (read end, write end)."""
    pipe = Pipe(loop, ino)
    return End(pipe, O_RDONLY), End(pipe, O_WRONLY)


class Fifo(End):
    """An end of a pipe with a name, fifo(7). Reading and writing wait for the other side, as opening does in Linux."""

    __slots__ = ("_opened",)

    def __init__(self, pipe: Pipe, flags: int, path: str) -> None:
        super().__init__(pipe, flags, path)
        self._opened = pipe.opened

    def read(self, size: int) -> bytes | Future[None]:
        if not self.pipe.writers and self._alone():
            return self.pipe.wait_to_read()
        return super().read(size)

    def write(self, data: bytes) -> int | Future[None]:
        if not self.pipe.readers and self._alone():
            return self.pipe.wait_to_write()
        return super().write(data)

    def _alone(self) -> bool:
        """Nobody has opened it since."""
        return self.pipe.opened == self._opened


def _wake(waiters: list[Future[None]] | None) -> None:
    if waiters:
        for waiter in waiters:
            waiter.set_result(None)
        waiters.clear()
