"""Jupyter's own file (nbformat 4.5): JSON, one object for each cell. Written without outputs, always in one way.

A cell's id is made from what the cell says, so that a cell that is put in changes no other's id, and the code cells of
all languages have the same ones.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, cast

from classroom.workbook.cells import KINDS, Cell, Kind, Notebook, NotebookError

LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}  # a kernel adds more of it when a notebook is saved
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}  # each program displays it differently
KEPT = ("jupytext", "kernelspec")  # of a notebook's metadata; the rest is what programs note for themselves
NOTED = ("collapsed", "execution", "ExecuteTime", "jupyter", "scrolled", "trusted")  # likewise, of a cell's


def write(notebook: Notebook) -> str:
    """The JSON text."""
    seen: Counter[str] = Counter()
    whole = {
        "cells": [_written(cell, seen) for cell in notebook.cells],
        "metadata": {**notebook.metadata, "language_info": LANGUAGE},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read(text: str) -> Notebook:
    """Raises NotebookError for what is not a notebook of format 4."""
    try:
        whole = json.loads(text)
        if whole["nbformat"] != 4:
            raise NotebookError(f"a notebook of format {whole['nbformat']}; open and save it with Jupyter first")
        metadata = {name: whole["metadata"][name] for name in KEPT if name in whole["metadata"]}
        if metadata.get("kernelspec", {}).get("name") == KERNEL["name"]:
            metadata["kernelspec"] = KERNEL
        return Notebook(metadata, tuple(_cell(cell) for cell in whole["cells"]))
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise NotebookError(f"no notebook: {error}") from None


def _written(cell: Cell, seen: Counter[str]) -> dict[str, Any]:
    name = f"{cell.kind}\n{cell.source}"
    seen[name] += 1
    digest = hashlib.sha256(f"{name}\n{seen[name]}".encode()).hexdigest()
    found: dict[str, Any] = {
        "cell_type": cell.kind, "id": digest[:8], "metadata": dict(cell.metadata),
        "source": cell.source.splitlines(keepends=True),
    }  # fmt: skip
    return {**found, "execution_count": None, "outputs": []} if cell.kind == "code" else found


def _cell(cell: Mapping[str, Any]) -> Cell:
    source: str | Iterable[str] = cell["source"]
    if cell["cell_type"] not in KINDS:
        raise NotebookError(f"a cell of type {cell['cell_type']!r}")
    metadata = {name: value for name, value in cell["metadata"].items() if name not in NOTED}
    return Cell(cast("Kind", cell["cell_type"]), source if isinstance(source, str) else "".join(source), metadata)
