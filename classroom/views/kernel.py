"""What the kernel was asked to do for a container: each operation as the command a person could type, with its result.

Facts: the spans of the host in the engine's trace, made from `engine.plan` by whichever host there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.views.flow import Span
from classroom.words import duration, short_ids
from engine.operations import Operation

# the part of the wall that an operation builds (the module it is in, in engine/operations), and its colour
PARTS = {"namespaces": "blue", "cgroups": "orange", "files": "green", "network": "purple", "process": "ink"}
KINDS = {kind.__name__: kind.__module__.rpartition(".")[2] for kind in Operation.__subclasses__()}
ROW, TOP = 22, 50


def operations(spans: Iterable[Span], id: str = "") -> list[Span]:
    """The kernel operations among some spans; `id`: those below a span that names this container only."""
    spans = list(spans)
    if id:
        named = {span["id"] for span in spans if id in span["name"] or span["attributes"].get("container") == id}
        while more := {span["id"] for span in spans if span["parent"] in named} - named:
            named |= more
        spans = [span for span in spans if span["id"] in named]
    return [span for span in spans if span["where"] == "host" and "kind" in span["attributes"]]


def part(kind: str) -> tuple[str, str]:
    """Which part of the wall an operation builds, and its colour."""
    return KINDS[kind], PARTS[KINDS[kind]]


def draw(spans: Sequence[Span], name: str = "") -> Picture:
    """The list, in the order in which it was performed."""
    canvas = Canvas(tell("operations for" if name else "operations", count=len(spans), name=name))
    canvas.text(16, 24, canvas.title, bold=True)
    lines = [canvas.title]
    for at, span in enumerate(spans):
        y = TOP + ROW * at
        facts = span["attributes"]
        title, colour = part(facts["kind"])
        result = f"✗ {span['error']}" if span["error"] else facts["result"]
        canvas.text(40, y, str(at + 1), anchor="end", colour="faint", size=12)
        canvas.box(50, y - 14, 92, 18, fill="paper", edge=colour, radius=9)
        canvas.text(96, y - 1, title, anchor="middle", size=12, colour=colour)
        canvas.text(154, y, short_ids(span["name"]), mono=True, size=12, within=620)
        canvas.text(850, y, duration(span["duration"]), anchor="end", size=12, colour="faint")
        if span["error"]:
            canvas.text(862, y, result, size=12, colour="orange", within=200)
        else:
            canvas.text(862, y, result, size=12, within=76)
            canvas.text(942, y, facts["man"], size=12, colour="faint")
        took = duration(span["duration"])
        lines.append(f"{at + 1:>3} {title:<10} {short_ids(span['name']):<90.90} {took:>9}  {result}")
    return canvas.picture("\n".join(lines))
