"""mysqladmin, mariadb-admin: ask a server how it is. Source: the MySQL reference manual, "mysqladmin"."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.mysql.client import table
from sim.programs.mysql.connection import ARGUMENTS, SOCKET, Connection, where_of
from sim.programs.mysql.flavours import flavour
from sim.programs.mysql.protocol import Failure
from sim.programs.options import Failure as Ended
from sim.programs.options import Options, command

DENIED = 1045
STATEMENTS = {"create": "CREATE DATABASE `{}`", "drop": "DROP DATABASE `{}`", "password": "SET PASSWORD = '{}'",
              "shutdown": "SHUTDOWN", "reload": "FLUSH PRIVILEGES", "flush-privileges": "FLUSH PRIVILEGES"}  # fmt: skip


@command("u:p::h:P:S:fvVsi:c:", synopsis="[OPTIONS] command command....", about="administers a MySQL server",
         long=ARGUMENTS | {"wait::": "w"})  # fmt: skip
async def mysqladmin(proc: Proc, options: Options, operands: list[str]) -> int:
    name = proc.argv[0].rpartition("/")[2]
    kind = flavour(proc)
    if "V" in options:
        await proc.out(f"{name}  Ver {kind.version} for Linux on x86_64 ({kind.distribution})\n")
        return 0
    if not operands:
        raise Ended("error: no command given")
    link = Connection(proc, await where_of(proc, options))
    server = "mariadbd" if kind.maria else "mysqld"
    try:
        await link.open()
    except Failure as failure:
        if operands[0] == "ping" and failure.code == DENIED:
            await proc.out(f"{server} is alive\n")  # it has answered
            return 0
        await proc.err(
            f"{name}: connect to server at '{link.where.host or 'localhost'}' failed\nerror: '{failure.message}'\n"
        )
        if failure.code == 2002:
            await proc.err(f"Check that {server} is running and that the socket: '{SOCKET}' exists!\n")
        return 1
    try:
        return await _perform(proc, link, server, operands)
    except Failure as failure:
        await proc.err(f"{name}: {operands[0]} failed; error: '{failure.message}'\n")
        return 1


async def _perform(proc: Proc, link: Connection, server: str, words: list[str]) -> int:
    """One command after the other. Raises Failure."""
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "ping":
            await proc.out(f"{server} is alive\n")
        elif word == "status":
            await proc.out(f"{await link.statistics()}\n")
        elif word == "version":
            await proc.out(f"Server version\t\t{link.version}\nProtocol version\t10\n{await link.statistics()}\n")
        elif word in ("processlist", "variables"):
            answer = (await link.query(f"SHOW {word.upper()}"))[0]
            await proc.out(table(answer.columns, answer.rows))
        elif word in STATEMENTS:
            await link.rows(STATEMENTS[word].format(left.pop(0) if "{}" in STATEMENTS[word] and left else ""))
        else:
            raise Failure(0, "HY000", f"Unknown command: '{word}'")
    return 0
