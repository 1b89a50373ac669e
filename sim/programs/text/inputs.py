"""Reading lines from standard input or from files, one after the other, and knowing which is the last."""

from __future__ import annotations

from collections.abc import Sequence

from sim.abi import Proc
from sim.programs.options import report

ENCODING, ERRORS = "utf-8", "surrogateescape"  # any bytes go through unchanged


def text(data: bytes) -> str:
    return data.decode(ENCODING, ERRORS)


def raw(line: str) -> bytes:
    return line.encode(ENCODING, ERRORS)


class Inputs:
    """Lines of the named files ("-" is standard input; none: standard input), without their newline.

    A file that cannot be opened is told on standard error in the program's words, and `failed` is set.
    """

    def __init__(self, proc: Proc, names: Sequence[str], separator: bytes = b"\n", verb: str = "") -> None:
        self.proc, self.separator, self.verb = proc, separator, verb
        self.names = list(names) or ["-"]
        self.name = ""  # of the file that the last line came from
        self.ended_with_newline = True  # did the last line given have one?
        self.failed = False
        self.lines_of_file = 0
        self._fd: int | None = None
        self._current = ""
        self._buffer = bytearray()
        self._searched = 0  # so far there is no separator in the buffer
        self._held = 0  # bytes of memory for a line that does not end
        self._next: tuple[str, str, bool] | None = None  # one line read ahead: (line, file, newline)
        self._eof = True

    async def line(self) -> str | None:
        """The next line, or None at the end of everything."""
        ahead = self._next or await self._read_line()
        self._next = None
        if ahead is None:
            return None
        line, name, self.ended_with_newline = ahead
        self.lines_of_file = self.lines_of_file + 1 if name == self.name else 1
        self.name = name
        return line

    async def is_last(self) -> bool:
        """No line comes after the one that was given last."""
        if self._next is None:
            self._next = await self._read_line()
        return self._next is None

    @classmethod
    def of(cls, proc: Proc, fd: int) -> Inputs:
        """Lines of an open descriptor, which is closed at the end."""
        inputs = cls(proc, [])
        inputs.names, inputs._fd, inputs._eof = [], fd, False
        return inputs

    def skip_file(self) -> None:
        """Go on with the next file."""
        self._end()
        self._buffer, self._next, self._searched = bytearray(), None, 0

    def _end(self) -> None:
        """The end of this file."""
        if self._fd:
            self.proc.close(self._fd)
        self._fd, self._eof = None, True

    def close(self) -> None:
        """No more lines are wanted."""
        self._end()
        self._buffer, self.names, self._next, self._searched = bytearray(), [], None, 0

    async def _hold(self, size: int) -> None:
        """Of a line that does not end, `size` bytes have been looked through: they count as memory."""
        self._searched = max(0, size - len(self.separator) + 1)
        if size or self._held:
            await self.proc.allocate(size - self._held)
            self._held = size

    async def _read_line(self) -> tuple[str, str, bool] | None:
        while True:
            at = self._buffer.find(self.separator, self._searched)
            if at >= 0:
                line = bytes(self._buffer[:at])
                del self._buffer[: at + len(self.separator)]
                await self._hold(0)
                return text(line), self._current, True
            if not self._eof and self._fd is not None:
                data = await self.proc.read(self._fd)
                if data:
                    await self._hold(len(self._buffer))
                    self._buffer += data
                    continue
                self._end()
            if self._buffer:
                line, self._buffer = bytes(self._buffer), bytearray()
                await self._hold(0)
                return text(line), self._current, False
            if not await self._open():
                return None

    async def _open(self) -> bool:
        """The next file that can be opened; False if there is none."""
        while self.names:
            self._current = self.names.pop(0)
            try:
                self._fd = 0 if self._current == "-" else self.proc.open(self._current)
            except OSError as error:
                self.failed = True
                await report(self.proc, self._current, error, self.verb)
                continue
            self._eof = False
            return True
        return False
