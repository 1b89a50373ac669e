"""Durations and sizes as people read them (docker/go-units)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction

_MINUTE, _HOUR = 60, 3600


_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]*)")


def human_duration(seconds: float) -> str:
    """ "About a minute", "3 hours"; go-units duration.go.

    >>> human_duration(62)
    'About a minute'
    """
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    minutes = whole // _MINUTE
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    hours = int(seconds / _HOUR + 0.5)
    if hours == 1:
        return "About an hour"
    for limit, unit, word in (
        (48, 1, "hours"),
        (24 * 14, 24, "days"),
        (24 * 60, 24 * 7, "weeks"),
        (24 * 730, 24 * 30, "months"),
    ):
        if hours < limit:
            return f"{hours // unit} {word}"
    return f"{hours // 24 // 365} years"


def ram_in_bytes(text: str) -> int:
    """Bytes, as go-units' RAMInBytes reads "64m", "1.5g" and "512": powers of 1024. Raises ValueError.

    >>> ram_in_bytes("64m")
    67108864
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"invalid size: '{text}'")
    suffix = match[2].lower()
    if suffix not in {"", "b", *(unit + end for unit in "kmgtp" for end in ("", "b", "ib"))}:
        raise ValueError(f"invalid suffix: '{match[2]}'")
    return int(Fraction(match[1]) * 1024 ** ("bkmgtp".index(suffix[0]) if suffix else 0))


def _scaled(size: float, base: float, units: tuple[str, ...], digits: int) -> str:
    index = 0
    while size >= base and index < len(units) - 1:
        size, index = size / base, index + 1
    return f"{size:.{digits}g}{units[index]}"


def human_size(size: float, digits: int = 4) -> str:
    """Decimal: "7.38MB".

    >>> human_size(7380000, 3)
    '7.38MB'
    """
    return _scaled(size, 1000.0, ("B", "kB", "MB", "GB", "TB", "PB"), digits)


def bytes_size(size: float) -> str:
    """Binary: "1.5GiB"."""
    return _scaled(size, 1024.0, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"), 4)


def ellipsis(text: str, width: int) -> str:
    """Cut to `width` characters, the last one an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"


def go_time(seconds: float) -> str:
    """Go's time.Time.String() in the local zone: "2026-11-21 07:15:12 +0000 UTC"."""
    moment = datetime.fromtimestamp(int(seconds), UTC).astimezone()
    return f"{moment:%Y-%m-%d %H:%M:%S %z} {moment.tzname()}"
