"""Lists as docker prints them: a template per row, and a table whose columns are aligned as Go's tabwriter does.

A list is described by `Columns`: for each name that a template may use, the heading and how to get it from a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.client.template_functions import to_json
from engine.client.templates import TemplateError, parse, render

Getter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """`fields`: name → (heading, value of a row). `owner`: the Go type that an error names."""

    owner: str
    fields: Mapping[str, tuple[str, Getter]]
    functions: Mapping[str, Callable[[Any], Callable[..., str]]]  # {{.Label "x"}}
    hidden: tuple[str, ...] = ()  # not in --format json


def aligned(lines: Iterable[str], minimum: int = 10, padding: int = 3) -> str:
    """Tab-separated lines in columns (Go text/tabwriter with docker's settings 10, 1, 3).

    >>> print(aligned(["A\\tB", "long word\\tx"]))
    A           B
    long word   x
    """
    rows = [line.split("\t") for line in lines]
    widths: list[int] = []
    for row in rows:
        for i, cell in enumerate(row[:-1]):
            if i == len(widths):
                widths.append(minimum)
            widths[i] = max(widths[i], len(cell) + padding)
    return "\n".join("".join(cell.ljust(widths[i]) for i, cell in enumerate(row[:-1])) + row[-1] for row in rows)


def listing(rows: Iterable[Any], columns: Columns, format: str, default: str) -> str:
    """The whole output, without a last newline; "" for no row and no heading.

    `format` is what --format said: "", "table", "table TEMPLATE", "json", "raw"-free TEMPLATE. Raises TemplateError.
    """
    format = format.replace(r"\t", "\t").replace(r"\n", "\n")
    if format in ("", "table"):
        format = "table " + default
    if format == "json":
        return "\n".join(to_json(_all(row, columns)) for row in rows)
    table = format.startswith("table")
    nodes = parse(format.removeprefix("table").lstrip(" ") if table else format)
    lines = [render(nodes, _Row(row, columns), owner=columns.owner) for row in rows]
    if not table:
        return "\n".join(lines)
    heading = render(nodes, _Heading(columns), owner=columns.owner)
    return aligned([heading, *lines])


def _all(row: Any, columns: Columns) -> dict[str, Any]:
    return {name: columns.fields[name][1](row) for name in sorted(columns.fields) if name not in columns.hidden}


class _Row(Mapping[str, Any]):
    """A row as a template sees it; a field is computed when it is asked for."""

    def __init__(self, row: Any, columns: Columns) -> None:
        self.row, self.columns = row, columns

    def __getitem__(self, name: str) -> Any:
        if name in self.columns.fields:
            return self.columns.fields[name][1](self.row)
        return self.columns.functions[name](self.row)

    def __iter__(self) -> Any:
        return iter(name for name in self.columns.fields if name not in self.columns.hidden)

    def __len__(self) -> int:
        return len(self.columns.fields)


class _Heading(Mapping[str, Any]):
    """The row of headings: {{.ID}} gives "CONTAINER ID", {{.Label "x"}} gives "x"."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def __getitem__(self, name: str) -> Any:
        if name in self.columns.fields:
            return self.columns.fields[name][0]
        if name in self.columns.functions:
            return lambda *words: str(words[0]).rsplit(".", 1)[-1] if words else ""
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(self.columns.fields)

    def __len__(self) -> int:
        return len(self.columns.fields)


__all__ = ["Columns", "TemplateError", "aligned", "listing"]
