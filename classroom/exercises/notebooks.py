"""Assignments as notebooks in nbgrader's own format: the source for teachers, and what students get of it.

Format: Jupyter notebook 4.5 (nbformat), nbgrader cell metadata, schema version 3, and nbgrader's folders:
`source/NAME/NAME.ipynb`, `release/NAME/NAME.ipynb`. What is released is what `nbgrader generate_assignment` makes of
the source with the `nbgrader_config.py` that lies there. Both languages have the same code cells, ids and points.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5
from pprint import pformat
from typing import Any, Literal

from classroom.exercises.codec import to_data
from classroom.exercises.fill import filled
from classroom.exercises.task import Assignment, Criterion, Task
from classroom.exercises.variants import drawn

TEACHER = "instructor"  # whose variant the source's solutions are for
STUB = "# YOUR WORK HERE · 여기에 쓰세요"
TEXT_STUB = "YOUR ANSWER HERE · 여기에 답을 쓰세요"
HIDDEN, EXPLAIN = "-hidden", "-explain"  # a task's grade ids end so; that of its visible part is its name
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
MORE = "# More is looked at here when this is graded. · 채점할 때 여기에서 더 확인해요."
TOLD = {"en": "{number}. {title} ({points} points)", "ko": "{number}. {title} ({points}점)"}

Kind = Literal["read-only", "solution", "tests", "manual", "plain"]
# kind: (grade, solution, locked), as nbgrader's metadata has them
FLAGS: dict[Kind, tuple[bool, bool, bool]] = {
    "read-only": (False, False, True), "solution": (False, True, False),
    "tests": (True, False, True), "manual": (True, True, False),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """`id` is nbgrader's grade id; `points` count for tests and manual cells."""

    id: str
    kind: Kind
    source: str
    code: bool = True
    points: int = 0


def cells(assignment: Assignment, lang: str, seed: int) -> Iterator[Cell]:
    """The source's cells, solutions and hidden tests in them."""
    title, intro = assignment.title.of(lang), assignment.intro.of(lang)
    yield Cell("intro", "read-only", f"# {title}\n\n{intro}", code=False)
    yield Cell("student", "solution", 'student = ""\n' + _solution(f'student = "{TEACHER}"'))
    yield Cell("begin", "read-only", f'import classroom\n\nclassroom.begin("{assignment.name}", student=student)')
    for number, task in enumerate(assignment.tasks, 1):
        values = drawn(task.draws, TEACHER, seed, f"{assignment.name}/{task.name}")
        yield from _cells(number, task, filled(task, values), lang)


def _cells(number: int, task: Task, teachers: Task, lang: str) -> Iterator[Cell]:
    """One task's. `task` has holes still, for its hidden criteria; `teachers` has the teacher's own names."""
    name = task.name
    heading = TOLD[lang].format(number=number, title=task.title.of(lang), points=task.points)
    yield Cell(f"{name}-goal", "read-only", f"## {heading}", code=False)
    yield Cell(f"{name}-begin", "read-only", f'classroom.task("{name}")')
    guesses = dict(line.split(" ", 2)[1:] for line in teachers.solution if line.startswith("predict "))
    for guess in task.predictions:
        answer = _solution(f"guess = {guesses[guess]!r}")
        yield Cell(f"{name}-predict-{guess}", "solution", f'guess = ...\n{answer}\npredict("{guess}", guess)')
    lines = [_typed(line) for line in teachers.solution if not line.startswith("predict ")]
    yield Cell(f"{name}-work", "solution", _solution(*lines))
    yield Cell(f"{name}-check", "plain", f'classroom.check("{name}")    # classroom.hint("{name}")')
    yield Cell(name, "tests", f'classroom.marks("{name}")', points=task.visible)
    if hidden := [each for each in task.criteria if each.hidden]:
        yield Cell(f"{name}{HIDDEN}", "tests", _hidden(name, hidden), points=task.hidden)
    if teachers.explain is not None:
        explain = teachers.explain
        answer, rubric = explain.answer.of(lang), explain.rubric.of(lang)
        yield Cell(f"{name}-question", "read-only", explain.question.of(lang), code=False)
        yield Cell(f"{name}{EXPLAIN}", "manual", f"{answer}\n\n> {rubric}", code=False, points=explain.points)


def _solution(*lines: str) -> str:
    return "\n".join([BEGIN_SOLUTION, *lines, END_SOLUTION])


def _typed(line: str) -> str:
    """As in a cell: `!docker …`; what has several lines is given to the lab."""
    return f"print(lab.run({line!r}))" if "\n" in line else f"!{line}"


def _hidden(name: str, criteria: list[Criterion]) -> str:
    data = pformat([to_data(each) for each in criteria], width=110, sort_dicts=False)
    return "\n".join([MORE, BEGIN_HIDDEN, f'classroom.marks("{name}", {data})', END_HIDDEN])


def source(assignment: Assignment, lang: str, seed: int) -> dict[str, Any]:
    """The teacher's notebook, as JSON."""
    return {
        "cells": [_json(cell) for cell in cells(assignment, lang, seed)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _json(cell: Cell) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if cell.kind != "plain":
        grade, solution, locked = FLAGS[cell.kind]
        metadata["nbgrader"] = {
            "schema_version": 3, "grade_id": cell.id, "grade": grade, "solution": solution, "locked": locked,
            "task": False,
        } | ({"points": cell.points} if grade else {})  # fmt: skip
    kind = "code" if cell.code else "markdown"
    rest: dict[str, Any] = {"execution_count": None, "outputs": []} if cell.code else {}
    return {"id": cell.id, "cell_type": kind, "metadata": metadata, "source": cell.source, **rest}


def released(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """What students get of a source: nbgrader's LockCells, ClearSolutions, ClearHiddenTests and ComputeChecksums."""
    return {**notebook, "cells": [_released(cell) for cell in notebook["cells"]]}


def _released(cell: Mapping[str, Any]) -> dict[str, Any]:
    metadata = json.loads(json.dumps(cell["metadata"]))
    text = _without(cell["source"], BEGIN_HIDDEN, END_HIDDEN)
    if (about := metadata.get("nbgrader")) is not None:
        if about["solution"]:
            stub = STUB if cell["cell_type"] == "code" else TEXT_STUB
            text = _without(text, BEGIN_SOLUTION, END_SOLUTION, stub) if BEGIN_SOLUTION in text else stub
        metadata |= {"deletable": False} | ({} if about["solution"] else {"editable": False})
        about |= {"cell_type": cell["cell_type"]}
        about["checksum"] = checksum(text, cell["cell_type"], about)
    return {**cell, "metadata": metadata, "source": text}


def _without(text: str, begin: str, end: str, stub: str | None = None) -> str:
    """The text without what lies between two marks; `stub` comes in its place."""
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        if line.strip() == begin:
            inside = True
            kept += [] if stub is None else [stub]
        elif line.strip() == end:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def checksum(text: str, cell_type: str, about: Mapping[str, Any]) -> str:
    """nbgrader's own, by which it knows a cell that was changed: MD5 of what a cell is, its flags, id and points."""
    locked = not about["solution"] and (about["grade"] or about["locked"])
    parts = [text, cell_type, str(about["grade"]), str(about["solution"]), str(locked), about["grade_id"]]
    parts += [str(float(about["points"]))] if about["grade"] else []
    return md5("".join(parts).encode(), usedforsecurity=False).hexdigest()
