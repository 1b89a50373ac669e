"""What is stored where: du and df."""

from __future__ import annotations

import stat

from sim.abi import MountInfo, Proc, StatVfs
from sim.programs.options import Failure, Options, Output, command, is_gnu, report
from sim.programs.sizes import human, human_up
from sim.programs.status import mount_of

NODEV = frozenset(("proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "securityfs", "debugfs", "bpf"))


@command(
    "abLHd:clsxhmk0",
    synopsis="[-aHLdclsxhmk] [FILE]...",
    about="Summarize disk space used for FILEs (or directories)\n\n\t-a\tShow file sizes too\n"
    "\t-b\tApparent size (including holes)\n\t-d N\tLimit output to directories (and files with -a) of depth < N\n"
    "\t-c\tShow grand total\n\t-s\tDisplay only a total for each argument\n"
    "\t-h\tSizes in human readable format (e.g., 1K 243M 2G)\n\t-m\tSizes in megabytes\n"
    "\t-k\tSizes in kilobytes (default)",
    gnu={"all": "a", "bytes": "b", "max-depth:": "d", "summarize": "s", "human-readable": "h", "total": "c",
         "apparent-size": "apparent", "one-file-system": "x"},
)  # fmt: skip
async def du(proc: Proc, options: Options, operands: list[str]) -> int:
    async with Output(proc) as out:
        usage = _Usage(proc, options, out)
        for path in operands or ["."]:
            await usage.measure(path, 0)
        if "c" in options:
            await usage.line(usage.total, "total")
        return usage.status


class _Usage:
    """One run of du. A file with several names counts once."""

    def __init__(self, proc: Proc, options: Options, out: Output) -> None:
        self.proc, self.options, self.out = proc, options, out
        depth = options.get("d", "0" if "s" in options else "")
        if depth and not depth.isdigit():
            raise Failure(f"invalid number '{depth}'")
        self.depth = int(depth) if depth else 1 << 30
        self.apparent = "b" in options or "apparent" in options
        self.seen: set[tuple[int, int]] = set()
        self.total = self.status = 0

    async def measure(self, path: str, level: int) -> int:
        """Bytes below a path."""
        try:
            info = self.proc.stat(path) if "L" in self.options else self.proc.lstat(path)
        except OSError as error:
            self.status = 1
            await report(self.proc, path, error, "access" if is_gnu(self.proc) else "")
            return 0
        key = (info.dev, info.ino)
        folder = stat.S_ISDIR(info.mode)
        if not folder and info.nlink > 1 and "l" not in self.options:
            if key in self.seen:
                return 0
            self.seen.add(key)
        size = info.size if self.apparent else info.blocks * 512
        if folder:
            size += await self._below(path, level)
        if not level:
            self.total += size
        if not level or (level <= self.depth and (folder or ("a" in self.options and "s" not in self.options))):
            await self.line(size, path)
        return size

    async def _below(self, path: str, level: int) -> int:
        try:
            names = sorted(self.proc.listdir(path))
        except OSError as error:
            self.status = 1
            await report(self.proc, path, error, "read directory" if is_gnu(self.proc) else "open")
            return 0
        await self.proc.cpu(2e-6 * len(names))
        return sum([await self.measure(f"{path.rstrip('/')}/{name}", level + 1) for name in names])

    async def line(self, size: int, path: str) -> None:
        await self.out.line(f"{self._shown(size)}\t{path}")

    def _shown(self, size: int) -> str:
        gnu = is_gnu(self.proc)
        match self.options.last("hmkb"):
            case "h":
                return human_up(size) if gnu else human(size)
            case "m":
                return str(-(-size >> 20) if not gnu else -(-size // (1 << 20)))
            case "b":
                return str(size)
        return str(-(-size // 1024))


@command(
    "PkmhHTait:B:x:",
    synopsis="[-PkmhTai] [-B SIZE] [-t TYPE] [FILESYSTEM]...",
    about="Print filesystem usage statistics\n\n\t-P\tPOSIX output format\n\t-k\t1024-byte blocks (default)\n"
    "\t-m\t1M-byte blocks\n\t-h\tHuman readable (e.g. 1K 243M 2G)\n\t-T\tPrint filesystem type\n"
    "\t-t TYPE\tPrint only mounts of this type\n\t-a\tShow all filesystems\n\t-i\tInodes",
    gnu={"human-readable": "h", "print-type": "T", "all": "a", "inodes": "i", "type:": "t", "exclude-type:": "x"},
)
async def df(proc: Proc, options: Options, operands: list[str]) -> int:
    status, rows = 0, []
    mounts = proc.mounts()
    if operands:
        for path in operands:
            try:
                target = mount_of(proc, path)
                rows.append(next(mount for mount in reversed(mounts) if mount.target == target))
            except OSError as error:
                status = 1
                await _no_mount(proc, path, error)
    else:
        rows = [mount for mount in mounts if "a" in options or mount.type not in NODEV]
    if "t" in options:
        rows = [mount for mount in rows if mount.type == options["t"]]
    measured = []
    for mount in rows:
        try:
            usage = proc.statfs(mount.target)
        except OSError:
            continue
        if usage.size or "a" in options or operands:
            measured.append((mount, usage))
    table = _gnu_table if is_gnu(proc) else _table
    if measured or not is_gnu(proc):
        await proc.out("".join(line + "\n" for line in table(options, measured)))
    return status


async def _no_mount(proc: Proc, path: str, error: OSError) -> None:
    why = error.strerror if is_gnu(proc) else "can't find mount point"
    await proc.err(f"df: {path}: {why}\n")


def _cells(options: Options, usage: StatVfs, gnu: bool) -> tuple[str, str, str, str]:
    """Size, used, available, used in percent."""
    if "i" in options:
        total, free, unit = usage.files, usage.files_free, 1
    else:
        total, free, unit = usage.size, usage.free, 1 << 20 if options.last("mkh") == "m" else 1024
    used = total - free
    rounding = total - 1 if gnu else total // 2
    percent = f"{(used * 100 + rounding) // total}%" if total else "-" if gnu else "0%"
    if "h" in options:
        show = human_up if gnu else human
        return show(total), show(used), show(free), percent
    return str(total // unit), str(-(-used // unit)), str(free // unit), percent


def _heading(options: Options) -> str:
    if "i" in options:
        return "Inodes"
    return {"h": "Size", "m": "1M-blocks"}.get(options.last("mkh"), "1024-blocks" if "P" in options else "1K-blocks")


def _table(options: Options, rows: list[tuple[MountInfo, StatVfs]]) -> list[str]:
    """Busybox's fixed columns; a long name has a line of its own."""
    typed = "T" in options
    kind = "Type       " if typed else ""
    lines = [f"{'Filesystem':<20} {kind}{_heading(options):>9}      Used Available Use% Mounted on"]
    for mount, usage in rows:
        cells = _cells(options, usage, False)
        name = f"{mount.source:<20} "
        if len(mount.source) > 20 and "P" not in options:
            lines.append(mount.source)
            name = " " * 21
        kind = f"{mount.type:<10} " if typed else ""
        lines.append(f"{name}{kind}{cells[0]:>9} {cells[1]:>9} {cells[2]:>9} {cells[3]:>4} {mount.target}")
    return lines


def _gnu_table(options: Options, rows: list[tuple[MountInfo, StatVfs]]) -> list[str]:
    """Measured columns: the first to the left, numbers to the right."""
    names = ("Inodes", "IUsed", "IFree", "IUse%") if "i" in options else (
        _heading(options), "Used", "Avail" if "h" in options else "Available", "Use%"
    )  # fmt: skip
    typed = "T" in options
    table = [("Filesystem", *(("Type",) if typed else ()), *names, "Mounted on")]
    for mount, usage in rows:
        table.append((mount.source, *((mount.type,) if typed else ()), *_cells(options, usage, True), mount.target))
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    widths[0] = max(widths[0], 14)
    left = 2 if typed else 1
    for column in range(left, len(widths) - 1):
        widths[column] = max(widths[column], 5 if column < len(widths) - 2 else 4)
    lines = []
    for row in table:
        padded = enumerate(zip(row, widths, strict=True))
        cells = [text.ljust(wide) if column < left else text.rjust(wide) for column, (text, wide) in padded]
        lines.append(" ".join([*cells[:-1], row[-1]]))
    return lines
