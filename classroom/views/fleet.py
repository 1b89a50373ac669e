"""A fleet as squares, one for each server, and who serves while it changes."""

from __future__ import annotations

from collections.abc import Mapping

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.views.charts import lines
from classroom.views.names import named
from sim.fleet.placement import CORES, Placement
from sim.fleet.rollout import Rollout

CELL, ACROSS, MOST, POINTS = 34, 20, 400, 24  # pixels; squares in a row, squares, points of a line


def servers(placed: Placement, label: str) -> Picture:
    """Each square says how many instances are on its server; it is filled as high as its processors are asked for."""
    title = tell("placed", label=named(label), count=placed.placed, used=placed.used, all=len(placed.servers))
    canvas = Canvas(title)
    canvas.text(16, 28, title, bold=True, size=16)
    for index, server in enumerate(placed.servers[:MOST]):
        x, y = 16 + CELL * (index % ACROSS), 46 + CELL * (index // ACROSS)
        canvas.box(x, y, CELL - 4, CELL - 4, fill="grey-soft" if server.instances else "paper", radius=3)
        asked = (CELL - 4) * (1 - server.cpu / CORES)
        if asked >= 1:
            canvas.box(x, y + CELL - 4 - asked, CELL - 4, asked, fill="blue-soft", edge="blue-soft", radius=3)
        if server.instances:
            canvas.text(x + CELL / 2 - 2, y + 20, str(len(server.instances)), anchor="middle", size=12)
    counts = [str(len(server.instances)) for server in placed.servers if server.instances]
    hidden = len(placed.servers) - MOST
    words = [title, *([tell("not drawn", count=hidden)] if hidden > 0 else [])]
    return canvas.picture("\n".join([*words, tell("on each", counts=" ".join(counts[:MOST]) or "0")]))


def serving(rolled: Mapping[str, Rollout]) -> Picture:
    """Servers that have been changed, over the time that each way takes."""
    series = {
        label: _thinned([(second, float(changed)) for second, _, changed in each.states])
        for label, each in rolled.items()
    }
    return lines(tell("servers changed"), tell("seconds"), tell("servers"), series)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """So many that they can be told apart; the last one is always there."""
    return [*points[:: max(1, len(points) // POINTS)], points[-1]]
