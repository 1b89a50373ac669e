"""Standard streams of a container's process, between pipes (or a terminal) and the daemon. Twin: sim/streams.py."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import termios
from collections import deque
from collections.abc import Callable

from engine.host import OnOutput
from engine.loop import Future
from real.poller import READ, WRITE, Poller

CHUNK = 1 << 16


class Output:
    """The read end of a pipe, or a terminal's master: what comes is handed on, as fast as the daemon takes it.

    `ended` is done when the other end is closed by all.
    """

    __slots__ = ("_call", "_poller", "ended", "fd", "number")

    def __init__(self, poller: Poller, fd: int, call: OnOutput, number: int) -> None:
        self._poller, self.fd, self._call, self.number = poller, fd, call, number
        self.ended: Future[None] = Future(poller.loop)
        os.set_blocking(fd, False)
        poller.watch(fd, READ, self._ready)

    def _ready(self, events: int) -> None:
        self._read()

    def _read(self) -> bool:
        """One piece; False if there is none, or the daemon has enough for now."""
        if self.fd < 0:
            return False
        try:
            data = os.read(self.fd, CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # EIO: a terminal that nobody has open
            data = b""
        if not data:
            self.close()
            return False
        if (full := self._call(self.number, data)) is not None and not full.done():
            self._poller.change(self.fd, 0)
            full.add_done_callback(self._go_on)
            return False
        return True

    def _go_on(self) -> None:
        if self.fd >= 0:
            self._poller.change(self.fd, READ)

    def drain(self) -> None:
        """All that is there now, if the daemon takes it."""
        while self._read():
            pass

    def close(self) -> None:
        """Nothing more is wanted, or comes."""
        if self.fd >= 0:
            self._poller.forget(self.fd)
            os.close(self.fd)
            self.fd = -1
            self.ended.set_result(None)


class PipeInput:
    """engine.host.Input: the write end of a pipe, or a terminal's master (which belongs to its `Output`)."""

    __slots__ = ("_closing", "_on_shut", "_poller", "_queue", "_sent", "_terminal", "fd")

    def __init__(self, poller: Poller, fd: int, terminal: bool, on_shut: Callable[[], object] = lambda: None) -> None:
        self._poller, self._terminal, self._on_shut = poller, terminal, on_shut
        self.fd = os.dup(fd) if terminal else fd  # -1: it is closed
        self._queue: deque[bytes] = deque()
        self._sent: Future[None] | None = None
        self._closing = False
        if self.fd >= 0:
            os.set_blocking(self.fd, False)
            poller.watch(self.fd, 0, self._ready)

    def write(self, data: bytes) -> Future[None] | None:
        """See engine.host.Input."""
        if self.fd < 0 or self._closing or not data:
            return None
        self._queue.append(data)
        if len(self._queue) == 1:
            self._flush()
        if not self._queue:
            return None
        if self._sent is None:
            self._sent = Future(self._poller.loop)
            self._poller.change(self.fd, WRITE)
        return self._sent

    def _flush(self) -> None:
        try:
            while self._queue:
                written = os.write(self.fd, self._queue[0])
                if written < len(self._queue[0]):
                    self._queue[0] = self._queue[0][written:]
                else:
                    self._queue.popleft()
        except BlockingIOError:
            pass
        except OSError:  # nobody reads any more
            self.shut()

    def _ready(self, events: int) -> None:
        if not events & WRITE or not self._queue:
            self.shut()  # an error: nobody reads any more
            return
        self._flush()
        if not self._queue and self.fd >= 0:
            self._poller.change(self.fd, 0)
            self._tell()
            if self._closing:
                self.shut()

    def _tell(self) -> None:
        if self._sent is not None:
            self._sent.set_result(None)
            self._sent = None

    def close(self) -> None:
        """See engine.host.Input."""
        if self._terminal or self.fd < 0:
            return
        self._closing = True
        if not self._queue:
            self.shut()

    def starving(self) -> bool:
        """Nothing waits to be read, and more may come: that the program reads at all is not known."""
        if self.fd < 0 or self._closing or self._queue:
            return False
        waiting = array.array("i", [0])
        with contextlib.suppress(OSError):
            fcntl.ioctl(self.fd, termios.FIONREAD, waiting)
        return self._terminal or waiting[0] == 0

    def shut(self) -> None:
        """The process is gone, or its input has ended."""
        if self.fd >= 0:
            self._poller.forget(self.fd)
            os.close(self.fd)
            self.fd = -1
            self._on_shut()
        self._queue.clear()
        self._tell()
