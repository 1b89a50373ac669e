"""Results on disk: an SQLite file, one transaction for each submission.

A grader that is killed loses the submission it was at, and no other: what is written stays, and the next run asks
`done`. What a person has entered belongs to a student and a cell, and no grading touches it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from classroom.grading.database import open_database
from classroom.grading.results import Grade, Mark, Reason, Result, State, Trace


class Store:
    """Open it with `open_store`. Used by one thread."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def close(self) -> None:
        self._database.close()

    def done(self, student: str, assignment: str, file: str, digest: str, course: str) -> bool:
        """Has just this file been marked, by just this course?"""
        row = self._database.execute(
            "SELECT 1 FROM submission WHERE student = ? AND assignment = ? AND file = ? AND digest = ? AND course = ?",
            (student, assignment, file, digest, course),
        ).fetchone()
        return row is not None

    def add(self, result: Result, course: str) -> None:
        """All of a result or nothing; an older one of the same file is replaced. Durable when this returns."""
        reason = result.reason
        row = (
            result.student, result.assignment, result.file, result.digest, course, result.state,
            reason.key if reason else None, _text(reason.facts if reason else {}),
            _text([[note.key, note.facts] for note in result.notes]), result.seconds,
        )  # fmt: skip
        with self._database as database:
            database.execute(
                "DELETE FROM submission WHERE student = ? AND assignment = ? AND file = ?", (row[0], row[1], row[2])
            )
            number = database.execute(
                "INSERT INTO submission (student, assignment, file, digest, course, state, reason, facts, notes,"
                " seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row,
            ).lastrowid  # fmt: skip
            database.executemany(
                "INSERT INTO mark VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, place, mark.task, mark.criterion, mark.grade_id, mark.points, mark.maximum, mark.hidden,
                     mark.manual, _text(mark.messages), _text(mark.state), mark.answer)
                    for place, mark in enumerate(result.marks)
                ],
            )  # fmt: skip
            database.executemany(
                "INSERT INTO trace VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, trace.task, trace.fingerprint, trace.variant, trace.requests, trace.attempts,
                     trace.seconds)
                    for trace in result.traces
                ],
            )  # fmt: skip

    def enter(self, assignment: str, grades: Iterable[tuple[str, Grade]]) -> None:
        """What a person has entered for cells of students, all or nothing; durable when this returns."""
        with self._database as database:
            database.executemany(
                "INSERT OR REPLACE INTO grade VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        student,
                        assignment,
                        each.grade_id,
                        each.manual_score,
                        each.extra_credit,
                        each.comment,
                        each.digest,
                    )
                    for student, each in grades
                ],
            )

    def note(self, name: str, text: str) -> None:
        """Keep a fact about the grading."""
        with self._database as database:
            database.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, text))

    def noted(self, name: str) -> str:
        """What was kept; "" for nothing."""
        row = self._database.execute("SELECT text FROM fact WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def assignments(self) -> list[str]:
        """The names of all that something was handed in for."""
        return [name for (name,) in self._database.execute("SELECT DISTINCT assignment FROM submission ORDER BY 1")]

    def results(self, assignment: str) -> tuple[Result, ...]:
        """Of one assignment, by student and file."""
        return tuple(self._results(assignment))

    def _results(self, assignment: str) -> Iterator[Result]:
        rows = self._database.execute(
            "SELECT id, student, assignment, file, digest, state, reason, facts, notes, seconds FROM submission"
            " WHERE assignment = ? ORDER BY student, file", (assignment,),
        ).fetchall()  # fmt: skip
        for number, student, name, file, digest, state, reason, facts, notes, seconds in rows:
            yield Result(
                student, name, file, digest, State(state), Reason(reason, json.loads(facts)) if reason else None,
                self._marks(number), self._traces(number),
                tuple(Reason(key, values) for key, values in json.loads(notes)), seconds, self._grades(student, name),
            )  # fmt: skip

    def _marks(self, number: int) -> tuple[Mark, ...]:
        rows = self._database.execute(
            "SELECT task, criterion, grade_id, points, maximum, hidden, manual, messages, state, answer FROM mark WHERE"
            " submission = ? ORDER BY place", (number,),
        )  # fmt: skip
        return tuple(
            Mark(task, criterion, grade_id, points, maximum, bool(hidden), json.loads(messages), json.loads(state),
                 bool(manual), answer)
            for task, criterion, grade_id, points, maximum, hidden, manual, messages, state, answer in rows
        )  # fmt: skip

    def _grades(self, student: str, assignment: str) -> Mapping[str, Grade]:
        rows = self._database.execute(
            "SELECT grade_id, manual_score, extra_credit, comment, digest FROM grade WHERE student = ? AND"
            " assignment = ? ORDER BY grade_id", (student, assignment),
        )  # fmt: skip
        return {row[0]: Grade(*row) for row in rows}

    def _traces(self, number: int) -> tuple[Trace, ...]:
        rows = self._database.execute(
            "SELECT task, fingerprint, variant, requests, attempts, seconds FROM trace WHERE submission = ?"
            " ORDER BY rowid", (number,),
        )  # fmt: skip
        return tuple(Trace(*row) for row in rows)


def open_store(path: Path) -> tuple[Store, Path | None]:
    """See open_database."""
    database, aside = open_database(path)
    return Store(database), aside


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
