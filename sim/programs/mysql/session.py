"""One connection to the server: what its statements do, its database, its transaction."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sim.abi import Proc
from sim.programs.keeping import opened
from sim.programs.mysql import definitions
from sim.programs.mysql.accounts import Account
from sim.programs.mysql.changes import alter_table, create_table, drop_table
from sim.programs.mysql.dialect import Token, schemas, solid, translate
from sim.programs.mysql.failures import failure, operational, syntax
from sim.programs.mysql.functions import Functions, shown
from sim.programs.mysql.protocol import DOUBLE, LONGLONG, STRING, Column, Done, Failure
from sim.programs.mysql.store import INITIAL, OWN, Store

READING = ("SELECT", "WITH", "VALUES", "TABLE", "(")
SILENT = ("FLUSH", "ANALYZE", "OPTIMIZE", "LOCK", "UNLOCK", "RESET", "CHECK", "SHUTDOWN")
WAIT = 0.1  # seconds between two tries while another holds a lock


@dataclass(frozen=True, slots=True)
class Rows:
    """A result with columns."""

    columns: tuple[Column, ...]
    rows: list[list[str | None]]


@dataclass(slots=True)
class Later(Exception):
    """The statement must wait so many seconds: another holds the lock, or SLEEP() was asked for."""

    seconds: float
    result: Rows | None = field(default=None)


Result = Rows | Done


class Session:
    """`store` is shared by all sessions. `host`: where the client is; `account`: who it is to the server."""

    def __init__(self, proc: Proc, store: Store, thread: int, user: str, host: str, account: Account) -> None:
        self.proc, self.store, self.thread = proc, store, thread
        self.user, self.host, self.account = user, host, account
        self.database = ""
        self.inserted = 0
        self.variables: dict[str, str] = {}
        self.warnings: list[str] = []
        self._functions = Functions(proc, Random(f"{proc.now()} {thread}"), self._said)
        self._attached: set[str] = set()
        self.db = self._open()
        self.automatic = True  # autocommit

    def _open(self) -> sqlite3.Connection:
        found = opened(self.store.uri(self.database) if self.database not in ("", "information_schema", *OWN)
                       else ":memory:")  # fmt: skip
        found.execute(INITIAL)
        self._functions.add_to(found)
        self._attached = set()
        return found

    def _said(self, name: str) -> str | int | None:
        said: dict[str, str | int | None] = {
            "version": self.store.flavour.version, "database": self.database or None, "schema": self.database or None,
            "user": f"{self.user}@{self.host}", "session_user": f"{self.user}@{self.host}",
            "current_user": self.account.name, "connection_id": self.thread, "last_inserted": self.inserted,
        }  # fmt: skip
        return said[name]

    def close(self) -> None:
        self.db.close()
        self.store.connected.pop(self.thread, None)

    @property
    def open(self) -> bool:
        """Whether a transaction is open."""
        return self.db.in_transaction

    def use(self, name: str) -> None:
        """Raises Failure."""
        if name != "information_schema" and name not in self.store.names():
            raise Failure(1049, "42000", f"Unknown database '{name}'")
        if not self.account.may(name):
            said = f"Access denied for user '{self.account.user}'@'{self.account.host}' to database '{name}'"
            raise Failure(1044, "42000", said)
        if self.db.in_transaction:
            self._commit()
        self.db.close()
        self.database = name
        self.db = self._open()
        self.store.connected[self.thread] = (self.user, self.host, name)

    def run(self, sql: str) -> Result:
        """One statement. Raises Failure, and Later."""
        said = solid(sql)
        first = said[0].word if said else ""
        self.store.questions += 1
        special = SPECIAL.get(first)
        if special is not None and (found := special(self, sql, said)) is not None:
            return found
        return self._execute(sql, said)

    # -- SQLite's statements

    def _execute(self, sql: str, said: Sequence[Token]) -> Result:
        used = self.reach(sql)
        if said[0].word not in READING and not self.database and not used:
            raise Failure(1046, "3D000", "No database selected")
        try:
            if not self.automatic and not self.db.in_transaction:
                self.db.execute("BEGIN")
            translated = translate(sql, self.settings())
            cursor = self.db.execute(self._complete(translated, said))
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            if operational(error):
                raise Later(WAIT) from None
            raise self._failed(error, sql) from None
        if cursor.description is None:
            if not self.db.in_transaction:
                self.save([*used, self.database])
            return self._done(said, cursor, sql)
        return self._rows([about[0] for about in cursor.description], rows)

    def _failed(self, error: sqlite3.Error, sql: str) -> Failure:
        if not self.database and "no such table" in str(error) and "." not in str(error):
            return Failure(1046, "3D000", "No database selected")
        return failure(error, sql, self.database, self.store.flavour.name, self.tables())

    def reach(self, sql: str) -> list[str]:
        """Attach the databases that a statement names. Raises Failure for those that are not this account's."""
        from sim.programs.mysql.catalogue import lay_out  # a catalogue is laid out from the sessions' store

        found = []
        for name in schemas(sql):
            if name in ("information_schema", "mysql"):
                lay_out(self, name)
            elif name in self.store.users() and name != self.database:
                if not self.account.may(name):
                    said = f"SELECT command denied to user '{self.account.user}'@'{self.account.host}'"
                    raise Failure(1142, "42000", f"{said} for table '{name}'")
                if name not in self._attached:
                    self.store.attach(self.db, name)
                    self._attached.add(name)
                found.append(name)
        return found

    def _complete(self, sql: str, said: Sequence[Token]) -> str:
        """The current database's own name before a dot is SQLite's main."""
        if not self.database or self.database in ("information_schema", "mysql"):
            return sql
        return re.sub(rf'(?<![\w."\'])"?{re.escape(self.database)}"?\s*\.\s*(?=["\w])', "main.", sql)

    def _done(self, said: Sequence[Token], cursor: sqlite3.Cursor, sql: str) -> Done:
        first = said[0].word
        if first in ("INSERT", "REPLACE"):
            self.inserted = cursor.lastrowid or self.inserted
            count = cursor.rowcount
            many = count > 1 or " SELECT " in sql.upper()
            return Done(count, self.inserted, f"Records: {count}  Duplicates: 0  Warnings: 0" if many else "")
        if first == "UPDATE":
            return Done(cursor.rowcount, 0, f"Rows matched: {cursor.rowcount}  Changed: {cursor.rowcount}  Warnings: 0")
        return Done(max(cursor.rowcount, 0) if first == "DELETE" else 0)

    def _rows(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Rows:
        kinds = {column.name: column for table in self.tables() for column in table.columns}
        columns, formats = [], []
        for at, name in enumerate(names):
            declared = kinds.get(name)
            values = [row[at] for row in rows if row[at] is not None]
            kind = declared.code if declared else _kind(values)
            plain = name[1:-1].replace("''", "'") if re.fullmatch(r"'(?:[^']|'')*'", name) else name
            columns.append(
                Column(re.sub(r'"(\w+)"', r"\1", plain).replace("last_inserted()", "LAST_INSERT_ID()"), kind)
            )
            formats.append(declared.decimals if declared else None)
        return Rows(tuple(columns), [[_shown(value, digits) for value, digits in zip(row, formats, strict=True)]
                                     for row in rows])  # fmt: skip

    # -- definitions

    def tables(self, database: str = "") -> list[definitions.Table]:
        """Of a database, the current one if none is named."""
        place = f'"{database}".' if database and database != self.database else ""
        rows = self.db.execute(f"SELECT definition FROM {place}{definitions.KEPT} ORDER BY name").fetchall()
        return [definitions.loads(row[0]) for row in rows]

    def table(self, name: str, database: str = "") -> definitions.Table:
        """Raises Failure."""
        if not (database or self.database):
            raise Failure(1046, "3D000", "No database selected")
        if database:
            self.reach(f"{database}.x")
        found = next((table for table in self.tables(database) if table.name == name), None)
        if found is None:
            raise Failure(1146, "42S02", f"Table '{database or self.database}.{name}' doesn't exist")
        return found

    def settings(self) -> dict[str, str]:
        store = self.store
        own = {"version": store.flavour.version, "version_comment": store.flavour.distribution, "port": "3306",
               "hostname": self.proc.uname()["nodename"], "datadir": f"{store.folder}/", "max_connections": "151",
               "autocommit": str(int(self.automatic)), "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES",
               "character_set_server": "utf8mb4", "collation_server": "utf8mb4_0900_ai_ci", "time_zone": "SYSTEM",
               "character_set_database": "utf8mb4", "character_set_client": "utf8mb4",
               "default_storage_engine": "InnoDB", "server_id": "1", "max_allowed_packet": "67108864",
               "tx_isolation": "REPEATABLE-READ", "transaction_isolation": "REPEATABLE-READ"}  # fmt: skip
        return {f"@@{name}": value for name, value in (own | store.settings).items()} | self.variables

    # -- transactions

    def _commit(self) -> None:
        self.db.execute("COMMIT")
        self.save([*self._attached, self.database])

    def save(self, names: Sequence[str]) -> None:
        """Raises Failure when the disk is full."""
        for name in {name for name in names if name in self.store.users()}:
            try:
                self.store.save(name)
            except OSError as error:
                raise Failure(1021, "HY000", f"Disk full ({name}): {error.strerror}") from None

    def _begin(self, sql: str, said: Sequence[Token]) -> Result | None:
        if self.db.in_transaction:
            self._commit()
        self.db.execute("BEGIN")
        return Done()

    def _end(self, sql: str, said: Sequence[Token]) -> Result | None:
        if len(said) > 1 and said[1].word == "TO":
            return None
        if self.db.in_transaction:
            if said[0].word == "COMMIT":
                self._commit()
            else:
                self.db.execute("ROLLBACK")
        return Done()

    def _use(self, sql: str, said: Sequence[Token]) -> Result | None:
        self.use(said[1].value)
        return Done()

    def _set(self, sql: str, said: Sequence[Token]) -> Result | None:
        words = [token.text.lower() for token in said]
        if "autocommit" in words:
            self.automatic = words[-1] in ("1", "on")
            if self.automatic and self.db.in_transaction:
                self._commit()
        elif said[1].word == "PASSWORD":
            new = next(token for token in reversed(said) if token.kind == "string").value
            self.store.accounts.alter(
                [*said[:2], *solid(f"'{self.account.user}'@'{self.account.host}' IDENTIFIED BY '{new}'")]
            )
        elif said[1].kind == "variable" and said[1].text[:2] != "@@":
            asked = self.db.execute(translate(f"SELECT {sql.partition('=')[2]}", self.settings())).fetchone()[0]
            self.variables[said[1].text.lower()] = "NULL" if asked is None else shown(asked)
        return Done()

    def _create(self, sql: str, said: Sequence[Token]) -> Result | None:
        words = [token.word for token in said[:6]]
        if words[1:2] in (["DATABASE"], ["SCHEMA"]):
            maybe = words[2:5] == ["IF", "NOT", "EXISTS"]
            name = said[5 if maybe else 2].value
            if name in (*self.store.names(), "information_schema"):
                if maybe:
                    return Done(1, warnings=1)
                raise Failure(1007, "HY000", f"Can't create database '{name}'; database exists")
            if not self.account.may(name):
                raise Failure(1044, "42000", f"Access denied for user '{self.account.user}'@'{self.account.host}' "
                              f"to database '{name}'")  # fmt: skip
            self.store.create(name)
            return Done(1)
        if words[1:2] == ["USER"]:
            self.store.accounts.create(said)
            return Done()
        return (
            create_table(self, sql, said) if "TABLE" in words[1:3] and "(" in [token.text for token in said] else None
        )

    def _alter(self, sql: str, said: Sequence[Token]) -> Result | None:
        if said[1].word == "USER":
            self.store.accounts.alter(said)
            return Done()
        if said[1].word in ("DATABASE", "SCHEMA"):
            return Done(1)
        return alter_table(self, sql, said) if said[1].word == "TABLE" else None

    def _drop(self, sql: str, said: Sequence[Token]) -> Result | None:
        words = [token.word for token in said[:4]]
        if words[1] == "USER":
            self.store.accounts.remove(said)
            return Done()
        if words[1] in ("DATABASE", "SCHEMA"):
            maybe = words[2:4] == ["IF", "EXISTS"]
            name = said[4 if maybe else 2].value
            if name not in self.store.users():
                if maybe:
                    return Done(0, warnings=1)
                raise Failure(1008, "HY000", f"Can't drop database '{name}'; database doesn't exist")
            self._leave(name)
            return Done()
        return drop_table(self, said) if "TABLE" in words[1:3] else None

    def _leave(self, name: str) -> None:
        """Drop a database that this session may be in."""
        if name == self.database or name in self._attached:
            self.db.close()
            self.database = "" if name == self.database else self.database
            self.db = self._open()
        self.store.drop(name)

    def _grant(self, sql: str, said: Sequence[Token]) -> Result | None:
        flavour = self.store.flavour
        if said[0].word == "GRANT":
            self.store.accounts.grant(said, identified=flavour.maria or flavour.number < (8,))
        else:
            self.store.accounts.revoke(said)
        return Done()

    def _silent(self, sql: str, said: Sequence[Token]) -> Result | None:
        return Done()

    def _show(self, sql: str, said: Sequence[Token]) -> Result | None:
        from sim.programs.mysql.shows import show  # shows look at sessions

        return show(self, sql, said)

    def _select(self, sql: str, said: Sequence[Token]) -> Result | None:
        found = re.fullmatch(r"\s*SELECT\s+SLEEP\s*\(\s*([\d.]+)\s*\)\s*", sql, re.IGNORECASE)
        if found:
            raise Later(float(found[1]), Rows((Column(f"SLEEP({found[1]})", LONGLONG),), [["0"]]))
        return None

    def _not_here(self, sql: str, said: Sequence[Token]) -> Result | None:
        raise syntax(sql, said[0].text, self.store.flavour.name)


def _kind(values: Sequence[Any]) -> int:
    if values and all(isinstance(value, int) for value in values):
        return LONGLONG
    return DOUBLE if values and all(isinstance(value, int | float) for value in values) else STRING


def _shown(value: Any, decimals: int | None) -> str | None:
    if value is None:
        return None
    if decimals is not None and isinstance(value, int | float):
        return f"{value:.{decimals}f}"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return shown(value)


Special = Callable[[Session, str, Sequence[Token]], Result | None]
SPECIAL: dict[str, Special] = {
    "BEGIN": Session._begin, "START": Session._begin, "COMMIT": Session._end, "ROLLBACK": Session._end,
    "USE": Session._use, "SET": Session._set, "CREATE": Session._create, "ALTER": Session._alter,
    "DROP": Session._drop, "GRANT": Session._grant, "REVOKE": Session._grant, "SHOW": Session._show,
    "DESCRIBE": Session._show, "DESC": Session._show, "EXPLAIN": Session._show, "SELECT": Session._select,
    "PRAGMA": Session._not_here, "ATTACH": Session._not_here, "DETACH": Session._not_here, "VACUUM": Session._not_here,
    "CALL": Session._not_here, **dict.fromkeys(SILENT, Session._silent),
}  # fmt: skip
