"""The file that results are kept in: its tables, its versions, and what is done with a damaged one.

A file that SQLite cannot read is set aside under another name; nothing is ever written over. One of an older version is
brought up to date, in one transaction.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

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
# Version 2: what a person has entered, of no submission's row, since those come and go; and the answers to be read, for
# which everything is graded once more.
BY_HAND = """
CREATE TABLE grade (
  student TEXT NOT NULL, assignment TEXT NOT NULL, grade_id TEXT NOT NULL,
  manual_score REAL, extra_credit REAL NOT NULL, comment TEXT NOT NULL,
  digest TEXT NOT NULL,   -- of the file that was looked at
  PRIMARY KEY (student, assignment, grade_id));
CREATE TABLE fact (name TEXT PRIMARY KEY, text TEXT NOT NULL);
ALTER TABLE mark ADD COLUMN answer TEXT NOT NULL DEFAULT '';
UPDATE submission SET course = '';
"""
VERSIONS = (SCHEMA, BY_HAND)  # each makes its version out of the one before


class NotOurs(ValueError):
    """A database in good health, of another program or of a later version."""


def open_database(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """The database, made if it is missing; and where an unreadable file of that name was put, if there was one.

    Raises NotOurs for somebody else's database, OSError where nothing can be written.
    """
    try:
        return _connect(path), None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise OSError(None, str(error), str(path)) from None
    aside = _set_aside(path)
    return _connect(path), aside


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
        if version > len(VERSIONS) or (tables and not version):
            raise NotOurs(f"{path}: this is a database of another program or version")
        if missing := VERSIONS[version:]:
            database.executescript(f"BEGIN; {''.join(missing)} PRAGMA user_version = {len(VERSIONS)}; COMMIT;")
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
