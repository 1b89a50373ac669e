"""Date, by the clock of the simulated machine. Its time zone is UTC. Source: ECMA-262, chapter 21.4."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sim.programs.node.calling import prototype_for
from sim.programs.node.operators import integer, number, to_primitive
from sim.programs.node.values import TO_PRIMITIVE, JSFunction, JSObject, Property, null

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS, MONTHS = (
    ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
)
LONG_DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
LONG_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
LARGEST = 8.64e15
_ISO = re.compile(r"([+-]?\d{4,6})(?:-(\d\d)(?:-(\d\d))?)?(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
                  r"(Z|[+-]\d\d:?\d\d)?")  # fmt: skip
_WORDS = re.compile(r"(?:\w{3,9},? )?(?:(\w{3,9})\.? (\d{1,2})|(\d{1,2}) (\w{3,9})),? (\d{4})"
                    r"(?:,? (\d\d?):(\d\d)(?::(\d\d))?)?"
                    r"(?: ?(?:GMT|UTC|Z)?([+-]\d{4})?.*)?")  # fmt: skip
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,? (\d\d?):(\d\d)(?::(\d\d))?)?")


def made_of(year: float, month: float = 0, day: float = 1, hour: float = 0, minute: float = 0, second: float = 0,
            millisecond: float = 0) -> float:  # fmt: skip
    """ms since 1970 of parts that may be beyond their bounds."""
    parts = (year, month, day, hour, minute, second, millisecond)
    if not all(math.isfinite(part) for part in parts):
        return math.nan
    year, month = year + month // 12, month % 12
    try:
        first = datetime(int(year), int(month) + 1, 1, tzinfo=UTC)
    except ValueError:
        return math.nan
    days = (first - EPOCH).days + day - 1
    return clipped(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millisecond)


def clipped(value: float) -> float:
    return math.trunc(value) + 0.0 if math.isfinite(value) and abs(value) <= LARGEST else math.nan


def parse(said: str) -> float:
    """Date.parse: ISO 8601, and the forms that toString() gives."""
    match = _ISO.fullmatch(said.strip())
    if match is not None:
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        shift = 0
        if zone and zone != "Z":
            shift = int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[-2:]))
        if int(month or 1) > 12 or int(day or 1) > 31 or int(hour or 0) > 24 or int(minute or 0) > 59:
            return math.nan
        return made_of(int(year), int(month or 1) - 1, int(day or 1), int(hour or 0), int(minute or 0) - shift,
                       int(second or 0), int((fraction or "0").ljust(3, "0")[:3]))  # fmt: skip
    match = _SLASHES.fullmatch(said.strip())
    if match is not None:
        month, day, year, *clock = match.groups()
        return made_of(int(year), int(month) - 1, int(day), *(int(part or 0) for part in clock))
    match = _WORDS.fullmatch(said.strip())
    word = (match[1] or match[4])[:3].title() if match else ""
    if match is None or word not in MONTHS:
        return math.nan
    zone = match[9]
    shift = int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[3:])) if zone else 0
    return made_of(int(match[5]), MONTHS.index(word), int(match[2] or match[3]), int(match[6] or 0),
                   int(match[7] or 0) - shift, int(match[8] or 0))  # fmt: skip


def moment(value: float) -> datetime:
    return EPOCH + timedelta(milliseconds=value)


def iso(value: float) -> str:
    when = moment(value)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z".rjust(24, "0")


def day_text(value: float) -> str:
    when = moment(value)
    return f"{DAYS[when.isoweekday() % 7]} {MONTHS[when.month - 1]} {when:%d %Y}"


def full_text(value: float) -> str:
    if value != value:
        return "Invalid Date"
    return f"{day_text(value)} {moment(value):%H:%M:%S} GMT+0000 (Coordinated Universal Time)"


def utc_text(value: float) -> str:
    if value != value:
        return "Invalid Date"
    when = moment(value)
    return f"{DAYS[when.isoweekday() % 7]}, {when:%d} {MONTHS[when.month - 1]} {when:%Y %H:%M:%S} GMT"


def _clock(when: datetime) -> str:
    return f"{when.hour % 12 or 12}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"


def now(realm: Realm) -> float:
    return float(realm.machine.proc.now() // 1_000_000)


def _make(realm: Realm, target: JSFunction, args: Any) -> JSObject:
    if not args:
        value = now(realm)
    elif len(args) == 1:
        one = args[0].data if isinstance(args[0], JSObject) and args[0].kind == "Date" else to_primitive(realm, args[0])
        value = parse(one) if type(one) is str else clipped(number(realm, one))
    else:
        parts = [number(realm, one) for one in args[:7]]
        if 0 <= parts[0] <= 99:
            parts[0] += 1900
        value = made_of(*parts)
    return JSObject(prototype_for(realm, target, realm.date_prototype), None, "Date", value)


def value_of(realm: Realm, this: Any) -> float:
    if not isinstance(this, JSObject) or this.kind != "Date":
        raise realm.error("TypeError", "this is not a Date object.")
    found: float = this.data
    return found


def _iso(realm: Realm, this: Any, *_: Any) -> str:
    value = value_of(realm, this)
    if value != value:
        raise realm.error("RangeError", "Invalid time value")
    return iso(value)


def _parts(value: float) -> list[float]:
    when = moment(value)
    return [float(part) for part in (when.year, when.month - 1, when.day, when.hour, when.minute, when.second,
                                     when.microsecond // 1000)]  # fmt: skip


FIELDS = ("FullYear", "Month", "Date", "Hours", "Minutes", "Seconds", "Milliseconds")


def _get(index: int) -> Any:
    def get(realm: Realm, this: Any) -> float:
        value = value_of(realm, this)
        return value if value != value else _parts(value)[index]

    return get


def _set(index: int) -> Any:
    def set_(realm: Realm, this: Any, *values: Any) -> float:
        value = value_of(realm, this)
        parts = _parts(0.0 if value != value else value)
        for offset, one in enumerate(values):
            parts[index + offset] = integer(realm, one) if number(realm, one) == number(realm, one) else math.nan
        this.data = made_of(*parts)
        return float(this.data)

    return set_


def _week_day(realm: Realm, this: Any) -> float:
    value = value_of(realm, this)
    return value if value != value else float(moment(value).isoweekday() % 7)


def _set_time(realm: Realm, this: Any, value: Any = None) -> float:
    value_of(realm, this)
    this.data = clipped(number(realm, value))
    return float(this.data)


def _shown(function: Any) -> Any:
    def show(realm: Realm, this: Any, locale: Any = None, options: Any = None) -> str:
        value = value_of(realm, this)
        return "Invalid Date" if value != value else function(realm, moment(value), options)

    return show


def _local_date(realm: Realm, when: datetime, options: Any) -> str:
    chosen = {name: realm.value_of(options, name) for name in ("weekday", "year", "month", "day")} \
        if isinstance(options, JSObject) else {}  # fmt: skip
    if not any(chosen.values()):
        return f"{when.month}/{when.day}/{when.year}"
    long = chosen["month"] in ("long", "short")
    month = {"long": LONG_MONTHS, "short": MONTHS}.get(str(chosen["month"]), [str(one) for one in range(1, 13)])
    weekday = {"long": LONG_DAYS, "short": DAYS}.get(str(chosen["weekday"]))
    if not long:
        parts = [str(value) for value, name in ((when.month, "month"), (when.day, "day"), (when.year, "year"))
                 if chosen[name]]  # fmt: skip
        return "/".join(parts)
    said = month[when.month - 1] + (f" {when.day}" if chosen["day"] else "")
    said += f"{', ' if chosen['day'] else ' '}{when.year}" if chosen["year"] else ""
    return f"{weekday[when.isoweekday() % 7]}, {said}" if weekday else said


def _local(realm: Realm, when: datetime, options: Any) -> str:
    return f"{_local_date(realm, when, options)}, {_clock(when)}"


def _to_primitive(realm: Realm, this: Any, hint: Any = None) -> Any:
    return value_of(realm, this) if hint == "number" else full_text(value_of(realm, this))


def install(realm: Realm) -> None:
    made = realm.constructor("Date", realm.date_prototype, lambda realm, this, *_: full_text(now(realm)), _make, 7)
    realm.methods(made, {
        "now": lambda realm, this: now(realm), "parse": lambda realm, this, said=None: parse(str(said)),
        "UTC": lambda realm, this, *parts: made_of(*(number(realm, part) for part in parts)),
    })  # fmt: skip
    methods: dict[Any, Any] = {}
    for index, name in enumerate(FIELDS):
        for zone in ("", "UTC"):
            methods[f"get{zone}{name}"], methods[f"set{zone}{name}"] = _get(index), _set(index)
    realm.methods(realm.date_prototype, methods | {
        "getDay": _week_day, "getUTCDay": _week_day, "getTime": value_of, "valueOf": value_of, "setTime": _set_time,
        "getTimezoneOffset": lambda realm, this: 0.0, "toISOString": _iso,
        "toJSON": lambda realm, this, *_: null if this.data != this.data else iso(this.data),
        "toString": lambda realm, this: full_text(value_of(realm, this)),
        "toUTCString": lambda realm, this: utc_text(value_of(realm, this)),
        "toDateString": _shown(lambda realm, when, options: day_text((when - EPOCH) / timedelta(milliseconds=1))),
        "toTimeString": _shown(lambda realm, when, options: f"{when:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"),
        "toLocaleDateString": _shown(_local_date), "toLocaleString": _shown(_local),
        "toLocaleTimeString": _shown(lambda realm, when, options: _clock(when)),
    })  # fmt: skip
    realm.methods(realm.date_prototype, {TO_PRIMITIVE: _to_primitive})
    realm.date_prototype.props["constructor"] = Property(made, writable=True, configurable=True)
