"""mysqld, mariadbd: one process that listens, and answers all its connections.

Source: the MySQL reference manual, "mysqld - The MySQL Server"; the log's lines are those of 8.4 (and MariaDB 12).
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from sim.abi import Listener, Proc
from sim.programs.mysql import protocol
from sim.programs.mysql.accounts import ALL, Account, hashed
from sim.programs.mysql.dialect import statements
from sim.programs.mysql.flavours import Flavour, flavour
from sim.programs.mysql.protocol import Done, Failure, Reader
from sim.programs.mysql.session import Later, Result, Rows, Session
from sim.programs.mysql.store import OWN, Store

SIGHUP, SIGINT, SIGQUIT, SIGTERM = 1, 2, 3, 15
PORT, FOLDER, SOCKET = 3306, "/var/lib/mysql", "/var/run/mysqld/mysqld.sock"
RESIDENT = 350 << 20  # bytes of memory of a server that has just started
PATIENCE = 500  # tries for another's lock: 50 seconds, as innodb_lock_wait_timeout


async def mysqld(proc: Proc) -> int:
    kind = flavour(proc)
    name = "mariadbd" if kind.maria else "mysqld"
    if "--version" in proc.argv or "-V" in proc.argv:
        title = "mariadb.org binary distribution" if kind.maria else kind.distribution
        system = "debian-linux-gnu" if kind.maria else "Linux"
        await proc.out(f"/usr/sbin/{name}  Ver {kind.version} for {system} on x86_64 ({title})\n")
        return 0
    settings = read_settings(proc)
    if proc.uid == 0 and "user" not in settings:
        refused = 'Fatal error: Please read "Security" section of the manual to find out how to run mysqld as root!'
        await proc.err(line(proc, kind, "ERROR", "MY-010123", refused))
        return 1
    folder = settings.get("datadir", FOLDER).rstrip("/")
    if "initialize_insecure" in settings:
        return await initialize(proc, kind, folder)
    if not proc.access(f"{folder}/mysql", 0):
        await proc.err(line(proc, kind, "ERROR", "MY-010095", f"Failed to access data directory {folder}"))
        return 1
    return await Server(proc, kind, folder, settings).run()


def read_settings(proc: Proc) -> dict[str, str]:
    """From /etc/my.cnf, /etc/mysql/conf.d and `--name=value`; names with underscores."""
    found: dict[str, str] = {}
    files = ["/etc/my.cnf", "/etc/mysql/my.cnf"]
    with suppress(OSError):
        files += [
            f"/etc/mysql/conf.d/{name}" for name in sorted(proc.listdir("/etc/mysql/conf.d")) if name.endswith(".cnf")
        ]
    for path in files:
        with suppress(OSError):
            found |= _section(proc.read_file(path).decode("utf-8", "replace"))
    for word in proc.argv[1:]:
        name, _, value = word.lstrip("-").partition("=")
        found[name.replace("-", "_")] = value
    return found


def _section(text: str) -> dict[str, str]:
    """What stands in [mysqld] (or [mariadbd], [server])."""
    found, section = {}, ""
    for one in text.splitlines():
        said = one.partition("#")[0].strip()
        if said.startswith("["):
            section = said.strip("[]")
        elif said and not said.startswith("!") and section in ("mysqld", "mariadbd", "mariadb", "server"):
            name, _, value = said.partition("=")
            found[name.strip().replace("-", "_")] = value.strip()
    return found


def line(proc: Proc, kind: Flavour, level: str, code: str, text: str, thread: int = 0) -> str:
    """One line of the error log."""
    moment = datetime.fromtimestamp(proc.now() / 1e9, UTC)
    if kind.maria:
        return f"{moment:%Y-%m-%d %H:%M:%S} {thread} [{'Note' if level == 'System' else level}] {text}\n"
    if kind.number < (8,):
        return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z {thread} [{'Note' if level == 'System' else level}] {text}\n"
    part = "InnoDB" if text.startswith("InnoDB") else "Server"
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z {thread} [{level}] [{code}] [{part}] {text}\n"


async def initialize(proc: Proc, kind: Flavour, folder: str) -> int:
    """Lay a data directory down, with a root that has no password."""
    begun = f"/usr/sbin/mysqld (mysqld {kind.version}) initializing of server in progress as process {proc.pid}"
    await proc.err(line(proc, kind, "System", "MY-013169", begun))
    await proc.sleep(4.0)
    for name in OWN:
        proc.mkdir(f"{folder}/{name}", 0o750)
    store = Store(proc, folder, kind, {})
    store.accounts.put(Account("root", "localhost", hashed(""), ((ALL, "ALL PRIVILEGES"),)))
    said = "root@localhost is created with an empty password ! Please consider switching off the "
    await proc.err(line(proc, kind, "Warning", "MY-010453", f"{said}--initialize-insecure option.", 6))
    return 0


@dataclass(slots=True)
class Connected:
    """One connection. `waiting`: statements that are to be run; `again`: when the first of them is tried next."""

    fd: int
    thread: int
    host: str
    nonce: bytes
    reader: Reader = field(default_factory=Reader)
    session: Session | None = None
    login: protocol.Login | None = None
    waiting: list[str] = field(default_factory=list)
    again: int = 0
    tries: int = 0
    result: Result | None = None
    number: int = 1  # of the next packet


class Server:
    def __init__(self, proc: Proc, kind: Flavour, folder: str, settings: dict[str, str]) -> None:
        self._proc, self._kind, self._settings = proc, kind, settings
        self._store = Store(proc, folder, kind, settings)
        self._poll = proc.epoll()
        self._connected: dict[int, Connected] = {}
        self._random = Random(f"{proc.now()} {proc.pid}")
        self._threads = 7
        self._ended: list[int] = []

    async def _log(self, text: str, code: str = "MY-010931", level: str = "System", thread: int = 0) -> None:
        await self._proc.err(line(self._proc, self._kind, level, code, text, thread))

    async def run(self) -> int:
        proc, kind = self._proc, self._kind
        for number in (SIGTERM, SIGINT, SIGQUIT):
            proc.signal(number, self._ended.append)
        name = "mariadbd" if kind.maria else "mysqld"
        started = f"Starting MariaDB {kind.version} source revision as process {proc.pid}" if kind.maria else (
            f"/usr/sbin/mysqld (mysqld {kind.version}) starting as process {proc.pid}")  # fmt: skip
        await self._log(started, "MY-010116")
        await proc.allocate(RESIDENT)
        await self._log("InnoDB initialization has started.", "MY-013576", thread=1)
        with suppress(InterruptedError):
            await proc.sleep(1.0)
        await self._log("InnoDB initialization has ended.", "MY-013577", thread=1)
        alone = "skip_networking" in self._settings  # for this machine's own clients only
        port = int(self._settings.get("port") or PORT)
        try:
            listener = proc.net.listen("127.0.0.1" if alone else "0.0.0.0", port)
        except OSError as error:
            await self._log(f"Can't start server: Bind on TCP/IP port: {error.strerror}", "MY-010262", "ERROR")
            return 1
        path = "/usr/sbin/mariadbd" if kind.maria else "/usr/sbin/mysqld"
        socket = "/run/mysqld/mysqld.sock" if kind.maria else SOCKET
        ready = f"ready for connections.{chr(10) if kind.maria else ' '}Version: '{kind.version}'  socket: '{socket}'"
        await self._log(f"{path}: {ready}  port: {0 if alone else port}  {kind.distribution}.")
        await self._serve(listener)
        await self._log(
            f"Received SHUTDOWN from user <via user signal>. Shutting down {name} (Version: {kind.version}).",
            "MY-013172",
        )
        self._store.close()
        await self._log(f"{path}: Shutdown complete ({name} {kind.version})  {kind.distribution}.", "MY-010910")
        return 0

    async def _serve(self, listener: Listener) -> None:
        self._poll.add(listener.fd)
        while not self._ended:
            waits = [one.again for one in self._connected.values() if one.waiting or one.result]
            timeout = max(0.0, (min(waits) - self._proc.now()) / 1e9) if waits else None
            with suppress(InterruptedError):
                for fd in await self._poll.wait(timeout):
                    if fd == listener.fd:
                        await self._accept(listener)
                    else:
                        await self._read(self._connected[fd])
            for one in list(self._connected.values()):
                if (one.waiting or one.result) and one.again <= self._proc.now():
                    await self._work(one)

    async def _accept(self, listener: Listener) -> None:
        with suppress(ConnectionError):
            fd = await listener.accept()
            host = self._proc.net.peer(fd)[0]
            self._threads += 1
            nonce = bytes(self._random.randrange(1, 128) for _ in range(protocol.NONCE))
            one = Connected(fd, self._threads, "localhost" if host.startswith("127.") else host, nonce)
            self._connected[fd] = one
            self._poll.add(fd)
            version = f"5.5.5-{self._kind.version}" if self._kind.maria else self._kind.version
            await self._send(one, [protocol.greet(protocol.Greeting(version, one.thread, nonce, self._kind.plugin))], 0)

    async def _send(self, one: Connected, bodies: list[bytes], first: int) -> None:
        with suppress(BrokenPipeError, ConnectionError):
            await self._proc.write(one.fd, protocol.packets(bodies, first))

    def _close(self, one: Connected) -> None:
        self._poll.remove(one.fd)
        del self._connected[one.fd]
        if one.session is not None:
            one.session.close()
        self._proc.close(one.fd)

    async def _read(self, one: Connected) -> None:
        data = b""
        with suppress(ConnectionError):
            data = await self._proc.read(one.fd)
        if not data:
            self._close(one)
            return
        one.reader.feed(data)
        while one.fd in self._connected and (body := one.reader.next()) is not None:
            try:
                await (self._command(one, body) if one.session is not None else self._enter(one, body))
            except (IndexError, struct.error, ValueError):
                await self._send(one, [protocol.error(Failure(1043, "08S01", "Bad handshake"))], one.number)
                self._close(one)

    # -- who is there

    async def _enter(self, one: Connected, body: bytes) -> None:
        """The login, or the proof that was asked for once more."""
        plugin = self._kind.plugin
        if one.login is None:
            one.login = protocol.read_login(body)
            if one.login.plugin != plugin and one.login.plugin not in protocol.HASHES:
                one.number = 3
                await self._send(one, [protocol.switch(plugin, one.nonce)], 2)
                return
            proof, plugin, number = one.login.proof, one.login.plugin, 2
        else:
            proof, number = body, 4
        account = self._store.accounts.of(one.login.user, one.host)
        if account is None or not protocol.proven(plugin, account.hash(plugin), one.nonce, proof):
            said = (
                f"Access denied for user '{one.login.user}'@'{one.host}' (using password: {'YES' if proof else 'NO'})"
            )
            await self._send(one, [protocol.error(Failure(1045, "28000", said))], number)
            self._close(one)
            return
        session = Session(self._proc, self._store, one.thread, one.login.user, one.host, account)
        self._store.connected[one.thread] = (one.login.user, one.host, "")
        try:
            if one.login.database:
                session.use(one.login.database)
        except Failure as failure:
            await self._send(one, [protocol.error(failure)], number)
            session.close()
            self._close(one)
            return
        one.session = session
        fast = [b"\x01\x03"] if plugin == "caching_sha2_password" and proof else []
        await self._send(one, [*fast, protocol.ok(Done(), protocol.AUTOCOMMIT)], number)

    # -- what is asked

    async def _command(self, one: Connected, body: bytes) -> None:
        session, kind, rest = one.session, body[0], body[1:]
        assert session is not None
        status = self._status(session)
        if kind == protocol.QUIT:
            self._close(one)
        elif kind == protocol.PING:
            await self._send(one, [protocol.ok(Done(), status)], 1)
        elif kind == protocol.STATISTICS:
            await self._send(one, [self._statistics().encode()], 1)
        elif kind == protocol.INIT_DB:
            try:
                session.use(rest.decode())
                await self._send(one, [protocol.ok(Done(), status)], 1)
            except Failure as failure:
                await self._send(one, [protocol.error(failure)], 1)
        elif kind == protocol.QUERY:
            one.waiting, one.number, one.again = statements(rest.decode("utf-8", "replace")), 1, 0
            if not one.waiting:
                await self._send(one, [protocol.error(Failure(1065, "42000", "Query was empty"))], 1)
        else:
            await self._send(one, [protocol.error(Failure(1047, "08S01", "Unknown command"))], 1)

    def _statistics(self) -> str:
        seconds = max(1, (self._proc.now() - self._store.began) // 10**9)
        asked = self._store.questions
        return (f"Uptime: {seconds}  Threads: {len(self._store.connected)}  Questions: {asked}  Slow queries: 0  "
                f"Queries per second avg: {asked / seconds:.3f}")  # fmt: skip

    def _status(self, session: Session) -> int:
        return (protocol.IN_TRANSACTION if session.open else 0) | (protocol.AUTOCOMMIT if session.automatic else 0)

    async def _work(self, one: Connected) -> None:
        """Run what waits, up to a statement that has to wait longer."""
        session = one.session
        assert session is not None
        while one.waiting or one.result:
            await self._proc.cpu(0.0003)
            if one.waiting[0].upper() == "SHUTDOWN":
                self._ended.append(SIGTERM)
            try:
                result: Result | Failure = one.result or session.run(one.waiting[0])
                one.result = None
            except Later as later:
                one.tries, one.again = one.tries + 1, self._proc.now() + int(later.seconds * 1e9)
                one.result = later.result
                if one.tries < PATIENCE:
                    return
                result = Failure(1205, "HY000", "Lock wait timeout exceeded; try restarting transaction")
            except Failure as failure:
                result = failure
            one.tries = 0
            one.waiting = one.waiting[1:] if not isinstance(result, Failure) else []
            await self._answer(one, session, result)

    async def _answer(self, one: Connected, session: Session, result: Result | Failure) -> None:
        status = self._status(session) | (protocol.MORE if one.waiting else 0)
        if isinstance(result, Failure):
            bodies = [protocol.error(result)]
        elif isinstance(result, Rows):
            heads = [protocol.sized(len(result.columns)), *map(protocol.definition, result.columns)]
            bodies = [*heads, protocol.end(status), *map(protocol.row, result.rows), protocol.end(status)]
        else:
            bodies = [protocol.ok(result, status)]
        await self._send(one, bodies, one.number)
        one.number += len(bodies)
