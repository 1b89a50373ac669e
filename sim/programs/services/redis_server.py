"""redis-server: the simulated Redis on its sockets. Source: redis.io "Redis configuration"; texts of server.c."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from engine.loop import SECOND
from sim.abi import Proc
from sim.programs.absent import said
from sim.programs.services import rdb
from sim.programs.services.resp import Decoder, Error, Simple, encode

if TYPE_CHECKING:
    from sim.programs.services.redis_store import Client

SIGINT, SIGTERM = 2, 15
BLOCK = 65536
UNITS = {"b": 1, "k": 1000, "kb": 1 << 10, "m": 10**6, "mb": 1 << 20, "g": 10**9, "gb": 1 << 30}
DEFAULTS = {
    b"port": b"6379", b"bind": b"0.0.0.0", b"dir": b"", b"dbfilename": b"dump.rdb", b"save": b"3600 1 300 100 60 10000",
    b"appendonly": b"no", b"requirepass": b"", b"maxmemory": b"0", b"maxmemory-policy": b"noeviction",
    b"databases": b"16", b"timeout": b"0", b"loglevel": b"notice", b"protected-mode": b"yes",
    b"appendfsync": b"everysec", b"daemonize": b"no", b"maxclients": b"10000", b"tcp-keepalive": b"300",
    b"logfile": b"",
}  # fmt: skip
OPEN = (b"AUTH", b"HELLO", b"QUIT", b"RESET")  # commands for those who have not said the password
OK = Simple(b"OK")


class BadConfig(Exception):
    """A setting that the server does not take."""


async def main(proc: Proc) -> int:
    version = await said(proc) or proc.env.get("REDIS_VERSION", "8.10.1")
    words = proc.argv[1:]
    if words[:1] in (["-v"], ["--version"]):
        await proc.out(f"Redis server v={version} sha=00000000:0 malloc=libc bits=64 build=0\n")
        return 0
    try:
        settings, has_file = read_settings(proc, words)
    except BadConfig as error:
        await proc.err(f"\n*** FATAL CONFIG FILE ERROR (Redis {version}) ***\n{error}\n")
        return 1
    return await RedisServer(proc, settings, version).run(has_file)


def read_settings(proc: Proc, words: list[str]) -> tuple[dict[bytes, bytes], bool]:
    """From a file, if one is named, and from `--name value…`; and whether there was a file. Raises BadConfig."""
    lines: list[str] = []
    has_file = bool(words) and not words[0].startswith("--")
    if has_file:
        try:
            lines = proc.read_file(words[0]).decode(errors="replace").splitlines()
        except OSError as error:
            raise BadConfig(f"Fatal error, can't open config file '{words[0]}': {error.strerror}") from None
    for word in words[has_file:]:
        if word.startswith("--"):
            lines.append(word[2:])
        elif lines:
            lines[-1] += f" {shlex.quote(word)}"
    settings = dict(DEFAULTS)
    for number, line in enumerate(lines, 1):
        name, *values = shlex.split(line, comments=True) or [""]
        if name and name.lower().encode() not in DEFAULTS:
            wrong = "Bad directive or wrong number of arguments"
            raise BadConfig(f"Reading the configuration file, at line {number}\n>>> '{line}'\n{wrong}")
        if name:
            said = " ".join(values)
            settings[name.lower().encode()] = (size(said) if name.lower() == "maxmemory" else said).encode()
    return settings, has_file


def size(said: str) -> str:
    """Bytes of `2mb`, as redis.conf writes sizes.

    >>> size("1k"), size("2mb"), size("100")
    ('1000', '2097152', '100')
    """
    found = re.fullmatch(r"(\d+)(b|kb?|mb?|gb?)?", said.lower())
    if found is None:
        raise BadConfig(f"argument must be a memory value: {said}")
    return str(int(found[1]) * UNITS[found[2] or "b"])


@dataclass(slots=True)
class Connected:
    """One connection: fakeredis's idea of the client, and bytes that make no whole command yet."""

    client: Client
    decoder: Decoder = field(default_factory=Decoder)
    waiting: list[list[bytes]] = field(default_factory=list)  # commands behind one that blocks
    inline: bytes = b""
    known: bool = False  # has said the password


