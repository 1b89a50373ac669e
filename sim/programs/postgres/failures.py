"""SQLite's errors in PostgreSQL's words, with its SQLSTATE. Source: the documentation's appendix A."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure(Exception):
    """An error that the client is told. `position`: characters from the beginning of the query, from 1."""

    message: str
    code: str = "XX000"
    detail: str = ""
    hint: str = ""
    position: int = 0


RULES = (
    (r"no such table: (?:\w+\.)?(.+)", '42P01', 'relation "{0}" does not exist'),
    (r"no such column: (.+)", '42703', 'column "{0}" does not exist'),
    (r"table (\S+) has no column named (\S+)", '42703', 'column "{1}" of relation "{0}" does not exist'),
    (r"table (\S+) already exists", '42P07', 'relation "{0}" already exists'),
    (r"there is already an? \w+ named (\S+)", '42P07', 'relation "{0}" already exists'),
    (r"index (\S+) already exists", '42P07', 'relation "{0}" already exists'),
    (r"no such function: (\S+)", '42883', "function {0} does not exist"),
    (r'near "([^"]*)": syntax error', '42601', 'syntax error at or near "{0}"'),
    (r"incomplete input", '42601', "syntax error at end of input"),
    (r"NOT NULL constraint failed: (\w+)\.(\w+)", '23502',
     'null value in column "{1}" of relation "{0}" violates not-null constraint'),
    (r"CHECK constraint failed: (.+)", '23514', 'new row violates check constraint "{0}"'),
    (r"FOREIGN KEY constraint failed", '23503', "update or delete on table violates foreign key constraint"),
    (r"ambiguous column name: (.+)", '42702', 'column reference "{0}" is ambiguous'),
    (r"misuse of aggregate.*: (\w+)\(\)", '42803', "aggregate functions are not allowed here: {0}"),
    (r"cannot start a transaction within a transaction", '25001', "there is already a transaction in progress"),
    (r"database table is locked.*", '55P03', "could not obtain lock on relation"),
    (r"(\d+) values for (\d+) columns", '42601', "INSERT has more expressions than target columns"),
)  # fmt: skip


def failure(error: sqlite3.Error, sql: str, connection: sqlite3.Connection) -> Failure:
    """What PostgreSQL would say; `sql` as the client wrote it."""
    said = str(error)
    unique = re.fullmatch(r"UNIQUE constraint failed: (\w+)\.(\w+)(.*)", said)
    if unique:
        return _duplicate(unique[1], unique[2], connection)
    for pattern, code, words in RULES:
        match = re.fullmatch(pattern, said)
        if match:
            shown = [part.removesuffix("()") for part in match.groups()]
            found = re.search(rf"(?<!\w){re.escape(match[1])}(?!\w)", sql) if match.groups() else None
            position = found.start() + 1 if found and code in ("42P01", "42703", "42601", "42883") else 0
            return Failure(words.format(*shown), code, position=position)
    return Failure(said, "XX000")


def _duplicate(table: str, column: str, connection: sqlite3.Connection) -> Failure:
    rows = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    primary = any(row[1] == column and row[5] for row in rows)
    name = f"{table}_pkey" if primary else f"{table}_{column}_key"
    return Failure(f'duplicate key value violates unique constraint "{name}"', "23505",
                   detail=f"Key ({column}) already exists.")  # fmt: skip
