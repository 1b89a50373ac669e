"""A command as a picture in text: which room did what for whom, from the engine's own trace.

client   api      daemon   cache    hub      host
  ├───────▶│        │        │        │        │       POST /containers/create            404
  │        ├───────▶│        │        │        │       create container
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.trace import WHERES

WIDTH = 8  # of a lane
_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")  # a full id is shown as its first twelve digits
Span = Mapping[str, Any]  # as engine.trace.Span.json() gives it

HEADING = "  " + "".join(where.ljust(WIDTH) for where in WHERES)


def flow(spans: Iterable[Span], most_operations: int = 4) -> str:
    """One line per span, in the order of their beginning; of a long run of kernel operations only the first."""
    ordered = sorted(spans, key=lambda span: span["id"])
    where = {span["id"]: span["where"] for span in ordered}
    lines = [HEADING]
    operations = 0
    for span in ordered:
        operations = operations + 1 if span["where"] == "host" else 0
        if operations <= most_operations:
            lines.append(_line(span, where.get(span["parent"], "client")))
        elif operations == most_operations + 1:
            lines.append("")  # the count goes here
        if operations > most_operations:
            lines[-1] = _lanes("host", "host") + f"… and {operations - most_operations} kernel operations more"
    return "\n".join(lines)


def _line(span: Span, caller: str) -> str:
    facts = span["attributes"]
    said = [str(facts[key]) for key in ("status", "result", "bytes", "size") if key in facts]
    outcome = f"✗ {span['error']}" if span["error"] else " ".join(said)
    name = _ID.sub(r"\1", span["name"])
    return f"{_lanes(caller, span['where'])}{name:<58.58} {_time(span['duration']):>9}  {outcome}".rstrip()


def _lanes(caller: str, where: str) -> str:
    """The six lanes, with an arrow from the caller's to this one's."""
    cells = [" "] * (2 + WIDTH * len(WHERES))
    for i in range(len(WHERES)):
        cells[2 + WIDTH * i] = "│"
    start, end = 2 + WIDTH * WHERES.index(caller), 2 + WIDTH * WHERES.index(where)
    if start < end:
        cells[start] = "├"
        for i in range(start + 1, end):
            cells[i] = "─"
        cells[end] = "▶"
    else:
        cells[end] = "●"
    return "".join(cells)


def _time(nanoseconds: int) -> str:
    if nanoseconds >= 1_000_000_000:
        return f"{nanoseconds / 1e9:.2f} s"
    return f"{nanoseconds / 1e6:.2f} ms"


def count(spans: Iterable[Span], where: str) -> int:
    return sum(span["where"] == where for span in spans)
