"""CREATE TABLE, ALTER TABLE, DROP TABLE: SQLite's table and the kept definition change together."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.programs.mysql import definitions
from sim.programs.mysql.definitions import KEPT, Table
from sim.programs.mysql.dialect import Token
from sim.programs.mysql.failures import failure, operational, syntax
from sim.programs.mysql.protocol import Done, Failure

if TYPE_CHECKING:
    from sim.programs.mysql.session import Session


def _place(session: Session, said: Sequence[Token]) -> tuple[str, str, int]:
    """(database, table, tokens) of `d.t` or `t`. Raises Failure."""
    if len(said) > 2 and said[1].text == ".":
        database, name, used = said[0].value, said[2].value, 3
    else:
        database, name, used = session.database, said[0].value, 1
    if not database:
        raise Failure(1046, "3D000", "No database selected")
    session.reach(f"{database}.x")
    return database, name, used


def _within(session: Session, database: str, statement: str) -> str:
    """A statement about the table of another database than the current one."""
    if database == session.database:
        return statement
    return re.sub(r'^(CREATE TABLE|CREATE INDEX|DROP TABLE|ALTER TABLE) "', rf'\1 "{database}"."', statement)


def _perform(session: Session, sql: str, database: str, made: Sequence[str], table: Table | None, old: str) -> Done:
    """All statements, and the definition, in one transaction (which MySQL ends, too)."""
    place = "main" if database == session.database else f'"{database}"'
    try:
        for statement in made:
            session.db.execute(_within(session, database, statement))
        session.db.execute(f"DELETE FROM {place}.{KEPT} WHERE name = ?", (old,))
        if table is not None:
            session.db.execute(f"INSERT INTO {place}.{KEPT} VALUES (?, ?)", (table.name, table.dumps()))
        if session.db.in_transaction:
            session.db.execute("COMMIT")
    except sqlite3.Error as error:
        if operational(error):
            from sim.programs.mysql.session import WAIT, Later  # sessions use this module

            raise Later(WAIT) from None
        raise failure(error, sql, database, session.store.flavour.name) from None
    session.save([database])
    return Done()


def create_table(session: Session, sql: str, said: Sequence[Token]) -> Done | None:
    at = [token.word for token in said].index("TABLE") + 1
    maybe = said[at].word == "IF"
    database, name, used = _place(session, said[at + (3 if maybe else 0) :])
    at += (3 if maybe else 0) + used
    if any(table.name == name for table in session.tables(database)):
        if maybe:
            return Done(warnings=1)
        raise Failure(1050, "42S01", f"Table '{name}' already exists")
    if said[at].text != "(":
        return None
    depth = 0
    for close in range(at, len(said)):
        depth += {"(": 1, ")": -1}.get(said[close].text, 0)
        if not depth:
            break
    try:
        table = definitions.parse(name, said[at + 1 : close])
    except (ValueError, IndexError, StopIteration):
        raise syntax(sql, said[at + 1].text if len(said) > at + 1 else "", session.store.flavour.name) from None
    return _perform(session, sql, database, definitions.lite(table), table, "")


def drop_table(session: Session, said: Sequence[Token]) -> Done:
    at = [token.word for token in said].index("TABLE") + 1
    maybe = said[at].word == "IF"
    rest, warnings = said[at + (2 if maybe else 0) :], 0
    while rest:
        database, name, used = _place(session, rest)
        there = any(table.name == name for table in session.tables(database))
        if not there and not maybe:
            raise Failure(1051, "42S02", f"Unknown table '{database}.{name}'")
        if there:
            _perform(session, f"DROP TABLE {name}", database, [f'DROP TABLE "{name}"'], None, name)
        warnings += not there
        rest = rest[used + 1 :]
    return Done(warnings=warnings)


def alter_table(session: Session, sql: str, said: Sequence[Token]) -> Done:
    """ADD, DROP, RENAME, MODIFY, CHANGE of columns; ADD of keys; RENAME TO."""
    database, name, used = _place(session, said[2:])
    table = session.table(name, "" if database == session.database else database)
    made: list[str] = []
    for item in definitions.items(said[2 + used :]):
        change = CHANGES.get(item[0].word)
        if change is not None:
            table = change(table, [token for token in item[1:] if token.word != "COLUMN"], made)
    done = _perform(session, sql, database, made, table, name)
    return replace(done, info="Records: 0  Duplicates: 0  Warnings: 0")


def _add(table: Table, item: list[Token], made: list[str]) -> Table:
    if item[0].word in definitions.NOT_COLUMNS:
        changed = definitions.parse(table.name, item)
        key = changed.keys[0] if changed.keys else None
        if key is not None:
            unique = "UNIQUE " if key.unique else ""
            names = ", ".join(f'"{column}"' for column in key.columns)
            made.append(f'CREATE {unique}INDEX "{table.name}.{key.name}" ON "{table.name}" ({names})')
        return replace(table, keys=(*table.keys, *changed.keys), foreign=(*table.foreign, *changed.foreign))
    if item[0].text == "(":
        item = item[1:-1]
    words = [token.word for token in item]
    end = next((at for at, word in enumerate(words) if word in ("AFTER", "FIRST")), len(item))
    column = definitions.parse(table.name, item[:end]).columns[0]
    filled = column if column.null or column.default is not None else replace(column, default=_empty(column))
    made.append(f'ALTER TABLE "{table.name}" ADD COLUMN {definitions.lite_column(filled)}')
    return replace(table, columns=(*table.columns, column))


def _empty(column: definitions.Column) -> str:
    """What rows get that are there already."""
    return "0" if definitions.lite_column(replace(column, null=True)).split()[1] != "TEXT" else "''"


def _drop(table: Table, item: list[Token], made: list[str]) -> Table:
    if item[0].word in ("INDEX", "KEY"):
        made.append(f'DROP INDEX IF EXISTS "{table.name}.{item[1].value}"')
        return replace(table, keys=tuple(key for key in table.keys if key.name != item[1].value))
    made.append(f'ALTER TABLE "{table.name}" DROP COLUMN "{item[0].value}"')
    return replace(table, columns=tuple(column for column in table.columns if column.name != item[0].value))


def _rename(table: Table, item: list[Token], made: list[str]) -> Table:
    if item[0].word in ("TO", "AS") or len(item) == 1:
        new = item[-1].value
        made.append(f'ALTER TABLE "{table.name}" RENAME TO "{new}"')
        return replace(table, name=new)
    return _called(table, item[0].value, item[2].value, made)


def _called(table: Table, old: str, new: str, made: list[str]) -> Table:
    if old == new:
        return table
    made.append(f'ALTER TABLE "{table.name}" RENAME COLUMN "{old}" TO "{new}"')
    columns = tuple(replace(column, name=new) if column.name == old else column for column in table.columns)
    return replace(table, columns=columns, primary=tuple(new if name == old else name for name in table.primary))


def _modify(table: Table, item: list[Token], made: list[str]) -> Table:
    """SQLite keeps its own type; what is shown is the new one."""
    column = definitions.parse(table.name, item).columns[0]
    return replace(table, columns=tuple(column if one.name == column.name else one for one in table.columns))


def _change(table: Table, item: list[Token], made: list[str]) -> Table:
    return _modify(_called(table, item[0].value, item[1].value, made), item[1:], made)


CHANGES = {"ADD": _add, "DROP": _drop, "RENAME": _rename, "MODIFY": _modify, "CHANGE": _change}
