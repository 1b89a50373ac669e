"""Where a command reads and writes: the process's own terminal, or a buffer (notebooks, tests)."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

from engine.client import windowsconsole

STDOUT, STDERR = 1, 2


class Console(Protocol):
    stdin_tty: bool
    stdout_tty: bool
    stderr_tty: bool

    def write(self, stream: int, data: bytes) -> None: ...

    def out(self, text: str) -> None:
        """A line on standard output."""

    def err(self, text: str) -> None: ...

    def read(self) -> bytes:
        """Some bytes of standard input; b"" at the end."""

    def size(self) -> tuple[int, int]:
        """(rows, columns)"""

    def raw(self) -> Any:
        """A context in which keys come as they are typed."""


class SystemConsole:
    """The terminal, or the pipes, that this process was given."""

    def __init__(self) -> None:
        self.stdin_tty = sys.stdin is not None and sys.stdin.isatty()
        self.stdout_tty, self.stderr_tty = sys.stdout.isatty(), sys.stderr.isatty()
        self._keys: BinaryIO | None = None
        if sys.platform == "win32" and (self.stdout_tty or self.stderr_tty):
            windowsconsole.understand_escapes(windowsconsole.Kernel32())

    def write(self, stream: int, data: bytes) -> None:
        file = sys.stdout.buffer if stream == STDOUT else sys.stderr.buffer
        file.write(data)
        file.flush()

    def out(self, text: str) -> None:
        self.write(STDOUT, text.encode() + b"\n")

    def err(self, text: str) -> None:
        self.write(STDERR, text.encode() + b"\n")

    def read(self) -> bytes:
        if sys.platform != "win32" or not self.stdin_tty:
            return os.read(0, 65536)
        if self._keys is None:  # by Python's way to the console, which gives UTF-8 whatever the code page is
            self._keys = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - as long as the process
        return self._keys.read(65536)

    def size(self) -> tuple[int, int]:
        columns, rows = shutil.get_terminal_size()
        return rows, columns

    @contextmanager
    def raw(self) -> Iterator[None]:
        if not self.stdin_tty:
            yield
            return
        if sys.platform == "win32":
            with windowsconsole.raw(windowsconsole.Kernel32()):
                yield
            return
        import termios
        import tty

        saved = termios.tcgetattr(0)
        tty.setraw(0, termios.TCSANOW)  # what was typed ahead stays
        try:
            yield
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)


class BufferConsole:
    """Keeps what is written; `stdin` is what there is to read."""

    def __init__(self, stdin: bytes = b"") -> None:
        self.stdin_tty = self.stdout_tty = self.stderr_tty = False
        self.stdout, self.stderr = bytearray(), bytearray()
        self.both = bytearray()  # in the order of writing, as a terminal shows it
        self._stdin = stdin

    def write(self, stream: int, data: bytes) -> None:
        (self.stdout if stream == STDOUT else self.stderr).extend(data)
        self.both.extend(data)

    def out(self, text: str) -> None:
        self.write(STDOUT, text.encode() + b"\n")

    def err(self, text: str) -> None:
        self.write(STDERR, text.encode() + b"\n")

    def read(self) -> bytes:
        data, self._stdin = self._stdin, b""
        return data

    def size(self) -> tuple[int, int]:
        return 24, 80

    @contextmanager
    def raw(self) -> Iterator[None]:
        yield
