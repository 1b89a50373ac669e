"""Results on disk: an SQLite file, one transaction for each submission.

A grader that is killed loses the submission it was at, and no other: what is written stays, and the next run asks
`done`. A file that SQLite cannot read is set aside under another name; nothing is ever written over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from classroom.grading.results import Mark, Reason, Result, State, Trace

FORMAT = 1
SCHEMA = """
CREATE TABLE submission (
  id INTEGER PRIMARY KEY,
  student TEXT NOT NULL, assignment TEXT NOT NULL, file TEXT NOT NULL,
  digest TEXT NOT NULL,   -- SHA-256 of the file
  course TEXT NOT NULL,   -- what it was marked by: a digest of the assignment, the course's seed and the limits
  state TEXT NOT NULL, reason TEXT, facts TEXT NOT NULL, notes TEXT NOT NULL, seconds REAL NOT NULL,
  UNIQUE (student, assignment, file));
CREATE TABLE mark (
  submission INTEGER NOT NULL REFERENCES submission (id) ON DELETE CASCADE, place INTEGER NOT NULL,
  task TEXT NOT NULL, criterion TEXT NOT NULL, grade_id TEXT NOT NULL,
  points REAL NOT NULL, maximum REAL NOT NULL, hidden INTEGER NOT NULL, manual INTEGER NOT NULL,
  messages TEXT NOT NULL, state TEXT NOT NULL, -- JSON, by language
  PRIMARY KEY (submission, place));
CREATE TABLE trace (
  submission INTEGER NOT NULL REFERENCES submission (id) ON DELETE CASCADE, task TEXT NOT NULL,
  fingerprint TEXT NOT NULL, variant TEXT NOT NULL, requests INTEGER NOT NULL, attempts INTEGER NOT NULL,
  seconds REAL,           -- of the student's own work
  PRIMARY KEY (submission, task));
"""


class NotOurs(ValueError):
    """A database in good health, of another program or version."""


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
                "INSERT INTO mark VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, place, mark.task, mark.criterion, mark.grade_id, mark.points, mark.maximum, mark.hidden,
                     mark.manual, _text(mark.messages), _text(mark.state))
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
                tuple(Reason(key, values) for key, values in json.loads(notes)), seconds,
            )  # fmt: skip

    def _marks(self, number: int) -> tuple[Mark, ...]:
        rows = self._database.execute(
            "SELECT task, criterion, grade_id, points, maximum, hidden, manual, messages, state FROM mark WHERE"
            " submission = ? ORDER BY place", (number,),
        )  # fmt: skip
        return tuple(
            Mark(
                task,
                criterion,
                grade_id,
                points,
                maximum,
                bool(hidden),
                json.loads(messages),
                json.loads(state),
                bool(manual),
            )
            for task, criterion, grade_id, points, maximum, hidden, manual, messages, state in rows
        )

    def _traces(self, number: int) -> tuple[Trace, ...]:
        rows = self._database.execute(
            "SELECT task, fingerprint, variant, requests, attempts, seconds FROM trace WHERE submission = ?"
            " ORDER BY rowid", (number,),
        )  # fmt: skip
        return tuple(Trace(*row) for row in rows)


def open_store(path: Path) -> tuple[Store, Path | None]:
    """The store, made if it is missing; and where an unreadable file of that name was put, if there was one.

    Raises NotOurs for somebody else's database, OSError where nothing can be written.
    """
    aside = None
    try:
        database = _connect(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise OSError(None, str(error), str(path)) from None
        aside = _set_aside(path)
        database = _connect(path)
    return Store(database), aside


def _connect(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.DatabaseError for what is no database or a damaged one."""
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA foreign_keys = ON")
        [found] = database.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        (version,) = database.execute("PRAGMA user_version").fetchone()
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version != FORMAT and (version or tables):
            raise NotOurs(f"{path}: this is a database of another program or version")
        if not tables:
            database.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")
    except BaseException:
        database.close()
        raise
    return database


def _set_aside(path: Path) -> Path:
    """Rename it, and the journal that belongs to it, to the first free name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():
        journal.rename(aside.with_name(f"{aside.name}-journal"))
    return aside


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
