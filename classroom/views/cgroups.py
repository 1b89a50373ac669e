"""Control groups: what each running container may use, and what it uses now.

Facts: `GET /containers/{id}/stats` (one shot) and `HostConfig` of `GET /containers/{id}/json`; 0 is "no limit".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from engine.clock import SECOND
from engine.units import bytes_size

LEFT, BAR, ROW, TOP = 150, 300, 26, 56  # pixels


@dataclass(frozen=True, slots=True)
class Group:
    """One container's. Memory in bytes, `cpu` in ns since its start, `cpus` processors; a limit of 0 is none."""

    name: str
    memory: int
    memory_limit: int
    processes: int
    processes_limit: int
    cpu: int
    cpus: float


@dataclass(frozen=True, slots=True)
class _Line:
    """`part`: of the limit, from 0 to 1; None where there is no limit."""

    label: str
    said: str
    part: float | None


def draw(groups: Sequence[Group], machine: int, processors: int) -> Picture:
    """`machine`: the host's memory, bytes; `processors`: how many it has."""
    canvas = Canvas(tell("groups"))
    whole = tell("the machine has", memory=bytes_size(machine), cpus=processors)
    canvas.text(16, 26, whole, size=13, colour="faint")
    words, y = [canvas.title, whole], TOP - 4
    for group in groups:
        lines = list(_lines(group))
        canvas.text(16, y + 4, group.name, bold=True, within=LEFT - 60)
        words.append(group.name)
        for line in lines:
            _bar(canvas, y - 10, line)
            words.append(f"  {line.label:<10} {line.said}")
            y += ROW
        y += 12
    if not groups:
        canvas.text(16, y, tell("no container runs"), colour="faint")
        words.append(tell("no container runs"))
    return canvas.picture("\n".join(words))


def _bar(canvas: Canvas, y: float, line: _Line) -> None:
    """The limit is the frame; without one it has no end on the right."""
    x = LEFT + 90
    canvas.text(x - 12, y + 14, line.label, anchor="end", size=13)
    if line.part is None:
        canvas.line([(x + BAR, y), (x, y), (x, y + 18), (x + BAR, y + 18)], dashed=True)
    else:
        canvas.box(x, y, BAR, 18, radius=2, edge="ink")
        if width := BAR * min(line.part, 1.0):
            canvas.box(x, y, max(width, 2), 18, radius=2, fill="orange-soft", edge="orange")
    canvas.text(x + BAR + 12, y + 14, line.said, size=13)


def _lines(group: Group) -> Iterator[_Line]:
    yield _measured(
        "memory", group.memory, group.memory_limit, bytes_size(group.memory), bytes_size(group.memory_limit)
    )
    count, most = group.processes, group.processes_limit
    yield _measured("processes", count, most, str(count), str(most))
    used = tell("cpu used", seconds=f"{group.cpu / SECOND:.1f}")
    limit = tell("cpu limit", cpus=f"{group.cpus:g}") if group.cpus else tell("no limit")
    yield _Line("CPU", f"{used}; {limit}", 0.0 if group.cpus else None)


def _measured(label: str, used: float, limit: float, said: str, most: str) -> _Line:
    if not limit:
        return _Line(tell(label), f"{said}; {tell('no limit')}", None)
    return _Line(tell(label), tell("used of", used=said, limit=most), used / limit)
