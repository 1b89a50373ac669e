"""pg_dump: a database as a script of SQL, which psql reads back. Source: PostgreSQL documentation, pg_dump.

Rows are written as INSERT commands, as with --inserts.
"""

from __future__ import annotations

import re

from sim.abi import Proc
from sim.programs.options import Options, command
from sim.programs.postgres.connection import Connection, Refused, from_environment
from sim.programs.postgres.protocol import BOOL, FLOAT8, INT4, INT8, Column
from sim.programs.postgres.psql import where_of

HEAD = """\
--
-- PostgreSQL database dump
--

-- Dumped from database version {version}
-- Dumped by pg_dump version {version}

SET client_encoding = 'UTF8';

"""
TAIL = "--\n-- PostgreSQL database dump complete\n--\n\n"
SCHEMA = """
SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index', 'view') AND sql IS NOT NULL
  AND name NOT LIKE 'sqlite_%' ORDER BY CASE type WHEN 'table' THEN 0 ELSE 1 END"""
LONG = {"host:": "h", "port:": "p", "username:": "U", "dbname:": "d", "inserts": "I", "data-only": "a",
        "schema-only": "s", "clean": "c", "if-exists": "i", "no-owner": "O", "no-password": "w", "file:": "f",
        "no-privileges": "x", "column-inserts": "I", "create": "C", "table:": "t"}  # fmt: skip


@command("h:p:U:d:IascOwf:xCt:", synopsis="[OPTION]... [DBNAME]", about="a PostgreSQL database as an SQL script",
         long=LONG)  # fmt: skip
async def pg_dump(proc: Proc, options: Options, operands: list[str]) -> int:
    link = Connection(proc, where_of(proc, options, operands))

    try:
        await link.open(from_environment(proc))
        text = HEAD.format(version=link.settings.get("server_version", "")) + await _dump(link, options) + TAIL
        await link.close()
    except Refused as refused:
        await proc.err(f"pg_dump: error: {refused}\n")
        return 1
    if "f" in options:
        proc.write_file(options["f"], text.encode())
    else:
        await proc.out(text)
    return 0


async def _dump(link: Connection, options: Options) -> str:
    parts = []
    for name, sql in (await link.query(SCHEMA))[0].rows:
        assert name is not None and sql is not None
        if "t" in options and name not in options.all("t"):
            continue
        table = sql.upper().startswith("CREATE TABLE")
        if "a" not in options:
            dropped = f"DROP TABLE IF EXISTS {name};\n" if "c" in options and table else ""
            parts.append(f"--\n-- Name: {name}\n--\n\n{dropped}{_definition(sql)};\n\n\n")
        if table and "s" not in options:
            parts.append(await _rows(link, name))
    return "".join(parts)


def _definition(sql: str) -> str:
    """As PostgreSQL takes it."""
    sql = re.sub(r"\bINTEGER PRIMARY KEY AUTOINCREMENT\b", "SERIAL PRIMARY KEY", sql)
    return sql.replace("(now())", "now()").replace("(true())", "true").replace("(false())", "false")


async def _rows(link: Connection, name: str) -> str:
    answer = (await link.query(f'SELECT * FROM "{name}"'))[0]
    lines = [f"INSERT INTO {name} VALUES ({', '.join(map(_literal, answer.columns, row))});\n" for row in answer.rows]
    return f"--\n-- Data for Name: {name}\n--\n\n{''.join(lines)}\n\n"


def _literal(column: Column, value: str | None) -> str:
    if value is None:
        return "NULL"
    if column.type in (INT4, INT8, FLOAT8):
        return value
    if column.type == BOOL:
        return "true" if value == "t" else "false"
    return "'" + value.replace("'", "''") + "'"
