"""The whole machine on one page: processes, what they may use, the files they stand on, the networks between them."""

from __future__ import annotations

from collections.abc import Sequence

from classroom.drawing import Canvas, Picture
from classroom.texts import tell

GAP, HEAD = 28, 22  # between pictures, and for the name above each: pixels


def draw(parts: Sequence[Picture]) -> Picture:
    """Each part goes to the column that is the shorter one so far."""
    canvas = Canvas(tell("host"))
    middle = max(part.size[0] for part in parts) + GAP
    depths = {0.0: 12.0, middle: 12.0}
    for part in parts:
        x = min(depths, key=lambda column: depths[column])
        canvas.text(x + 16, depths[x] + 14, part.title, bold=True)
        canvas.embed(x, depths[x] + HEAD, part)
        depths[x] += HEAD + part.size[1] + GAP
    return canvas.picture("\n\n".join(f"{part.title}\n{part.text}" for part in parts))
