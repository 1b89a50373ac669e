"""ls, in two flavours: busybox's fixed columns and GNU's measured ones."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.loop import SECOND
from sim.abi import Proc, Stat
from sim.programs.accounts import group_names, user_names
from sim.programs.calendars import strftime
from sim.programs.options import Options, Output, command, is_gnu, report
from sim.programs.sizes import human, human_up

HALF_YEAR = 31_556_952 * SECOND // 2
INDICATORS = {stat.S_IFDIR: "/", stat.S_IFLNK: "@", stat.S_IFIFO: "|", stat.S_IFSOCK: "="}
COLORS = {
    stat.S_IFDIR: "1;34", stat.S_IFLNK: "1;36", stat.S_IFIFO: "0;35", stat.S_IFSOCK: "1;35",
    stat.S_IFCHR: "1;33", stat.S_IFBLK: "1;33",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A name to show, where it is, and what it is."""

    name: str
    path: str
    stat: Stat

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.stat.mode)


@command(
    "1AaCxdLHRFplinshrSXvctuw:ITkgoGQN",
    synopsis="[-1AaCxdLHRFplinshrSXvctu] [-w WIDTH] [FILE]...",
    about="List directory contents",
    long={"full-time": "full-time", "group-directories-first": "dirs-first", "color::": "color"},
    gnu={"all": "a", "almost-all": "A", "directory": "d", "human-readable": "h", "inode": "i", "recursive": "R",
         "reverse": "r", "size": "s", "numeric-uid-gid": "n", "classify": "F", "width": "w", "sort:": "sort",
         "time-style:": "time-style", "no-group": "G"},
    gnu_status=2,
)  # fmt: skip
async def ls(proc: Proc, options: Options, operands: list[str]) -> int:
    async with Output(proc) as out:
        return await _Lister(proc, options, out).run(operands or ["."])


