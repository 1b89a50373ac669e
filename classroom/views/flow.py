"""A command on its way: client → API → daemon → cache → hub → host, as a sequence diagram from the engine's trace.

client   api      daemon   cache    hub      host
  ├───────▶│        │        │        │        │       POST /containers/create            404
  │        ├───────▶│        │        │        │       container create
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.words import duration, short_ids
from engine.trace import WHERES
from engine.units import human_size

Span = Mapping[str, Any]  # as engine.trace.Span.json() gives it

COLOUR = {"client": "ink", "api": "blue", "daemon": "purple", "cache": "green", "hub": "orange", "host": "faint"}
CELL = 8  # letters of a lane in text
LANE, ROW, TOP = 70, 24, 56  # pixels: between lanes, between lines, above the first line
LABEL, TOOK, OUTCOME = 330, 80, 200  # pixels: for a name, a duration, a result


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the picture: `caller` and `where` are lanes; `more`: so many kernel operations are left out here."""

    caller: str
    where: str
    name: str
    outcome: str = ""
    duration: int = 0
    failed: bool = False
    more: int = 0


def steps(spans: Iterable[Span], most_operations: int = 4) -> list[Step]:
    """The lines, in the order of their beginning; of a long run of kernel operations only the first are told."""
    ordered = sorted(spans, key=lambda span: span["id"])
    lanes = {span["id"]: span["where"] for span in ordered}
    found: list[Step] = []
    run = 0
    for span in ordered:
        where: str = span["where"]
        caller = lanes.get(span["parent"], "client" if where == "api" else where)
        if where == caller == "hub" or where == "client":
            continue  # the request inside a download; the command itself is the title
        run = run + 1 if where == "host" else 0
        if run <= most_operations:
            found.append(_step(span, caller))
        elif run == most_operations + 1:
            found.append(Step("host", "host", "", more=1))
        else:
            found[-1] = Step("host", "host", "", more=found[-1].more + 1)
    return found


def _step(span: Span, caller: str) -> Step:
    facts = span["attributes"]
    said = [str(facts[key]) for key in ("status", "result") if key in facts]
    said += [human_size(facts[key]) for key in ("bytes", "size") if key in facts]
    if "found" in facts:
        said.append(tell("found" if facts["found"] else "not found"))
    failed = bool(span["error"]) or int(facts.get("status") or 0) >= 400
    outcome = f"✗ {span['error']}" if span["error"] else " ".join(said)
    return Step(caller, span["where"], short_ids(span["name"]), outcome, span["duration"], failed)


def count(spans: Iterable[Span], where: str) -> int:
    """How many steps a room took part in."""
    return sum(span["where"] == where for span in spans)


def draw(spans: Sequence[Span], most_operations: int = 4) -> Picture:
    """The picture of one command's spans."""
    lines = steps(spans, most_operations)
    title = next((span["name"] for span in spans if span["where"] == "client"), "")
    canvas = Canvas(tell("way of", line=title) if title else tell("ways"))
    canvas.text(16, 24, f"$ {title}" if title else "", mono=True, bold=True, within=LANE * 6 + LABEL)
    bottom = TOP + 22 + ROW * len(lines)
    for where in WHERES:
        x = _x(where)
        canvas.box(x - 33, TOP - 18, 66, 24, edge=COLOUR[where])
        canvas.text(x, TOP - 1, where, anchor="middle", size=13, bold=True, colour=COLOUR[where])
        canvas.line([(x, TOP + 6), (x, bottom)])
    for at, step in enumerate(lines):
        _draw_step(canvas, step, TOP + 30 + ROW * at)
    return canvas.picture("\n".join(_text(lines)))


def _x(where: str) -> float:
    return 45 + LANE * WHERES.index(where)


def _draw_step(canvas: Canvas, step: Step, y: float) -> None:
    start, end = _x(step.caller), _x(step.where)
    label = _x(WHERES[-1]) + 20
    if step.more:
        canvas.text(label, y, tell("operations more", count=step.more), colour="faint")
        return
    if start < end:
        canvas.line([(start, y - 4), (end - 2, y - 4)], colour=COLOUR[step.where], arrow=True)
    else:
        canvas.dot(end, y - 4, colour=COLOUR[step.where])
    colour = "orange" if step.failed else "ink"
    canvas.text(label, y, step.name, mono=True, size=13, within=LABEL)
    canvas.text(label + LABEL + TOOK, y, _took(step), anchor="end", colour="faint", size=13)
    canvas.text(label + LABEL + TOOK + 14, y, step.outcome, colour=colour, size=13, within=OUTCOME)


def _took(step: Step) -> str:
    return duration(step.duration) if step.duration else ""


def _text(lines: Iterable[Step]) -> Iterator[str]:
    yield "  " + "".join(where.ljust(CELL) for where in WHERES)
    for step in lines:
        lanes = _lanes(step.caller, step.where)
        if step.more:
            yield lanes + tell("operations more", count=step.more)
        else:
            yield f"{lanes}{step.name:<58.58} {_took(step):>9}  {step.outcome}".rstrip()


def _lanes(caller: str, where: str) -> str:
    """The six lanes, with an arrow from the caller's to this one's."""
    cells = [" "] * (2 + CELL * len(WHERES))
    for i in range(len(WHERES)):
        cells[2 + CELL * i] = "│"
    start, end = 2 + CELL * WHERES.index(caller), 2 + CELL * WHERES.index(where)
    if start < end:
        cells[start] = "├"
        for i in range(start + 1, end):
            cells[i] = "─"
        cells[end] = "▶"
    else:
        cells[end] = "●"
    return "".join(cells)
