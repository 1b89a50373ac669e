"""A client's connection to a server, for mysql and its kin."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.abi import Proc
from sim.programs.mysql import protocol
from sim.programs.mysql.protocol import Column, Done, Failure, Greeting, Login, Reader
from sim.programs.options import Options

SOCKET = "/var/run/mysqld/mysqld.sock"
ARGUMENTS = {"user:": "u", "password::": "p", "host:": "h", "port:": "P", "socket:": "S", "protocol:": "protocol",
             "default-character-set:": "charset", "ssl-mode:": "ssl", "skip-ssl": "skip", "no-defaults": "defaults",
             "defaults-file:": "file", "defaults-extra-file:": "file", "get-server-public-key": "key",
             "help": "help", "version": "V", "force": "f", "verbose": "v", "silent": "s",
             "connect-timeout:": "timeout", "ssl": "secure", "skip-ssl-verify-server-cert": "verify"}  # fmt: skip
REFUSED = {2: 2002, 111: 2003}


@dataclass(frozen=True, slots=True)
class Where:
    """What to connect to. Without a host it is the server on this machine."""

    host: str
    port: int
    user: str
    password: str
    database: str


@dataclass(slots=True)
class Answer:
    """One statement's: a table if it has columns, what was done, or a failure."""

    columns: list[Column] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    done: Done = field(default_factory=Done)
    failure: Failure | None = None


class Connection:
    def __init__(self, proc: Proc, where: Where) -> None:
        self._proc, self.where = proc, where
        self._reader, self._fd = Reader(), -1
        self.greeting = Greeting("", 0, b"", "")

    async def open(self) -> None:
        """Raises Failure: the server's, or the client's own (2002 to 2013)."""
        where = self.where
        local = where.host in ("", "localhost")
        try:
            address = "127.0.0.1" if local else (await self._proc.net.resolve(where.host))[0]
        except OSError:
            raise Failure(2005, "HY000", f"Unknown MySQL server host '{where.host}' (-2)") from None
        try:
            self._fd = await self._proc.net.connect(address, where.port)
        except OSError as error:
            if local:
                raise Failure(
                    2002, "HY000", f"Can't connect to local MySQL server through socket '{SOCKET}' (2)"
                ) from None
            said = f"Can't connect to MySQL server on '{where.host}:{where.port}' ({error.errno})"
            raise Failure(2003, "HY000", said) from None
        first = await self._next()
        if first[:1] == b"\xff":
            raise protocol.read_error(first)
        self.greeting = protocol.read_greeting(first)
        plugin = self.greeting.plugin
        proof = protocol.proof(plugin, where.password, self.greeting.nonce)
        await self._send(protocol.log_in(Login(where.user, proof, where.database, plugin)), 1)
        await self._authenticate()

    async def _authenticate(self) -> None:
        while True:
            body = await self._next()
            if body[:1] == b"\xfe":
                plugin, _, rest = body[1:].partition(b"\0")
                await self._send(protocol.proof(plugin.decode(), self.where.password, rest[: protocol.NONCE]), 3)
            elif body[:1] == b"\xff":
                raise protocol.read_error(body)
            elif body[:1] == b"\0":
                return

    @property
    def version(self) -> str:
        return self.greeting.version.removeprefix("5.5.5-")

    async def _send(self, body: bytes, number: int = 0) -> None:
        await self._proc.write(self._fd, protocol.packets([body], number))

    async def _next(self) -> bytes:
        """Raises Failure when the server has gone."""
        while (found := self._reader.next()) is None:
            try:
                data = await self._proc.read(self._fd)
            except ConnectionError:
                data = b""
            if not data:
                raise Failure(2013, "HY000", "Lost connection to MySQL server during query")
            self._reader.feed(data)
        return found

    async def query(self, sql: str) -> list[Answer]:
        """All answers to a query of one statement or more."""
        await self._send(bytes([protocol.QUERY]) + sql.encode("utf-8", "surrogateescape"))
        answers = []
        while True:
            body = await self._next()
            answer, status = Answer(), 0
            if body[:1] == b"\xff":
                answer.failure = protocol.read_error(body)
            elif body[:1] == b"\0":
                answer.done, status = protocol.read_ok(body)
            else:
                status = await self._table(answer, protocol.take_number(body, 0)[0])
            answers.append(answer)
            if not status & protocol.MORE:
                return answers

    async def _table(self, answer: Answer, count: int) -> int:
        answer.columns = [protocol.read_definition(await self._next()) for _ in range(count)]
        await self._next()
        while True:
            body = await self._next()
            if body[:1] == b"\xfe" and len(body) < 9:
                return int.from_bytes(body[3:5], "little")
            answer.rows.append(protocol.read_row(body, count))

    async def rows(self, sql: str) -> list[list[str | None]]:
        """Of one statement. Raises Failure."""
        answer = (await self.query(sql))[0]
        if answer.failure is not None:
            raise answer.failure
        return answer.rows

    async def statistics(self) -> str:
        await self._send(bytes([protocol.STATISTICS]))
        return (await self._next()).decode()

    async def close(self) -> None:
        if self._fd >= 0:
            await self._send(bytes([protocol.QUIT]))
            self._proc.close(self._fd)
            self._fd = -1


async def where_of(proc: Proc, options: Options, database: str = "") -> Where:
    """From options and the environment; asks for the password if there is a bare -p, and warns if it was given."""
    name = proc.argv[0].rpartition("/")[2]
    password = options.get("p") or proc.env.get("MYSQL_PWD", "")
    if "p" in options and not options["p"]:
        password = await _asked(proc)
    elif "p" in options and not name.startswith("mariadb") and "MARIADB_VERSION" not in proc.env:
        await proc.err(f"{name}: [Warning] Using a password on the command line interface can be insecure.\n")
    user = options.get("u") or ("root" if proc.uid == 0 else "mysql")
    port = int(options.get("P") or proc.env.get("MYSQL_TCP_PORT") or 3306)
    return Where(options.get("h") or proc.env.get("MYSQL_HOST", ""), port, user, password, database)


async def _asked(proc: Proc) -> str:
    await proc.out("Enter password: ")
    if proc.isatty(0):
        proc.tcsetattr(0, echo=False)
    try:
        line = bytearray()
        while (letter := await proc.read(0, 1)) not in (b"", b"\n"):
            line += letter
    finally:
        if proc.isatty(0):
            proc.tcsetattr(0, echo=True)
            await proc.out("\n")
    return line.decode("utf-8", "replace")


def said(failure: Failure) -> str:
    """As the clients print an error."""
    return f"ERROR {failure.code} ({failure.state}): {failure.message}"
