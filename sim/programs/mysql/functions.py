"""What SQL can call beside SQLite's own functions. Source: the MySQL reference manual, "Functions and Operators"."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sim.abi import Proc

FORMATS = {"%i": "%M", "%s": "%S", "%M": "%B", "%W": "%A", "%e": "%-d", "%h": "%I", "%r": "%I:%M:%S %p",
           "%T": "%H:%M:%S", "%c": "%-m"}  # fmt: skip
UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 604800, "MONTH": 2592000, "YEAR": 31536000}
PARTS = ("year", "month", "day", "hour", "minute", "second")


class Functions:
    """Of one session. `said`: constants by name, such as version() and database()."""

    def __init__(self, proc: Proc, random: Random, said: Callable[[str], str | int | None]) -> None:
        self._proc, self._random, self._said = proc, random, said

    def add_to(self, connection: sqlite3.Connection) -> None:
        for name, (count, function) in self._table().items():
            connection.create_function(name, count, function)

    def _table(self) -> dict[str, tuple[int, Callable[..., Any]]]:
        said: dict[str, tuple[int, Callable[..., Any]]] = {
            name: (0, lambda name=name: self._said(name))
            for name in ("version", "database", "schema", "user", "session_user", "current_user", "connection_id",
                         "last_inserted")
        }  # fmt: skip
        parts = {part: (1, lambda value, part=part: _part(value, part)) for part in PARTS}
        return said | parts | {
            "now": (-1, lambda *_: self._moment("%Y-%m-%d %H:%M:%S")),
            "sysdate": (0, lambda: self._moment("%Y-%m-%d %H:%M:%S")),
            "curdate": (0, lambda: self._moment("%Y-%m-%d")),
            "curtime": (0, lambda: self._moment("%H:%M:%S")),
            "unix_timestamp": (0, lambda: self._proc.now() // 10**9),
            "rand": (0, self._random.random),
            "uuid": (0, self._uuid),
            "concat": (-1, lambda *values: None if None in values else "".join(map(shown, values))),
            "concat_ws": (-1, lambda by, *values: by.join(shown(value) for value in values if value is not None)),
            "left": (2, lambda value, size: None if value is None else shown(value)[:size]),
            "right": (2, lambda value, size: None if value is None else shown(value)[-size:]),
            "repeat": (2, lambda value, times: str(value) * times),
            "reverse": (1, lambda value: None if value is None else str(value)[::-1]),
            "md5": (1, lambda value: hashlib.md5(shown(value).encode()).hexdigest()),
            "sha1": (1, lambda value: hashlib.sha1(shown(value).encode()).hexdigest()),
            "sha2": (2, lambda value, bits: hashlib.new(f"sha{bits or 256}", shown(value).encode()).hexdigest()),
            "date_format": (2, _formatted),
            "date_add": (2, lambda value, span: _moved(value, span, 1)),
            "date_sub": (2, lambda value, span: _moved(value, span, -1)),
            "regexp": (2, lambda pattern, value: value and re.search(pattern, str(value), re.IGNORECASE) is not None),
            "truncate": (2, lambda value, digits: int(value * 10**digits) / 10**digits),
        }  # fmt: skip

    def _moment(self, form: str) -> str:
        return datetime.fromtimestamp(self._proc.now() / 1e9, UTC).strftime(form)

    def _uuid(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-11f0-a{digits[17:20]}-0242ac110002"


def shown(value: Any) -> str:
    """A value as text; NULL is none."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _part(value: Any, part: str) -> int | None:
    return None if value is None else int(getattr(datetime.fromisoformat(str(value)), part))


def _formatted(value: Any, form: str) -> str | None:
    if value is None:
        return None
    wanted = re.sub(r"%\w", lambda found: FORMATS.get(found[0], found[0]), form)
    return datetime.fromisoformat(str(value)).strftime(wanted)


def _moved(value: Any, span: str, sign: int) -> str | None:
    if value is None:
        return None
    number, _, unit = str(span).partition(" ")
    moved = datetime.fromisoformat(str(value)) + timedelta(seconds=sign * int(number) * UNITS[unit.upper()])
    return moved.strftime("%Y-%m-%d" if len(str(value)) == 10 else "%Y-%m-%d %H:%M:%S")
