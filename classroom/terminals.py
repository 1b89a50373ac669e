"""Shells on the host of a lab: what one types at the machine itself, beside Docker.

On a simulated host that is root's shell (sim/hostshell.py). On the real one it is the student's own, with the student's
own rights: what needs more is refused by the kernel, in the kernel's words. Several have names, like several windows.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Callable
from typing import Protocol

from classroom.shell import STDERR, STDOUT, Write

STATUS = 9  # the descriptor on which the shell tells how a line ended


class Shell(Protocol):
    def run(self, text: str, write: Write) -> int:
        """Type lines; the exit status of the last."""

    def ended(self) -> bool: ...

    def interrupt(self) -> None:
        """End it, and what it has started."""


class Terminals:
    """Shells by name, made when first used, and anew after `exit`."""

    def __init__(self, make: Callable[[], Shell]) -> None:
        self._make = make
        self._open: dict[str, Shell] = {}

    def run(self, name: str, text: str, write: Write) -> int:
        shell = self._open.get(name)
        if shell is None or shell.ended():
            shell = self._open[name] = self._make()
        return shell.run(text, write)

    def close(self) -> None:
        for shell in self._open.values():
            if not shell.ended():
                shell.interrupt()
        self._open.clear()


class OwnShell:
    """bash on this computer. Raises PermissionError for root: a slip in a mount would hit the whole machine."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError(f"namespaces are Linux's; this is {sys.platform}")
        if os.geteuid() == 0:
            raise PermissionError("this is the real machine, and you are its root: use a user of your own")
        reader, writer = os.pipe()
        start = f"exec {STATUS}>&{writer} {writer}>&-; exec bash"
        self._process = subprocess.Popen(
            ["bash", "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=(writer,), start_new_session=True,
        )  # fmt: skip
        os.close(writer)
        assert self._process.stdout is not None and self._process.stderr is not None
        self._streams = {self._process.stdout.fileno(): STDOUT, self._process.stderr.fileno(): STDERR, reader: STATUS}
        for fd in self._streams:
            os.set_blocking(fd, False)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def run(self, text: str, write: Write) -> int:
        """Ctrl-C in the notebook ends the shell (KeyboardInterrupt)."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(f"{text}\necho $? >&{STATUS}\n".encode())
        stdin.flush()
        status = b""
        with selectors.DefaultSelector() as selector:
            for fd in self._streams:
                selector.register(fd, selectors.EVENT_READ)
            try:
                while not status.endswith(b"\n") and not self.ended():
                    for key, _ in selector.select(0.2):
                        status += self._read(key.fd, write)
            except KeyboardInterrupt:
                self.interrupt()
                raise
        for fd in self._streams:  # what was printed before the end was told
            status += self._read(fd, write)
        return int(status.split()[-1]) if status.strip() else self._process.returncode or 0

    def _read(self, fd: int, write: Write) -> bytes:
        """Hand on what was printed; what the shell said of its status."""
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return b""
        if self._streams[fd] == STATUS:
            return data
        if data:
            write(self._streams[fd], data)
        return b""

    def interrupt(self) -> None:
        """Its own process group alone; a PID namespace below ends with its first process."""
        self._process.kill()
        self._process.wait()
