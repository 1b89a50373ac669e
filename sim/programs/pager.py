"""more and less: page by page on a terminal, a plain copy elsewhere."""

from __future__ import annotations

from sim.abi import Proc
from sim.kernel.signals import SIGINT
from sim.programs.options import Failure, Options, Usage, command, is_gnu, name, report


@command("FRSNXeimMB", synopsis="[FILE]...", about="View FILE (or stdin) one screenful at a time")
async def more(proc: Proc, options: Options, operands: list[str]) -> int:
    """more and less: a copy if the output is no terminal; else page by page, keys Enter, Space, q."""
    status = 0
    if not operands and proc.isatty(0):
        raise Usage() if not is_gnu(proc) else Failure("bad usage")
    pager = await _Pager.open(proc)
    for path in operands or ["-"]:
        try:
            fd = 0 if path == "-" else proc.open(path)
        except OSError as error:
            status = 1
            await report(proc, path, error)
            continue
        async for line in proc.lines(fd):
            if not await pager.show(line):
                break
        if fd:
            proc.close(fd)
    pager.close()
    return status


class _Pager:
    """Counts lines, and asks at the end of each screen. `keys` is where keys come from; -1 without a terminal."""

    def __init__(self, proc: Proc, keys: int, rows: int) -> None:
        self.proc, self.keys, self.rows = proc, keys, rows
        self.left = rows - 1
        self.over = False

    @classmethod
    async def open(cls, proc: Proc) -> _Pager:
        if not proc.isatty(1):
            return cls(proc, -1, 0)
        keys = 0 if proc.isatty(0) else proc.open("/dev/tty")
        proc.tcsetattr(keys, icanon=False, echo=False)
        proc.signal(SIGINT, lambda number: None)  # the terminal is to be put right again
        return cls(proc, keys, proc.winsize(1)[0] or 24)

    async def show(self, line: bytes) -> bool:
        """False once the reader has had enough."""
        if self.over:
            return False
        if self.keys >= 0 and self.left <= 0:
            await self._ask()
        if not self.over:
            await self.proc.write(1, line)
            self.left -= 1
        return not self.over

    async def _ask(self) -> None:
        prompt = ":" if name(self.proc) == "less" else "--More--"
        await self.proc.out(prompt)
        try:
            key = await self.proc.read(self.keys, 1)
        except InterruptedError:
            key = b""
        await self.proc.out("\r" + " " * len(prompt) + "\r")
        if key in (b"q", b"Q", b""):
            self.over = True
        self.left = 1 if key in (b"\n", b"\r", b"j") else self.rows - 1

    def close(self) -> None:
        if self.keys >= 0:
            self.proc.tcsetattr(self.keys, icanon=True, echo=True)
