"""Bars and lines on axes, for pictures with figures. Nothing here knows what is counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from classroom.drawing import Canvas, Picture, measure

LEFT, TOP, WIDTH, BAR, LEGEND = 190, 60, 460, 30, 22  # pixels
LINES = ("blue", "orange", "green", "purple", "ink", "faint")
MARKS = (4.0, 5.5, 3.0, 4.5, 6.0, 3.5)  # radii: lines differ in more than colour


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar. `shared`: drawn dashed."""

    name: str
    value: float
    fill: str = "blue-soft"
    edge: str = "blue"
    shared: bool = False


def ticks(top: float) -> list[float]:
    """About five round numbers from 0 to at least `top`.

    >>> ticks(7.3)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    if top <= 0:
        return [0.0, 1.0]
    raw = top / 4
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(step * scale for step in (1, 2, 2.5, 5, 10) if step * scale >= raw * 0.999)
    return [step * number for number in range(math.ceil(top / step - 1e-9) + 1)]


def number(value: float) -> str:
    """
    >>> number(12345.6), number(2.345), number(0)
    ('12,346', '2.35', '0')
    """
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def bars(
    title: str, unit: str, found: Mapping[str, Sequence[Piece]], note: str = "", axis: Sequence[float] = ()
) -> Picture:
    """Lying bars of pieces; the length of each bar is written behind it. `axis`: its ticks, if not as they come."""
    canvas = Canvas(title)
    canvas.text(16, 28, title, bold=True, size=16)
    sums = {label: sum(piece.value for piece in pieces) for label, pieces in found.items()}
    axis = axis or ticks(max(sums.values(), default=1.0))
    floor = TOP + len(found) * (BAR + 10)
    for tick in axis:
        x = LEFT + WIDTH * tick / axis[-1]
        canvas.line([(x, TOP - 4), (x, floor)])
        canvas.text(x, floor + 18, number(tick), anchor="middle", size=12, colour="faint")
    canvas.text(LEFT, TOP - 8, unit, size=12, colour="faint")
    for row, (label, pieces) in enumerate(found.items()):
        y, x = TOP + row * (BAR + 10), float(LEFT)
        canvas.text(LEFT - 10, y + 20, label, anchor="end", within=LEFT - 26)
        for piece in pieces:
            width = WIDTH * piece.value / axis[-1]
            if width >= 0.3:
                canvas.box(x, y, width, BAR, fill=piece.fill, edge=piece.edge, dashed=piece.shared, radius=2)
            x += width
        canvas.text(x + 8, y + 20, number(sums[label]), size=13, bold=True)
    bottom = _legend(canvas, [piece for pieces in found.values() for piece in pieces], floor + 40)
    if note:
        canvas.text(16, bottom + 4, note, size=12, colour="faint")
    return canvas.picture("\n".join([f"{title} ({unit})", *_bar_words(found, sums), *([note] if note else [])]))


def _legend(canvas: Canvas, pieces: Sequence[Piece], y: float) -> float:
    """One sample for each look, in rows; returns where it ends."""
    x = 16.0
    for name, piece in {piece.name: piece for piece in pieces}.items():
        length = 34 + measure(name, 12)
        if x > 16 and x + length > LEFT + WIDTH + 60:
            x, y = 16.0, y + LEGEND
        canvas.box(x, y - 11, 16, 13, fill=piece.fill, edge=piece.edge, dashed=piece.shared, radius=2)
        canvas.text(x + 22, y, name, size=12)
        x += length + 10
    return y + LEGEND


def _bar_words(found: Mapping[str, Sequence[Piece]], sums: Mapping[str, float]) -> Iterator[str]:
    for label, pieces in found.items():
        parts = ", ".join(
            f"{piece.name}{' (shared)' if piece.shared else ''} {number(piece.value)}" for piece in pieces
        )
        yield f"{label}: {number(sums[label])}" + (f" = {parts}" if len(pieces) > 1 else "")


def lines(
    title: str, across: str, up: str, found: Mapping[str, Sequence[tuple[float, float]]], note: str = ""
) -> Picture:
    """One line for each series; each has its name at its end."""
    canvas, height = Canvas(title), 260
    canvas.text(16, 28, title, bold=True, size=16)
    found = _merged(found)
    points = [point for series in found.values() for point in series]
    xs, ys = (ticks(max((point[index] for point in points), default=1.0)) for index in (0, 1))
    left, floor = 90, TOP + height

    def place(x: float, y: float) -> tuple[float, float]:
        return left + WIDTH * x / xs[-1], floor - height * y / ys[-1]

    for tick in ys:
        canvas.line([place(0, tick), place(xs[-1], tick)])
        canvas.text(left - 8, place(0, tick)[1] + 4, number(tick), anchor="end", size=12, colour="faint")
    for tick in xs:
        canvas.text(place(tick, 0)[0], floor + 18, number(tick), anchor="middle", size=12, colour="faint")
    canvas.text(left, TOP - 8, up, size=12, colour="faint")
    canvas.text(left + WIDTH, floor + 36, across, size=12, colour="faint", anchor="end")
    _series(canvas, found, place, left + WIDTH + 12)
    if note:
        canvas.text(16, floor + 56, note, size=12, colour="faint")
    words = (
        f"{label}: " + ", ".join(f"{number(x)} → {number(y)}" for x, y in series) for label, series in found.items()
    )
    return canvas.picture("\n".join([f"{title} ({across} → {up})", *words, *([note] if note else [])]))


def _merged(found: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Sequence[tuple[float, float]]]:
    """Series that nobody could tell apart (within 1 %) are one line with all their names."""
    groups: list[tuple[list[str], Sequence[tuple[float, float]]]] = []
    for label, series in found.items():
        for names, other in groups:
            if len(series) == len(other) and all(
                x == a and abs(y - b) <= 0.01 * max(abs(y), abs(b))
                for (x, y), (a, b) in zip(series, other, strict=True)
            ):
                names.append(label)
                break
        else:
            groups.append(([label], series))
    return {" · ".join(names): series for names, series in groups}


def _series(canvas: Canvas, found: Mapping[str, Sequence[tuple[float, float]]], place: object, edge: float) -> None:
    assert callable(place)
    names: list[tuple[float, str, str]] = []
    for index, (label, series) in enumerate(found.items()):
        colour = LINES[index % len(LINES)]
        drawn = [place(x, y) for x, y in series]
        canvas.line(drawn, colour=colour, heavy=True, dashed=index % 2 == 1)
        for x, y in drawn:
            canvas.dot(x, y, colour=colour, radius=MARKS[index % len(MARKS)])
        if drawn:
            names.append((drawn[-1][1], label, colour))
    below = -math.inf
    for wanted, label, colour in sorted(names):  # names that would lie on each other move down
        y = below = max(wanted + 4, below + 17)
        canvas.text(edge, y, label, size=13, colour="faint" if colour == "faint" else colour, bold=True)
