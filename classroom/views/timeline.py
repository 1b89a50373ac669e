"""A session as a timeline: one row for each container, one column for each command, its state after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from classroom.drawing import Canvas, Picture
from classroom.texts import tell

CELL, ROW, LEFT, TOP = 34, 30, 170, 46
# state -> (fill, edge, letter)
LOOK = {
    "created": ("grey-soft", "line", "c"), "running": ("green-soft", "green", "r"),
    "paused": ("blue-soft", "blue", "p"), "restarting": ("orange-soft", "orange", "↻"),
    "exited": ("paper", "ink", "x"), "dead": ("orange-soft", "ink", "d"), "removing": ("orange-soft", "line", "-"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """What was there after a command. `states`: name of each container -> its state; `images`: how many."""

    line: str
    exit: int
    states: Mapping[str, str]
    images: int


def draw(moments: Sequence[Moment], at: int | None = None) -> Picture:
    """`at`: the moment to point at, counted from 0; None for the last."""
    canvas = Canvas(tell("session so far"))
    if not moments:
        canvas.text(16, 30, tell("nothing typed"), colour="faint")
        return canvas.picture(tell("nothing typed"))
    at = len(moments) - 1 if at is None else max(0, min(at, len(moments) - 1))
    names = list(dict.fromkeys(name for moment in moments for name in moment.states))
    canvas.text(16, 26, f"{at + 1}/{len(moments)}  $ {moments[at].line}", mono=True, bold=True, within=760)
    canvas.text(16, TOP + 18, tell("images"), colour="faint", size=13)
    canvas.box(LEFT + CELL * at - 2, TOP - 4, CELL, ROW * (len(names) + 1) + 8, edge="orange", heavy=True, fill="paper")
    for column, moment in enumerate(moments):
        x = LEFT + CELL * column
        canvas.text(x + CELL / 2 - 2, TOP + 18, str(moment.images), anchor="middle", size=13)
        for row, name in enumerate(names):
            if state := moment.states.get(name):
                fill, edge, letter = LOOK[state]
                y = TOP + ROW * (row + 1)
                canvas.box(x + 2, y, CELL - 8, ROW - 6, fill=fill, edge=edge, radius=4)
                canvas.text(x + CELL / 2 - 2, y + 17, letter, anchor="middle", size=13)
    for row, name in enumerate(names):
        canvas.text(16, TOP + ROW * (row + 1) + 17, name, within=LEFT - 26, size=13)
    legend = "   ".join(f"{letter} {state}" for state, (_, _, letter) in LOOK.items())
    canvas.text(16, TOP + ROW * (len(names) + 1) + 26, legend, size=12, colour="faint")
    return canvas.picture("\n".join(_text(moments, names, at)))


def _text(moments: Sequence[Moment], names: Sequence[str], at: int) -> Iterator[str]:
    for number, moment in enumerate(moments):
        mark = "▶" if number == at else " "
        states = ", ".join(f"{name} {moment.states[name]}" for name in names if name in moment.states)
        there = tell("there after", count=moment.images, states=states or tell("no containers"))
        failed = f"  (exit {moment.exit})" if moment.exit else ""
        yield f"{mark} {number + 1:>3} $ {moment.line}{failed}   {there}"
