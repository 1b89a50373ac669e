"""A notebook as data: a header and cells, whatever the file that holds them. Outputs are no part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

Kind = Literal["markdown", "code", "raw"]
KINDS: tuple[Kind, ...] = ("markdown", "code", "raw")


class NotebookError(ValueError):
    """A file that is no notebook, or a notebook that one of the two forms cannot hold. The text says where and why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """`metadata`: what JSON can say; lessons use `tags` only."""

    kind: Kind
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tags(self) -> tuple[str, ...]:
        """`raises-exception` announces an error."""
        return tuple(cast("list[str]", self.metadata.get("tags", ())))


@dataclass(frozen=True, slots=True)
class Notebook:
    """`metadata`: `jupytext` (what the pair is) and `kernelspec` (what runs it)."""

    metadata: Mapping[str, Any]
    cells: tuple[Cell, ...]

    @property
    def code(self) -> tuple[Cell, ...]:
        """The cells that are run; the same in every language."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def title(self) -> str:
        """The first heading; empty if there is none."""
        lines = (line for cell in self.cells if cell.kind == "markdown" for line in cell.source.splitlines())
        return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), "")
