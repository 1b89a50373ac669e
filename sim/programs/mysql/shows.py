"""SHOW, DESCRIBE, EXPLAIN. Source: the MySQL reference manual, "SHOW Statements"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sim.programs.mysql import definitions
from sim.programs.mysql.catalogue import visible
from sim.programs.mysql.dialect import Token
from sim.programs.mysql.failures import syntax
from sim.programs.mysql.protocol import LONGLONG, Column, Failure
from sim.programs.mysql.session import Rows, Session

Line = Sequence[str | None]


def _rows(names: Sequence[str], lines: Sequence[Line], numbers: Sequence[str] = ()) -> Rows:
    columns = tuple(Column(name, LONGLONG) if name in numbers else Column(name) for name in names)
    return Rows(columns, [list(line) for line in lines])


def show(session: Session, sql: str, said: Sequence[Token]) -> Rows:
    """Raises Failure."""
    if said[0].word != "SHOW":
        return _explained(session, sql, said)
    words = [token.word for token in said[1:] if token.word not in ("FULL", "GLOBAL", "SESSION", "EXTENDED")]
    for name, what in SHOWN.items():
        if " ".join(words).startswith(name):
            return what(session, said)
    raise syntax(sql, said[1].text if len(said) > 1 else "", session.store.flavour.name)


def _explained(session: Session, sql: str, said: Sequence[Token]) -> Rows:
    if len(said) > 1 and said[1].word not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
        return _fields(
            session, said[1].value if len(said) < 4 else said[3].value, said[1].value if len(said) > 3 else ""
        )
    plan = session.db.execute("EXPLAIN QUERY PLAN " + sql.split(None, 1)[1]).fetchall()
    return _rows(("id", "detail"), [(str(row[0]), row[3]) for row in plan], ("id",))


def _like(said: Sequence[Token]) -> Callable[[str], bool]:
    """What LIKE 'pattern' (or WHERE … = 'value') lets through."""
    pattern = next((said[at + 1].value for at, token in enumerate(said[:-1])
                    if token.word == "LIKE" or token.text == "="), "%")  # fmt: skip
    expression = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return lambda name: re.fullmatch(expression, name, re.IGNORECASE) is not None


def _from(said: Sequence[Token]) -> list[str]:
    """The names behind FROM or IN."""
    return [said[at + 1].value for at, token in enumerate(said[:-1]) if token.word in ("FROM", "IN")]


def _pattern(said: Sequence[Token]) -> str:
    return next((f" ({said[at + 1].value})" for at, token in enumerate(said[:-1]) if token.word == "LIKE"), "")


def _databases(session: Session, said: Sequence[Token]) -> Rows:
    return _rows((f"Database{_pattern(said)}",), [(name,) for name in visible(session) if _like(said)(name)])


def _tables(session: Session, said: Sequence[Token]) -> Rows:
    database = (_from(said) or [session.database])[0]
    if not database:
        raise Failure(1046, "3D000", "No database selected")
    names = [table.name for table in _of(session, database) if _like(said)(table.name)]
    head = f"Tables_in_{database}{_pattern(said)}"
    if said[1].word == "FULL":
        return _rows((head, "Table_type"), [(name, "BASE TABLE") for name in names])
    return _rows((head,), [(name,) for name in names])


def _of(session: Session, database: str) -> list[definitions.Table]:
    if database == session.database:
        return session.tables() if database in session.store.users() else []
    if database not in session.store.users():
        if database in session.store.names():
            return []
        raise Failure(1049, "42000", f"Unknown database '{database}'")
    session.reach(f"{database}.x")
    return session.tables(database)


def _columns(session: Session, said: Sequence[Token]) -> Rows:
    names = _from(said)
    return _fields(session, names[0], names[1] if len(names) > 1 else "")


def _fields(session: Session, name: str, database: str = "") -> Rows:
    table = session.table(name, database)
    lines: list[Line] = []
    for column in table.columns:
        extra = "auto_increment" if column.automatic else ""
        default = definitions.default_of(column)
        if column.default == "CURRENT_TIMESTAMP":
            extra = "" if session.store.flavour.widths else "DEFAULT_GENERATED"
            default = "current_timestamp()" if session.store.flavour.maria else default
        extra += " on update CURRENT_TIMESTAMP" if column.update else ""
        lines.append((column.name, definitions.shown_type(column, session.store.flavour.widths),
                      "YES" if column.null else "NO", table.key(column.name), default, extra.strip()))  # fmt: skip
    return _rows(("Field", "Type", "Null", "Key", "Default", "Extra"), lines)


def _create_table(session: Session, said: Sequence[Token]) -> Rows:
    database = said[3].value if len(said) > 4 else ""
    table = session.table(said[-1].value, database)
    options = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    if not session.store.flavour.widths:
        options += " COLLATE=utf8mb4_0900_ai_ci"
    return _rows(
        ("Table", "Create Table"), [(table.name, definitions.create(table, session.store.flavour.widths, options))]
    )


def _create_database(session: Session, said: Sequence[Token]) -> Rows:
    name = said[-1].value
    if name not in session.store.names():
        raise Failure(1049, "42000", f"Unknown database '{name}'")
    words = f"CREATE DATABASE `{name}` /*!40100 DEFAULT CHARACTER SET utf8mb4"
    words += " */" if session.store.flavour.widths else (
        " COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */")  # fmt: skip
    return _rows(("Database", "Create Database"), [(name, words)])


def _variables(session: Session, said: Sequence[Token]) -> Rows:
    found = sorted(
        (name.removeprefix("@@"), value) for name, value in session.settings().items() if name.startswith("@@")
    )
    return _rows(("Variable_name", "Value"), [pair for pair in found if _like(said)(pair[0])])


def _status(session: Session, said: Sequence[Token]) -> Rows:
    store = session.store
    found = {"Questions": store.questions, "Threads_connected": len(store.connected),
             "Uptime": (session.proc.now() - store.began) // 10**9}  # fmt: skip
    return _rows(("Variable_name", "Value"), [(name, str(value)) for name, value in found.items() if _like(said)(name)])


def _processes(session: Session, said: Sequence[Token]) -> Rows:
    lines: list[Line] = []
    for thread, (user, host, database) in sorted(session.store.connected.items()):
        own = thread == session.thread
        lines.append((str(thread), user, host, database or None, "Query" if own else "Sleep", "0",
                      "init" if own else "", "SHOW PROCESSLIST" if own else None))  # fmt: skip
    return _rows(("Id", "User", "Host", "db", "Command", "Time", "State", "Info"), lines, ("Id", "Time"))


def _grants(session: Session, said: Sequence[Token]) -> Rows:
    account = session.account
    if "FOR" in [token.word for token in said]:
        user = next(token.value for token in said if token.kind == "string")
        account = next((one for one in session.store.accounts.rows if one.user == user), account)
    who = f"`{account.user}`@`{account.host}`"
    lines = [(f"GRANT USAGE ON *.* TO {who}",)] if all(database != "*" for database, _ in account.grants) else []
    for database, rights in account.grants:
        place = "*.*" if database == "*" else f"`{database}`.*"
        lines.append((f"GRANT {rights} ON {place} TO {who}{' WITH GRANT OPTION' if database == '*' else ''}",))
    return _rows((f"Grants for {account.name}",), lines)


def _indexes(session: Session, said: Sequence[Token]) -> Rows:
    table = session.table(_from(said)[0])
    keys = [definitions.Key("PRIMARY", table.primary, True)] if table.primary else []
    lines = [(table.name, str(int(not key.unique)), key.name, str(at), column)
             for key in [*keys, *table.keys] for at, column in enumerate(key.columns, 1)]  # fmt: skip
    return _rows(
        ("Table", "Non_unique", "Key_name", "Seq_in_index", "Column_name"), lines, ("Non_unique", "Seq_in_index")
    )


def _warnings(session: Session, said: Sequence[Token]) -> Rows:
    return _rows(("Level", "Code", "Message"), [], ("Code",))


def _engines(session: Session, said: Sequence[Token]) -> Rows:
    return _rows(
        ("Engine", "Support", "Comment"),
        [("InnoDB", "DEFAULT", "Supports transactions, row-level locking, and foreign keys")],
    )


SHOWN: dict[str, Callable[[Session, Sequence[Token]], Rows]] = {
    "DATABASES": _databases, "SCHEMAS": _databases, "TABLES": _tables, "COLUMNS": _columns, "FIELDS": _columns,
    "CREATE TABLE": _create_table, "CREATE DATABASE": _create_database, "VARIABLES": _variables, "STATUS": _status,
    "PROCESSLIST": _processes, "GRANTS": _grants, "INDEX": _indexes, "INDEXES": _indexes, "KEYS": _indexes,
    "WARNINGS": _warnings, "ERRORS": _warnings, "ENGINES": _engines,
}  # fmt: skip
