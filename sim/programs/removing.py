"""rm, rmdir, unlink."""

from __future__ import annotations

import stat

from sim.abi import Proc
from sim.programs.options import Options, Usage, command, complain, is_gnu, report

KINDS = {stat.S_IFDIR: "directory", stat.S_IFLNK: "symbolic link", stat.S_IFIFO: "fifo"}


@command(
    "irfRvd",
    synopsis="[-irf] FILE...",
    about="Remove (unlink) FILEs\n\n\t-i\tAlways prompt before removing\n\t-f\tNever prompt\n\t-R,-r\tRecurse",
    gnu={"recursive": "r", "force": "f", "verbose": "v", "dir": "d", "no-preserve-root": "no-preserve-root"},
)
async def rm(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands and "f" not in options:
        raise Usage("missing operand" if is_gnu(proc) else "")
    remover = _Remover(proc, options)
    for path in operands:
        if path.rstrip("/").rpartition("/")[2] in (".", ".."):
            await remover.refuse_dots(path)
        elif is_gnu(proc) and not path.strip("/") and options.any("rR") and "no-preserve-root" not in options:
            await proc.err(
                "rm: it is dangerous to operate recursively on '/'\n"
                "rm: use --no-preserve-root to override this failsafe\n"
            )
            remover.status = 1
        else:
            await remover.remove(path)
    return remover.status


class _Remover:
    """One run of rm."""

    def __init__(self, proc: Proc, options: Options) -> None:
        self.proc, self.options = proc, options
        self.gnu = is_gnu(proc)
        self.recursive = options.any("rR")
        self.asks = options.last("if") == "i"
        self.status = 0

    async def refuse_dots(self, path: str) -> None:
        self.status = 1
        said = (
            f"refusing to remove '.' or '..' directory: skipping '{path}'" if self.gnu else "can't remove '.' or '..'"
        )
        await complain(self.proc, said)

    async def remove(self, path: str) -> None:
        try:
            found = self.proc.lstat(path)
            if not stat.S_ISDIR(found.mode):
                await self._file(path, found.mode)
            elif self.recursive:
                await self._folder(path)
            elif self.gnu and "d" in self.options:
                self.proc.rmdir(path)
            else:
                self.status = 1
                said = f"cannot remove '{path}': Is a directory" if self.gnu else f"'{path}' is a directory"
                await complain(self.proc, said)
        except FileNotFoundError as error:
            if "f" not in self.options:
                await self._failed(path, error)
        except OSError as error:
            await self._failed(path, error)

    async def _file(self, path: str, mode: int) -> None:
        kind = KINDS.get(stat.S_IFMT(mode), "regular file")
        if not await self._agreed(f"remove {kind} '{path}'" if self.gnu else f"remove '{path}'"):
            return
        self.proc.unlink(path)
        await self._told("removed", path)

    async def _folder(self, path: str) -> None:
        descend = f"descend into directory '{path}'"
        names = sorted(self.proc.listdir(path))
        if names and not await self._agreed(descend):
            return
        for name in names:
            await self.remove(f"{path.rstrip('/')}/{name}")
        if not await self._agreed(f"remove directory '{path}'"):
            return
        self.proc.rmdir(path)
        await self._told("removed directory" if self.gnu else "removed directory:", path)

    async def _agreed(self, question: str) -> bool:
        if not self.asks:
            return True
        await self.proc.err(f"rm: {question}? ")
        answer = await read_line(self.proc)
        return answer[:1] in (b"y", b"Y")

    async def _told(self, what: str, path: str) -> None:
        if "v" in self.options:
            await self.proc.out(f"{what} '{path}'\n")

    async def _failed(self, path: str, error: OSError) -> None:
        self.status = 1
        await report(self.proc, path, error, "remove")


async def read_line(proc: Proc, fd: int = 0) -> bytes:
    """One line, not a byte more: what follows is for whoever reads next."""
    line = b""
    while not line.endswith(b"\n") and (data := await proc.read(fd, 1)):
        line += data
    return line


@command(
    "pv",
    synopsis="[-p] DIRECTORY...",
    about="Remove DIRECTORY if it is empty\n\n\t-p\tInclude parents",
    long={"parents": "p", "ignore-fail-on-non-empty": "ignore", "verbose": "v"},
    least=1,
)
async def rmdir(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    for operand in operands:
        path = operand.rstrip("/") if "p" in options else operand
        while path:
            try:
                proc.rmdir(path)
            except OSError as error:
                status = 1
                said = f"failed to remove '{path}'" if is_gnu(proc) else f"'{path}'"
                await complain(proc, f"{said}: {error.strerror}")
                break
            path = path.rpartition("/")[0].rstrip("/") if "p" in options else ""
    return status


@command(synopsis="FILE", about="Delete FILE by calling unlink()", least=1, most=1)
async def unlink(proc: Proc, options: Options, operands: list[str]) -> int:
    try:
        proc.unlink(operands[0])
    except OSError as error:
        await report(proc, operands[0], error, "unlink" if is_gnu(proc) else "remove")
        return 1
    return 0
