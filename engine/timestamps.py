"""Moments and durations as Docker writes and reads them. All values are integers in nanoseconds (moments: since 1970).

Formats: RFC 3339 with up to nine digits (Go's RFC3339Nano), Go durations ("1h30m", "1.5s"), and what `--since` and
`until=` accept (moby, api/types/time): a duration before now, a Unix time "1136073600.5", or a date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from engine.loop import SECOND

NEVER = "0001-01-01T00:00:00Z"  # Go's zero time

_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_PART = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
_DURATION = re.compile(rf"([+-]?)((?:{_PART})+)")
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_UNIX = re.compile(r"(\d+)(?:\.(\d{1,9}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(moment: int) -> str:
    """
    >>> rfc3339(1_136_214_245_000_000_000), rfc3339(1_136_214_245_120_000_000)
    ('2006-01-02T15:04:05Z', '2006-01-02T15:04:05.12Z')
    """
    seconds, fraction = divmod(moment, SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{fraction:09d}".rstrip("0") if fraction else "") + "Z"


def parse_rfc3339(text: str) -> int:
    """A moment from a date with optional time and zone (UTC if there is none). Raises ValueError.

    >>> parse_rfc3339("2006-01-02T15:04:05.12Z")
    1136214245120000000
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(f'parsing time "{text}": not a date of RFC 3339')
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    whole = datetime(year, month, day, hour, minute, second, tzinfo=_zone(match[8]))
    seconds = (whole - _EPOCH) // timedelta(seconds=1)
    return seconds * SECOND + int((match[7] or "").ljust(9, "0"))


def parse_duration(text: str) -> int:
    """Go's time.ParseDuration. Raises ValueError with Go's text.

    >>> parse_duration("1h30m"), parse_duration("-1.5s"), parse_duration("0")
    (5400000000000, -1500000000, 0)
    """
    if text in ("0", "+0", "-0"):
        return 0
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f'time: invalid duration "{text}"')
    total = 0
    for number, unit in re.findall(_PART, match[2]):
        whole, _, fraction = number.partition(".")
        scale = _UNITS[unit]
        total += int(whole or 0) * scale + (int(fraction) * scale // 10 ** len(fraction) if fraction else 0)
    return -total if match[1] == "-" else total


def parse_moment(text: str, now: int) -> int:
    """What a person gives as a moment: a duration before `now`, a Unix time, or a date. Raises ValueError."""
    try:
        return now - parse_duration(text) if text != "0" else 0
    except ValueError:
        pass
    if match := _UNIX.fullmatch(text):
        return int(match[1]) * SECOND + int((match[2] or "").ljust(9, "0"))
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise ValueError(f'failed to parse value as time or duration: "{text}"') from None


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
