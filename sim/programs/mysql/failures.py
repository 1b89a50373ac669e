"""SQLite's errors in MySQL's words, with number and SQLSTATE. Source: MySQL Error Reference, "Server Errors"."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

from sim.programs.mysql.definitions import Table
from sim.programs.mysql.dialect import solid
from sim.programs.mysql.protocol import Failure

RULES = (
    (r"no such table: (?:main\.)?(\w+)$", 1146, "42S02", "Table '{database}.{0}' doesn't exist"),
    (r"no such table: (\w+)\.(\w+)", 1146, "42S02", "Table '{0}.{1}' doesn't exist"),
    (r"no such column: (.+)", 1054, "42S22", "Unknown column '{0}' in 'field list'"),
    (r"table (\S+) has no column named (\S+)", 1054, "42S22", "Unknown column '{1}' in 'field list'"),
    (r"table (\S+) already exists", 1050, "42S01", "Table '{0}' already exists"),
    (r"no such function: (\S+)", 1305, "42000", "FUNCTION {database}.{0} does not exist"),
    (r"wrong number of arguments to function (\w+)\(\)", 1582, "42000",
     "Incorrect parameter count in the call to native function '{0}'"),
    (r"CHECK constraint failed: (.+)", 3819, "HY000", "Check constraint '{0}' is violated."),
    (r"table \S+ has (\d+) columns but (\d+) values were supplied", 1136, "21S01",
     "Column count doesn't match value count at row 1"),
    (r"(\d+) values for (\d+) columns", 1136, "21S01", "Column count doesn't match value count at row 1"),
    (r"ambiguous column name: (.+)", 1052, "23000", "Column '{0}' in field list is ambiguous"),
    (r"database (?:table )?is locked.*", 1205, "HY000", "Lock wait timeout exceeded; try restarting transaction"),
    (r"index (\S+) already exists", 1061, "42000", "Duplicate key name '{0}'"),
)  # fmt: skip
CHILD = "Cannot add or update a child row: a foreign key constraint fails"
PARENT = "Cannot delete or update a parent row: a foreign key constraint fails"


def failure(error: Exception, sql: str, database: str, product: str, tables: Sequence[Table] = ()) -> Failure:
    """What MySQL would say; `sql` as the client wrote it; `tables`: those of the database."""
    said = str(error)
    if found := re.fullmatch(r"UNIQUE constraint failed: (\w+)\.(\w+).*", said):
        primary = any(table.name == found[1] and found[2] in table.primary for table in tables)
        key = f"{found[1]}.{'PRIMARY' if primary else found[2]}"
        return Failure(1062, "23000", f"Duplicate entry '{_entry(sql)}' for key '{key}'")
    if found := re.fullmatch(r"NOT NULL constraint failed: (\w+)\.(\w+)", said):
        return _null(sql, found[2])
    if said == "FOREIGN KEY constraint failed":
        parent = solid(sql)[0].word == "DELETE"
        return Failure(1451 if parent else 1452, "23000", PARENT if parent else CHILD)
    if found := re.fullmatch(r'near "([^"]*)": syntax error', said):
        return syntax(sql, found[1], product)
    for pattern, code, state, words in RULES:
        if found := re.fullmatch(pattern, said):
            return Failure(code, state, words.format(*found.groups(), database=database))
    if "incomplete input" in said or "unrecognized token" in said:
        return syntax(sql, "", product)
    return Failure(1105, "HY000", said)


def syntax(sql: str, near: str, product: str = "MySQL") -> Failure:
    """`near`: the word that was not understood, "" for the end."""
    at = sql.find(near) if near else len(sql)
    rest, line = sql[max(at, 0) :][:80], sql.count("\n", 0, max(at, 0)) + 1
    return Failure(1064, "42000", "You have an error in your SQL syntax; check the manual that corresponds to your "
                   f"{product} server version for the right syntax to use near '{rest}' at line {line}")  # fmt: skip


def _entry(sql: str) -> str:
    """The first value that an INSERT gives."""
    found = re.search(r"VALUES?\s*\(\s*('(?:[^']|'')*'|[^,)]+)", sql, re.IGNORECASE)
    return found[1].strip().strip("'") if found else ""


def _null(sql: str, column: str) -> Failure:
    """NULL was given, or nothing was."""
    names = re.match(r"\s*INSERT\s+INTO\s+\S+?\s*\(([^)]*)\)", sql, re.IGNORECASE)
    given = names is None or column in re.findall(r"\w+", names[1])
    if given:
        return Failure(1048, "23000", f"Column '{column}' cannot be null")
    return Failure(1364, "HY000", f"Field '{column}' doesn't have a default value")


def operational(error: sqlite3.Error) -> bool:
    """Whether it is another's lock, which passes."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
