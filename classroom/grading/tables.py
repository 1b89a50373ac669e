"""Marks as CSV: Moodle's and Canvas's columns, and a table with every mark, by grade_id.

Moodle takes any columns and asks which is which; these have the names of its own export, so that it knows them
(docs.moodle.org, "Grade import"). Canvas needs its first five columns and a second row with the possible points
(Canvas's guides, "How do I import grades in the Gradebook?"). Students are known by the id that their folder had.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from classroom.grading.results import Grade, Result, State
from classroom.grading.words import say

Row = Sequence[object]
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula (OWASP, "CSV Injection")


def moodle(assignment: str, results: Iterable[Result], lang: str) -> str:
    """For Moodle's gradebook: Grades, Import, CSV file."""
    head = ("ID number", f"Assignment: {assignment} (Real)", f"Assignment: {assignment} (Feedback)")
    return to_csv([head, *((each.student, number(each.points), summary(each, lang)) for each in counted(results))])


def canvas(assignment: str, maximum: float, results: Iterable[Result], lang: str) -> str:
    """For Canvas's gradebook: Import. `lang` is not used: there are no words in it."""
    head = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment)
    possible = ("    Points Possible", "", "", "", "", number(maximum))
    rows = ((each.student, "", each.student, each.student, "", number(each.points)) for each in counted(results))
    return to_csv([head, possible, *rows])


def marks(results: Iterable[Result]) -> str:
    """Every mark of everybody, one a row, and a row for what has none."""
    head = (
        "student", "assignment", "file", "state", "task", "grade_id", "criterion", "points", "maximum", "manual",
        "manual_score", "extra_credit", "comment",
    )  # fmt: skip
    rows: list[Row] = []
    for each in results:
        first = (each.student, each.assignment, each.file, each.state.value)
        rows += [
            (*first, mark.task, mark.grade_id, mark.criterion, number(mark.points), number(mark.maximum),
             int(mark.manual), *(_by_hand(each.grade(mark.grade_id)) if mark is cell[0] else ("",) * 3))
            for cell in each.cells().values() for mark in cell
        ] or [(*first, *("",) * 9)]  # fmt: skip
    return to_csv([head, *rows])


def _by_hand(grade: Grade) -> Row:
    """What a person has given a cell, at the first of its marks."""
    score = "" if grade.manual_score is None else number(grade.manual_score)
    return score, number(grade.extra_credit) if grade.extra_credit else "", grade.comment


def counted(results: Iterable[Result]) -> list[Result]:
    """One for each student: a file that was refused because another counts has no place in a gradebook."""
    return [each for each in results if not (each.reason is not None and each.reason.key == "older")]


def summary(result: Result, lang: str) -> str:
    """One line for the student."""
    if result.state is State.REFUSED and result.reason is not None:
        return say(result.reason.key, lang, **result.reason.facts)
    tasks = (
        f"{name} {number(result.points_of(found))}/{number(sum(mark.maximum for mark in found))}"
        for name, found in result.tasks().items()
    )
    return ", ".join(tasks)


def number(value: float) -> str:
    """
    >>> number(3.0), number(2.5), number(0)
    ('3', '2.5', '0')
    """
    return f"{value:.4g}"


def to_csv(rows: Iterable[Row]) -> str:
    """As RFC 4180 has it; no cell is a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: object) -> object:
    """A student's id may come from a folder's name, which the student may have chosen."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip("'").startswith(DANGEROUS) else cell


def harmful(cell: str) -> str:
    """What the cell was before `to_csv`."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(DANGEROUS) else cell


TABLES: dict[str, Callable[[str, float, Sequence[Result], str], str]] = {
    "moodle.csv": lambda name, maximum, results, lang: moodle(name, results, lang),
    "canvas.csv": canvas,
    "marks.csv": lambda name, maximum, results, lang: marks(results),
}
