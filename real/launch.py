"""Starting the zygote, and the daemon's side of the connection to it.

The interpreter runs from a sealed copy in memory: a process inside a container can get at the file that its maker was
executed from (/proc/PID/exe), and must not be able to write to it (CVE-2019-5736).
"""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from real import wire
from real.poller import READ, WRITE, Poller

PROGRAM = "import sys; sys.path[:0] = [{path!r}]; from real.zygote import main; main({fd})"
F_ADD_SEALS, SEALS = 1033, 0xF  # seal, shrink, grow, write


class Connection:
    """The daemon's end. `on_exit(serial, status)` hears of ends; `on_loss` when the zygote itself is gone."""

    def __init__(self, poller: Poller, settings: dict[str, Any]) -> None:
        self._poller = poller
        self.on_exit: Callable[[int, int], object] = lambda serial, status: None
        self.on_loss: Callable[[], object] = lambda: None
        self._waiting: deque[tuple[tuple[Any, ...], tuple[int, ...]]] = deque()
        self._socket, theirs = wire.pair()
        self._process = _start(theirs)
        theirs.close()
        self._socket.setblocking(False)
        poller.watch(self._socket.fileno(), READ, self._ready)
        self.send(("begin", settings))

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: tuple[Any, ...], files: tuple[int, ...] = ()) -> None:
        """In order; what cannot be sent now waits, with its files."""
        if self._waiting:
            self._queue(message, files)
            return
        try:
            wire.send(self._socket, message, files)
        except BlockingIOError:
            self._queue(message, files)
        except OSError:
            self.on_loss()

    def _queue(self, message: tuple[Any, ...], files: tuple[int, ...]) -> None:
        self._waiting.append((message, tuple(map(os.dup, files))))
        self._poller.change(self._socket.fileno(), READ | WRITE)

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._send_waiting()
        if not events & ~WRITE:
            return
        while True:
            try:
                received = wire.receive(self._socket)
            except BlockingIOError:
                return
            except ConnectionError:
                received = None
            if received is None:
                self._poller.forget(self._socket.fileno())
                self.on_loss()
                return
            (_, serial, status), _ = received
            self.on_exit(serial, status)

    def _send_waiting(self) -> None:
        while self._waiting:
            message, files = self._waiting[0]
            try:
                wire.send(self._socket, message, files)
            except BlockingIOError:
                return
            self._waiting.popleft()
            for fd in files:
                os.close(fd)
        self._poller.change(self._socket.fileno(), READ)

    def close(self) -> None:
        """The zygote ends what runs, and then itself; returns when it has."""
        if self._socket.fileno() >= 0:
            self._poller.forget(self._socket.fileno())
            self._socket.close()
        self._process.wait()


def _start(connection: socket.socket) -> subprocess.Popen[bytes]:
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    copy = os.memfd_create("glassdock-zygote", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    try:
        os.write(copy, executable.read_bytes())
        fcntl.fcntl(copy, F_ADD_SEALS, SEALS)
        fd = connection.fileno()
        code = PROGRAM.format(path=str(Path(__file__).resolve().parent.parent), fd=fd)
        return subprocess.Popen(
            [str(executable), "-I", "-S", "-B", "-c", code],
            executable=f"/proc/self/fd/{copy}",
            pass_fds=(fd, copy),
            stdin=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            start_new_session=True,
        )
    finally:
        os.close(copy)
