"""Time: sleep, usleep, date, cal, uptime."""

from __future__ import annotations

import calendar

from engine.loop import SECOND
from sim.abi import Proc
from sim.programs.calendars import MONTHS, moment, parse, strftime
from sim.programs.options import Failure, Options, Usage, command, complain, is_gnu, report
from sim.programs.sizes import seconds

FOREVER = 1e9  # seconds


@command(
    synopsis="[N]...",
    about="Pause for a time equal to the total of the args given, where each arg can\n"
    "have an optional suffix of (s)econds, (m)inutes, (h)ours, or (d)ays",
)
async def sleep(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        raise Usage("missing operand" if is_gnu(proc) else "")
    total = 0.0
    for text in operands:
        try:
            total += seconds(text)
        except ValueError:
            if is_gnu(proc):
                raise Usage(f"invalid time interval '{text}'") from None
            raise Failure(f"invalid number '{text}'") from None
    while total > FOREVER:  # infinity is taken in pieces
        await proc.sleep(FOREVER)
        total -= FOREVER
    await proc.sleep(total)
    return 0


@command(synopsis="N", about="Pause for N microseconds", least=1)
async def usleep(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands[0].isdigit():
        raise Failure(f"invalid number '{operands[0]}'")
    await proc.sleep(int(operands[0]) / 1e6)
    return 0


PRECISIONS = {"": "%Y-%m-%d", "date": "%Y-%m-%d", "hours": "%Y-%m-%dT%H", "minutes": "%Y-%m-%dT%H:%M",
              "seconds": "%Y-%m-%dT%H:%M:%S", "ns": "%Y-%m-%dT%H:%M:%S,%N"}  # fmt: skip


@command(
    "uRI::d:s:r:D:",
    synopsis="[OPTIONS] [+FMT] [[-s] TIME]",
    about="Display time (using +FMT), or set time\n\n\t-u\tWork in UTC (don't convert to local time)\n"
    "\t[-s] TIME\tSet time to TIME\n\t-d TIME\tDisplay TIME, not 'now'\n"
    "\t-r FILE\tDisplay last modification time of FILE\n"
    "\t-R\tOutput RFC-2822 date\n\t-I[SPEC]\tOutput ISO-8601 date\n"
    "\t\tSPEC=date (default), hours, minutes, seconds or ns",
    long={"rfc-2822": "R", "rfc-email": "R", "utc": "u", "date:": "d", "set:": "s", "reference:": "r",
          "iso-8601::": "I", "universal": "u", "rfc-3339:": "rfc-3339"},
)  # fmt: skip
async def date(proc: Proc, options: Options, operands: list[str]) -> int:
    when = proc.now()
    if "r" in options:
        try:
            when = proc.stat(options["r"]).mtime
        except OSError as error:
            await report(proc, options["r"], error, "")
            return 1
    formats = [word[1:] for word in operands if word.startswith("+")]
    setting = options.get("s") or next((word for word in operands if not word.startswith("+")), "")
    text = options.get("d") or setting
    if text:
        try:
            when = parse(text, when, relative=is_gnu(proc))
        except (ValueError, OverflowError):
            raise Failure(f"invalid date '{text}'") from None
    status = 0
    if setting:
        status = 1
        why = "Operation not permitted"
        await complain(proc, f"cannot set date: {why}" if is_gnu(proc) else f"can't set date: {why}")
    await proc.out(strftime(formats[0] if formats else _format(proc, options), when) + "\n")
    return status


def _format(proc: Proc, options: Options) -> str:
    if "R" in options:
        return "%a, %d %b %Y %H:%M:%S +0000"
    if "I" in options:
        if options["I"] not in PRECISIONS:
            raise Usage(f"invalid argument '{options['I']}' for '--iso-8601'" if is_gnu(proc) else "")
        return PRECISIONS[options["I"]] + ("" if options["I"] in ("", "date") else "+00:00")
    if "rfc-3339" in options:
        return PRECISIONS[options["rfc-3339"]].replace("T", " ").replace(",", ".") + (
            "" if options["rfc-3339"] == "date" else "+00:00"
        )
    return "%a %b %e %H:%M:%S UTC %Y"


@command(
    "jy",
    synopsis="[-jy] [[MONTH] YEAR]",
    about="Display a calendar\n\n\t-j\tUse julian dates\n\t-y\tDisplay the entire year",
)
async def cal(proc: Proc, options: Options, operands: list[str]) -> int:
    now = moment(proc.now())
    if not all(word.isdigit() for word in operands):
        raise Failure(f"invalid number '{next(word for word in operands if not word.isdigit())}'")
    numbers = [int(word) for word in operands]
    year = numbers[-1] if numbers else now.year
    month = numbers[0] if len(numbers) > 1 else 0 if numbers or "y" in options else now.month
    if not 1 <= year <= 9999:
        raise Failure(f"number {year} is not in 1..9999 range")
    if len(numbers) > 1 and not 1 <= month <= 12:
        raise Failure(f"number {month} is not in 1..12 range")
    if month:
        lines = [
            f"{MONTHS[month - 1]} {year}".center(20).rstrip(),
            *(week.rstrip() or " " * 21 for week in _month(year, month)),
        ]
    else:
        lines = [f"{year:>34}", ""]
        for quarter in range(1, 13, 3):
            blocks = [[MONTHS[m - 1].center(20), *_month(year, m)] for m in range(quarter, quarter + 3)]
            lines += ["   ".join(row).rstrip() for row in zip(*blocks, strict=True)]
    await proc.out("".join(line + "\n" for line in lines))
    return 0


def _month(year: int, month: int) -> list[str]:
    """Eight… seven lines: the days' names and six weeks, each 20 wide."""
    weeks = calendar.Calendar(firstweekday=6).monthdayscalendar(year, month)
    weeks += [[0] * 7] * (6 - len(weeks))
    return ["Su Mo Tu We Th Fr Sa", *(" ".join(f"{day:2}" if day else "  " for day in week) for week in weeks)]


@command("ps", synopsis="", about="Display the time since the last boot", gnu={"pretty": "p", "since": "s"})
async def uptime(proc: Proc, options: Options, operands: list[str]) -> int:
    up, _ = proc.uptime()
    if "s" in options:
        await proc.out(strftime("%Y-%m-%d %H:%M:%S", proc.now() - int(up * SECOND)) + "\n")
    elif "p" in options:
        days, hours, minutes = int(up // 86400), int(up // 3600 % 24), int(up // 60 % 60)
        parts = [
            f"{n} {unit}{'s' if n != 1 else ''}"
            for n, unit in ((days, "day"), (hours, "hour"), (minutes, "minute"))
            if n
        ]
        await proc.out(f"up {', '.join(parts) or '0 minutes'}\n")
    else:
        await proc.out(f" {uptime_line(proc)}\n")
    return 0


def uptime_line(proc: Proc) -> str:
    """ "08:13:43 up  1:06,  0 users,  load average: 0.34, 0.20, 0.13" """
    up, loads = proc.uptime()
    days, hours, minutes = int(up // 86400), int(up // 3600 % 24), int(up // 60 % 60)
    since = f"{days} day{'s' if days != 1 else ''}, " if days else ""
    since += f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    averages = ", ".join(f"{load:.2f}" for load in loads)
    return f"{strftime('%H:%M:%S', proc.now())} up {since},  0 users,  load average: {averages}"
