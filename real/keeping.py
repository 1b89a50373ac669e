"""What the zygote keeps for the daemon that comes after a daemon (`--live-restore`): containers that go on meanwhile.

Of each: its number, how it ended if it has, the daemon's own note, and a copy of the daemon's end of its standard
streams, so that they do not break: input first, then output (a terminal is both). What is said meanwhile waits in the
pipe, 64 kB of it; a program that says more waits, too. An entry is there from `keep` to `forget`.
"""

from __future__ import annotations

import contextlib
import os
import socket

from real import wire

RUNS = -1


def be_silent() -> None:
    """Standard output and error were the daemon's, and whoever reads them waits for their end."""
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


class Kept:
    """One container's first process. `status` RUNS, or its exit status; `files` may have lost the input (-1)."""

    __slots__ = ("files", "id", "note", "pid", "status")

    def __init__(self, id: str, pid: int, note: bytes, files: list[int]) -> None:
        self.id, self.pid, self.note, self.files = id, pid, note, files
        self.status = RUNS

    def close(self) -> None:
        for fd in self.files:
            if fd >= 0:
                os.close(fd)
        self.files = []


class Keeper:
    """By serial number of the process; and the socket at which the next daemon will knock."""

    def __init__(self) -> None:
        self.entries: dict[int, Kept] = {}
        self.door: socket.socket | None = None

    def open_door(self, path: str) -> socket.socket:
        """Nobody but this user may come in: the folder is the daemon's own."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.door.bind(path)
        os.chmod(path, 0o600)
        self.door.listen(1)
        return self.door

    def let_in(self) -> socket.socket:
        """The next daemon. It is told of all that there is."""
        assert self.door is not None
        connection, _ = self.door.accept()
        for serial, kept in self.entries.items():
            message = ("kept", serial, kept.id, kept.pid, kept.status, kept.note)
            wire.send(connection, message, tuple(fd for fd in kept.files if fd >= 0))
        wire.send(connection, ("all",))
        return connection

    def close_input(self, serial: int) -> None:
        """The daemon has closed it: the program shall see the end."""
        if (kept := self.entries.get(serial)) is not None and kept.files and kept.files[0] >= 0:
            os.close(kept.files[0])
            kept.files[0] = -1

    def forget(self, serial: int) -> None:
        if (kept := self.entries.pop(serial, None)) is not None:
            kept.close()

    def close(self) -> None:
        """Nobody will come any more."""
        for serial in list(self.entries):
            self.forget(serial)
        if self.door is not None:
            with contextlib.suppress(OSError):
                os.unlink(self.door.getsockname())
            self.door.close()
            self.door = None

    @property
    def descriptors(self) -> list[int]:
        """All that a copy of the zygote must not have."""
        door = [self.door.fileno()] if self.door is not None else []
        return door + [fd for kept in self.entries.values() for fd in kept.files if fd >= 0]
