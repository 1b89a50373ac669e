"""Signals by number and by name: kill, killall, pidof, pgrep, pkill."""

from __future__ import annotations

import re

from sim.abi import Main, Proc, ProcInfo
from sim.kernel import signals
from sim.programs.accounts import user
from sim.programs.options import Failure, Options, Usage, command, complain, is_gnu


def signal_names() -> list[tuple[int, str]]:
    return [(number, name if name != "IO" else "POLL") for number, name in enumerate(signals.NAMES) if name]


def signal_of(text: str) -> int:
    """Raises Failure."""
    try:
        return signals.number(text)
    except ValueError:
        raise Failure(f"bad signal name '{text}'") from None


async def kill(proc: Proc) -> int:
    """-l, -9, -TERM, -s TERM; not getopt's grammar, as -9 and -1 are words of their own."""
    words = proc.argv[1:]
    number = signals.SIGTERM
    try:
        if words[:1] == ["-l"]:
            return await _list(proc, words[1:])
        if words[:1] == ["-s"] or words[:1] == ["-n"]:
            number, words = signal_of(words[1] if len(words) > 1 else ""), words[2:]
        elif words and words[0].startswith("-") and words[0] != "--":
            number, words = signal_of(words[0][1:]), words[1:]
    except Failure as failure:
        await complain(proc, failure.message)
        return 1
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        await complain(proc, "you need to specify whom to kill")
        return 1
    failures = 0
    for word in words:
        failures += not await _send(proc, word, number)
    return min(failures, 1) if is_gnu(proc) else failures


async def _list(proc: Proc, words: list[str]) -> int:
    if not words:
        await proc.out("".join(f"{number:2}) {name}\n" for number, name in signal_names()))
    for word in words:
        if word.isdigit():
            number = int(word) & 127
            await proc.out((dict(signal_names()).get(number) or str(number)) + "\n")
        else:
            await proc.out(f"{signal_of(word)}\n")
    return 0


async def _send(proc: Proc, word: str, number: int) -> bool:
    if not word.removeprefix("-").isdigit():
        await complain(proc, f"invalid number '{word}'")
        return False
    try:
        proc.kill(int(word), number)
    except OSError as error:
        said = f"({word}) - {error.strerror}" if is_gnu(proc) else f"can't kill pid {word}: {error.strerror}"
        await complain(proc, said)
        return False
    return True


def named(proc: Proc, name: str) -> list[ProcInfo]:
    """Processes of a name: that of the program, or the first word of the command line (also of a script)."""
    base = name.rpartition("/")[2]
    found = []
    if not is_gnu(proc) and not proc.access("/proc", 0):
        raise Failure("can't open '/proc': No such file or directory")
    for info in proc.processes():
        words = {word.rpartition("/")[2] for word in info.args[:1]} | {info.comm}
        if len(info.args) > 1 and info.comm in ("sh", "bash", "ash", "dash", "python3", "busybox"):
            words.add(info.args[1].rpartition("/")[2])
        if base in words and info.state != "Z":
            found.append(info)
    return found


@command("x:o:s", synopsis="[-s] [-o PID]... [NAME]...",
         about="List PIDs of all processes with names that match NAMEs\n\n"
         "\t-s\tShow only one PID\n\t-o PID\tOmit given pid")  # fmt: skip
async def pidof(proc: Proc, options: Options, operands: list[str]) -> int:
    omitted = {str(proc.ppid) if text == "%PPID" else text for text in options.all("o")}
    found = [str(info.pid) for word in operands for info in reversed(named(proc, word)) if str(info.pid) not in omitted]
    if found:
        await proc.out(" ".join(found[:1] if "s" in options else found) + "\n")
    return int(not found)