class _Lister:
    """One run of ls."""

    def __init__(self, proc: Proc, options: Options, out: Output) -> None:
        self.proc, self.options, self.out = proc, options, out
        self.gnu = is_gnu(proc)
        self.terminal = proc.isatty(1)
        self.long = options.any("lngo") or "full-time" in options
        self.users = user_names(proc) if self.long and "n" not in options else {}
        self.groups = group_names(proc) if self.long and "n" not in options else {}
        self.color = self._colored()
        self.status = 0

    def _colored(self) -> bool:
        asked = self.options.get("color", "always" if "color" in self.options else "no" if self.gnu else "auto")
        return asked in ("", "always", "yes", "force") or (asked in ("auto", "tty") and self.terminal)

    async def run(self, operands: list[str]) -> int:
        files: list[Entry] = []
        folders: list[Entry] = []
        for path in operands:
            entry = await self._entry(path, path, follow=self._follows(path))
            if entry is not None:
                (folders if entry.is_dir and "d" not in self.options else files).append(entry)
        if files:
            await self._show(self._sorted(files))
        headed = len(operands) > 1 or "R" in self.options
        for number, folder in enumerate(self._sorted(folders)):
            await self._folder(folder, headed, first=not files and not number)
        return self.status

    def _follows(self, path: str) -> bool:
        """A link named on the command line is followed if it leads to a directory and only names are shown."""
        return self.options.any("LH") or path.endswith("/") or not (self.long or self.options.any("dF"))

    async def _entry(self, name: str, path: str, follow: bool = False) -> Entry | None:
        try:
            found = self.proc.lstat(path)
            if follow and stat.S_ISLNK(found.mode):
                try:
                    found = self.proc.stat(path)
                except OSError:
                    if "L" in self.options:
                        raise
            return Entry(name, path, found)
        except OSError as error:
            await report(self.proc, path, error, "access" if self.gnu else "")
            self.status = 2 if self.gnu else 1
            return None

    async def _folder(self, folder: Entry, headed: bool, first: bool) -> None:
        try:
            names = self.proc.listdir(folder.path)
        except OSError as error:
            await report(self.proc, folder.path, error, "open directory" if self.gnu else "open")
            self.status = 2 if self.gnu else 1
            return
        if headed:
            await self.out.line(f"{'' if first else chr(10)}{folder.path}:")
        if not self.options.any("aA"):
            names = [name for name in names if not name.startswith(".")]
        elif self.options.last("aA") == "a":
            names = [".", "..", *names]
        prefix = folder.path if folder.path.endswith("/") else folder.path + "/"
        found = [await self._entry(name, prefix + name, "L" in self.options) for name in names]
        entries = self._sorted([entry for entry in found if entry is not None])
        if self.long or "s" in self.options:
            await self.out.line(self._total(entries))
        await self._show(entries)
        if "R" in self.options:
            for entry in entries:
                if entry.is_dir and entry.name not in (".", ".."):
                    await self._folder(entry, True, False)

    def _total(self, entries: list[Entry]) -> str:
        kilobytes = sum(entry.stat.blocks for entry in entries) // 2
        if "h" not in self.options:
            return f"total {kilobytes}"
        return f"total {human_up(kilobytes * 1024)}" if self.gnu else f"total {_whole(kilobytes * 1024):<7}"

    def _sorted(self, entries: list[Entry]) -> list[Entry]:
        by = self.options.get("sort") or {"t": "time", "S": "size", "X": "extension", "v": "version"}.get(
            self.options.last("tSXv"), "name"
        )
        if "U" in self.options or by == "none":
            return entries
        entries = sorted(entries, key=lambda entry: entry.name.encode(errors="surrogateescape"))
        keys: dict[str, Callable[[Entry], Any]] = {
            "time": lambda entry: -entry.stat.mtime,
            "size": lambda entry: -entry.stat.size,
            "extension": lambda entry: entry.name.rpartition(".")[2] if "." in entry.name[1:] else "",
            "version": lambda entry: _runs(entry.name),
        }
        if by in keys:
            entries.sort(key=keys[by])
        if "r" in self.options:
            entries.reverse()
        if "dirs-first" in self.options:
            entries.sort(key=lambda entry: not entry.is_dir)
        return entries

    # -- showing

    async def _show(self, entries: list[Entry]) -> None:
        if self.long:
            for line in self._long_gnu(entries) if self.gnu else map(self._long, entries):
                await self.out.line(line)
            return
        shown = [(self._prefix(entry) + self._name(entry), self._length(entry)) for entry in entries]
        if "1" in self.options or not (self.terminal or self.options.any("Cx")):
            for text, _ in shown:
                await self.out.line(text)
            return
        for line in columns(shown, self._width(), "x" in self.options, self.gnu):
            await self.out.line(line)

    def _width(self) -> int:
        if self.options.get("w", "").isdigit():
            return int(self.options["w"])
        return (self.proc.winsize(1)[1] if self.terminal else 0) or 80

    def _prefix(self, entry: Entry) -> str:
        ino = f"{entry.stat.ino:>7} " if "i" in self.options else ""
        return ino + (f"{entry.stat.blocks // 2:>6} " if "s" in self.options else "")

    def _length(self, entry: Entry) -> int:
        return len(entry.name) + 8 * ("i" in self.options) + 7 * ("s" in self.options)

    def _name(self, entry: Entry) -> str:
        mode, kind = entry.stat.mode, stat.S_IFMT(entry.stat.mode)
        executable = kind == stat.S_IFREG and mode & 0o111
        color = COLORS.get(kind, "1;32" if executable else "0;0")
        text = entry.name
        if self.gnu and self.terminal and set(text) & set(" $&();|<>*?'\"\\!`"):
            text = "'" + text.replace("'", "'\\''") + "'"
        if self.color and not (self.gnu and color == "0;0"):
            text = f"\x1b[0{color}m{text}\x1b[0m" if self.gnu else f"\x1b[{color}m{text}\x1b[m"
        if "F" in self.options:
            text += INDICATORS.get(kind, "*" if executable else "")
        elif "p" in self.options and entry.is_dir:
            text += "/"
        return text

    def _long(self, entry: Entry) -> str:
        info = entry.stat
        user, group = self._owners(info)
        if stat.S_ISCHR(info.mode) or stat.S_ISBLK(info.mode):
            size = f"{info.rdev[0]:>4}, {info.rdev[1]:>3}"
        else:
            size = f"{human(info.size):>7}" if "h" in self.options else f"{info.size:>9}"
        owners = "" if "g" in self.options else f"{user[:8]:<8} "
        owners += f"{group[:8]:<8} "
        start = f"{self._prefix(entry)}{stat.filemode(info.mode)} {info.nlink:>4} {owners}"
        return f"{start}{size} {self._time(info.mtime)} {self._target(entry)}"

    def _long_gnu(self, entries: list[Entry]) -> list[str]:
        rows = []
        for entry in entries:
            info = entry.stat
            user, group = self._owners(info)
            device = stat.S_ISCHR(info.mode) or stat.S_ISBLK(info.mode)
            size = f"{info.rdev[0]}, {info.rdev[1]}" if device else self._size_gnu(info)
            rows.append((str(info.nlink), user, group, size))
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
        lines = []
        for entry, (links, user, group, size) in zip(entries, rows, strict=True):
            cells = [f"{links:>{widths[0]}}"]
            cells += [] if "g" in self.options else [f"{user:<{widths[1]}}"]
            cells += [] if self.options.any("oG") else [f"{group:<{widths[2]}}"]
            cells += [f"{size:>{widths[3]}}", self._time(entry.stat.mtime), self._target(entry)]
            lines.append(f"{self._prefix(entry)}{stat.filemode(entry.stat.mode)} {' '.join(cells)}")
        return lines

    def _size_gnu(self, info: Stat) -> str:
        return human_up(info.size) if "h" in self.options else str(info.size)

    def _owners(self, info: Stat) -> tuple[str, str]:
        return self.users.get(info.uid, str(info.uid)), self.groups.get(info.gid, str(info.gid))

    def _time(self, moment: int) -> str:
        if "full-time" in self.options or self.options.get("time-style") == "full-iso":
            return strftime("%Y-%m-%d %H:%M:%S.%N +0000" if self.gnu else "%Y-%m-%d %H:%M:%S +0000", moment)
        if self.options.get("time-style") == "long-iso":
            return strftime("%Y-%m-%d %H:%M", moment)
        age = self.proc.now() - moment
        return strftime("%b %e %H:%M" if 0 <= age + 900 * SECOND < HALF_YEAR else "%b %e  %Y", moment)

    def _target(self, entry: Entry) -> str:
        text = self._name(entry)
        if not stat.S_ISLNK(entry.stat.mode):
            return text
        try:
            return f"{text.removesuffix('@') if 'F' in self.options else text} -> {self.proc.readlink(entry.path)}"
        except OSError:
            return text


