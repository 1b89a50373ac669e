"""The machine as a whole: free, top, dmesg, stty."""

from __future__ import annotations

from engine.loop import SECOND
from sim.abi import Proc, ProcInfo
from sim.kernel.signals import SIGINT
from sim.programs.clock import uptime_line
from sim.programs.identity import processors
from sim.programs.options import Failure, Options, command, complain, is_gnu
from sim.programs.ps import NO_PROC, NO_PROC_STATUS, arguments, percent_memory
from sim.programs.sizes import human, seconds

UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@command(
    "bkmghtws:c:l",
    synopsis="[-bkmgh]",
    about="Display free and used memory",
    gnu={"human": "h", "mebi": "m", "kibi": "k", "gibi": "g", "bytes": "b", "total": "t", "wide": "w"},
)
async def free(proc: Proc, options: Options, operands: list[str]) -> int:
    memory = proc.meminfo()
    cached = memory.get("Buffers", 0) + memory.get("Cached", 0)
    available = memory.get("MemAvailable", memory["MemFree"])
    used = memory["MemTotal"] - (available if is_gnu(proc) else memory["MemFree"] + cached)
    rows = {
        "Mem:": (memory["MemTotal"], used, memory["MemFree"], memory.get("Shmem", 0), cached, available),
        "Swap:": (memory["SwapTotal"], memory["SwapTotal"] - memory["SwapFree"], memory["SwapFree"]),
    }
    unit = UNITS.get(options.last("bkmg"), 1024)
    gnu = is_gnu(proc)
    show = (_binary if gnu else human) if "h" in options else lambda size: str(size // unit)
    titles = ("total", "used", "free", "shared", "buff/cache", "available")
    first, wide = (" " * 8, 11) if gnu else (" " * 7, 11)
    lines = [first + "".join(f"{title:>{12}}" for title in titles)]
    for label, sizes in rows.items():
        lines.append(f"{label:<{8 if gnu else 7}}" + "".join(f" {show(size):>{wide}}" for size in sizes))
    await proc.out("".join(line + "\n" for line in lines))
    return 0


def _binary(size: int) -> str:
    """procps' human sizes: 7.7Gi."""
    value, unit = float(size), 0
    while value >= 1024 and unit < 4:
        value, unit = value / 1024, unit + 1
    letters = ("B", "Ki", "Mi", "Gi", "Ti")[unit]
    return f"{value:.1f}{letters}" if unit and value < 10 else f"{value:.0f}{letters}"


@command(
    "bHn:d:p:co:",
    synopsis="[-bH] [-n COUNT] [-d SECONDS]",
    about="Show a view of process activity in real time.\n\n\t-b\tBatch mode\n\t-n N\tExit after N iterations\n"
    "\t-d SEC\tDelay between updates",
)
async def top(proc: Proc, options: Options, operands: list[str]) -> int:
    """Until q or ^C on a terminal; line by line with -b."""
    try:
        period = seconds(options.get("d", "3" if is_gnu(proc) else "5"))
        rounds = int(options.get("n", "0"))
    except ValueError as error:
        raise Failure(f"invalid number '{error}'") from None
    if not proc.access("/proc/uptime", 4):
        if is_gnu(proc):
            await proc.err(NO_PROC)
            return NO_PROC_STATUS
        there = proc.access("/proc", 0)
        why = "no process info in /proc" if there else "can't change directory to '/proc': No such file or directory"
        raise Failure(why)
    batch = "b" in options or not proc.isatty(1)
    live = not batch and proc.isatty(0)
    view = _Top(proc)
    if live:
        proc.tcsetattr(0, icanon=False, echo=False)
        proc.signal(SIGINT, lambda number: None)  # the terminal is to be put right again
    status = 0
    try:
        while rounds != 1:
            await proc.out(_screen(proc, view.lines(), batch))
            rounds -= 1
            if not await _pause(proc, period, live):
                break
        else:
            await proc.out(_screen(proc, view.lines(), batch))
    except InterruptedError:
        status = 128 + SIGINT
    if live:
        proc.tcsetattr(0, icanon=True, echo=True)
        await proc.out("\n")
    return status


def _screen(proc: Proc, lines: list[str], batch: bool) -> str:
    if batch:
        return "".join(line + "\n" for line in lines)
    rows, columns = proc.winsize(1)
    rows, columns = rows or 24, columns or 80  # a terminal that nobody has told its size (get_terminal_width_height)
    shown = [line[:columns] for line in lines[: max(rows - 1, 6)]]
    return "\x1b[H\x1b[J" + "\n".join(shown)


async def _pause(proc: Proc, period: float, live: bool) -> bool:
    """False if the user wants to leave."""
    if not live:
        await proc.sleep(period)
        return True
    poll = proc.epoll()
    poll.add(0)
    if not await poll.wait(period):
        return True
    return await proc.read(0, 1) not in (b"q", b"Q", b"\x03", b"")


class _Top:
    """What changed since the last look."""

    def __init__(self, proc: Proc) -> None:
        self.proc = proc
        self.before: dict[int, float] = {}
        self.looked = 0

    def lines(self) -> list[str]:
        proc, now = self.proc, self.proc.now()
        found = proc.processes()
        shares = {info.pid: self._share(info, now) for info in found}
        self.before, self.looked = {info.pid: info.cpu for info in found}, now
        found.sort(key=lambda info: (-shares[info.pid], info.pid))
        return self._procps(found, shares) if is_gnu(proc) else self._busybox(found, shares)

    def _share(self, info: ProcInfo, now: int) -> float:
        """Processor time in percent of one processor, since the last look (at first: since its start)."""
        since = max(now - (self.looked or info.start), SECOND // 100)
        return min(100 * (info.cpu - self.before.get(info.pid, 0.0)) * SECOND / since, 100.0 * processors(self.proc))

    def _busybox(self, found: list[ProcInfo], shares: dict[int, float]) -> list[str]:
        proc, memory = self.proc, self.proc.meminfo()
        buffers, cached = memory.get("Buffers", 0), memory.get("Cached", 0)
        count = processors(proc)
        busy = min(100, round(sum(shares.values()) / count))
        loads = " ".join(f"{load:.2f}" for load in proc.uptime()[1])
        running = sum(info.state == "R" for info in found)
        used = (memory["MemTotal"] - memory["MemFree"]) // 1024
        lines = [
            f"Mem: {used}K used, {memory['MemFree'] // 1024}K free, {memory.get('Shmem', 0) // 1024}K shrd, "
            f"{buffers // 1024}K buff, {cached // 1024}K cached",
            f"CPU: {busy:3}% usr   0% sys   0% nic {100 - busy:3}% idle   0% io   0% irq   0% sirq",
            f"Load average: {loads} {running}/{len(found)} {max((info.pid for info in found), default=0)}",
            "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND",
        ]
        for info in found:
            part = round(100 * info.vsz / max(memory["MemTotal"], 1))
            share = round(shares[info.pid] / count)
            lines.append(f"{info.pid:5} {info.ppid:5} {info.user[:8]:<8} {info.state:<4} {info.vsz // 1024:5} {part:3}%"
                         f" {0:3} {share:3}% {arguments(info)}")  # fmt: skip
        return lines

    def _procps(self, found: list[ProcInfo], shares: dict[int, float]) -> list[str]:
        proc, memory = self.proc, self.proc.meminfo()
        states = [info.state for info in found]
        busy = min(100.0, sum(shares.values()) / processors(proc))
        mega = {name: size / (1 << 20) for name, size in memory.items()}
        cached = mega.get("Buffers", 0.0) + mega.get("Cached", 0.0)
        used = mega["MemTotal"] - mega["MemFree"] - cached
        lines = [
            f"top - {uptime_line(proc)}",
            f"Tasks: {len(found):3} total, {states.count('R'):3} running, {states.count('S'):3} sleeping, "
            f"{states.count('T'):3} stopped, {states.count('Z'):3} zombie",
            f"%Cpu(s): {busy:4.1f} us,  0.0 sy,  0.0 ni, {100 - busy:4.1f} id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st",
            f"MiB Mem : {mega['MemTotal']:8.1f} total, {mega['MemFree']:8.1f} free, {used:8.1f} used, "
            f"{cached:8.1f} buff/cache",
            f"MiB Swap: {mega['SwapTotal']:8.1f} total, {mega['SwapFree']:8.1f} free, {0.0:8.1f} used. "
            f"{mega.get('MemAvailable', 0.0):8.1f} avail Mem",
            "",
            "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND",
        ]
        for info in found:
            spent = f"{int(info.cpu) // 60}:{info.cpu % 60:05.2f}"
            lines.append(
                f"{info.pid:7} {info.user[:8]:<8}  20   0 {info.vsz // 1024:7} {info.rss // 1024:6} {0:6} {info.state} "
                f"{shares[info.pid]:5.1f} {percent_memory(proc, info):5.1f} {spent:>9} {info.comm}"
            )
        return lines


@command("cn:rsTwHkx", synopsis="[-cr] [-n LEVEL] [-s SIZE]", about="Print or control the kernel ring buffer")
async def dmesg(proc: Proc, options: Options, operands: list[str]) -> int:
    """Needs CAP_SYSLOG, which containers do not have."""
    said = "read kernel buffer failed" if is_gnu(proc) else "klogctl"
    await complain(proc, f"{said}: Operation not permitted")
    return 1


FLAGS = ("isig", "icanon", "echo", "icrnl", "opost")
SANE = dict.fromkeys(FLAGS, True)
RAW = {"isig": False, "icanon": False, "icrnl": False, "opost": False}


async def stty(proc: Proc) -> int:
    """size, -a, raw, cooked, sane, [-]echo, [-]icanon, …"""
    words = [word for word in proc.argv[1:] if word not in ("-a", "--all", "-g", "--save")]
    try:
        rows, columns = proc.winsize(0)
        flags = proc.tcgetattr(0)
    except OSError as error:
        start = "'standard input'" if is_gnu(proc) else "standard input"
        await complain(proc, f"{start}: {error.strerror}")
        return 1
    if words == ["size"]:
        await proc.out(f"{rows} {columns}\n")
        return 0
    if not words:
        speed = f"speed 38400 baud; rows {rows}; columns {columns}; line = 0;" if "-a" in proc.argv else (
            "speed 38400 baud; line = 0;")  # fmt: skip
        shown = " ".join(("" if flags[name] else "-") + name for name in FLAGS)
        await proc.out(f"{speed}\n{shown}\n")
        return 0
    modes = {"raw": RAW, "-raw": SANE, "cooked": SANE, "-cooked": RAW, "sane": SANE}
    for word in words:
        name = word.removeprefix("-")
        if word in modes:
            proc.tcsetattr(0, **modes[word])
        elif name in FLAGS:
            proc.tcsetattr(0, **{name: not word.startswith("-")})
        else:
            await complain(proc, f"invalid argument '{word}'")
            return 1
    return 0