async def killall(proc: Proc) -> int:
    """killall [-l] [-q] [-SIG] NAME..."""
    words, number, quiet = proc.argv[1:], signals.SIGTERM, False
    try:
        while words and words[0].startswith("-"):
            word = words.pop(0)[1:]
            if word == "l":
                return await _list(proc, words)
            if word == "s" and words:
                number = signal_of(words.pop(0))
            elif word == "q":
                quiet = True
            else:
                number = signal_of(word)
    except Failure as failure:
        await complain(proc, failure.message)
        return 1
    if not words:
        await complain(proc, "you need to specify whom to kill")
        return 1
    failures = 0
    for name in words:
        found = [info for info in named(proc, name) if info.pid != proc.pid]
        if not found:
            failures += 1
            if not quiet:
                await proc.err(
                    f"{name}: no process found\n" if is_gnu(proc) else f"killall: {name}: no process killed\n"
                )
        for info in found:
            failures += not await _send(proc, str(info.pid), number)
    return min(failures, 1)


OPTIONS = "flnovxs:u:P:ac"


@command(
    OPTIONS,
    synopsis="[-flanovx] [-s SID|-P PPID|PATTERN]",
    about="Display process(es) selected by regex PATTERN\n\n\t-l\tShow command name too\n\t-a\tShow command line too\n"
    "\t-f\tMatch against entire command line\n\t-n\tShow the newest process only\n\t-o\tShow the oldest process only\n"
    "\t-v\tNegate the match\n\t-x\tMatch whole name (not substring)\n\t-P\tMatch parent process ID",
    gnu={"full": "f", "count": "c", "newest": "n", "oldest": "o", "exact": "x", "euid:": "u", "list-name": "l",
         "list-full": "a", "parent:": "P"},
    gnu_status=2,
    most=1,
)  # fmt: skip
async def pgrep(proc: Proc, options: Options, operands: list[str]) -> int:
    found = _selected(proc, options, operands)
    if "c" in options:
        await proc.out(f"{len(found)}\n")
        return int(not found)
    for info in found:
        extra = " " + " ".join(info.args) if "a" in options or ("l" in options and not is_gnu(proc)) else ""
        extra = extra or (f" {info.comm}" if "l" in options else "")
        await proc.out(f"{info.pid}{extra}\n")
    return int(not found)


async def pkill(proc: Proc) -> int:
    """As pgrep, with a signal before the options: -9, -HUP."""
    number, words = signals.SIGTERM, proc.argv[1:]
    for place, word in enumerate(words):
        if word[:1] == "-" and (word[1:].isdigit() or word[1:].upper().removeprefix("SIG") in signals.NUMBERS):
            number = signals.number(word[1:])
            proc.argv = [proc.argv[0], *words[:place], *words[place + 1 :]]
            break
    return await _killing(number)(proc)


def _killing(number: int) -> Main:
    @command(
        OPTIONS,
        synopsis="[-l|-SIGNAL] [-xfvno] [-s SID|-P PPID|PATTERN]",
        about="Send signal to processes selected by regex PATTERN",
        gnu={"full": "f", "newest": "n", "oldest": "o", "exact": "x", "euid:": "u", "signal:": "signal"},
        gnu_status=2,
        most=1,
    )
    async def main(proc: Proc, options: Options, operands: list[str]) -> int:
        found = _selected(proc, options, operands)
        signal = signal_of(options["signal"]) if "signal" in options else number
        sent = [await _send(proc, str(info.pid), signal) for info in found]
        return int(not any(sent))

    return main


def _selected(proc: Proc, options: Options, operands: list[str]) -> list[ProcInfo]:
    if not operands and not options.any("uPs"):
        raise Usage("no matching criteria specified" if is_gnu(proc) else "")
    try:
        pattern = re.compile(operands[0] if operands else "")
    except re.error:
        raise Failure(f"bad regex '{operands[0]}'") from None
    test = pattern.fullmatch if "x" in options else pattern.search
    owner = user(proc, options["u"]) if "u" in options else None
    found = []
    for info in proc.processes():
        if info.pid == proc.pid:
            continue
        text = " ".join(info.args) if "f" in options else info.comm
        right = test(text) is not None
        right = right and (
            "u" not in options or options["u"] == str(owner.uid if owner else info.uid) or info.user == options["u"]
        )
        right = right and ("P" not in options or str(info.ppid) == options["P"])
        right = right and ("s" not in options or str(info.sid) == options["s"])
        if right != ("v" in options):
            found.append(info)
    if options.any("no") and found:
        return [found[-1] if options.last("no") == "n" else found[0]]
    return found
