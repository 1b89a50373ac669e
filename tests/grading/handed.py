"""A class of students for the tests and the benchmark: notebooks as they would be handed in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from classroom.exercises.fill import filled
from classroom.exercises.load import load
from classroom.exercises.notebooks import released, source
from classroom.exercises.variants import drawn

COURSE = Path(__file__).resolve().parent / "course"
TOY = "05-toy"
PYTHON = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}


def notebook(cells: Iterable[str | tuple[str, str]], metadata: Mapping[str, Any] = PYTHON) -> str:
    """A notebook of code cells; (grade_id, source) for one of nbgrader's."""
    rows = []
    for number, cell in enumerate(cells):
        grade_id, source = ("", cell) if isinstance(cell, str) else cell
        told = {"nbgrader": {"grade_id": grade_id, "grade": False, "solution": True}} if grade_id else {}
        rows.append({
            "cell_type": "code", "id": f"c{number}", "metadata": told, "source": source, "outputs": [],
            "execution_count": None,
        })  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": rows})


def begun(student: str = "") -> list[str]:
    return ["%load_ext classroom\nimport classroom", f"classroom.begin({TOY!r}, student={student!r})"]


def solved(student: str, seed: int = 1, tasks: Sequence[str] | None = None) -> list[str]:
    """Cells that solve the toy assignment, or these tasks of it, as this student's variant has it."""
    assignment = load(TOY, COURSE)
    cells = begun(student)
    for task in assignment.tasks:
        if tasks is None or task.name in tasks:
            values = drawn(task.draws, student, seed, f"{TOY}/{task.name}")
            lines = "\n".join(f"!{line}" for line in filled(task.solution, values))
            cells += [f"classroom.task({task.name!r})", lines]
    return cells


def as_released(student: str, work: dict[str, Sequence[str]], lang: str = "en") -> str:
    """The released notebook, with cells filled in as a student would."""
    document = released(source(load(TOY, COURSE), lang, 1))
    for cell in document["cells"]:
        if cell["id"] == "student":
            cell["source"] = f"student = {student!r}"
        for task, lines in work.items():
            if cell["id"] == f"{task}-work":
                cell["source"] = "\n".join(f"!{line}" for line in lines)
    return json.dumps(document)


def hand_in(root: Path, student: str, text: str | bytes, name: str = f"{TOY}.ipynb", assignment: str = TOY) -> Path:
    """In nbgrader's folders."""
    path = root / "submitted" / student / assignment / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