class RedisServer:
    """One loop over epoll, as in Redis."""

    def __init__(self, proc: Proc, settings: dict[bytes, bytes], version: str) -> None:
        from sim.programs.services.redis_store import Store

        self._proc, self._settings, self._version = proc, settings, version
        self._store = Store(proc.now, version, settings)
        self._poll = proc.epoll()
        self._connected: dict[int, Connected] = {}
        self._ending = ""

    async def run(self, has_file: bool) -> int:
        proc, port = self._proc, int(self._settings[b"port"])
        await self._greet(has_file)
        try:
            listener = proc.net.listen("0.0.0.0", port)
        except OSError as error:
            await self._log(
                "#", f"Warning: Could not create server TCP listening socket *:{port}: bind: {error.strerror}"
            )
            await self._log("#", f"Failed listening on port {port} (tcp), aborting.")
            return 1
        proc.argv = [f"redis-server *:{port}"]
        await self._log("*", "Server initialized")
        if not await self._load():
            return 1
        await self._log("*", "Ready to accept connections tcp")
        for number, name in ((SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")):
            proc.signal(number, partial(self._end, name))
        self._poll.add(listener.fd)
        while not self._ending:
            try:
                ready = await self._poll.wait(self._patience())
            except InterruptedError:
                continue
            for fd in sorted(ready, key=lambda fd: fd != listener.fd):
                if fd == listener.fd:
                    self._welcome(await proc.net.accept(fd))
                else:
                    await self._hear(fd)
            await self._wake()
        return await self._leave()

    # -- beginning and end

    async def _greet(self, has_file: bool) -> None:
        await self._log("*", "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", "C")
        started = (
            f"Redis version={self._version}, bits=64, commit=00000000, modified=0, pid={self._proc.pid}, just started"
        )
        await self._log("*", started, "C")
        if has_file:
            await self._log("*", "Configuration loaded", "C")
        else:
            warning = (
                "Warning: no config file specified, using the default config. In order to specify a config file use"
            )
            await self._log("#", f"{warning} redis-server /path/to/redis.conf", "C")
        await self._log("*", "monotonic clock: POSIX clock_gettime")
        await self._log("*", f"Running mode=standalone, port={int(self._settings[b'port'])}.")

    async def _log(self, level: str, text: str, role: str = "M") -> None:
        now = self._proc.now()
        stamp = f"{datetime.fromtimestamp(now // SECOND, UTC):%d %b %Y %H:%M:%S}.{now // 1_000_000 % 1000:03}"
        await self._proc.out(f"{self._proc.pid}:{role} {stamp} {level} {text}\n")

    def _path(self) -> str:
        folder = self._settings[b"dir"].decode() or self._proc.cwd
        return f"{folder.rstrip('/')}/{self._settings[b'dbfilename'].decode()}"

    async def _load(self) -> bool:
        """From the dump, if there is one; False if it cannot be read."""
        try:
            data = self._proc.read_file(self._path())
        except OSError:
            return True
        began = self._proc.now()
        try:
            count = self._store.load(rdb.read(data))
        except rdb.Malformed as error:
            await self._log("#", f"{error}")
            await self._log("#", "Fatal error loading the DB, check server logs. Exiting.")
            return False
        await self._log("*", f"Done loading RDB, keys loaded: {count}, keys expired: 0.")
        await self._log("*", f"DB loaded from disk: {(self._proc.now() - began) / SECOND:.3f} seconds")
        return True

    def _save(self) -> None:
        """Write the dump, whole or not at all. Raises OSError."""
        path = self._path()
        self._proc.write_file(f"{path}.temp", rdb.write(self._store.keys(), self._version))
        self._proc.rename(f"{path}.temp", path)
        self._store.server.lastsave = self._proc.now() // SECOND

    def _end(self, name: str, number: int) -> None:
        self._ending = name

    async def _leave(self) -> int:
        if self._ending != "SHUTDOWN":
            await self._log("*", f"Received {self._ending} scheduling shutdown...", "signal-handler")
        await self._log("*", "User requested shutdown...")
        if self._settings[b"save"] not in (b"", b'""'):
            await self._log("*", "Saving the final RDB snapshot before exiting.")
            try:
                self._save()
            except OSError as error:
                await self._log("#", f"Failed opening the temp RDB file for saving: {error.strerror}")
            else:
                await self._log("*", "DB saved on disk")
        await self._log("#", "Redis is now ready to exit, bye bye...")
        return 0

    # -- connections

    def _patience(self) -> float | None:
        """Seconds until the next blocking command gives up."""
        ends = [parked.until for one in self._connected.values() if (parked := one.client.parked) and parked.until]
        return max(0.0, (min(ends) - self._proc.now()) / SECOND) if ends else None

    def _welcome(self, fd: int) -> None:
        self._connected[fd] = Connected(self._store.client())
        self._poll.add(fd)

    def _close(self, fd: int) -> None:
        self._connected.pop(fd).client.close()
        self._poll.remove(fd)
        self._proc.close(fd)

    async def _hear(self, fd: int) -> None:
        one = self._connected[fd]
        try:
            data = await self._proc.read(fd, BLOCK)
        except ConnectionError:
            data = b""
        if not data:
            self._close(fd)
            return
        try:
            one.waiting += _commands(one, data)
        except (ValueError, TypeError) as error:
            await self._send(fd, [Error(f"ERR Protocol error: {error}".encode())])
            self._close(fd)
            return
        await self._run(fd, one)

    async def _run(self, fd: int, one: Connected) -> None:
        """Commands in order, until one blocks."""
        client = one.client
        while one.waiting and client.parked is None:
            words = one.waiting.pop(0)
            words[:1] = [word.upper() for word in words[:1]]
            self._store.commands += 1
            if words[:1] == [b"QUIT"]:
                await self._send(fd, [OK])
                self._close(fd)
                return
            answer = (self._refusal(one, words) or self._of_server(words)) if words else None
            if answer is not None:
                client.replies.append(answer)
            elif words:
                client.run(words[:2] if words[0] == b"HELLO" else words)
            await self._flush()

    async def _wake(self) -> None:
        """Let commands that block try again."""
        for fd, one in list(self._connected.items()):
            if one.client.parked is not None and one.client.wake():
                await self._flush()
                await self._run(fd, one)

    async def _flush(self) -> None:
        """Send what has gathered, also for clients that others have written to (PUBLISH)."""
        for fd, one in list(self._connected.items()):
            replies, one.client.replies = one.client.replies, []
            if replies:
                await self._send(fd, replies)

    async def _send(self, fd: int, replies: list[object]) -> None:
        version = self._connected[fd].client.version_of_protocol
        with suppress(ConnectionError):
            await self._proc.write(fd, b"".join(encode(reply, version) for reply in replies))

    # -- commands that concern the server

    def _refusal(self, one: Connected, words: list[bytes]) -> object | None:
        """AUTH, and what is answered to those who have not said the password."""
        password, name = self._settings[b"requirepass"], words[0]
        if name == b"AUTH" and not password:
            asked = b"ERR AUTH <password> called without any password configured for the default user. "
            return Error(asked + b"Are you sure your configuration is correct?")
        said = words[words.index(b"AUTH") + 1 :][:2] if b"AUTH" in words[:3] else []
        if said and password:
            one.known = said[-1] == password
            if not one.known:
                return Error(b"WRONGPASS invalid username-password pair or user is disabled.")
            return OK if name == b"AUTH" else None
        if password and not one.known and name not in OPEN:
            return Error(b"NOAUTH Authentication required.")
        return None

    def _of_server(self, words: list[bytes]) -> object | None:
        """The reply to INFO, CONFIG, SAVE, SHUTDOWN …; None if it is fakeredis's to answer."""
        name, *rest = [words[0], *words[1:]]
        if name == b"INFO":
            return self._store.info(rest)
        if name == b"TIME":
            now = self._proc.now() // 1000
            return [b"%d" % (now // 1_000_000), b"%d" % (now % 1_000_000)]
        if name in (b"SAVE", b"BGSAVE"):
            self._save()
            return OK if name == b"SAVE" else Simple(b"Background saving started")
        if name == b"CONFIG" and rest:
            return self._config(rest[0].upper(), rest[1:])
        if name == b"SHUTDOWN":
            self._ending = "SHUTDOWN"
            if rest[:1] and rest[0].upper() == b"NOSAVE":
                self._settings[b"save"] = b""
            return OK
        return None

    def _config(self, verb: bytes, rest: list[bytes]) -> object:
        if verb == b"GET":
            patterns = [pattern.decode().lower() for pattern in rest]
            found = {name: value for name, value in sorted(self._settings.items())
                     if any(fnmatchcase(name.decode(), pattern) for pattern in patterns)}  # fmt: skip
            return found
        if verb == b"SET":
            for name, value in zip(rest[::2], rest[1::2], strict=False):
                if name.lower() not in self._settings:
                    return Error(b"ERR Unknown option or number of arguments for CONFIG SET - '%s'" % name)
                self._settings[name.lower()] = value
            return OK
        return Error(b"ERR unknown subcommand '%s'. Try CONFIG HELP." % verb.lower())


def _commands(one: Connected, data: bytes) -> list[list[bytes]]:
    """Commands that are whole now: arrays of strings, or lines typed into nc. Raises ValueError, TypeError."""
    if one.inline or not (data.startswith(b"*") or one.decoder.pending):
        *lines, one.inline = (one.inline + data).split(b"\n")
        return [[word.encode() for word in shlex.split(line.decode(errors="replace"))] for line in lines]
    found = one.decoder.feed(data)
    for words in found:
        if not isinstance(words, list) or not all(isinstance(word, bytes) for word in words):
            raise TypeError("expected an array of strings")
    return found
