"""Builtins about processes: wait, jobs, fg, bg, kill, hash, times, umask, ulimit, help."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sim.kernel.signals import NAMES
from sim.kernel.signals import number as signal_number
from sim.programs.shell import jobs
from sim.programs.shell.builtins.output import complain
from sim.programs.shell.builtins.table import Builtin
from sim.programs.shell.errors import ShellError
from sim.programs.shell.execution import find
from sim.programs.shell.traps import signal_name

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

SIGCONT, SIGTERM = 18, 15


def _table(shell: Interpreter) -> jobs.Jobs:
    if shell.jobs is None:
        shell.jobs = jobs.Jobs()
    return shell.jobs


async def _wait(shell: Interpreter, argv: list[str]) -> int:
    """`wait [pid | %job …]`: for all background children, or for these. A trapped signal ends it with 128+n."""
    table = _table(shell)
    status = 0
    try:
        if len(argv) == 1:
            while any(not job.over() and not job.stopped() for job in table.table):
                if not await jobs.collect(shell, block=True):
                    break
            table.table = [job for job in table.table if not job.over()]
        for spec in argv[1:]:
            status = await _wait_one(shell, table, spec)
    except InterruptedError:
        return 128 + shell.pending[0] if shell.pending else 128
    return status


async def _wait_one(shell: Interpreter, table: jobs.Jobs, spec: str) -> int:
    if not spec.startswith("%") and not spec.isdecimal():
        raise ShellError(f"Illegal number: {spec}")
    if spec.isdecimal() and table.of(int(spec)) is None:
        return 127
    job = table.find(spec)
    while not job.over() and await jobs.collect(shell, block=True):
        pass
    if not job.over():
        return 127
    table.table.remove(job)
    status = job.statuses[int(spec)] if spec.isdecimal() else job.status
    if status is None:
        return 127
    if status < 0 and -status not in jobs.QUIET:
        await shell.write(2, jobs.describe(status) + "\n")
    return jobs.exit_status(status)


async def _jobs(shell: Interpreter, argv: list[str]) -> int:
    """`jobs [-l] [-p] [%job …]`"""
    table = _table(shell)
    options = "".join(word[1:] for word in argv[1:] if word.startswith("-"))
    specs = [word for word in argv[1:] if not word.startswith("-")]
    try:
        while await jobs.collect(shell, block=False):
            pass
    except InterruptedError:
        pass
    chosen = [table.find(spec) for spec in specs] if specs else sorted(table.table, key=lambda job: job.number)
    for job in chosen:
        await shell.write(1, (str(job.pids[0]) if "p" in options else table.line(job, "l" in options)) + "\n")
        if job.over() and "p" not in options:
            table.table.remove(job)
    return 0


async def _fg(shell: Interpreter, argv: list[str]) -> int:
    """`fg [%job]`: let it go on with the terminal, and wait."""
    table = _table(shell)
    job = table.find(argv[1] if len(argv) > 1 else "")
    await shell.write(1, job.text + "\n")
    if shell.terminal is not None:
        shell.proc.tcsetpgrp(shell.terminal, shell.proc.getpgid(job.pids[0]))
    waiting = _continue(shell, job)
    await shell.wait(waiting, job.text)
    if not job.stopped():
        table.table.remove(job)
    return shell.status


async def _bg(shell: Interpreter, argv: list[str]) -> int:
    table = _table(shell)
    job = table.find(argv[1] if len(argv) > 1 else "")
    _continue(shell, job)
    await shell.write(1, f"[{job.number}] {job.text}\n")
    return 0


def _continue(shell: Interpreter, job: jobs.Job) -> list[int]:
    """SIGCONT to a job; its processes that are not over."""
    waiting = []
    for pid, status in job.statuses.items():
        if status is None or status >= jobs.STOPPED:
            job.statuses[pid] = None
            waiting.append(pid)
    if waiting:
        group = shell.proc.getpgid(waiting[0])
        for target in (-group,) if shell.terminal is not None else waiting:
            shell.proc.kill(target, SIGCONT)
    return waiting


async def _kill(shell: Interpreter, argv: list[str]) -> int:
    """`kill [-SIGNAL | -s SIGNAL] pid | %job …`, `kill -l [status]`"""
    rest, signal = argv[1:], SIGTERM
    if rest[:1] == ["-l"]:
        return await _list_signals(shell, rest[1:])
    if rest[:1] == ["-s"] and len(rest) > 1:
        rest = ["-" + rest[1], *rest[2:]]
    if rest and rest[0].startswith("-") and rest[0] != "--":
        try:
            signal = signal_number(rest[0][1:])
        except ValueError:
            await complain(shell, f"bad signal name '{rest[0][1:]}'")
            return 1
        rest = rest[1:]
    rest = rest[1:] if rest[:1] == ["--"] else rest
    if not rest:
        await complain(shell, "you need to specify whom to kill")
        return 1
    statuses = [await _send(shell, target, signal) for target in rest]
    return max(statuses)


async def _send(shell: Interpreter, target: str, signal: int) -> int:
    if target.startswith("%"):
        job = _table(shell).find(target)
        pids = [-shell.proc.getpgid(job.pids[0])] if shell.terminal is not None else job.pids
    elif target.lstrip("-").isdecimal():
        pids = [int(target)]
    else:
        await complain(shell, f"invalid number '{target}'")
        return 1
    for pid in pids:
        try:
            shell.proc.kill(pid, signal)
        except OSError as error:
            await complain(shell, f"can't kill pid {pid}: {error.strerror or os.strerror(error.errno or 0)}")
            return 1
    return 0


async def _list_signals(shell: Interpreter, which: list[str]) -> int:
    if not which:
        lines = [f"{number:2}) {name}" for number, name in enumerate(NAMES) if name]
        await shell.write(1, "\n".join(lines) + "\n")
        return 0
    for text in which:
        if text.isdecimal():
            await shell.write(1, signal_name(int(text) & 127) + "\n")
            continue
        try:
            await shell.write(1, f"{signal_number(text)}\n")
        except ValueError:
            await complain(shell, f"unknown signal '{text}'")
            return 1
    return 0


async def _hash(shell: Interpreter, argv: list[str]) -> int:
    """`hash [-r] [name …]`: the places of commands that the shell remembers."""
    if argv[1:2] == ["-r"]:
        shell.hashed = None
        return 0
    if len(argv) == 1:
        for path in shell.hashed[1].values() if shell.hashed is not None else ():
            await shell.write(1, path + "\n")
        return 0
    status = 0
    for name in argv[1:]:
        try:
            find(shell, name)
        except ShellError as error:
            await shell.report(str(error))
            status = 1
    return status


async def _times(shell: Interpreter, argv: list[str]) -> int:
    used = next((info.cpu for info in shell.proc.processes() if info.pid == shell.proc.pid), 0.0)
    text = f"{int(used // 60)}m{used % 60:.3f}s"
    await shell.write(1, f"{text} 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


async def _umask(shell: Interpreter, argv: list[str]) -> int:
    """`umask [-S] [mode]`"""
    rest = [word for word in argv[1:] if word != "-S"]
    mask = shell.proc.umask
    if not rest:
        if "-S" in argv:
            granted = [f"{who}={_letters(~mask >> shift & 7)}" for who, shift in (("u", 6), ("g", 3), ("o", 0))]
            await shell.write(1, ",".join(granted) + "\n")
        else:
            await shell.write(1, f"{mask:04o}\n")
        return 0
    text = rest[0]
    if text.isdecimal() and set(text) <= set("01234567"):
        shell.proc.umask = int(text, 8) & 0o777
        return 0
    shell.proc.umask = _symbolic(text, mask)
    return 0


def _letters(bits: int) -> str:
    return "".join(letter for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if bits & bit)


def _symbolic(text: str, mask: int) -> int:
    """`u=rwx,g-w`: what is granted. Raises ShellError."""
    granted = ~mask & 0o777
    for clause in text.split(","):
        operator = next((char for char in clause if char in "=+-"), "")
        who, _, letters = clause.partition(operator) if operator else ("", "", "?")
        if not set(letters) <= set("rwx") or not set(who) <= set("ugoa"):
            raise ShellError(f"illegal mode: {text}")
        bits = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in set(letters))
        for shift in {{"u": 6, "g": 3, "o": 0}[one] for one in who.replace("a", "ugo") or "ugo"}:
            if operator == "=":
                granted &= ~(7 << shift)
            granted = granted & ~(bits << shift) if operator == "-" else granted | bits << shift
    return ~granted & 0o777


# letter: the kernel's name, what ash calls it, bytes (or whatever it counts) in its unit
_LIMITS: dict[str, tuple[str, str, int]] = {
    "c": ("core", "core file size (blocks)", 512), "d": ("data", "data seg size (kb)", 1024),
    "e": ("nice", "scheduling priority", 1), "f": ("fsize", "file size (blocks)", 512),
    "i": ("sigpending", "pending signals", 1), "l": ("memlock", "max locked memory (kb)", 1024),
    "m": ("rss", "max memory size (kb)", 1024), "n": ("nofile", "open files", 1),
    "q": ("msgqueue", "POSIX message queues (bytes)", 1), "r": ("rtprio", "real-time priority", 1),
    "s": ("stack", "stack size (kb)", 1024), "t": ("cpu", "cpu time (seconds)", 1),
    "u": ("nproc", "max user processes", 1), "v": ("as", "virtual memory (kb)", 1024),
    "x": ("locks", "file locks", 1),
}  # fmt: skip


async def _ulimit(shell: Interpreter, argv: list[str]) -> int:
    """`ulimit [-SH] [-a | -LETTER [value]]`: getrlimit(2) and setrlimit(2)."""
    letters = "".join(word[1:] for word in argv[1:] if word.startswith("-") and len(word) > 1)
    values = [word for word in argv[1:] if not word.startswith("-")]
    hard, soft = "H" in letters, "S" in letters or "H" not in letters
    asked = letters.replace("H", "").replace("S", "")
    if "a" in asked:
        for letter, (_, title, _) in _LIMITS.items():
            await shell.write(1, f"{title:<32}(-{letter}) {_limit_text(shell, letter, hard and not soft)}\n")
        return 0
    letter = asked[-1:] or "f"
    if letter not in _LIMITS:
        raise ShellError(f"illegal option -{letter}")
    if not values:
        await shell.write(1, _limit_text(shell, letter, hard and not soft) + "\n")
        return 0
    if values[0] != "unlimited" and not values[0].isdecimal():
        await complain(shell, f"invalid number '{values[0]}'")
        return 1
    name, _, unit = _LIMITS[letter]
    limit = -1 if values[0] == "unlimited" else int(values[0]) * unit
    old_soft, old_hard = shell.proc.getrlimit(name)
    both = not {"H", "S"} & set(letters)
    try:
        shell.proc.setrlimit(name, limit if soft else old_soft, limit if hard or both else old_hard)
    except OSError as error:
        await complain(shell, f"error setting limit ({error.strerror})")
        return 1
    return 0


def _limit_text(shell: Interpreter, letter: str, hard: bool) -> str:
    name, _, unit = _LIMITS[letter]
    value = shell.proc.getrlimit(name)[hard]
    return "unlimited" if value < 0 else str(value // unit)


async def _help(shell: Interpreter, argv: list[str]) -> int:
    lines = ["Built-in commands:", "------------------"]
    line = "\t"
    for name in sorted(shell.builtins):
        if len(line) + len(name) > 65:
            lines.append(line.rstrip())
            line = "\t"
        line += name + " "
    await shell.write(1, "\n".join([*lines, line.rstrip()]) + "\n")
    return 0


TABLE: dict[str, Builtin] = {
    "wait": Builtin(_wait),
    "jobs": Builtin(_jobs),
    "fg": Builtin(_fg),
    "bg": Builtin(_bg),
    "kill": Builtin(_kill),
    "hash": Builtin(_hash),
    "times": Builtin(_times, special=True),
    "umask": Builtin(_umask),
    "ulimit": Builtin(_ulimit),
    "help": Builtin(_help),
}