def columns(shown: list[tuple[str, int]], width: int, across: bool = False, measured: bool = False) -> list[str]:
    """Lay texts out in columns; each comes with its visible length.

    Busybox has columns of equal width; GNU (`measured`) as many as fit, each as wide as it needs.
    """
    if not shown:
        return []
    if measured:
        return _fitted(shown, width)
    wide = max(length for _, length in shown) + 2
    count = max(1, width // wide)
    rows = -(-len(shown) // count)
    lines = []
    for row in range(rows):
        cells = shown[row * count : (row + 1) * count] if across else shown[row::rows]
        lines.append(_padded(cells, [wide] * len(cells)))
    return lines


def _fitted(shown: list[tuple[str, int]], width: int) -> list[str]:
    for rows in range(1, len(shown) + 1):
        slices = [shown[start : start + rows] for start in range(0, len(shown), rows)]
        widths = [max(length for _, length in part) + 2 for part in slices]
        if sum(widths) - 2 <= width or rows == len(shown):
            return [_padded(shown[row::rows], widths) for row in range(rows)]
    return []


def _padded(cells: list[tuple[str, int]], widths: list[int]) -> str:
    parts = [text + " " * (wide - length) for (text, length), wide in zip(cells[:-1], widths, strict=False)]
    return "".join(parts) + cells[-1][0]


def _runs(text: str) -> list[tuple[int, int, str]]:
    """A sorting key: runs of digits count as numbers, as in strverscmp(3)."""
    runs: list[tuple[int, int, str]] = []
    digits = ""
    for character in text + "\0":
        if character.isdigit():
            digits += character
            continue
        if digits:
            runs.append((0, int(digits), ""))
            digits = ""
        runs.append((1, ord(character), character))
    return runs


def _whole(size: int) -> str:
    """Without tenths: "4K"."""
    text = human(size)
    return text if "." not in text else f"{round(float(text[:-1]))}{text[-1]}"
