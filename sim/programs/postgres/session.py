"""One connection to the server: what its queries do, its transaction, and the messages that answer.

Source: PostgreSQL documentation, chapter 54, "Message Flow".
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from sim.abi import Proc
from sim.programs.postgres.cluster import Cluster, Role
from sim.programs.postgres.dialect import statements, translate, words
from sim.programs.postgres.failures import Failure, failure
from sim.programs.postgres.functions import Functions
from sim.programs.postgres.protocol import (
    BOOL,
    FLOAT8,
    INT4,
    INT8,
    TEXT,
    Column,
    data_row,
    message,
    report,
    row_description,
    text,
)

Result = tuple[list[Column], list[list[str | None]], str]  # columns, rows, command tag
SILENT = ("GRANT", "REVOKE", "COMMENT", "VACUUM", "ANALYZE", "SET", "RESET", "LOCK", "DISCARD")
CREATED = ("TABLE", "INDEX", "VIEW", "UNIQUE")
CATALOGUE = re.compile(r"\s*SELECT\s+.+?\s+FROM\s+(?:pg_catalog\.)?(pg_database|pg_roles)(?:\s+ORDER BY \w+)?\s*",
                       re.IGNORECASE | re.DOTALL)  # fmt: skip
FEWER = re.compile(r"table (\w+) has (\d+) columns but (\d+) values were supplied")
SETTINGS = {
    "port": "5432",
    "timezone": "Etc/UTC",
    "max_connections": "100",
    "server_encoding": "UTF8",
    "shared_buffers": "128MB",
    "work_mem": "4MB",
    "log_statement": "none",
}
DECLARED = (("BIGINT", INT8), ("BIGSERIAL", INT8), ("INT", INT4), ("SMALLINT", INT4), ("BOOL", BOOL), ("FLOAT", FLOAT8),
            ("REAL", FLOAT8), ("DOUBLE", FLOAT8))  # fmt: skip
WAITS = 50  # times that a statement waits for another's lock …
WAIT = 0.1  # … for so many seconds


class Session:
    """`cluster` is shared with all other sessions of the server."""

    def __init__(self, proc: Proc, cluster: Cluster, user: str, database: str, version: str) -> None:
        self._proc, self._cluster, self.user, self.database, self._version = proc, cluster, user, database, version
        self._db = cluster.connect(database)
        self._functions = Functions(proc, Random(f"{proc.now()} {proc.pid}"), user, database, version)
        self._functions.add_to(self._db)
        self._failed = False  # a statement of the transaction has failed: all others are refused until it ends
        self.status = b"I"  # I idle, T in a transaction, E in a failed one
        self.notices: list[bytes] = []

    def close(self) -> None:
        self._db.close()

    async def query(self, sql: str) -> list[bytes]:
        """A simple query of one statement or more: all messages but ReadyForQuery."""
        answers: list[bytes] = []
        parts = statements(sql)
        try:
            for one in parts:
                columns, rows, tag = await self.run(one)
                answers += self.notices
                self.notices = []
                if columns:
                    answers += [row_description(columns), *(data_row(row) for row in rows)]
                answers.append(message(b"C", text(tag)))
        except Failure as error:
            answers += [*self.notices, self.error(error, sql)]
            self.notices = []
        return answers or [message(b"I")]

    def error(self, error: Failure, sql: str) -> bytes:
        if self.status == b"T":
            self._failed, self.status = True, b"E"
        position = str(error.position) if error.position else ""
        return report(b"E", "ERROR", error.code, error.message, detail=error.detail, hint=error.hint, position=position)

    async def run(self, sql: str, values: Sequence[str | None] = ()) -> Result:
        """One statement. Raises Failure."""
        said = words(sql)
        first = said[0] if said else ""
        if self._failed and first not in ("ROLLBACK", "COMMIT", "END", "ABORT"):
            raise Failure("current transaction is aborted, commands ignored until end of transaction block", "25P02")
        if self.status == b"I":
            self._functions.began = self._proc.now()
        await self._proc.cpu(0.0003)
        special = SPECIAL.get(first)
        if special is not None:
            found = await special(self, sql, said)
            if found is not None:
                return found
        slept = re.match(r"\s*SELECT\s+pg_sleep\s*\(\s*([\d.]+)\s*\)\s*$", sql, re.IGNORECASE)
        if slept:
            await self._proc.sleep(float(slept[1]))
            return [Column("pg_sleep")], [[""]], "SELECT 1"
        return await self._execute(sql, said, values)

    async def _execute(self, sql: str, said: list[str], values: Sequence[str | None]) -> Result:
        translated = translate(sql)
        for _ in range(WAITS):
            try:
                cursor = self._db.execute(translated, [_value(value) for value in values])
                rows = cursor.fetchall()
                break
            except sqlite3.OperationalError as error:
                if fewer := FEWER.fullmatch(str(error)):
                    translated = self._first_columns(translated, fewer[1], int(fewer[2]), int(fewer[3]))
                elif "locked" in str(error):
                    await self._proc.sleep(WAIT)
                else:
                    raise failure(error, sql, self._db) from None
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise failure(error, sql, self._db) from None  # type: ignore[arg-type]
        else:
            raise Failure("canceling statement due to lock timeout", "55P03")
        if said[0] not in ("SELECT", "VALUES", "WITH", "EXPLAIN") and not self._db.in_transaction:
            self._save()
        columns = _columns([about[0] for about in cursor.description or ()], rows, self._types())
        kinds = [column.type for column in columns]
        shown = [[_shown(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
        return columns, shown, _tag(said, cursor.rowcount, len(rows))

    def describe(self, sql: str, values: int) -> list[Column]:
        """The columns that a statement with so many parameters will give, without running it."""
        said, translated = words(sql), translate(sql)
        if said[:1] and said[0] in ("SELECT", "VALUES", "WITH"):
            try:
                cursor = self._db.execute(f"SELECT * FROM ({translated}) LIMIT 0", [None] * values)
            except sqlite3.Error as error:
                raise failure(error, sql, self._db) from None
            return _columns([about[0] for about in cursor.description], [], self._types())
        returned = re.search(r"\bRETURNING\s+([\w\s,]+)$", sql, re.IGNORECASE)
        return _columns(re.findall(r"\w+", returned[1]), [], self._types()) if returned else []

    def _types(self) -> dict[str, int]:
        """Types of the tables' columns by their names, as they were declared."""
        asked = "SELECT c.name, upper(c.type) FROM main.sqlite_master m JOIN pragma_table_info(m.name) c"
        return {name: next((oid for word, oid in DECLARED if kind.startswith(word)), TEXT)
                for name, kind in self._db.execute(asked)}  # fmt: skip

    def _first_columns(self, sql: str, table: str, has: int, given: int) -> str:
        """INSERT with values for the first columns only: SQLite wants them named. Raises Failure."""
        if given > has:
            raise Failure("INSERT has more expressions than target columns", "42601")
        names = [row[1] for row in self._db.execute(f'PRAGMA table_info("{table}")')][:given]
        return re.sub(r"\bVALUES\b", f"({', '.join(names)}) VALUES", sql, count=1, flags=re.IGNORECASE)

    def _save(self) -> None:
        """Write what was committed to the disk. Raises Failure when it is full."""
        try:
            self._cluster.save(self.database)
        except OSError as error:
            raise Failure(f'could not extend file "base/{self.database}": {error.strerror}', "53100",
                          hint="Check free disk space.") from None  # fmt: skip

    # -- statements that are not SQLite's

    async def _begin(self, sql: str, said: list[str]) -> Result | None:
        if self.status != b"I":
            self.notices.append(report(b"N", "WARNING", "25001", "there is already a transaction in progress"))
        else:
            self._db.execute("BEGIN")
            self.status = b"T"
        return [], [], "BEGIN" if said[0] == "BEGIN" else "START TRANSACTION"

    async def _end(self, sql: str, said: list[str]) -> Result | None:
        commit = said[0] in ("COMMIT", "END") and not self._failed
        if said[1:2] == ["TO"]:
            return None
        if self.status == b"I":
            self.notices.append(report(b"N", "WARNING", "25P01", "there is no transaction in progress"))
        if self._db.in_transaction:
            self._db.execute("COMMIT" if commit else "ROLLBACK")
            if commit:
                self._save()
        self.status, self._failed = b"I", False
        return [], [], "COMMIT" if commit else "ROLLBACK"

    async def _create(self, sql: str, said: list[str]) -> Result | None:
        if said[1:2] == ["DATABASE"]:
            return self._create_database(_name(sql, 2))
        if said[1:2] in (["ROLE"], ["USER"]):
            return self._create_role(sql)
        if said[1:2] in (["EXTENSION"], ["SCHEMA"], ["SEQUENCE"], ["TYPE"], ["FUNCTION"]):
            return [], [], f"CREATE {said[1]}"
        if said[1:5] == ["TABLE", "IF", "NOT", "EXISTS"]:
            name = _name(sql, 5)
            if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone():
                skipped = f'relation "{name}" already exists, skipping'
                self.notices.append(report(b"N", "NOTICE", "42P07", skipped))
        return None

    def _create_database(self, name: str) -> Result:
        if name in self._cluster.names():
            raise Failure(f'database "{name}" already exists', "42P04")
        self._cluster.create(name)
        return [], [], "CREATE DATABASE"

    def _create_role(self, sql: str) -> Result:
        name = _name(sql, 2)
        if name in self._cluster.roles:
            raise Failure(f'role "{name}" already exists', "42710")
        found = re.search(r"PASSWORD\s+'([^']*)'", sql, re.IGNORECASE)
        superuser = re.search(r"\bSUPERUSER\b", sql, re.IGNORECASE) is not None
        self._cluster.put_role(Role(name, found[1] if found else None, superuser))
        return [], [], "CREATE ROLE"

    async def _alter(self, sql: str, said: list[str]) -> Result | None:
        if said[1:2] not in (["ROLE"], ["USER"]):
            return ([], [], "ALTER DATABASE") if said[1:2] == ["DATABASE"] else None
        name = _name(sql, 2)
        if name not in self._cluster.roles:
            raise Failure(f'role "{name}" does not exist', "42704")
        found = re.search(r"PASSWORD\s+'([^']*)'", sql, re.IGNORECASE)
        if found:
            self._cluster.put_role(replace(self._cluster.roles[name], password=found[1]))
        return [], [], "ALTER ROLE"

    async def _drop(self, sql: str, said: list[str]) -> Result | None:
        if said[1:2] not in (["DATABASE"], ["ROLE"], ["USER"]):
            return None
        kind, maybe = said[1].lower().replace("user", "role"), said[2:4] == ["IF", "EXISTS"]
        name = _name(sql, 4 if maybe else 2)
        there = self._cluster.names() if kind == "database" else list(self._cluster.roles)
        if name not in there:
            if maybe:
                self.notices.append(report(b"N", "NOTICE", "00000", f'{kind} "{name}" does not exist, skipping'))
                return [], [], f"DROP {kind.upper()}"
            raise Failure(f'{kind} "{name}" does not exist', "3D000" if kind == "database" else "42704")
        if name == self.database and kind == "database":
            raise Failure("cannot drop the currently open database", "55006")
        if kind == "database":
            if name in self._cluster.sessions.values():
                raise Failure(f'database "{name}" is being accessed by other users', "55006")
            self._cluster.drop(name)
        else:
            self._cluster.drop_role(name)
        return [], [], f"DROP {kind.upper()}"

    async def _show(self, sql: str, said: list[str]) -> Result | None:
        name = _name(sql, 1)
        settings = {"server_version": self._version.split()[1], "data_directory": self._cluster.folder}
        value = (SETTINGS | settings | self._cluster.settings).get(name.lower())
        if value is None:
            raise Failure(f'unrecognized configuration parameter "{name}"', "42704")
        return [Column(name.lower())], [[value]], "SHOW"

    async def _silent(self, sql: str, said: list[str]) -> Result | None:
        return [], [], said[0]

    async def _databases(self, sql: str, said: list[str]) -> Result | None:
        """The catalogue of databases and of roles, which is the cluster's and not in any database."""
        match = CATALOGUE.fullmatch(sql)
        if match is None:
            return None
        roles = match[1].lower() == "pg_roles"
        name = "rolname" if roles else "datname"
        there = list(self._cluster.roles) if roles else self._cluster.names()
        return [Column(name)], [[one] for one in there], f"SELECT {len(there)}"


