"""`ps` of the host, as `docker top` calls it: procps' formats, columns and titles.

`top` answers as moby does: the titles split at blanks, the rows of the wanted processes only, the last column whole.
Source: ps(1) of procps-ng 4; moby, daemon/top_unix.go.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.host import RuntimeFailure
from engine.loop import SECOND

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel
    from sim.kernel.processes import Process

Say = Callable[["Kernel", "Process"], str]


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    say: Say


def _clock(seconds: float) -> str:
    """cputime: [days-]hh:mm:ss."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _elapsed(kernel: Kernel, process: Process) -> str:
    """etime: [[days-]hours:]minutes:seconds."""
    whole = (kernel.loop.time - process.start) // SECOND
    days, hours, rest = whole // 86400, whole // 3600 % 24, f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{days}-{hours:02d}:{rest}" if days else f"{hours:02d}:{rest}" if hours else rest


def _begun(kernel: Kernel, process: Process) -> str:
    """stime: the hour if it began today, else the day."""
    then, now = time.gmtime(process.start // SECOND), time.gmtime(kernel.loop.time // SECOND)
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%b%d", then) if then.tm_year == now.tm_year else str(then.tm_year)


def _percent_cpu(kernel: Kernel, process: Process) -> float:
    return 100 * process.cpu_used * SECOND / max(kernel.loop.time - process.start, SECOND // 100)


def _percent_memory(kernel: Kernel, process: Process) -> float:
    return 100 * process.resident() / kernel.memory


def _arguments(kernel: Kernel, process: Process) -> str:
    return f"[{process.comm}] <defunct>" if process.status is not None else " ".join(process.argv)


def _state(kernel: Kernel, process: Process) -> str:
    leader = process.session is not None and process.session.pids == process.pids
    terminal = process.session.terminal if process.session is not None else None
    in_front = terminal is not None and terminal.foreground == process.group
    return process.state() + ("s" if leader else "") + ("+" if in_front else "")


def _parent(kernel: Kernel, process: Process) -> str:
    return str(process.parent.host_pid if process.parent is not None else kernel.shim(process))


def _user(kernel: Kernel, process: Process) -> str:
    return kernel.host_user(process.uid)


def _tty(kernel: Kernel, process: Process) -> str:
    return process.session.tty_name() if process.session is not None else "?"


def _session(kernel: Kernel, process: Process) -> str:
    return str(process.session.pids[0] if process.session is not None else 0)


COLUMNS: dict[str, Column] = {
    "pid": Column("PID", lambda kernel, process: str(process.host_pid)),
    "ppid": Column("PPID", _parent),
    "pgid": Column("PGID", lambda kernel, process: str(process.group[0])),
    "sid": Column("SID", _session),
    "uid": Column("UID", lambda kernel, process: str(process.uid)),
    "user": Column("USER", _user),
    "gid": Column("GID", lambda kernel, process: str(process.gid)),
    "group": Column("GROUP", lambda kernel, process: "root" if process.gid == 0 else str(process.gid)),
    "%cpu": Column("%CPU", lambda kernel, process: f"{_percent_cpu(kernel, process):.1f}"),
    "%mem": Column("%MEM", lambda kernel, process: f"{_percent_memory(kernel, process):.1f}"),
    "c": Column("C", lambda kernel, process: str(int(_percent_cpu(kernel, process)))),
    "vsz": Column("VSZ", lambda kernel, process: str(process.mapped() // 1024)),
    "rss": Column("RSS", lambda kernel, process: str(process.resident() // 1024)),
    "tty": Column("TT", _tty),
    "stat": Column("STAT", _state),
    "s": Column("S", lambda kernel, process: process.state()),
    "stime": Column("STIME", _begun),
    "time": Column("TIME", lambda kernel, process: _clock(process.cpu_used)),
    "etime": Column("ELAPSED", _elapsed),
    "etimes": Column("ELAPSED", lambda kernel, process: str((kernel.loop.time - process.start) // SECOND)),
    "pri": Column("PRI", lambda kernel, process: "19"),
    "ni": Column("NI", lambda kernel, process: "0"),
    "nlwp": Column("NLWP", lambda kernel, process: "1"),
    "wchan": Column("WCHAN", lambda kernel, process: "-"),
    "comm": Column("COMMAND", lambda kernel, process: process.comm),
    "args": Column("COMMAND", _arguments),
}
COLUMNS |= {
    alias: COLUMNS[name]
    for alias, name in {
        "pcpu": "%cpu", "pmem": "%mem", "vsize": "vsz", "rssize": "rss", "rsz": "rss", "tt": "tty", "tname": "tty",
        "state": "s", "start_time": "stime", "cputime": "time", "nice": "ni", "euid": "uid", "euser": "user",
        "egid": "gid", "egroup": "group", "ucmd": "comm", "ucomm": "comm", "cmd": "args", "command": "args",
        "sess": "sid", "session": "sid", "pgrp": "pgid", "tgid": "pid",
    }.items()
}  # fmt: skip

Format = tuple[tuple[str, Say], ...]


def _format(*names: str, **titles: str) -> Format:
    """Columns by name; `titles` for those that this format calls otherwise (underscores stand for %)."""
    return tuple((titles.get(name.replace("%", "_"), COLUMNS[name].title), COLUMNS[name].say) for name in names)


PLAIN = _format("pid", "tty", "time", "comm", tty="TTY", comm="CMD")
FULL = _format("user", "pid", "ppid", "c", "stime", "tty", "time", "args", user="UID", tty="TTY", args="CMD")
LONG = _format(
    "s", "uid", "pid", "ppid", "c", "pri", "ni", "vsz", "wchan", "tty", "time", "comm", vsz="SZ", tty="TTY", comm="CMD"
)
JOBS = _format("pid", "pgid", "sid", "tty", "time", "comm", tty="TTY", comm="CMD")
BSD = _format("pid", "tty", "stat", "time", "args", tty="TTY")
BSD_USER = _format(
    "user", "pid", "%cpu", "%mem", "vsz", "rss", "tty", "stat", "stime", "time", "args", tty="TTY", stime="START"
)


def top(kernel: Kernel, processes: Iterable[Process], ps_args: str) -> tuple[list[str], list[list[str]]]:
    """Titles and rows, as `docker top` gets them. Raises RuntimeFailure for what ps or moby refuses."""
    columns = parse(ps_args.split() or ["-ef"])
    titles = [title for title, _ in columns]
    if "PID" not in titles:
        raise RuntimeFailure("Couldn't find PID field in ps output")
    oldest_first = sorted(processes, key=lambda process: process.host_pid)
    rows = [[say(kernel, process) for _, say in columns] for process in oldest_first]
    return [title for title in titles if title], rows


def parse(words: Sequence[str]) -> Format:
    """The format that ps options ask for. Raises RuntimeFailure with ps's words."""
    columns: list[tuple[str, Say]] = []
    base = PLAIN
    queue = list(words)
    while queue:
        word = queue.pop(0)
        output = re.fullmatch(r"(?:-o|o|--format=?|-eo|-Ao|-axo|axo)(.*)", word)
        if output is not None:
            value = output.group(1) or (queue.pop(0) if queue else "")
            columns += _output(value)
        elif word.startswith("-"):
            base = _unix(word, base)
        else:
            base = _bsd(word)
    return tuple(columns) or base


def _unix(word: str, base: Format) -> Format:
    for letter in word[1:]:
        if letter not in UNIX:
            raise _refused("unknown user-defined format specifier" if letter == "o" else f'unsupported option "{word}"')
        base = UNIX[letter] or base
    return base


def _bsd(word: str) -> Format:
    if set(word) - set("auxwfejlvrS"):
        raise _refused("unsupported option (BSD syntax)")
    return BSD_USER if "u" in word else BSD


UNIX: dict[str, Format | None] = {
    "e": None, "A": None, "a": None, "d": None, "x": None, "w": None, "H": None, "y": None, "L": None, "T": None,
    "f": FULL, "F": FULL, "l": LONG, "j": JOBS, "u": BSD_USER,
}  # fmt: skip


def _output(text: str) -> list[tuple[str, Say]]:
    """pid,args=WORDS: a title after = goes on to the end."""
    columns: list[tuple[str, Say]] = []
    while text:
        head, _, rest = text.partition(",")
        titled = "=" in head
        if titled:
            head, _, rest = text.partition("=")
        if head not in COLUMNS:
            raise _refused(f'unknown user-defined format specifier "{head}"')
        columns.append((rest if titled else COLUMNS[head].title, COLUMNS[head].say))
        text = "" if titled else rest
    return columns


def _refused(reason: str) -> RuntimeFailure:
    """The first line that ps says, as moby passes it on."""
    return RuntimeFailure(f"ps: error: {reason}")
