"""Where one file comes from: the pile of a container's layers from the side, and what each says about a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.views.layers import instruction
from classroom.views.names import named

WIDTH, HEIGHT, GAP, TOP = 520, 34, 6, 46


def draw(container: str, path: str, words: Sequence[tuple[Mapping[str, Any], str]]) -> Picture:
    """`words`: (layer as in `GET /glassdock/layers`, what it says) from the bottom up, the container's own last."""
    canvas = Canvas(tell("where from", path=path, container=container))
    canvas.text(16, 26, tell("path in container", path=path, container=container), mono=True, bold=True)
    counts = next((at for at in reversed(range(len(words))) if words[at][1]), None)
    lines = [canvas.title]
    for row, at in enumerate(reversed(range(len(words)))):
        layer, said = words[at]
        own, wins = at == len(words) - 1, at == counts
        y = TOP + row * (HEIGHT + GAP)
        label = tell("own layer") if own else instruction(layer.get("CreatedBy", "")) or layer.get("Chain", "")
        fill = "orange-soft" if wins else "blue-soft" if said else "grey-soft"
        canvas.box(16, y, WIDTH, HEIGHT, fill=fill, edge="orange" if wins else "line", dashed=own, heavy=wins)
        canvas.text(28, y + 22, label, size=12, mono=not own, within=WIDTH - 24)
        seen = "nothing to see" if said == "deleted" else "seen"
        verdict = tell(seen if wins else "hidden" if said else "says nothing", said=named(said))
        canvas.text(WIDTH + 30, y + 22, verdict, bold=wins, colour="ink" if wins else "faint")
        lines.append(f"{'▶' if wins else ' '} {label[:60]:<60}  {verdict}")
    if counts is None:
        lines.append(tell("no layer"))
    return canvas.picture("\n".join(lines))
