"""The model's parameters: named, dated constants with their sources, all in parameters.toml.

`Book()` reads them. `book["guest.kernel_fixed"]` is a `Figure` that rests on its own name. `book.changed(...)` gives a
book with some of them replaced: by what a measurement on this machine found, or by a guess to try.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.hypervisor.figures import Figure

FOLDER = Path(__file__).parent
STATUS = {  # from the best to the weakest
    "definition": "follows from how the thing is made",
    "read_primary_data": "read in the authors' own data files",
    "read_abstract": "read in the abstract or on the project's page",
    "read_secondary": "read in a public document that quotes the paper",
    "memory_verify": "from memory: verify before citing",
    "measured": "measured for this project",
    "assumed": "assumed: a plausible round figure without a source",
}


class BadParameter(ValueError):
    """An unknown name, or a value that cannot be."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of the book. `date`: of the source; `fit`: what the value was chosen to reproduce, if it was."""

    name: str
    value: float
    unit: str
    about: str
    source: str
    status: str
    date: str
    fit: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """All parameters by name."""

    parameters: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> Figure:
        if (found := self.parameters.get(name)) is None:
            raise BadParameter(f"unknown parameter: {name}")
        return Figure(found.value, frozenset({name}))

    def changed(self, values: Mapping[str, float], source: str, status: str = "measured", date: str = "") -> Book:
        """The same book with other values. Raises BadParameter for unknown names and for negative or endless values."""
        if status not in STATUS:
            raise BadParameter(f"unknown status: {status}")
        new = dict(self.parameters)
        for name, value in values.items():
            if name not in new:
                raise BadParameter(f"unknown parameter: {name}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise BadParameter(f"{name} must be a number of at least 0, not {value!r}")
            new[name] = replace(new[name], value=float(value), source=source, status=status, date=date, fit="")
        return Book(new)

    def behind(self, figures: Iterable[Figure]) -> list[Parameter]:
        """What these figures rest on, by name."""
        names = frozenset().union(*(figure.rests_on for figure in figures))
        return [self.parameters[name] for name in sorted(names)]


@lru_cache
def book() -> Book:
    """The book as it comes with the program."""
    document = tomllib.loads((FOLDER / "parameters.toml").read_text("utf-8"))
    sources = document.pop("sources")
    return Book({entry.name: entry for entry in _entries(document, sources)})


def _entries(rooms: Mapping[str, Any], sources: Mapping[str, Mapping[str, str]]) -> Iterable[Parameter]:
    for room, rows in rooms.items():
        for name, row in rows.items():
            source = sources[row["source"]]
            yield Parameter(
                f"{room}.{name}", float(row["value"]), row["unit"], row["about"], source["cite"],
                row.get("status", source["status"]), source["date"], row.get("fit", ""),
            )  # fmt: skip
