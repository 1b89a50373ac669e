"""information_schema and mysql: databases that nobody keeps; they are laid out when a statement names them.

Source: the MySQL reference manual, "INFORMATION_SCHEMA Tables", "Grant Tables".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.programs.mysql import definitions

if TYPE_CHECKING:
    from sim.programs.mysql.session import Session

TABLES = {
    "information_schema": {
        "schemata": ("catalog_name", "schema_name", "default_character_set_name", "default_collation_name"),
        "tables": ("table_schema", "table_name", "table_type", "engine", "table_rows"),
        "columns": ("table_schema", "table_name", "column_name", "ordinal_position", "column_default", "is_nullable",
                    "data_type", "column_type", "column_key", "extra"),
        "processlist": ("id", "user", "host", "db"),
    },
    "mysql": {"user": ("Host", "User", "plugin", "account_locked"), "db": ("Host", "Db", "User")},
}  # fmt: skip


def lay_out(session: Session, name: str) -> None:
    """Attach one of the two, and fill it with what is true now."""
    if name not in [row[1] for row in session.db.execute("PRAGMA database_list")]:
        session.db.execute(f'ATTACH ":memory:" AS {name}')
        for table, columns in TABLES[name].items():
            session.db.execute(f"CREATE TABLE {name}.{table} ({', '.join(columns)})")
    rows = _schema(session) if name == "information_schema" else _grants(session)
    for table, columns in TABLES[name].items():
        session.db.execute(f"DELETE FROM {name}.{table}")
        marks = ", ".join("?" * len(columns))
        session.db.executemany(f"INSERT INTO {name}.{table} VALUES ({marks})", rows[table])


def visible(session: Session) -> list[str]:
    """The databases that this account sees."""
    return ["information_schema", *(name for name in session.store.names() if session.account.may(name))]


def _schema(session: Session) -> dict[str, list[Sequence[Any]]]:
    names = visible(session)
    users = [name for name in session.store.users() if name in names]
    for name in users:
        session.reach(f"{name}.x")
    tables = [(name, table) for name in users for table in session.tables(name)]
    return {
        "schemata": [("def", name, "utf8mb4", "utf8mb4_0900_ai_ci") for name in names],
        "tables": [(name, table.name, "BASE TABLE", "InnoDB", _count(session, name, table.name))
                   for name, table in tables],
        "columns": [(name, table.name, column.name, at, definitions.default_of(column), "YES" if column.null else "NO",
                     column.type.partition("(")[0], definitions.shown_type(column, session.store.flavour.widths),
                     table.key(column.name), "auto_increment" if column.automatic else "")
                    for name, table in tables for at, column in enumerate(table.columns, 1)],
        "processlist": [(thread, *about) for thread, about in session.store.connected.items()],
    }  # fmt: skip


def _count(session: Session, database: str, table: str) -> int:
    place = "main" if database == session.database else f'"{database}"'
    found: int = session.db.execute(f'SELECT count(*) FROM {place}."{table}"').fetchone()[0]
    return found


def _grants(session: Session) -> dict[str, list[Sequence[Any]]]:
    accounts = sorted(session.store.accounts.rows, key=lambda account: (account.host, account.user))
    plugin = session.store.flavour.plugin
    return {
        "user": [(account.host, account.user, plugin, "N") for account in accounts],
        "db": [(account.host, database, account.user) for account in accounts for database, _ in account.grants
               if database != "*"],
    }  # fmt: skip
