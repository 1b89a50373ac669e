"""Processes, seen twice: as the host counts them, and as each container counts its own (pid namespaces).

Facts: `GET /glassdock/containers/{id}/processes` of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from classroom.drawing import Canvas, Picture
from classroom.texts import tell

ROW, TOP, WIDTH = 24, 56, 420


@dataclass(frozen=True, slots=True)
class Process:
    """`host` and `inside`: its number in the two namespaces; 0 for one that has ended meanwhile."""

    host: int
    inside: int
    command: str


def draw(containers: Mapping[str, Sequence[Process]]) -> Picture:
    """`containers`: name -> its processes."""
    canvas = Canvas(tell("all processes"))
    canvas.text(16, 26, tell("host sees"), bold=True)
    canvas.text(16 + WIDTH + 60, 26, tell("container sees"), bold=True)
    y = TOP
    for name, processes in containers.items():
        height = ROW * max(1, len(processes)) + 34
        x = 16 + WIDTH + 60
        canvas.box(x, y - 16, WIDTH, height, fill="blue-soft", edge="blue", dashed=True)
        canvas.text(x + 12, y + 4, tell("pid namespace", name=name), size=12, colour="blue")
        for at, process in enumerate(processes):
            line = y + 30 + ROW * at
            canvas.text(76, line, str(process.host), anchor="end", mono=True)
            canvas.text(92, line, process.command, mono=True, size=13, within=WIDTH - 90)
            canvas.line([(WIDTH + 20, line - 5), (x + 16, line - 5)], colour="faint", dashed=True, arrow=True)
            canvas.text(x + 60, line, str(process.inside or "-"), anchor="end", mono=True, bold=process.inside == 1)
            canvas.text(x + 76, line, process.command, mono=True, size=13, within=WIDTH - 90)
        y += height + 14
    if not containers:
        canvas.text(16, TOP, tell("no container runs"), colour="faint")
    return canvas.picture("\n".join(_text(containers)))


def _text(containers: Mapping[str, Sequence[Process]]) -> Iterator[str]:
    yield f"{'host':>7} {'inside':>7}  command"
    for name, processes in containers.items():
        yield f"-- {tell('pid namespace', name=name)}"
        for process in processes:
            yield f"{process.host:>7} {process.inside or '-':>7}  {process.command}"
