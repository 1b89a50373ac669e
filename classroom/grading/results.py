"""What grading a submission came to, as data: marks with their messages, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LANGUAGES = ("en", "ko")


class State(StrEnum):
    """GRADED: all of it ran. STOPPED: it was ended before its end; what was done until then has its marks.
    REFUSED: it could not be read, or another one of the same student counts; no marks.
    """

    GRADED = "graded"
    STOPPED = "stopped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reason:
    """A text of classroom/grading/words.py and what is filled into it."""

    key: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """One criterion, or (`manual`) an answer that a person marks. `grade_id`: of the cell that it belongs to.

    `messages`: in each language. `state`: of one that is not met, the same with the names of the holes instead of the
    student's own words, so that what is the same mistake reads the same. `answer`: what a person has to read.
    """

    task: str
    criterion: str
    grade_id: str
    points: float
    maximum: float
    hidden: bool
    messages: Mapping[str, str]
    state: Mapping[str, str] = field(default_factory=dict)
    manual: bool = False
    answer: str = ""

    @property
    def passed(self) -> bool:
        return self.points >= self.maximum


@dataclass(frozen=True, slots=True)
class Grade:
    """What a person has entered for a cell, in nbgrader's words (nbgrader.api.Grade).

    `manual_score` stands in the place of what the machine has given; None: no person has marked it. `extra_credit`
    comes on top. `digest`: of the file that was looked at.
    """

    grade_id: str
    manual_score: float | None = None
    extra_credit: float = 0
    comment: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """What was asked of a task's engine, shortened to what two students can be compared by.

    `fingerprint`: of the requests, names and all; "" if there were none. `variant`: of the names that were asked for.
    `seconds`: of the student's own work, by the record in the notebook; None without one. `attempts`: self-checks made.
    """

    task: str
    fingerprint: str
    variant: str
    requests: int
    attempts: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One submission. `file`: below the graded folder; `digest`: SHA-256 of it, "" if it could not be read.

    `notes`: what is odd about it, for the report; none of them costs points.
    """

    student: str
    assignment: str
    file: str
    digest: str
    state: State
    reason: Reason | None = None
    marks: tuple[Mark, ...] = ()
    traces: tuple[Trace, ...] = ()
    notes: tuple[Reason, ...] = ()
    seconds: float = 0.0
    grades: Mapping[str, Grade] = field(default_factory=dict)  # by grade_id; they outlive what the machine gives

    @property
    def points(self) -> float:
        """The score: extra credit can bring it above the maximum."""
        return self.points_of(self.marks)

    @property
    def maximum(self) -> float:
        return sum(mark.maximum for mark in self.marks)

    @property
    def waits(self) -> float:
        """Points that a person has yet to give."""
        return sum(mark.maximum for mark in self.marks if mark.manual and not self.is_marked(mark.grade_id))

    def grade(self, grade_id: str) -> Grade:
        """What a person has entered, which may be nothing."""
        return self.grades.get(grade_id, Grade(grade_id))

    def is_marked(self, grade_id: str) -> bool:
        return self.grade(grade_id).manual_score is not None

    def points_of(self, marks: Iterable[Mark]) -> float:
        """Of whole cells: a person's score where there is one, else the machine's; and extra credit."""
        cells: dict[str, float] = {}
        for mark in marks:
            cells[mark.grade_id] = cells.get(mark.grade_id, 0) + mark.points
        return sum(self._score(self.grade(grade_id), points) for grade_id, points in cells.items())

    @staticmethod
    def _score(grade: Grade, auto_score: float) -> float:
        return (auto_score if grade.manual_score is None else grade.manual_score) + grade.extra_credit

    def needs_manual_grade(self, grade_id: str) -> bool:
        """Has a person to look at this cell: for the first time, or again, because another file was handed in since?"""
        manual = any(mark.manual for mark in self.marks if mark.grade_id == grade_id)
        if not self.is_marked(grade_id):
            return manual
        return self.grade(grade_id).digest != self.digest

    def cells(self) -> Mapping[str, tuple[Mark, ...]]:
        """The marks of each cell, by grade_id."""
        names = dict.fromkeys(mark.grade_id for mark in self.marks)
        return {name: tuple(mark for mark in self.marks if mark.grade_id == name) for name in names}

    def tasks(self) -> Mapping[str, tuple[Mark, ...]]:
        """The marks of each task, in their order."""
        names = dict.fromkeys(mark.task for mark in self.marks)
        return {name: tuple(mark for mark in self.marks if mark.task == name) for name in names}
