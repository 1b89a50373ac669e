"""postgres: a process that listens, a few in the background, and one for each connection, as `docker top` shows them.

Source: PostgreSQL documentation, "Server Setup and Operation"; the log's lines are those of version 18.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from datetime import UTC, datetime

from sim.abi import SIG_DFL, SIG_IGN, Listener, Proc
from sim.programs.postgres.cluster import Cluster
from sim.programs.postgres.dialect import tokens
from sim.programs.postgres.failures import Failure
from sim.programs.postgres.protocol import (
    CANCEL,
    GSS_REQUEST,
    SSL_REQUEST,
    Malformed,
    Reader,
    data_row,
    message,
    parameters,
    report,
    row_description,
    strings,
    text,
)
from sim.programs.postgres.session import Result, Session

SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD = 2, 3, 15, 1, 17
PORT = 5432
AS_ROOT = """\
"root" execution of the PostgreSQL server is not permitted.
The server must be started under an unprivileged user ID to prevent
possible system security compromise.  See the documentation for
more information on how to properly start the server.
"""
BACKGROUND = ("io worker 0", "checkpointer ", "background writer ", "walwriter ", "autovacuum launcher ",
              "logical replication launcher ")  # fmt: skip
RESIDENT, BACKEND = 30 << 20, 5 << 20  # bytes of memory: the server's, and of each connection
PASSWORD, READY = 3, b"Z"
Asked = tuple[str, list[str | None]]  # a statement and its parameters


def log_line(proc: Proc, text: str, level: str = "LOG") -> str:
    moment = datetime.fromtimestamp(proc.now() / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{moment} UTC [{proc.pid}] {level}:  {text}\n"


async def postgres(proc: Proc) -> int:
    full = proc.env.get("PG_VERSION", "18.6-1")
    version = full.partition("-")[0]
    if "--version" in proc.argv or "-V" in proc.argv:
        await proc.out(f"postgres (PostgreSQL) {version}\n")
        return 0
    if proc.uid == 0:
        await proc.err(AS_ROOT)
        return 1
    folder = proc.argv[proc.argv.index("-D") + 1] if "-D" in proc.argv[:-1] else proc.env.get("PGDATA", "")
    if not folder or not proc.access(f"{folder}/PG_VERSION", 4):
        await proc.err(f'postgres: could not access the server configuration file "{folder}/postgresql.conf": '
                       "No such file or directory\n")  # fmt: skip
        return 2
    return await Postmaster(proc, folder, version, full).run()


class Postmaster:
    """The first process: it starts the others."""

    def __init__(self, proc: Proc, folder: str, version: str, full: str) -> None:
        self._proc, self._version = proc, version
        self._about = f"PostgreSQL {version} (Debian {full}) on x86_64-pc-linux-gnu, 64-bit"
        self._trust = proc.access(f"{folder}/trust", 0)
        self.cluster = Cluster(proc, folder, trust=self._trust)
        given = (word.partition("=") for at, word in enumerate(proc.argv) if proc.argv[at - 1] == "-c")
        self.cluster.settings = {name.lower(): value for name, _, value in given}
        self._ended: list[int] = []
        self._children: list[int] = []

    async def _log(self, said: str, level: str = "LOG") -> None:
        await self._proc.err(log_line(self._proc, said, level))

    async def run(self) -> int:
        proc = self._proc
        for number in (SIGTERM, SIGINT, SIGQUIT):
            proc.signal(number, self._ended.append)
        await self._log(f"starting {self._about}")
        await proc.allocate(RESIDENT)
        with suppress(InterruptedError):
            await proc.sleep(0.2)
        alone = "listen_addresses=" in proc.argv  # for this machine's own clients only
        address = "127.0.0.1" if alone else "0.0.0.0"
        try:
            listener = proc.net.listen(address, PORT)
        except OSError as error:
            await self._log(f'could not bind IPv4 address "{address}": {error.strerror}')
            await self._log("could not create any TCP/IP sockets", "FATAL")
            return 1
        if not alone:
            await self._log(f'listening on IPv4 address "{address}", port {PORT}')
        await self._log(f'listening on Unix socket "/var/run/postgresql/.s.PGSQL.{PORT}"')
        self._children = [proc.fork(_Idle(name)) for name in BACKGROUND]
        await self._log("database system is ready to accept connections")
        await self._listen(listener)
        await self._log(
            "received smart shutdown request" if self._ended[0] == SIGTERM else "received fast shutdown request"
        )
        for pid in [*self._children, *self.cluster.sessions]:
            with suppress(ProcessLookupError):
                proc.kill(pid, SIGTERM)
        await self._log("shutting down")
        self.cluster.close()
        await self._log("database system is shut down")
        return 0

    async def _listen(self, listener: Listener) -> None:
        proc = self._proc
        while not self._ended:
            with suppress(InterruptedError, ConnectionError):
                fd = await listener.accept()
                pid = proc.fork(_Backend(self, fd, listener.fd))
                proc.close(fd)
                self.cluster.sessions[pid] = ""
            with suppress(ChildProcessError):
                while (await proc.wait(-1, 1))[0]:
                    pass

    @property
    def about(self) -> str:
        return self._about

    @property
    def version(self) -> str:
        return self._version


class _Idle:
    """A process in the background: it is there to be seen."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def __call__(self, proc: Proc) -> int:
        _title(proc, self._name)
        for number in (SIGINT, SIGQUIT, SIGHUP):
            proc.signal(number, SIG_IGN)
        proc.signal(SIGTERM, SIG_DFL)
        while True:
            with suppress(InterruptedError):
                await proc.pause()


