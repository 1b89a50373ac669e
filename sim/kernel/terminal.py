"""Pseudo-terminals and their line discipline: what lies between a person's keys and a program's standard input.

In canonical mode the discipline keeps a line until it is ended, lets one correct it, echoes it, and turns ^C, ^Z and
^\\ into signals for the foreground process group. Raw mode hands on every byte. Source: termios(3), tty_ioctl(4),
pty(7), the kernel's drivers/tty/n_tty.c.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.host import STDOUT, OnOutput
from engine.loop import Future
from sim.abi import O_RDWR, Stat
from sim.kernel import signals

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel
    from sim.kernel.processes import Pids, Process
    from sim.vfs.mounts import MountNamespace
from sim.kernel.sessions import Session

INTR, QUIT, SUSP, EOF, KILL, WERASE, ERASE = 0x03, 0x1C, 0x1A, 0x04, 0x15, 0x17, 0x7F  # stty(1): ^C ^\ ^Z ^D ^U ^W ^?
NL, CR, TAB, BACKSPACE = 0x0A, 0x0D, 0x09, 0x08
LINE_MAX = 4095  # characters of a line that is being typed (N_TTY_BUF_SIZE - 1)
SIGNALS = {INTR: signals.SIGINT, QUIT: signals.SIGQUIT, SUSP: signals.SIGTSTP}
FLAGS = {"icanon": True, "echo": True, "isig": True, "opost": True, "icrnl": True}
MAJOR = 136  # of /dev/pts/N


class Terminal:
    """A pair of a terminal for programs, and a master side for the daemon, which is `input` and a callback."""

    __slots__ = ("_busy", "_call", "_flags", "_hung", "_line", "_queue", "_readers", "foreground", "input", "kernel",
                 "number", "opened", "session", "size", "space")  # fmt: skip

    def __init__(self, kernel: Kernel, space: MountNamespace, call: OnOutput, size: tuple[int, int] = (0, 0)) -> None:
        self.kernel, self.space, self._call = kernel, space, call
        self.size = size  # rows, columns
        self.number = kernel.new_terminal(self)
        self.session: Session | None = None
        self.foreground: Pids = ()
        self.input = Keyboard(self)
        self.opened = 0
        self._flags: Mapping[str, bool] = FLAGS
        self._line = bytearray()  # being typed
        self._queue: deque[bytes] = deque()  # to be read; b"" is an end of file
        self._readers: list[Future[None]] = []
        self._busy: Future[None] | None = None
        self._hung = False

    @property
    def name(self) -> str:
        return f"pts/{self.number}"

    def open(self) -> TerminalFile:
        return TerminalFile(self)

    def control(self, process: Process) -> None:
        """Become the controlling terminal of a session leader (TIOCSCTTY)."""
        if process.session is not None:
            process.session.terminal = self
            self.session, self.foreground = process.session, process.group

    # -- settings

    def attributes(self) -> dict[str, bool]:
        return dict(self._flags)

    def set_attributes(self, flags: Mapping[str, bool]) -> None:
        """Raises OSError EINVAL for a flag that is not known."""
        if flags.keys() - FLAGS.keys():
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._flags = {**self._flags, **flags}
        if not self._flags["icanon"] and self._line:
            self._deliver(bytes(self._line))
            self._line.clear()

    def resize(self, rows: int, columns: int) -> None:
        """TIOCSWINSZ: tells the foreground group if it is a change."""
        if (rows, columns) != self.size:
            self.size = (rows, columns)
            self._signal(signals.SIGWINCH)

    # -- what comes from the keyboard

    def type(self, data: bytes) -> None:
        """Bytes from the master side, as typed."""
        flags = self._flags
        if not (flags["icanon"] or flags["echo"] or flags["isig"] or flags["icrnl"]):
            self._deliver(data)
            return
        raw = bytearray()
        for byte in data:
            if flags["icrnl"] and byte == CR:
                byte = NL
            if flags["isig"] and byte in SIGNALS:
                self._interrupt(byte)
                raw.clear()
            elif flags["icanon"]:
                self._edit(byte)
            else:
                self._echo(byte)
                raw.append(byte)
        self._deliver(bytes(raw))

    def hang_up(self) -> None:
        """The master side is gone: reading gives the end of file, and the session is told."""
        session = self.session
        self.disconnect()
        if session is not None:
            signals.send(session.leader, signals.SIGHUP)
            signals.send(session.leader, signals.SIGCONT)

    def disconnect(self) -> None:
        """Nothing is shown any more, and nothing comes: the session is over, or nobody is in front (vhangup(2))."""
        self._hung = True
        self.session = None
        self.wake()

    def starving(self) -> bool:
        return not self._queue and any(not reader.done() for reader in self._readers)

    def _interrupt(self, byte: int) -> None:
        self._line.clear()
        self._queue.clear()
        self._echo(byte)
        self._signal(SIGNALS[byte])

    def _edit(self, byte: int) -> None:
        line = self._line
        if byte == NL:
            self._echo(byte)
            self._deliver(bytes(line) + b"\n")
            line.clear()
        elif byte == EOF:
            self._queue.append(bytes(line))
            line.clear()
            self.wake()
        elif byte == ERASE:
            self._erase(1)
        elif byte == KILL:
            self._erase(len(line))
        elif byte == WERASE:
            self._erase(len(line) - len(line.rstrip(b" \t").rpartition(b" ")[0]) - (b" " in line.rstrip(b" \t")))
        elif len(line) < LINE_MAX:
            line.append(byte)
            self._echo(byte)

    def _erase(self, count: int) -> None:
        """Take back bytes at the end of the line (whole UTF-8 characters), on the screen too."""
        line = self._line
        end = max(0, len(line) - count)
        while 0 < end < len(line) and line[end] & 0xC0 == 0x80:
            end -= 1
        gone = bytes(line[end:])
        del line[end:]
        if gone and self._flags["echo"]:
            width = sum(_width(char) for char in gone.decode(errors="replace"))
            self._emit(b"\b \b" * width)

    def _echo(self, byte: int) -> None:
        if not self._flags["echo"]:
            return
        if byte < 0x20 and byte not in (NL, TAB):
            self._emit(b"^" + bytes([byte + 0x40]))
        else:
            self._emit(bytes([byte]))

    def _deliver(self, data: bytes) -> None:
        if data and not self._hung:
            self._queue.append(data)
            self.wake()

    def _signal(self, number: int) -> None:
        if self.session is not None:
            for process in self.session.leader.namespaces.pid.group(self.foreground):
                signals.send(process, number)

    def wake(self) -> None:
        """Let those who wait to read look again."""
        readers, self._readers = self._readers, []
        for reader in readers:
            reader.set_result(None)

    # -- what programs do

    def read(self, size: int) -> bytes | Future[None]:
        if not self._queue:
            if self._hung:
                return b""
            reader: Future[None] = Future(self.kernel.loop)
            self._readers.append(reader)
            return reader
        data = self._queue.popleft()
        if not self._flags["icanon"]:
            while self._queue and len(data) < size:
                data += self._queue.popleft()
        if len(data) > size:
            self._queue.appendleft(data[size:])
            data = data[:size]
        return data

    def write(self, data: bytes) -> int | Future[None]:
        if self._hung:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self._busy is not None and not self._busy.done():
            own: Future[None] = Future(self.kernel.loop)
            self._busy.add_done_callback(lambda: own.set_result(None))
            return own
        self._emit(data)
        return len(data)

    def _emit(self, data: bytes) -> None:
        """To the screen, with NL as CR NL (OPOST, ONLCR)."""
        if not self._hung:
            self._busy = self._call(STDOUT, bytes(data.replace(b"\n", b"\r\n") if self._flags["opost"] else data))

    def closed(self) -> None:
        """The last descriptor of it is gone."""
        if self.opened == 0:
            self.kernel.forget_terminal(self)


class TerminalFile:
    """An open terminal."""

    __slots__ = ("terminal",)
    flags = O_RDWR

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        terminal.opened += 1

    @property
    def path(self) -> str:
        return f"/dev/{self.terminal.name}"

    def read(self, size: int) -> bytes | Future[None]:
        return self.terminal.read(size)

    def write(self, data: bytes) -> int | Future[None]:
        return self.terminal.write(data)

    def reopen(self, flags: int) -> TerminalFile:
        return TerminalFile(self.terminal)

    def lseek(self, offset: int, whence: int = 0) -> int:
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))

    def ftruncate(self, size: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def fstat(self) -> Stat:
        number = self.terminal.number
        return Stat(3 + number, stat.S_IFCHR | 0o620, 1, 0, 5, 0, 0, rdev=(MAJOR, number))

    def close(self) -> None:
        self.terminal.opened -= 1
        self.terminal.closed()


class Keyboard:
    """The daemon's side: engine.host.Input."""

    __slots__ = ("_terminal",)

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def write(self, data: bytes) -> None:
        self._terminal.type(data)

    def close(self) -> None:
        """Nothing: closing the daemon's stream is not typing ^D."""

    def starving(self) -> bool:
        return self._terminal.starving()


def _width(char: str) -> int:
    """Columns on the screen: control characters were echoed as ^X."""
    return 2 if char < " " and char != "\t" else 1
