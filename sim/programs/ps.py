"""ps and pstree: the processes of one's PID namespace. Source: ps(1) of busybox and of procps-ng 4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.loop import SECOND
from sim.abi import Proc, ProcInfo
from sim.programs.accounts import group_names
from sim.programs.calendars import moment, strftime
from sim.programs.options import Failure, Options, command, is_gnu


@dataclass(frozen=True, slots=True)
class Column:
    """`width` < 0: to the left. Busybox's titles are always to the left."""

    title: str
    width: int
    say: Callable[[Proc, ProcInfo], str]


def arguments(info: ProcInfo) -> str:
    """The command line; the name in brackets if there is none (any more)."""
    if info.state == "Z" or not info.args:
        return f"[{info.comm}]"
    return " ".join(info.args)


def _state(proc: Proc, info: ProcInfo) -> str:
    return info.state + ("s" if info.sid == info.pid else "")


def _elapsed(proc: Proc, info: ProcInfo) -> int:
    return max(0, proc.now() - info.start) // SECOND


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _ago(proc: Proc, info: ProcInfo) -> str:
    """etime: [[days-]hours:]minutes:seconds."""
    whole = _elapsed(proc, info)
    days, hours, rest = whole // 86400, whole // 3600 % 24, f"{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{days}-{hours:02}:{rest}" if days else f"{hours:02}:{rest}" if hours else rest


def _short(size: int) -> str:
    """Busybox's memory sizes, four wide: kilobytes, then "12m", "1.2g"."""
    kilobytes = size // 1024
    if kilobytes < 10000:
        return str(kilobytes)
    return f"{kilobytes // 1024}m" if kilobytes < 10 << 20 else f"{kilobytes / (1 << 20):.1f}g"


