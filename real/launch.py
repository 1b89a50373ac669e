"""Starting the zygote, and the daemon's side of the connection to it.

With `--live-restore` a zygote outlives its daemon, and the next one finds it at its door (real/keeping.py).

The interpreter runs from a sealed copy in memory: a process inside a container can get at the file that its maker was
executed from (/proc/PID/exe), and must not be able to write to it (CVE-2019-5736).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from real import syscalls, wire
from real.poller import READ, WRITE, Poller

PROGRAM = "import sys; sys.path[:0] = [{path!r}]; from real.zygote import main; main({fd})"
F_ADD_SEALS, SEALS = 1033, 0xF  # seal, shrink, grow, write


class Found(NamedTuple):
    """A container that a zygote has kept: see real.keeping.Kept. `files` without an input that was closed."""

    serial: int
    id: str
    pid: int
    status: int
    note: bytes
    files: list[int]


class Connection:
    """The daemon's end. `on_exit(serial, status)` hears of ends; `on_loss` when the zygote itself is gone.

    `found`: what the zygote has kept of an earlier daemon's.
    """

    def __init__(self, poller: Poller, settings: dict[str, Any]) -> None:
        self._poller = poller
        self.on_exit: Callable[[int, int], object] = lambda serial, status: None
        self.on_loss: Callable[[], object] = lambda: None
        self._waiting: deque[tuple[tuple[Any, ...], tuple[int, ...]]] = deque()
        self.found: list[Found] = []
        self._socket, self.pid = _knock(settings["door"], self.found) or _start()
        self._process = syscalls.pidfd_open(self.pid)
        self._socket.setblocking(False)
        poller.watch(self._socket.fileno(), READ, self._ready)
        self.send(("begin", settings))

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

    def close(self, keep: bool = False) -> None:
        """The zygote ends what runs, and then itself; returns when it has. `keep`: it goes on with what it keeps."""
        if self._socket.fileno() >= 0:
            if not keep:
                self.send(("end",))
            self._poller.forget(self._socket.fileno())
            self._socket.close()
        if not keep:
            select.select([self._process], [], [])
            with contextlib.suppress(ChildProcessError):  # an earlier daemon's child
                os.waitpid(self.pid, 0)
        os.close(self._process)


def _knock(door: str, found: list[Found]) -> tuple[socket.socket, int] | None:
    """The zygote that an earlier daemon has left, and its number; None if there is none."""
    if not door:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(door)
        while (received := wire.receive(connection)) is not None:
            (kind, *told), files = received
            if kind == "all":
                credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                return connection, struct.unpack("3i", credentials)[0]
            serial, id, pid, status, note = told
            found.append(Found(serial, id, pid, status, note, files))
    except OSError:
        pass
    connection.close()
    return None


def _start() -> tuple[socket.socket, int]:
    """A new one, and its number."""
    ours, connection = wire.pair()
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    copy = os.memfd_create("glassdock-zygote", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    try:
        os.write(copy, executable.read_bytes())
        fcntl.fcntl(copy, F_ADD_SEALS, SEALS)
        fd = connection.fileno()
        code = PROGRAM.format(path=str(Path(__file__).resolve().parent.parent), fd=fd)
        started = subprocess.Popen(
            [str(executable), "-I", "-S", *(["-B"] if sys.dont_write_bytecode else []), "-c", code],
            executable=f"/proc/self/fd/{copy}",
            pass_fds=(fd, copy),
            stdin=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        started.returncode = 0  # it is waited for by its number
        return ours, started.pid
    finally:
        os.close(copy)
        connection.close()
