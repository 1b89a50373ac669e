"""Files of the program: open(), the standard streams, what sockets and pipes are read through.

Standard output holds back what is said until 8 KiB are there, unless it is a terminal or Python was started with -u or
PYTHONUNBUFFERED: then `docker logs` shows it at once. Source: docs.python.org, sys.stdout and open().
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sim import abi
from sim.programs.python.objects import Lent

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

HELD_BACK = 8192  # bytes
MEBIBYTE = 1 << 20
FLAGS = {"r": abi.O_RDONLY, "w": abi.O_WRONLY | abi.O_CREAT | abi.O_TRUNC,
         "a": abi.O_WRONLY | abi.O_CREAT | abi.O_APPEND, "x": abi.O_WRONLY | abi.O_CREAT | abi.O_EXCL}  # fmt: skip


class File(Lent):
    """An open file. `waits`: it is a terminal, a pipe or a socket, so that its methods give coroutines.

    `lines`: what is written goes out at the end of each line; `at_once`: always.
    """

    def __init__(
        self, machine: Machine, fd: int, name: Any, mode: str, *, waits: bool = False, lines: bool = False,
        at_once: bool = False,
    ) -> None:  # fmt: skip
        self._machine, self._fd, self._waits, self._lines, self._at_once = machine, fd, waits, lines, at_once
        self._binary = "b" in mode
        self._out, self._in, self._end = bytearray(), bytearray(), False
        self.name, self.mode, self.closed = name, mode, False
        self.encoding = "utf-8"
        machine.files.add(self)

    def __repr__(self) -> str:
        kind = "_io.BufferedReader" if self._binary else "_io.TextIOWrapper"
        return f"<{kind} name={self.name!r} mode={self.mode!r} encoding='UTF-8'>"

    # -- writing

    def write(self, text: str | bytes) -> int:
        """Keep it; what has to go out at once goes before the program's next statement."""
        self._open()
        if isinstance(text, str) is self._binary:
            kind = type(text).__name__
            wanted = "a bytes-like object is required, not" if self._binary else "write() argument must be str, not"
            raise TypeError(f"{wanted} '{kind}'" if self._binary else f"{wanted} {kind}")
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)
        self._out += data
        if not self._waits:
            if len(self._out) >= HELD_BACK:
                self._machine.at_once(self._flush())
        elif self._at_once or len(self._out) >= HELD_BACK or (self._lines and b"\n" in data):
            self._machine.to_flush.append(self)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    async def write_all(self, text: str) -> None:
        self.write(text)
        await self._flush()

    async def _flush(self) -> None:
        data, self._out = bytes(self._out), bytearray()
        if data:
            await self._machine.proc.write(self._fd, data)

    def flush(self) -> Any:
        return self._now_or_later(self._flush())

    # -- reading

    async def _fill(self) -> bool:
        """Read on; False at the end of the file."""
        if self._out:
            await self._flush()
        while not self._end:
            try:
                data = await self._machine.wait(self._machine.proc.read(self._fd))
            except InterruptedError:
                continue
            self._in += data
            self._end = not data
            if len(self._in) % MEBIBYTE < len(data):  # one more is held
                await self._machine.hold(MEBIBYTE)
            return bool(data)
        return False

    async def _take(self, size: int | None) -> Any:
        self._open()
        while (size is None or len(self._in) < size) and await self._fill():
            pass
        return self._cut(len(self._in) if size is None else size)

    async def _line(self) -> Any:
        self._open()
        start = 0
        while (at := self._in.find(b"\n", start)) < 0:
            start = len(self._in)
            if not await self._fill():
                return self._cut(len(self._in))
        return self._cut(at + 1)

    def _cut(self, size: int) -> Any:
        data = bytes(self._in[:size])
        del self._in[:size]
        return data if self._binary else data.decode("utf-8", "surrogateescape")

    async def _lines_left(self) -> list[Any]:
        found = []
        while line := await self._line():
            found.append(line)
        return found

    def read(self, size: int | None = -1) -> Any:
        return self._now_or_later(self._take(None if size is None or size < 0 else size))

    def readline(self) -> Any:
        return self._now_or_later(self._line())

    def readlines(self) -> Any:
        return self._now_or_later(self._lines_left())

    async def next_item(self) -> Any:
        return await self._line() or None

    def __iter__(self) -> File:
        return self

    def __next__(self) -> Any:
        line = self._machine.at_once(self._line())
        if not line:
            raise StopIteration
        return line

    # -- the rest

    def _now_or_later(self, running: Any) -> Any:
        return running if self._waits else self._machine.at_once(running)

    def _open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file.")

    def seek(self, offset: int, whence: int = 0) -> int:
        self._machine.at_once(self._flush())
        self._in.clear()
        self._end = False
        return self._machine.proc.lseek(self._fd, offset, whence)

    def tell(self) -> int:
        return self._machine.proc.lseek(self._fd, 0, 1) - len(self._in) + len(self._out)

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return self._machine.proc.isatty(self._fd)

    def readable(self) -> bool:
        return "r" in self.mode or "+" in self.mode

    def writable(self) -> bool:
        return not self.mode.startswith("r") or "+" in self.mode

    async def _close(self) -> None:
        if not self.closed:
            await self._flush()
            self.closed = True
            self._machine.proc.close(self._fd)

    def __del__(self) -> None:
        """What nobody holds any more is closed; of a terminal or a socket nothing is left to write."""
        if not self.closed and not self._waits:
            self.close()

    def close(self) -> Any:
        return self._now_or_later(self._close())

    def reconfigure(self, *, line_buffering: bool = False, write_through: bool = False, **_: Any) -> None:
        self._lines, self._at_once = line_buffering or self._lines, write_through or self._at_once

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: Any) -> Any:
        return self.close()


File.__qualname__ = File.__name__ = "TextIOWrapper"
File.__module__ = "_io"


def standard_streams(machine: Machine, unbuffered: bool) -> tuple[File, File, File]:
    """sys.stdout, sys.stderr, sys.stdin."""
    tty = machine.proc.isatty(1)
    return (
        File(machine, 1, "<stdout>", "w", waits=True, lines=tty, at_once=unbuffered),
        File(machine, 2, "<stderr>", "w", waits=True, lines=True),
        File(machine, 0, "<stdin>", "r", waits=True),
    )


def open_file(machine: Machine, path: str, mode: str) -> File:
    """open(). Raises OSError in Python's words, ValueError for a mode that is none."""
    if not re.fullmatch(r"(?=.*[rwax])[rwaxbt+]{1,3}", mode):
        raise ValueError(f"invalid mode: '{mode}'")
    flags = FLAGS[next(letter for letter in mode if letter in FLAGS)]
    if "+" in mode:
        flags = flags & ~abi.O_WRONLY | abi.O_RDWR
    proc = machine.proc
    with named(path):
        if not flags & abi.O_DIRECTORY and proc.access(path, 0) and proc.stat(path).mode & 0o170000 == 0o040000:
            raise IsADirectoryError(21, "Is a directory")
        fd = proc.open(path, flags)
    regular = proc.fstat(fd).mode & 0o170000 == 0o100000
    return File(machine, fd, path, mode.replace("t", ""), waits=not regular)


class named:
    """Adds the file's name to what a system call raises, as Python's errors have it."""

    def __init__(self, path: str, second: str | None = None) -> None:
        self._path, self._second = path, second

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            names = (self._path,) if self._second is None else (self._path, None, self._second)
            raise type(error)(error.errno, error.strerror, *names) from None
