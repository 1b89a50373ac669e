"""What SQL can call beside SQLite's own functions, and the catalogue's views."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

from sim.abi import Proc

VIEWS = """
CREATE TEMP VIEW IF NOT EXISTS pg_tables AS
  SELECT 'public' AS schemaname, name AS tablename, who() AS tableowner FROM main.sqlite_master
  WHERE type = 'table' AND name NOT LIKE 'sqlite_%';
CREATE TEMP VIEW IF NOT EXISTS pg_class AS
  SELECT name AS relname, CASE type WHEN 'table' THEN 'r' WHEN 'index' THEN 'i' ELSE 'v' END AS relkind
  FROM main.sqlite_master WHERE name NOT LIKE 'sqlite_%';
CREATE TEMP VIEW IF NOT EXISTS information_schema_tables AS
  SELECT dbname() AS table_catalog, 'public' AS table_schema, name AS table_name,
    CASE type WHEN 'view' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type
  FROM main.sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%';
CREATE TEMP VIEW IF NOT EXISTS information_schema_columns AS
  SELECT m.name AS table_name, c.name AS column_name, c.cid + 1 AS ordinal_position, c.dflt_value AS column_default,
    CASE WHEN c."notnull" OR c.pk THEN 'NO' ELSE 'YES' END AS is_nullable, typename(c.type) AS data_type
  FROM main.sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%';
"""
TYPES = {
    "INT": "integer", "INTEGER": "integer", "BIGINT": "bigint", "SMALLINT": "smallint", "VARCHAR": "character varying",
    "BOOL": "boolean", "DECIMAL": "numeric", "FLOAT": "double precision", "REAL": "real", "CHAR": "character",
    "TIMESTAMP": "timestamp without time zone", "TIMESTAMPTZ": "timestamp with time zone",
}  # fmt: skip


def type_name(declared: str) -> str:
    """As PostgreSQL says a type.

    >>> type_name("VARCHAR(20)")
    'character varying(20)'
    """
    word, _, rest = declared.partition("(")
    name = TYPES.get(word.strip().upper(), word.strip().lower() or "text")
    return name + (f"({rest}" if rest else "")


def like(pattern: str, value: Any) -> bool | None:
    """ILIKE, for which SQLite's REGEXP stands in."""
    if value is None or pattern is None:
        return None
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(letter, re.escape(letter)) for letter in str(pattern))
    return re.fullmatch(expression, str(value), re.IGNORECASE | re.DOTALL) is not None


class Functions:
    """Of one session."""

    def __init__(self, proc: Proc, random: Random, user: str, database: str, version: str) -> None:
        self._proc, self._random = proc, random
        self._said = {"who": user, "dbname": database, "current_database": database, "version": version,
                      "current_schema": "public"}  # fmt: skip
        self.began = proc.now()  # now() is when the transaction began

    def add_to(self, connection: sqlite3.Connection) -> None:
        for name, (count, function) in self._table().items():
            connection.create_function(name, count, function)
        connection.executescript(VIEWS)

    def _table(self) -> dict[str, tuple[int, Callable[..., Any]]]:
        constants: dict[str, tuple[int, Callable[..., Any]]] = {
            name: (0, lambda value=value: value) for name, value in self._said.items()
        }
        return constants | {
            "now": (0, lambda: self._moment(self.began, "%Y-%m-%d %H:%M:%S.%f")),
            "clock_timestamp": (0, lambda: self._moment(self._proc.now(), "%Y-%m-%d %H:%M:%S.%f")),
            "today": (0, lambda: self._moment(self.began, "%Y-%m-%d")),
            "random": (0, self._random.random),
            "regexp": (2, like),
            "md5": (1, lambda value: hashlib.md5(str(value).encode()).hexdigest()),
            "left_": (2, lambda value, size: None if value is None else str(value)[:size]),
            "right_": (2, lambda value, size: None if value is None else str(value)[-size:]),
            "concat": (-1, lambda *values: "".join(str(value) for value in values if value is not None)),
            "initcap": (1, lambda value: None if value is None else str(value).title()),
            "char_length": (1, lambda value: None if value is None else len(str(value))),
            "typename": (1, type_name),
            "gen_random_uuid": (0, self._uuid),
            "true": (0, lambda: 1),
            "false": (0, lambda: 0),
        }

    def _moment(self, when: int, form: str) -> str:
        text = datetime.fromtimestamp(when / 1e9, UTC).strftime(form)
        return text.rstrip("0").rstrip(".") + "+00" if "." in text else text

    def _uuid(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
