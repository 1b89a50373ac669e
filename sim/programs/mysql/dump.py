"""mysqldump, mariadb-dump: databases as a script that mysql reads back. Source: the manual, "mysqldump"."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.mysql.connection import ARGUMENTS, Connection, where_of
from sim.programs.mysql.dialect import literal
from sim.programs.mysql.flavours import flavour
from sim.programs.mysql.protocol import NUMBERS, Failure
from sim.programs.options import Failure as Ended
from sim.programs.options import Options, command

LONG = ARGUMENTS | {
    "all-databases": "A", "databases": "B", "no-data": "d", "no-create-info": "t", "single-transaction": "one",
    "routines": "R", "triggers": "triggers", "events": "E", "result-file:": "r", "no-tablespaces": "y",
    "column-statistics:": "stats", "add-drop-database": "drop", "quick": "q", "lock-tables": "l",
    "skip-lock-tables": "skip-lock", "set-gtid-purged:": "gtid", "compact": "compact", "add-drop-table": "add",
    "opt": "opt", "extended-insert": "e", "hex-blob": "hex",
}  # fmt: skip
OWN = ("information_schema", "performance_schema", "mysql", "sys")


@command(
    "u:p::h:P:S:ABdtREr:qlyefvV", synopsis="[OPTIONS] database [tables]", about="dumps databases as SQL", long=LONG
)
async def mysqldump(proc: Proc, options: Options, operands: list[str]) -> int:
    name, kind = proc.argv[0].rpartition("/")[2], flavour(proc)
    if "V" in options:
        await proc.out(f"{name}  Ver {kind.version} for Linux on x86_64 ({kind.distribution})\n")
        return 0
    if not operands and "A" not in options:
        raise Ended("Usage: mysqldump [OPTIONS] database [tables]")
    link = Connection(proc, await where_of(proc, options))
    try:
        await link.open()
        text = await _dump(link, options, operands)
        await link.close()
    except Failure as failure:
        await proc.err(f"{name}: Got error: {failure.code}: {failure.message}\n")
        return 2
    if "r" in options:
        proc.write_file(options["r"], text.encode())
    else:
        await proc.out(text)
    return 0


async def _dump(link: Connection, options: Options, operands: list[str]) -> str:
    head = (f"-- MySQL dump 10.13  Distrib {link.version}, for Linux (x86_64)\n--\n"
            f"-- Host: {link.where.host or 'localhost'}    Database: {operands[0] if operands else ''}\n"
            f"-- {'-' * 54}\n-- Server version\t{link.version}\n\n")  # fmt: skip
    whole = "A" in options or "B" in options
    names = operands if "B" in options else operands[:1]
    if "A" in options:
        names = [row[0] or "" for row in await link.rows("SHOW DATABASES") if row[0] not in OWN]
    parts = [head, "SET FOREIGN_KEY_CHECKS=0;\n\n"]
    for name in names:
        await link.rows(f"USE `{name}`")
        if whole:
            made = (await link.rows(f"SHOW CREATE DATABASE `{name}`"))[0][1] or ""
            made = made.replace("DATABASE ", "DATABASE IF NOT EXISTS ", 1)
            parts.append(f"--\n-- Current Database: `{name}`\n--\n\n{made};\n\nUSE `{name}`;\n\n")
        tables = [row[0] or "" for row in await link.rows("SHOW TABLES")]
        for table in tables if whole or len(operands) < 2 else operands[1:]:
            parts.append(await _table(link, table, options))
    return "".join([*parts, "SET FOREIGN_KEY_CHECKS=1;\n\n-- Dump completed\n"])


async def _table(link: Connection, name: str, options: Options) -> str:
    text = ""
    if "t" not in options:
        made = (await link.rows(f"SHOW CREATE TABLE `{name}`"))[0][1]
        text += f"--\n-- Table structure for table `{name}`\n--\n\nDROP TABLE IF EXISTS `{name}`;\n{made};\n\n"
    if "d" not in options:
        answer = (await link.query(f"SELECT * FROM `{name}`"))[0]
        if answer.failure is not None:
            raise answer.failure
        rows = ["(" + ",".join("NULL" if value is None else value if column.type in NUMBERS else literal(value)
                               for value, column in zip(row, answer.columns, strict=True)) + ")"
                for row in answer.rows]  # fmt: skip
        text += f"--\n-- Dumping data for table `{name}`\n--\n\nLOCK TABLES `{name}` WRITE;\n"
        text += f"INSERT INTO `{name}` VALUES {','.join(rows)};\n" if rows else ""
        text += "UNLOCK TABLES;\n\n"
    return text
