"""The worksheet: a CSV file in which a person gives points and comments, `manual.csv`.

Its columns are nbgrader's words. A row for each cell that a person has to mark, or has marked. What is filled in is
taken in before the file is written anew. An empty field says nothing, so it takes nothing back. Spreadsheets save in
their own manner, and are understood: commas, semicolons or tabs, UTF-8 or Korean Windows' encoding, "1,5" for 1.5.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path

from classroom.grading.reading import Unreadable, decoded
from classroom.grading.results import Grade, Mark, Result
from classroom.grading.tables import counted, harmful, number, to_csv

NAME = "manual.csv"
COLUMNS = (
    "student_id", "grade_id", "max_score", "manual_score", "extra_credit", "comment", "needs_manual_grade", "answer",
    "rubric",
)  # fmt: skip
NEEDED = COLUMNS[:2]
Entered = tuple[str, Grade]  # by whom it was handed in


class BadWorksheet(ValueError):
    """What is entered cannot be meant; says where and why. Nothing of the file was taken."""


def write(results: Sequence[Result], lang: str) -> str:
    """The file's text. `lang`: of the rubrics."""
    rows = [row for result in counted(results) for row in _rows(result, lang)]
    return to_csv([COLUMNS, *rows])


def _rows(result: Result, lang: str) -> Iterator[Sequence[object]]:
    for grade_id, marks in result.cells().items():
        grade, first = result.grade(grade_id), marks[0]
        if not first.manual and grade == Grade(grade_id):
            continue
        rubric = first.messages.get(lang, "") if first.manual else ""
        needs = int(result.needs_manual_grade(grade_id))
        maximum = number(sum(mark.maximum for mark in marks))
        yield result.student, grade_id, maximum, *_fields(grade).values(), needs, first.answer, rubric


def _fields(grade: Grade) -> dict[str, str]:
    """What a person fills in, as it is written."""
    return {
        "manual_score": "" if grade.manual_score is None else number(grade.manual_score),
        "extra_credit": number(grade.extra_credit) if grade.extra_credit else "",
        "comment": grade.comment,
    }


def read(path: Path, results: Sequence[Result]) -> list[Entered]:
    """What a person has filled in that was not known yet. Raises BadWorksheet, OSError."""
    try:
        text, _ = decoded(path.read_bytes())
    except Unreadable:
        raise BadWorksheet(f"{path}: this is no text") from None
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    if missing := [name for name in NEEDED if name not in (rows.fieldnames or ())]:
        raise BadWorksheet(f"{path}: there is no column {' and no column '.join(missing)}")
    of_student = {result.student: result for result in counted(results)}
    found: list[Entered] = []
    for row in rows:
        try:
            found += _entered(row, of_student)
        except ValueError as error:
            raise BadWorksheet(f"{path}, line {rows.line_num}: {error}") from None
    return found


def _entered(row: Mapping[str, str | None], of_student: Mapping[str, Result]) -> Iterator[Entered]:
    """Raises ValueError."""
    said = {name: _read(value) for name, value in row.items() if name in COLUMNS and isinstance(value, str)}
    if not any(said.values()):
        return
    student = said["student_id"]
    if student not in of_student:
        raise ValueError(f"nobody called {student!r} has handed in")
    result = of_student[student]
    known = result.grade(said["grade_id"])
    news = {name: said.get(name, "") for name, value in _fields(known).items() if said.get(name) != value}
    if any(news.values()):
        yield student, allowed(result, _changed(known, **news))


def _changed(known: Grade, manual_score: str = "", extra_credit: str = "", comment: str = "") -> Grade:
    """Raises ValueError."""
    return replace(
        known,
        manual_score=points(manual_score) if manual_score else known.manual_score,
        extra_credit=points(extra_credit) if extra_credit else known.extra_credit,
        comment=comment or known.comment,
    )


def _read(field: str) -> str:
    return harmful(field.replace("\r\n", "\n").strip())


def allowed(result: Result, entered: Grade) -> Grade:
    """What was entered for one of a submission's cells, as it is kept. Raises ValueError for what cannot be meant."""
    cell: Sequence[Mark] = result.cells().get(entered.grade_id, ())
    if not cell:
        known = ", ".join(result.cells()) or "none: nothing of this submission could be marked"
        raise ValueError(f"there is no cell {entered.grade_id!r} ({known})")
    maximum = sum(mark.maximum for mark in cell)
    if entered.manual_score is not None and not 0 <= entered.manual_score <= maximum:
        given = number(entered.manual_score)
        raise ValueError(f"{given} is not between 0 and {number(maximum)} (what is more goes into extra_credit)")
    return replace(entered, digest=result.digest)


def points(text: str) -> float:
    """
    >>> points("1.5"), points("1,5"), points("-1")
    (1.5, 1.5, -1.0)

    Raises ValueError.
    """
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"{text!r} is no number of points")
    return value
