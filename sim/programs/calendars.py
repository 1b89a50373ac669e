"""Dates as text and back, in UTC: strftime(3), and what date(1) and touch(1) understand. Times are ns since 1970."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from engine.loop import SECOND

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
COMPOUND = {"c": "%a %b %e %H:%M:%S %Y", "D": "%m/%d/%y", "F": "%Y-%m-%d", "R": "%H:%M", "T": "%H:%M:%S",
            "x": "%m/%d/%y", "X": "%H:%M:%S", "r": "%I:%M:%S %p", "h": "%b"}  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time: int) -> datetime:
    """To the microsecond, without rounding."""
    return EPOCH + timedelta(microseconds=time // 1000)


def strftime(format: str, time: int) -> str:
    """Independent of the world's locale and time zone. Flags `-`, `_`, `0`, `^` are GNU's."""
    when = moment(time)
    return re.sub(r"%([-_0^]?)([A-Za-z%:])", lambda found: _field(found[1], found[2], when, time), format)


def _field(flag: str, letter: str, when: datetime, time: int) -> str:
    if letter in COMPOUND:
        return strftime(COMPOUND[letter], time)
    if letter not in FIELDS:
        return f"%{flag}{letter}"
    text = FIELDS[letter](when, time)
    if flag == "-":
        return text.lstrip("0 ") or "0"
    if flag == "_":
        return text.lstrip("0").rjust(len(text)) if text.strip("0") else "0".rjust(len(text))
    return text.upper() if flag == "^" else text


FIELDS: dict[str, Callable[[datetime, int], str]] = {
    "Y": lambda when, time: f"{when.year:04}",
    "C": lambda when, time: f"{when.year // 100:02}",
    "y": lambda when, time: f"{when.year % 100:02}",
    "m": lambda when, time: f"{when.month:02}",
    "d": lambda when, time: f"{when.day:02}",
    "e": lambda when, time: f"{when.day:2}",
    "H": lambda when, time: f"{when.hour:02}",
    "k": lambda when, time: f"{when.hour:2}",
    "I": lambda when, time: f"{(when.hour % 12 or 12):02}",
    "l": lambda when, time: f"{(when.hour % 12 or 12):2}",
    "M": lambda when, time: f"{when.minute:02}",
    "S": lambda when, time: f"{when.second:02}",
    "N": lambda when, time: f"{time % SECOND:09}",
    "s": lambda when, time: str(time // SECOND),
    "a": lambda when, time: DAYS[when.weekday()][:3],
    "A": lambda when, time: DAYS[when.weekday()],
    "b": lambda when, time: MONTHS[when.month - 1][:3],
    "B": lambda when, time: MONTHS[when.month - 1],
    "p": lambda when, time: "AM" if when.hour < 12 else "PM",
    "P": lambda when, time: "am" if when.hour < 12 else "pm",
    "j": lambda when, time: f"{when.timetuple().tm_yday:03}",
    "u": lambda when, time: str(when.isoweekday()),
    "w": lambda when, time: str(when.isoweekday() % 7),
    "V": lambda when, time: f"{when.isocalendar()[1]:02}",
    "G": lambda when, time: str(when.isocalendar()[0]),
    "U": lambda when, time: f"{(when.timetuple().tm_yday + 6 - when.isoweekday() % 7) // 7:02}",
    "W": lambda when, time: f"{(when.timetuple().tm_yday + 6 - when.weekday()) // 7:02}",
    "Z": lambda when, time: "UTC",
    "z": lambda when, time: "+0000",
    "n": lambda when, time: "\n",
    "t": lambda when, time: "\t",
    "%": lambda when, time: "%",
}


DATE = r"(?:(?P<Y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?))"
CLOCK = r"(?:(?P<H>\d\d?):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?)"
ZONE = r"(?:Z|UTC|GMT|(?P<zone>[+-]\d\d:?\d\d))?"
FORMS = (
    re.compile(rf"{DATE}(?:[T ]+{CLOCK})?\s*{ZONE}$"),
    re.compile(rf"{CLOCK}\s*{ZONE}$"),
    re.compile(r"(?:(?:(?P<Y>\d{4})\.)?(?P<m>\d\d)\.(?P<d>\d\d)-)(?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d))?$"),
    re.compile(r"(?:(?:(?P<Y>\d{4}|\d\d)?(?P<m>\d\d))(?P<d>\d\d))?(?P<H>\d\d)(?P<M>\d\d)(?:\.(?P<S>\d\d))?$"),
)
WRITTEN = re.compile(
    r"(?:[A-Z][a-z]{2},? )?(?:(?P<d1>\d\d?) (?P<m1>[A-Z][a-z]{2})|(?P<m2>[A-Z][a-z]{2}) +(?P<d2>\d\d?)) ?"
    r"(?P<Y1>\d{4})?,? ?(?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d))? ?(?:UTC|GMT|[+]0000)? ?(?P<Y2>\d{4})?$"
)
RELATIVE = re.compile(r"([+-]?\s*\d+|next|last|a)?\s*(second|sec|minute|min|hour|day|week|month|year)s?( ago)?$")
STEPS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86400, "week": 604800}


def parse(text: str, now: int, relative: bool = False) -> int:
    """A date in words. `relative`: also GNU's "yesterday", "2 days ago". Raises ValueError."""
    text = text.strip()
    if text.startswith("@"):
        return int(float(text[1:]) * SECOND) if "." in text else int(text[1:]) * SECOND
    for form in FORMS:
        if found := form.match(text):
            return _numbers(found.groupdict(), now)
    if found := WRITTEN.match(text):
        part = found.groupdict()
        month = [name[:3] for name in MONTHS].index(part["m1"] or part["m2"]) + 1
        part |= {"Y": part["Y1"] or part["Y2"], "m": str(month), "d": part["d1"] or part["d2"]}
        return _numbers(part, now)
    if relative:
        return _relative(text.lower(), now)
    raise ValueError(text)


def _numbers(part: dict[str, str | None], now: int) -> int:
    today = moment(now)
    year = int(part.get("Y") or today.year)
    if len(part.get("Y") or "") == 2:
        year += 1900 if year >= 69 else 2000
    month, day = int(part.get("m") or today.month), int(part.get("d") or today.day)
    when = datetime(year, month, day, int(part.get("H") or 0), int(part.get("M") or 0), int(part.get("S") or 0))
    seconds = calendar.timegm(when.timetuple())
    if zone := part.get("zone"):
        offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        seconds -= offset if zone[0] == "+" else -offset
    return seconds * SECOND + int((part.get("f") or "0").ljust(9, "0"))


def _relative(text: str, now: int) -> int:
    named = {"now": 0, "today": 0, "": 0, "yesterday": -86400, "tomorrow": 86400}
    if text in named:
        return now + named[text] * SECOND
    found = RELATIVE.match(text)
    if not found:
        raise ValueError(text)
    word = (found[1] or "1").replace(" ", "")
    count = {"next": 1, "last": -1, "a": 1}.get(word) or int(word)
    count = -count if found[3] else count
    if found[2] in STEPS:
        return now + count * STEPS[found[2]] * SECOND
    when = moment(now)
    months = when.year * 12 + when.month - 1 + count * (12 if found[2] == "year" else 1)
    year, month = divmod(months, 12)
    day = min(when.day, calendar.monthrange(year, month + 1)[1])
    moved = when.replace(year=year, month=month + 1, day=day)
    return calendar.timegm(moved.timetuple()) * SECOND + now % SECOND
