"""`glassdock mark`: points and comments by hand, for what a machine cannot mark and for what it got wrong.

    glassdock mark COURSE                           what waits for a person
    glassdock mark COURSE STUDENT TASK              the answer, what to look for, and what was entered
    glassdock mark COURSE STUDENT TASK 1.5 --comment "Why does it stop?"

TASK is a task's name and means the answer that a person marks, if it has one; --tests means the points that its checks
gave, which a person's then stand in place of. Any other cell has its grade_id. Or fill in the worksheet,
COURSE/grades/ASSIGNMENT/manual.csv, and run `glassdock grade COURSE` or `glassdock mark COURSE`: both take it in.
What was entered by hand stays when a submission is graded again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from classroom.commands import parser, told
from classroom.exercises.load import EXERCISES, BadAssignment
from classroom.exercises.notebooks import EXPLAIN
from classroom.grading.database import NotOurs
from classroom.grading.publishing import DATABASE, publish, take_in
from classroom.grading.results import Grade, Result
from classroom.grading.store import Store, open_store
from classroom.grading.tables import counted, number
from classroom.grading.worksheet import BadWorksheet, allowed, points
from classroom.texts import LANGUAGES, language


class NoCell(LookupError):
    """Nothing that was handed in is meant; says why."""

    def __str__(self) -> str:
        return str(self.args[0])


def main(argv: Sequence[str]) -> int:
    """2: nothing there is meant, or it cannot have these points; 1: a folder that cannot be read or written."""
    words = parser("mark", __doc__)
    add = words.add_argument
    add("folder", metavar="COURSE", type=Path, help="the folder that was graded")
    add("student", metavar="STUDENT", nargs="?", default="", help="who handed it in")
    add("task", metavar="TASK", nargs="?", default="", help="a task, or a cell's grade_id")
    add("points", metavar="POINTS", nargs="?", default="", help="manual_score: from 0 to the cell's points")
    add("--extra-credit", metavar="N", default="", help="points on top")
    add("--comment", metavar="TEXT", help="for the student's page")
    add("--clear", action="store_true", help="take back what was entered for this cell")
    add("--tests", action="store_true", help="mean the points that the task's checks gave")
    add("--assignment", metavar="NAME", default="", help="of which the task is, where several have one of this name")
    add("--out", metavar="DIR", type=Path, help="where the results are (default: COURSE/grades)")
    add("--lang", choices=LANGUAGES, default=language(), help="of the pages")
    add("--exercises", metavar="DIR", type=Path, default=EXERCISES, help="the assignments (default: Glassdock's own)")
    options = words.parse_intermixed_args(argv)
    if options.student and not options.task:
        words.error("TASK is missing")
    return told(lambda: _run(options), BadAssignment, NotOurs, BadWorksheet, NoCell, ValueError)


def _run(options: argparse.Namespace) -> int:
    out: Path = options.out or options.folder / "grades"
    screen = Console(highlight=False, soft_wrap=True)
    if not (out / DATABASE).exists():
        raise FileNotFoundError(2, "nothing was graded here yet", str(out / DATABASE))
    store, _ = open_store(out / DATABASE)
    try:
        take_in(out, store, screen)
        if not options.student:
            touched = store.assignments()
            _waiting(store, screen)
        else:
            result, grade_id = _meant(store, options)
            touched = [result.assignment] if _enter(store, result, grade_id, options) else []
            _show(store, result, grade_id, options.lang, screen)
        publish(out, touched, options.exercises, store, options.lang, screen)
    finally:
        store.close()
    return 0


def _waiting(store: Store, screen: Console) -> None:
    for name in store.assignments():
        for result in counted(store.results(name)):
            for grade_id in filter(result.needs_manual_grade, result.cells()):
                again = " (handed in again since)" if result.is_marked(grade_id) else ""
                screen.print(f"{name}  {result.student}  {grade_id}{again}", markup=False)


def _meant(store: Store, options: argparse.Namespace) -> tuple[Result, str]:
    """The submission, and the cell's grade_id. Raises NoCell."""
    of_student = [
        result
        for name in store.assignments()
        if options.assignment in ("", name)
        for result in counted(store.results(name))
        if result.student == options.student
    ]
    if not of_student:
        raise NoCell(f"nobody called {options.student!r} has handed in {options.assignment or 'anything'}")
    wanted = [options.task] if options.tests else [f"{options.task}{EXPLAIN}", options.task]
    found = [(result, cell) for result in of_student for cell in wanted if cell in result.cells()]
    if not found:
        known = ", ".join(cell for result in of_student for cell in result.cells()) or "none: nothing could be marked"
        raise NoCell(f"there is no cell {options.task!r} ({known})")
    if len({result.assignment for result, _ in found}) > 1:
        raise NoCell(f"several have a task {options.task!r}: say --assignment NAME")
    return found[0]


def _enter(store: Store, result: Result, grade_id: str, options: argparse.Namespace) -> bool:
    """Keep what was typed; False if it was only asked what there is. Raises ValueError."""
    entered = known = Grade(grade_id) if options.clear else result.grade(grade_id)
    if options.points:
        entered = replace(entered, manual_score=points(options.points))
    if options.extra_credit:
        entered = replace(entered, extra_credit=points(options.extra_credit))
    if options.comment is not None:
        entered = replace(entered, comment=options.comment)
    if entered is known and not options.clear:
        return False
    store.enter(result.assignment, [(result.student, allowed(result, entered))])
    return True


def _show(store: Store, result: Result, grade_id: str, lang: str, screen: Console) -> None:
    """As it is kept now."""
    [result] = [each for each in counted(store.results(result.assignment)) if each.student == result.student]
    marks, grade = result.cells()[grade_id], result.grade(grade_id)
    maximum = number(sum(mark.maximum for mark in marks))
    auto_score = number(sum(mark.points for mark in marks))
    scores = {
        "auto_score": "" if marks[0].manual else auto_score,
        "manual_score": "" if grade.manual_score is None else number(grade.manual_score),
        "extra_credit": number(grade.extra_credit), "comment": grade.comment,
    }  # fmt: skip
    screen.print(f"{result.assignment}  {result.student}  {grade_id}: {maximum} points at most", markup=False)
    screen.print(*(f"  {name}: {value}" for name, value in scores.items() if value), sep="\n", markup=False)
    for text in dict.fromkeys((marks[0].answer, *(mark.messages.get(lang, "") for mark in marks))):
        if text:
            screen.print(f"\n{text}", markup=False)