def _title(proc: Proc, said: str) -> None:
    """What ps shows of this process."""
    proc.argv = [f"postgres: {said}"]


class _Backend:
    """The process of one connection."""

    def __init__(self, postmaster: Postmaster, fd: int, listener: int) -> None:
        self._master, self._fd, self._listener = postmaster, fd, listener
        self._reader = Reader()
        self._prepared: dict[str, str] = {}
        self._portals: dict[str, Asked] = {}
        self._results: dict[str, tuple[Asked, Result]] = {}

    async def __call__(self, proc: Proc) -> int:
        proc.signal(SIGTERM, SIG_DFL)
        proc.signal(SIGINT, SIG_IGN)
        proc.close(self._listener)
        await proc.allocate(BACKEND)
        try:
            session = await self._welcome(proc)
            if session is not None:
                await self._converse(proc, session)
        except (ConnectionError, Malformed, struct.error, IndexError, ValueError):
            pass
        finally:
            self._master.cluster.sessions.pop(proc.pid, None)
        return 0

    async def _first(self, proc: Proc) -> bytes | None:
        while (found := self._reader.first()) is None:
            data = await proc.read(self._fd)
            if not data:
                return None
            self._reader.feed(data)
        return found

    async def _next(self, proc: Proc) -> tuple[bytes, bytes] | None:
        while (found := self._reader.next()) is None:
            data = await proc.read(self._fd)
            if not data:
                return None
            self._reader.feed(data)
        return found

    async def _refuse(self, proc: Proc, said: str, code: str) -> None:
        await proc.err(log_line(proc, said, "FATAL"))
        await proc.write(self._fd, report(b"E", "FATAL", code, said))

    async def _welcome(self, proc: Proc) -> Session | None:
        """The start of a connection, up to the first ReadyForQuery; None if it is refused."""
        while True:
            body = await self._first(proc)
            if body is None:
                return None
            (code,) = struct.unpack_from(">I", body)
            if code in (SSL_REQUEST, GSS_REQUEST):
                await proc.write(self._fd, b"N")
            elif code == CANCEL:
                return None
            else:
                break
        words = strings(body[4:])
        options = dict(zip(words[::2], words[1::2], strict=False))
        user = options.get("user", "")
        database = options.get("database") or user
        if not await self._authenticated(proc, user):
            return None
        cluster = self._master.cluster
        if database not in cluster.names():
            await self._refuse(proc, f'database "{database}" does not exist', "3D000")
            return None
        cluster.sessions[proc.pid] = database
        peer = proc.net.peer(self._fd)
        _title(proc, f"{user} {database} {peer[0]}({peer[1]}) idle")
        session = Session(proc, cluster, user, database, self._master.about)
        settings = {"server_version": f"{self._master.version}", "server_encoding": "UTF8", "client_encoding": "UTF8",
                    "DateStyle": "ISO, MDY", "TimeZone": "Etc/UTC", "integer_datetimes": "on", "is_superuser": "on",
                    "standard_conforming_strings": "on", "session_authorization": user}  # fmt: skip
        said = [message(b"S", text(name), text(value)) for name, value in settings.items()]
        key = message(b"K", struct.pack(">II", proc.pid, 1))
        await proc.write(self._fd, b"".join([message(b"R", struct.pack(">I", 0)), *said, key, message(READY, b"I")]))
        return session

    async def _authenticated(self, proc: Proc, user: str) -> bool:
        cluster = self._master.cluster
        role = cluster.roles.get(user)
        local = proc.net.peer(self._fd)[0].startswith("127.")
        if role is None and (local or cluster.trust):
            await self._refuse(proc, f'role "{user}" does not exist', "28000")
            return False
        if local or cluster.trust:
            return True
        await proc.write(self._fd, message(b"R", struct.pack(">I", PASSWORD)))
        answer = await self._next(proc)
        if answer is None:
            return False
        if role is None or role.password is None or answer[1].rstrip(b"\0").decode("utf-8", "replace") != role.password:
            await self._refuse(proc, f'password authentication failed for user "{user}"', "28P01")
            return False
        return True

    async def _converse(self, proc: Proc, session: Session) -> None:
        skipping = False  # after an error of the extended protocol, until Sync
        while (found := await self._next(proc)) is not None:
            kind, body = found
            if kind == b"X":
                break
            if kind == b"Q":
                answers = await session.query(strings(body)[0])
                await proc.write(self._fd, b"".join(answers) + message(READY, session.status))
            elif kind == b"S":
                skipping = False
                await proc.write(self._fd, message(READY, session.status))
            elif not skipping:
                try:
                    await proc.write(self._fd, await self._extended(session, kind, body))
                except Failure as error:
                    skipping = True
                    await proc.write(self._fd, session.error(error, ""))
        session.close()

    async def _extended(self, session: Session, kind: bytes, body: bytes) -> bytes:
        """One message of the extended protocol. Raises Failure."""
        if kind == b"P":
            name, sql, *_ = strings(body)
            self._prepared[name] = sql
            return message(b"1")
        if kind == b"B":
            portal, statement, values = parameters(body)
            if statement not in self._prepared:
                raise Failure(f'prepared statement "{statement}" does not exist', "26000")
            self._portals[portal] = (self._prepared[statement], values)
            return message(b"2")
        if kind == b"D":
            return await self._describe(session, body)
        if kind == b"E":
            portal = strings(body)[0]
            _, rows, tag = await self._result(session, portal)
            self._results.pop(portal, None)
            return b"".join([*(data_row(row) for row in rows), message(b"C", text(tag))])
        if kind == b"C":
            return message(b"3")
        return b""

    async def _describe(self, session: Session, body: bytes) -> bytes:
        name = strings(body[1:])[0]
        if body[:1] == b"S":
            sql = self._prepared.get(name, "")
            count = len(set(_dollars(sql)))
            oids = struct.pack(f">H{count}I", count, *([0] * count))
            columns = session.describe(sql, count)
            return message(b"t", oids) + (row_description(columns) if columns else message(b"n"))
        columns, _, _ = await self._result(session, name)
        return row_description(columns) if columns else message(b"n")

    async def _result(self, session: Session, portal: str) -> Result:
        """Of a portal. What is described is run, and its rows are kept for the Execute that follows."""
        asked = self._portals[portal]
        done = self._results.pop(portal, None)
        if done is not None and done[0] is asked:
            return done[1]
        sql, values = asked
        result = await session.run(sql, values) if sql.strip() else ([], [], "")
        self._results[portal] = (asked, result)
        return result


def _dollars(sql: str) -> list[str]:
    return [token.text for token in tokens(sql) if token.kind == "parameter"]
