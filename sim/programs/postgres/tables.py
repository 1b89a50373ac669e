"""How psql prints a result: aligned, unaligned, expanded. Source: PostgreSQL documentation, psql, \\pset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from sim.programs.postgres.protocol import FLOAT8, INT4, INT8, Column

NUMBERS = (INT4, INT8, FLOAT8)


def width(text: str) -> int:
    """Columns that a text takes on a terminal: Hangul and its like take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


@dataclass(slots=True)
class Style:
    """`tuples`: without header and footer (-t)."""

    aligned: bool = True
    tuples: bool = False
    expanded: bool = False
    separator: str = "|"
    null: str = ""


def table(columns: Sequence[Column], rows: Sequence[Sequence[str | None]], style: Style, title: str = "") -> str:
    shown = [[style.null if value is None else value for value in row] for row in rows]
    if style.expanded:
        return _expanded(columns, shown, style)
    footer = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
    if not style.aligned:
        lines = [] if style.tuples else [style.separator.join(column.name for column in columns)]
        lines += [style.separator.join(row) for row in shown]
        return "".join(f"{line}\n" for line in [*lines, *([] if style.tuples else [footer])])
    return _aligned(columns, shown, style, title, footer)


def _aligned(
    columns: Sequence[Column], rows: list[list[str]], style: Style, title: str, footer: str
) -> str:  # fmt: skip
    cells = [[value.split("\n") for value in row] for row in rows]
    heads = [] if style.tuples else [[column.name for column in columns]]
    every = [*([[name] for name in head] for head in heads), *cells]
    widths = [max((width(line) for row in every for line in row[number]), default=0) for number in range(len(columns))]
    lines = []
    if heads:
        if title:
            whole = sum(widths) + 3 * len(widths) - 1
            lines.append(title.center(whole).rstrip())
        lines.append("|".join(f" {_centred(name, size)} " for name, size in zip(heads[0], widths, strict=True)))
        lines.append("+".join("-" * (size + 2) for size in widths))
    for row in cells:
        for level in range(max((len(cell) for cell in row), default=0)):
            parts = []
            for number, cell in enumerate(row):
                text = cell[level] if level < len(cell) else ""
                gap = " " * (widths[number] - width(text))
                mark = "+" if level < len(cell) - 1 else " "
                right = columns[number].type in NUMBERS
                parts.append(f" {gap}{text}{mark}" if right else f" {text}{gap}{mark}")
            lines.append("|".join(parts).rstrip() if parts and not row[-1][-1].endswith("+") else "|".join(parts))
    return "".join(f"{line}\n" for line in [*lines, *([] if style.tuples else [footer]), ""])


def _centred(text: str, size: int) -> str:
    left = (size - width(text)) // 2
    return " " * left + text + " " * (size - width(text) - left)


def _expanded(columns: Sequence[Column], rows: list[list[str]], style: Style) -> str:
    if not rows:
        return "(0 rows)\n\n" if not style.tuples else ""
    names = max(width(column.name) for column in columns)
    values = max((width(value) for row in rows for value in row), default=0)
    lines = []
    for number, row in enumerate(rows, 1):
        lines.append(f"-[ RECORD {number} ]".ljust(names + 1, "-") + "+" + "-" * (values + 1))
        lines += [f"{column.name.ljust(names)} | {value}".rstrip() for column, value in zip(columns, row, strict=True)]
    return "".join(f"{line}\n" for line in [*lines, ""])
