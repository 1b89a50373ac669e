"""What an assignment's notebook has to have: the cells that are the course's own, whatever a student made of them.

As nbgrader does before it runs a notebook, locked cells get their own source back. One that is there twice runs once,
or it would begin its task again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from classroom.exercises.notebooks import released, source
from classroom.exercises.task import Assignment
from classroom.grading.reading import Notebook
from classroom.grading.results import Reason

KEPT = ("grade", "solution", "locked", "points")  # fields of nbgrader's metadata that marks depend on


@dataclass(frozen=True, slots=True)
class Ready:
    """What is run of a notebook, in order, and what was odd about it."""

    sources: tuple[str, ...]
    notes: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cell of the course's: its released source, and nbgrader's metadata."""

    source: str
    about: Mapping[str, Any]

    @property
    def locked(self) -> bool:
        return not self.about["solution"]


def prepare(wanted: Mapping[str, Wanted], notebook: Notebook) -> Ready:
    """The cells to run: the student's own, and the course's as they were released."""
    missing = [name for name in wanted if name not in notebook.graded]
    changed = [
        name for name, found in notebook.graded.items()
        if name in wanted and any(found.get(field) != wanted[name].about.get(field) for field in KEPT)
    ]  # fmt: skip
    sources: list[str] = []
    seen: set[str] = set()
    for cell in notebook.cells:
        own = wanted.get(cell.grade_id)
        if own is None or not own.locked:
            sources.append(cell.source)
        elif cell.grade_id not in seen:
            sources.append(own.source)
        seen.add(cell.grade_id)
    # A notebook without any of the cells is one that somebody wrote from scratch: that is said once, not cell by cell.
    some = {"missing": missing if len(missing) < len(wanted) else [], "changed": changed}
    notes = [Reason(key, {"cells": ", ".join(names)}) for key, names in some.items() if names]
    return Ready(tuple(sources), tuple(notes) or ((Reason("own notebook", {}),) if missing else ()))


def answers(wanted: Mapping[str, Wanted], notebook: Notebook) -> dict[str, str]:
    """What students have written for a person to read, by grade_id; "" where nothing was put in the stub's place."""
    manual = {name: cell.source for name, cell in wanted.items() if cell.about["grade"] and cell.about["solution"]}
    given = {name: text.strip() for name, text in notebook.answers.items() if name in manual}
    return {name: "" if text == manual[name].strip() else text for name, text in given.items()}


def wanted(assignment: Assignment, lang: str, seed: int) -> dict[str, Wanted]:
    """By grade_id, what was released: no solution and no hidden test is in it."""
    cells = released(source(assignment, lang, seed))["cells"]
    return {
        cell["id"]: Wanted(cell["source"], cell["metadata"]["nbgrader"])
        for cell in cells
        if "nbgrader" in cell["metadata"]
    }
