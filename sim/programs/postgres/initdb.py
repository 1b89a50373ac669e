"""initdb, pg_isready, createdb, dropdb. Source: PostgreSQL documentation, "Server" and "Client Applications"."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.options import Failure, Options, command
from sim.programs.postgres.cluster import initialize
from sim.programs.postgres.connection import Connection, Refused, from_environment
from sim.programs.postgres.psql import error_text, where_of

SAID = """\
The files belonging to this database system will be owned by user "{user}".
This user must also own the server process.

The database cluster will be initialized with locale "en_US.utf8".
The default database encoding has accordingly been set to "UTF8".
The default text search configuration will be set to "english".

Data page checksums are enabled.

fixing permissions on existing directory {folder} ... ok
creating subdirectories ... ok
selecting dynamic shared memory implementation ... posix
selecting default "max_connections" ... 100
selecting default "shared_buffers" ... 128MB
selecting default time zone ... Etc/UTC
creating configuration files ... ok
running bootstrap script ... ok
performing post-bootstrap initialization ... ok
syncing data to disk ... ok


Success. You can now start the database server using:

    pg_ctl -D {folder} -l logfile start

"""
INITDB = {"pgdata:": "D", "username:": "U", "pwfile:": "pwfile", "auth:": "A", "auth-host:": "A", "auth-local:": "A"}
CLIENT = {"host:": "h", "port:": "p", "username:": "U", "dbname:": "d", "quiet": "q", "timeout:": "t", "if-exists": "i",
          "owner:": "O", "no-password": "w"}  # fmt: skip


@command("D:U:A:", synopsis="[OPTION]... [DATADIR]", about="initializes a PostgreSQL database cluster", long=INITDB)
async def initdb(proc: Proc, options: Options, operands: list[str]) -> int:
    folder = options.get("D") or (operands[0] if operands else proc.env.get("PGDATA", ""))
    if not folder:
        raise Failure("error: no data directory specified")
    if proc.uid == 0:
        raise Failure("error: cannot be run as root")
    if proc.access(f"{folder}/PG_VERSION", 0):
        raise Failure(f'error: directory "{folder}" exists but is not empty')
    user = options.get("U") or "postgres"
    password = proc.read_file(options["pwfile"]).decode().rstrip("\n") if "pwfile" in options else None
    initialize(proc, folder, user, password)
    if options.get("A") == "trust":
        proc.write_file(f"{folder}/trust", b"")
    proc.write_file(f"{folder}/postgresql.conf", b"listen_addresses = '*'\nmax_connections = 100\n")
    proc.write_file(f"{folder}/PG_VERSION", f"{proc.env.get('PG_MAJOR', '18')}\n".encode())
    await proc.sleep(0.8)
    await proc.out(SAID.format(user="postgres", folder=folder))
    return 0


@command("h:p:U:d:qt:", synopsis="[OPTION]...", about="issues a connection check to a PostgreSQL database", long=CLIENT)
async def pg_isready(proc: Proc, options: Options, operands: list[str]) -> int:
    where = where_of(proc, options, [])
    place = f"{where.host or '/var/run/postgresql'}:{where.port}"
    try:
        address = (await proc.net.resolve(where.host))[0] if where.host else "127.0.0.1"
        proc.close(await proc.net.connect(address, where.port))
        said, status = "accepting connections", 0
    except OSError:
        said, status = "no response", 2
    if "q" not in options:
        await proc.out(f"{place} - {said}\n")
    return status


async def _ask(proc: Proc, options: Options, operands: list[str], sql: str) -> int:
    link = Connection(proc, where_of(proc, options, ["postgres"]))
    name = proc.argv[0].rpartition("/")[2]

    try:
        await link.open(from_environment(proc))
        for answer in await link.query(sql):
            if answer.error is not None:
                await proc.err(f"{name}: error: {error_text(answer.error, sql)}")
                return 1
        await link.close()
    except Refused as refused:
        await proc.err(f"{name}: error: {refused}\n")
        return 1
    return 0


@command("h:p:U:O:w", synopsis="[OPTION]... [DBNAME]", about="creates a PostgreSQL database", long=CLIENT)
async def createdb(proc: Proc, options: Options, operands: list[str]) -> int:
    name = operands[0] if operands else where_of(proc, options, []).user
    return await _ask(proc, options, operands, f'CREATE DATABASE "{name}"')


@command("h:p:U:iw", synopsis="[OPTION]... DBNAME", about="removes a PostgreSQL database", long=CLIENT)
async def dropdb(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        raise Failure("error: missing required argument database name")
    maybe = "IF EXISTS " if "i" in options else ""
    return await _ask(proc, options, operands, f'DROP DATABASE {maybe}"{operands[0]}"')
