"""time and datetime, by the clock of the simulated machine. Its time zone is UTC."""

from __future__ import annotations

import datetime as library
import time as library_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Table = dict[str, Any]


def time(machine: Machine) -> Table:
    proc = machine.proc
    started = proc.now()

    async def sleep(seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        await machine.sleep(seconds)

    def seconds() -> float:
        return proc.now() / 1e9

    def since() -> float:
        return (proc.now() - started) / 1e9

    def gmtime(when: float | None = None) -> library_time.struct_time:
        return library_time.gmtime(seconds() if when is None else when)

    return {
        "sleep": sleep, "time": seconds, "time_ns": proc.now, "monotonic": since, "perf_counter": since,
        "process_time": since, "gmtime": gmtime, "localtime": gmtime, "monotonic_ns": lambda: proc.now() - started,
        "strftime": lambda form, when=None: library_time.strftime(form, when or gmtime()),
        "ctime": lambda when=None: library_time.asctime(gmtime(when)), "asctime": library_time.asctime,
        "strptime": library_time.strptime, "mktime": lambda when: float(_calendar(when)), "tzname": ("UTC", "UTC"),
        "timezone": 0, "struct_time": library_time.struct_time, "perf_counter_ns": lambda: proc.now() - started,
    }  # fmt: skip


def _calendar(when: Any) -> int:
    year, month, day, hour, minute, second = when[:6]
    return int(library.datetime(year, month, day, hour, minute, second, tzinfo=library.UTC).timestamp())


def datetime(machine: Machine) -> Table:
    """The library's classes, whose `now` and `today` ask the simulated clock."""
    proc = machine.proc

    class Datetime(library.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            when = library.datetime.fromtimestamp(proc.now() // 1000 / 1e6, tz or library.UTC)
            zone = when.tzinfo if tz is not None else None
            return cls(when.year, when.month, when.day, when.hour, when.minute, when.second, when.microsecond, zone)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now()

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    class Date(library.date):
        @classmethod
        def today(cls) -> Any:
            return cls(*library.datetime.fromtimestamp(proc.now() / 1e9, library.UTC).timetuple()[:3])

    for kind, name in ((Datetime, "datetime"), (Date, "date")):
        kind.__name__ = kind.__qualname__ = name
        kind.__module__ = "datetime"
    return {"datetime": Datetime, "date": Date, "timedelta": library.timedelta, "time": library.time,
            "timezone": library.timezone, "UTC": library.UTC}  # fmt: skip