def percent_cpu(proc: Proc, info: ProcInfo) -> float:
    return 100 * info.cpu * SECOND / max(proc.now() - info.start, SECOND // 100)


def percent_memory(proc: Proc, info: ProcInfo) -> float:
    return 100 * info.rss / max(proc.meminfo()["MemTotal"], 1)


def _begun(proc: Proc, info: ProcInfo) -> str:
    same_day = moment(info.start).date() == moment(proc.now()).date()
    return strftime("%H:%M" if same_day else "%b%d", info.start)


def _group(proc: Proc, info: ProcInfo) -> str:
    gid = proc.getgid() if info.uid == proc.getuid() else info.uid
    return group_names(proc).get(gid, str(gid))


BUSYBOX = {
    "user": Column("USER", -8, lambda proc, info: info.user[:8]),
    "ruser": Column("RUSER", -8, lambda proc, info: info.user[:8]),
    "group": Column("GROUP", -8, _group),
    "rgroup": Column("RGROUP", -8, _group),
    "comm": Column("COMMAND", -16, lambda proc, info: info.comm),
    "args": Column("COMMAND", -256, lambda proc, info: arguments(info)),
    "pid": Column("PID", 5, lambda proc, info: str(info.pid)),
    "ppid": Column("PPID", 5, lambda proc, info: str(info.ppid)),
    "pgid": Column("PGID", 5, lambda proc, info: str(info.pgid)),
    "etime": Column("ELAPSED", -7, lambda proc, info: f"{_elapsed(proc, info) // 60:2}:{_elapsed(proc, info) % 60:02}"),
    "nice": Column("NI", 5, lambda proc, info: "0"),
    "time": Column("TIME", 5, lambda proc, info: f"{int(info.cpu) // 60:2}:{int(info.cpu) % 60:02}"),
    "tty": Column("TT", -6, lambda proc, info: _device(info.tty)),
    "vsz": Column("VSZ", 4, lambda proc, info: _short(info.vsz)),
    "sid": Column("SID", 5, lambda proc, info: str(info.sid)),
    "stat": Column("STAT", -4, lambda proc, info: info.state),
    "rss": Column("RSS", 4, lambda proc, info: _short(info.rss)),
}
GNU = {
    "pid": Column("PID", 7, lambda proc, info: str(info.pid)),
    "ppid": Column("PPID", 7, lambda proc, info: str(info.ppid)),
    "pgid": Column("PGID", 7, lambda proc, info: str(info.pgid)),
    "sid": Column("SID", 7, lambda proc, info: str(info.sid)),
    "uid": Column("UID", 5, lambda proc, info: str(info.uid)),
    "user": Column("USER", -8, lambda proc, info: info.user),
    "group": Column("GROUP", -8, _group),
    "%cpu": Column("%CPU", 4, lambda proc, info: f"{percent_cpu(proc, info):.1f}"),
    "%mem": Column("%MEM", 4, lambda proc, info: f"{percent_memory(proc, info):.1f}"),
    "c": Column("C", 2, lambda proc, info: str(int(percent_cpu(proc, info)))),
    "vsz": Column("VSZ", 6, lambda proc, info: str(info.vsz // 1024)),
    "rss": Column("RSS", 5, lambda proc, info: str(info.rss // 1024)),
    "tty": Column("TT", -8, lambda proc, info: info.tty),
    "stat": Column("STAT", -4, _state),
    "s": Column("S", -1, lambda proc, info: info.state),
    "start": Column("STARTED", 8, lambda proc, info: strftime("%H:%M:%S", info.start)),
    "stime": Column("STIME", 5, _begun),
    "lstart": Column("STARTED", -24, lambda proc, info: strftime("%c", info.start)),
    "time": Column("TIME", 8, lambda proc, info: _clock(info.cpu)),
    "bsdtime": Column("TIME", 6, lambda proc, info: f"{int(info.cpu) // 60}:{int(info.cpu) % 60:02}"),
    "etime": Column("ELAPSED", 11, _ago),
    "etimes": Column("ELAPSED", 7, lambda proc, info: str(_elapsed(proc, info))),
    "pri": Column("PRI", 3, lambda proc, info: "19"),
    "ni": Column("NI", 3, lambda proc, info: "0"),
    "nlwp": Column("NLWP", 4, lambda proc, info: "1"),
    "comm": Column("COMMAND", -15, lambda proc, info: info.comm + (" <defunct>" if info.state == "Z" else "")),
    "args": Column(
        "COMMAND", -27, lambda proc, info: arguments(info) + (" <defunct>" if info.state == "Z" else "")
    ),
}  # fmt: skip
ALIASES = {
    "pcpu": "%cpu", "pmem": "%mem", "vsize": "vsz", "rssize": "rss", "rsz": "rss", "tt": "tty", "tname": "tty",
    "state": "s", "start_time": "stime", "cputime": "time", "nice": "ni", "euid": "uid", "euser": "user",
    "ruser": "user", "egroup": "group", "ucmd": "comm", "cmd": "args", "command": "args", "sess": "sid",
    "pgrp": "pgid",
}  # fmt: skip
Chosen = list[tuple[str, Column]]  # (title, column)


def _device(tty: str) -> str:
    """Busybox names terminals by number: "136,0"."""
    return f"136,{tty.rpartition('/')[2]}" if tty.startswith("pts/") else "?"


async def ps(proc: Proc) -> int:
    return await (_procps if is_gnu(proc) else _busybox)(proc)


@command(
    "o:TlwaAef",
    synopsis="[-o COL1,COL2=HEADER] [-T]",
    about="Show list of processes\n\n\t-o COL1,COL2=HEADER\tSelect columns for display\n\t-T\t\t\tShow threads",
)
async def _busybox(proc: Proc, options: Options, operands: list[str]) -> int:
    """Operands and most options are taken and change nothing, as in busybox: `ps aux` is `ps`."""
    names = ",".join(options.all("o")) or "pid,user,time,args"
    chosen: Chosen = []
    for part in names.split(","):
        name, titled, title = part.partition("=")
        if name not in BUSYBOX:
            raise Failure(f"bad -o argument '{name}', supported arguments: {','.join(BUSYBOX)}")
        chosen.append((title if titled else BUSYBOX[name].title, BUSYBOX[name]))
    width = (proc.winsize(1)[1] or 80) if proc.isatty(1) else 4096
    if not proc.access("/proc", 0):
        raise Failure("can't open '/proc': No such file or directory")
    rows = [[_cell(column, column.say(proc, info)) for _, column in chosen] for info in proc.processes()]
    titles = [title.ljust(min(abs(column.width), 16)) for title, column in chosen]
    lines = [" ".join(row).rstrip()[:width] for row in [titles, *rows]]
    await proc.out("".join(line + "\n" for line in lines))
    return 0


def _cell(column: Column, text: str) -> str:
    return text.rjust(column.width) if column.width > 0 else text.ljust(min(-column.width, 16))


# -- procps

NO_PROC, NO_PROC_STATUS = "Error, do this: mount -t proc proc /proc\n", 47
DEFAULT = "pid,tty=TTY,time,comm=CMD"
FULL = "user=UID,pid,ppid,c,stime,tty=TTY,time,args=CMD"
LONG = "s,uid,pid,ppid,c,pri,ni,vsz=SZ,tty=TTY,time,comm=CMD"
BSD = "pid,tty=TTY,stat,bsdtime,args"
USAGE = """
Usage:
 ps [options]

 Try 'ps --help <simple|list|output>'
 or 'ps --help <s|l|o>'
 for additional help text.

For more details see ps(1).
"""
BSD_USER = "user,pid,%cpu,%mem,vsz,rss,tty=TTY,stat,stime=START,bsdtime,args"


@dataclass(slots=True)
class Request:
    """What a procps command line asks for."""

    columns: str = DEFAULT
    everybody: bool = False
    bsd: bool = False
    pids: tuple[int, ...] = ()
    users: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sort: str = "pid"
    titles: bool = True
    forest: bool = False


async def _procps(proc: Proc) -> int:
    try:
        request = _understand(proc.argv[1:])
    except Failure as failure:
        await proc.err(f"error: {failure.message}\n{USAGE}")
        return 1
    chosen: Chosen = []
    for part in request.columns.split(","):
        name, titled, title = part.partition("=")
        column = GNU.get(ALIASES.get(name, name))
        if column is None:
            await proc.err(f'error: unknown user-defined format specifier "{name}"\n')
            return 1
        chosen.append((title if titled else column.title, column))
    if not proc.access("/proc/uptime", 4):
        await proc.err(NO_PROC)
        return NO_PROC_STATUS
    if not proc.access(f"/proc/{proc.pid}", 0):  # it is the /proc of others, where nobody has this number
        await proc.err("fatal library error, lookup self\n")
        return 1
    found = _sorted(proc, [info for info in proc.processes() if _wanted(proc, request, info)], request.sort)
    rows = [[column.say(proc, info) for _, column in chosen] for info in found]
    lines = _lines(chosen, rows, request.titles and any(title for title, _ in chosen))
    width = (proc.winsize(1)[1] or 80) if proc.isatty(1) else 1 << 20
    await proc.out("".join(line[:width] + "\n" for line in lines))
    return 0 if rows else 1


def _understand(words: list[str]) -> Request:
    request, queue, own = Request(), list(words), list[str]()
    while queue:
        word = queue.pop(0)
        if word.startswith("--"):
            _long_option(request, own, word, queue)
        elif word.startswith("-"):
            _unix_option(request, own, word[1:], queue)
        elif word.isdigit():
            request.pids += (int(word),)
        else:
            _bsd_option(request, own, word, queue)
    request.columns = ",".join(own) or request.columns
    return request


def _long_option(request: Request, own: list[str], word: str, queue: list[str]) -> None:
    name, equals, value = word[2:].partition("=")
    if name in ("no-headers", "no-heading", "noheader"):
        request.titles = False
    elif name in ("forest", "headers", "cols", "width"):
        request.forest = name == "forest"
    elif name in ("sort", "format", "pid", "user", "ppid"):
        _value(request, own, name[0] if name != "format" else "o", value if equals else _next(queue))
    else:
        raise Failure("unknown gnu long option")


def _unix_option(request: Request, own: list[str], letters: str, queue: list[str]) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "opuUCt":
            _value(request, own, letter, letters or _next(queue))
            return
        if letter in "eA":
            request.everybody = True
        elif letter in "flj":
            request.columns = {"f": FULL, "l": LONG, "j": "pid,pgid,sid,tty=TTY,time,comm=CMD"}[letter]
        elif letter in "ax":
            request.everybody = True
        elif letter not in "wHFyLTdn":
            raise Failure("unsupported option (BSD syntax)" if letter.isalpha() else "garbage option")


def _bsd_option(request: Request, own: list[str], letters: str, queue: list[str]) -> None:
    request.bsd, request.columns = True, BSD_USER if "u" in letters else LONG if "l" in letters else BSD
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "op":
            _value(request, own, letter, letters or _next(queue))
            return
        if letter in "ax":
            request.everybody = True
        elif letter not in "uwflje":
            raise Failure("unsupported option (BSD syntax)")
        request.forest = request.forest or letter == "f"


def _next(queue: list[str]) -> str:
    if not queue:
        raise Failure("list of process IDs must follow -p")
    return queue.pop(0)


def _value(request: Request, own: list[str], letter: str, value: str) -> None:
    words = tuple(value.replace(",", " ").split())
    if letter == "o":
        own.append(value)
    elif letter == "p":
        if not all(word.isdigit() for word in words):
            raise Failure("process ID list syntax error")
        request.pids += tuple(map(int, words))
    elif letter == "C":
        request.names += words
    elif letter == "s":
        request.sort = value
    elif letter in "uU":
        request.users += words


def _wanted(proc: Proc, request: Request, info: ProcInfo) -> bool:
    if request.pids or request.users or request.names:
        return info.pid in request.pids or info.user in request.users or str(info.uid) in request.users or (
            info.comm in request.names
        )  # fmt: skip
    if request.everybody:
        return True
    number = proc.readlink("/proc/self") if proc.access("/proc/self", 0) else ""
    own = next((other for other in proc.processes() if str(other.pid) == number), None)
    return own is None or (info.uid == own.uid and info.tty == own.tty)


NUMERIC = frozenset(("pid", "ppid", "pgid", "sid", "uid", "%cpu", "%mem", "vsz", "rss", "etimes", "c"))


def _sorted(proc: Proc, found: list[ProcInfo], keys: str) -> list[ProcInfo]:
    for key in reversed(keys.split(",")):
        name = ALIASES.get(key.lstrip("+-"), key.lstrip("+-"))
        column = GNU.get(name)
        if column is None:
            continue
        say = column.say
        if name in NUMERIC:
            found.sort(key=lambda info: float(say(proc, info)), reverse=key.startswith("-"))
        else:
            found.sort(key=lambda info: say(proc, info), reverse=key.startswith("-"))
    return found


def _lines(chosen: Chosen, rows: list[list[str]], titled: bool) -> list[str]:
    """Titles are aligned as their columns are; the last column is not filled up."""
    table = [[title for title, _ in chosen], *rows] if titled else rows
    lines = []
    for row in table:
        cells = []
        for text, (_, column) in zip(row, chosen, strict=True):
            cells.append(text.rjust(column.width) if column.width > 0 else text.ljust(-column.width))
        lines.append(" ".join([*cells[:-1], row[-1] if chosen[-1][1].width < 0 else cells[-1]]).rstrip())
    return lines


async def pstree(proc: Proc) -> int:
    """The tree from process 1 on: busybox has `-p` (with numbers)."""
    with_pids = "-p" in proc.argv[1:]
    children: dict[int, list[ProcInfo]] = {}
    if is_gnu(proc) and not proc.access("/proc/uptime", 4):
        await proc.err("/proc is empty (not mounted ?)\n")
        return 1
    for info in proc.processes():
        children.setdefault(info.ppid, []).append(info)
    lines: list[str] = []
    for root in children.get(0, []):
        _branch(root, children, "", "", with_pids, lines)
    await proc.out("".join(line + "\n" for line in lines))
    return 0


def _branch(
    info: ProcInfo, children: dict[int, list[ProcInfo]], first: str, rest: str, pids: bool, lines: list[str]
) -> None:
    name = f"{info.comm}({info.pid})" if pids else info.comm
    below = children.get(info.pid, [])
    if not below:
        lines.append(first + name)
    for number, child in enumerate(below):
        last = number == len(below) - 1
        start = first + name if not number else rest + " " * len(name)
        joint = ("---" if last else "-+-") if not number else " `-" if last else " |-"
        space = "   " if last else " | "
        _branch(child, children, start + joint, rest + " " * len(name) + space, pids, lines)