Special = Callable[[Session, str, list[str]], Awaitable[Result | None]]
SPECIAL: dict[str, Special] = {
    "BEGIN": Session._begin, "START": Session._begin, "COMMIT": Session._end, "END": Session._end,
    "ROLLBACK": Session._end, "ABORT": Session._end, "CREATE": Session._create, "ALTER": Session._alter,
    "DROP": Session._drop, "SHOW": Session._show, "SELECT": Session._databases,
    **dict.fromkeys(SILENT, Session._silent),
}  # fmt: skip


def _name(sql: str, number: int) -> str:
    """The word of that number, as a name: in lower case unless it is quoted."""
    found = words(sql, number + 1)
    raw = re.findall(r"'[^']*'|\"[^\"]*\"|[^\W]+|\S", sql)
    if len(found) <= number or number >= len(raw):
        raise Failure("syntax error at end of input", "42601")
    word: str = raw[number]
    return word[1:-1] if word[0] in "\"'" else word.lower()


def _value(value: str | None) -> Any:
    """A parameter comes as text; SQLite compares numbers with numbers."""
    if value is not None and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    return value


def _columns(names: list[str], rows: list[Any], types: dict[str, int]) -> list[Column]:
    """With types by their tables' columns, or by their values."""
    found = []
    for number, name in enumerate(names):
        value = next((row[number] for row in rows if row[number] is not None), None)
        by_value = (INT4 if -(2**31) <= value < 2**31 else INT8) if isinstance(value, int) else (
            FLOAT8 if isinstance(value, float) else TEXT)  # fmt: skip
        if name in ("(true())", "(false())"):
            found.append(Column("bool", BOOL))
            continue
        shown = re.sub(r"^(\w+)\(.*\)$", r"\1", name.lower()) if "(" in name else name
        kind = INT8 if shown == "count" else types.get(name, by_value)
        found.append(Column(shown if re.fullmatch(r"[^\W\d]\w*", shown) else "?column?", kind))
    return found


def _shown(value: Any, kind: int) -> str | None:
    if value is None:
        return None
    if kind == BOOL:
        return "t" if value else "f"
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def _tag(said: list[str], changed: int, rows: int) -> str:
    first = said[0]
    if first == "INSERT":
        return f"INSERT 0 {rows or changed}"
    if first in ("UPDATE", "DELETE"):
        return f"{first} {max(changed, rows)}"
    if first in ("SELECT", "VALUES", "WITH"):
        return f"SELECT {rows}"
    if first == "TRUNCATE":
        return "TRUNCATE TABLE"
    second = said[1] if said[1:] and said[1] != "UNIQUE" else "INDEX" if said[1:] else ""
    return f"{first} {second}".strip()
