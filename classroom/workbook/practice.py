"""The graded exercises as part of the workbook: for each lesson its assignment, as students get it.

Each lies in a folder of its own, since tasks lay out files there and a record of the work is kept beside the notebook.
Without a teacher there is no course: everybody has seed 1, and nobody's key seals the record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from classroom.exercises.load import load, names
from classroom.exercises.notebooks import released, source
from classroom.exercises.released import Release
from classroom.exercises.sealed import assignment_key

FOLDER = "exercises"
SEED = 1


@dataclass(frozen=True, slots=True)
class Exercise:
    """`path`: of its notebook, from the table of contents. `files`: by path likewise, the notebook among them."""

    lesson: int
    path: str
    tasks: int
    points: int
    files: dict[str, bytes]


def exercises(lang: str) -> Iterator[Exercise]:
    """All that come with Glassdock, by lesson."""
    for name in names():
        assignment = load(name)
        notebook = released(source(assignment, lang, SEED))
        folder = f"{FOLDER}/{name}"
        files = {
            f"{folder}/{name}.ipynb": json.dumps(notebook, ensure_ascii=False, indent=1) + "\n",
            f"{folder}/{name}.json": Release(assignment, SEED, assignment_key(b"", name), lang).to_json(),
        }
        yield Exercise(
            assignment.lesson, f"{folder}/{name}.ipynb", len(assignment.tasks), assignment.points,
            {path: text.encode() for path, text in files.items()},
        )  # fmt: skip
