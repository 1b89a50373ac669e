"""fakeredis as the core of a simulated Redis: commands in, replies out, in virtual time and without a thread.

fakeredis knows the commands and keeps the data; here it gets the simulated clock, its replies are kept as protocol
values, commands that block are parked until another client makes them answerable, and what concerns the server as a
whole (INFO, CONFIG, SAVE, SHUTDOWN) is answered by us.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import redis
from fakeredis import FakeServer
from fakeredis._core._database import Database
from fakeredis._helpers import NoResponse, SimpleError, SimpleString
from fakeredis._socket import FakeSocket
from fakeredis.model import Hash, ZSet
from fakeredis.model._expiring_members_set import ExpiringMembersSet

from engine.loop import SECOND
from sim.programs.services import rdb
from sim.programs.services.resp import Error, Simple


class TimedDatabase(Database):
    """A database whose time is the simulated machine's, whatever fakeredis sets it to."""

    def __init__(self, lock: Any, now: Callable[[], int]) -> None:
        self._now = now
        super().__init__(lock)

    @property
    def time(self) -> float:
        return self._now() / SECOND

    @time.setter
    def time(self, value: float) -> None:
        pass


@dataclass(slots=True)
class Parked:
    """A command that blocks. `until` in ns since 1970; None: for ever."""

    until: int | None
    attempt: Callable[[bool], Any]
    shape: Callable[[Any], Any] | None


class Client(FakeSocket):
    """One connection's state. Replies gather in `replies`, as RESP values."""

    def __init__(self, server: FakeServer, now: Callable[[], int]) -> None:
        self.replies: list[Any] = []
        self.parked: Parked | None = None
        self._now = now
        super().__init__(server, 0, client_class=redis.Redis)

    @property
    def version_of_protocol(self) -> int:
        return int(self._client_info.protocol_version)

    def _decode_result(self, result: Any) -> Any:
        return result

    def put_response(self, message: Any) -> None:
        self.replies.append(_value(message))

    def run(self, words: list[bytes]) -> None:
        """One command; its replies, if there are any yet, are in `replies`."""
        if words[:1] == [b"XADD"]:  # an id without a time gets ours, not the world's
            words = [b"%d-*" % (self._now() // 1_000_000) if word == b"*" else word for word in words]
        self._process_command(words)

    def _blocking(
        self, timeout: float | None, func: Callable[[bool], Any], shape: Callable[[Any], Any] | None = None
    ) -> Any:
        result = func(True)
        if result is not None or self._in_transaction:
            return result if shape is None else shape(result)
        self.parked = Parked(self._now() + int(timeout * SECOND) if timeout else None, func, shape)
        return NoResponse()

    def wake(self) -> bool:
        """Try the parked command again; True if it is answered now."""
        parked = self.parked
        assert parked is not None
        with self._server.lock:
            result = parked.attempt(False)
        if result is None and (parked.until is None or self._now() < parked.until):
            return False
        self.parked = None
        self.put_response(result if parked.shape is None else parked.shape(result))
        return True


def _value(message: Any) -> Any:
    if isinstance(message, SimpleString):
        return Simple(message.value)
    if isinstance(message, SimpleError):
        return Error(message.value.encode())
    if isinstance(message, list | tuple):
        return [_value(each) for each in message]
    if isinstance(message, dict):
        return {_value(key): _value(value) for key, value in message.items()}
    return message


@dataclass(slots=True)
class Store:
    """The data of one server."""

    now: Callable[[], int]
    version: str
    settings: dict[bytes, bytes]
    server: FakeServer = field(init=False)
    began: int = field(init=False)
    commands: int = 0
    connections: int = 0

    def __post_init__(self) -> None:
        self.server = FakeServer(version=tuple(int(part) for part in self.version.split(".")))
        self.server.dbs = defaultdict(lambda: TimedDatabase(self.server.lock, self.now))
        self.began = self.now()

    def client(self) -> Client:
        self.connections += 1
        return Client(self.server, self.now)

    def keys(self) -> Iterator[rdb.Key]:
        """Everything that the file format can hold, for `rdb.write`."""
        for number, database in sorted(self.server.dbs.items()):
            for name in database:
                item = database[name]
                found = _plain(item.value)
                if found is not None:
                    kind, value = found
                    expires = None if item.expireat is None else int(item.expireat * 1000)
                    yield rdb.Key(number, name, kind, value, expires)

    def load(self, keys: Iterator[rdb.Key]) -> int:
        """Put keys in; returns how many are there. Raises rdb.Malformed."""
        client, count = self.client(), 0
        for key in keys:
            client.run([b"SELECT", b"%d" % key.database])
            client.run(_making(key))
            if key.expires is not None:
                client.run([b"PEXPIREAT", key.name, b"%d" % key.expires])
            count += 1
        client.close()
        return count

    def info(self, sections: list[bytes]) -> bytes:
        """INFO's text: server, clients, memory, persistence, stats, replication, keyspace."""
        uptime = (self.now() - self.began) // SECOND
        everything: dict[str, dict[str, object]] = {
            "server": {"redis_version": self.version, "redis_mode": "standalone", "os": "Linux x86_64",
                       "arch_bits": 64, "tcp_port": int(self.settings[b"port"]), "uptime_in_seconds": uptime,
                       "uptime_in_days": uptime // 86400},
            "clients": {"connected_clients": len(self.server.sockets),
                        "blocked_clients": sum(client.parked is not None for client in self.server.sockets)},
            "persistence": {"loading": 0, "aof_enabled": int(self.settings[b"appendonly"] == b"yes"),
                            "rdb_last_save_time": self.server.lastsave},
            "stats": {"total_connections_received": self.connections, "total_commands_processed": self.commands},
            "replication": {"role": "master", "connected_slaves": 0},
            "keyspace": {f"db{number}": f"keys={len(database)},expires={_expiring(database)},avg_ttl=0"
                         for number, database in sorted(self.server.dbs.items()) if len(database)},
        }  # fmt: skip
        wanted = [section.decode().lower() for section in sections] or ["all"]
        shown = everything if {"all", "default", "everything"} & set(wanted) else {
            name: rows for name, rows in everything.items() if name in wanted}  # fmt: skip
        parts = (
            f"# {name.capitalize()}\r\n" + "".join(f"{key}:{value}\r\n" for key, value in rows.items())
            for name, rows in shown.items()
        )
        return "\r\n".join(parts).encode()


def _expiring(database: Database) -> int:
    return sum(database[name].expireat is not None for name in database)


def _plain(value: Any) -> tuple[int, Any] | None:
    """Kind and plain value; None for what the file format's plain encodings do not have."""
    if isinstance(value, bytes):
        return rdb.STRING, value
    if isinstance(value, list):
        return rdb.LIST, list(value)
    if isinstance(value, ExpiringMembersSet | set):
        return rdb.SET, set(value)
    if isinstance(value, Hash):
        return rdb.HASH, value.getall()
    if isinstance(value, ZSet):
        return rdb.SORTED_SET, {member: value[member] for member in value}
    return None


def _making(key: rdb.Key) -> list[bytes]:
    """The command that makes a key."""
    value = key.value
    if key.kind == rdb.STRING:
        return [b"SET", key.name, value]
    if key.kind == rdb.HASH:
        return [b"HSET", key.name, *(word for pair in value.items() for word in pair)]
    if key.kind == rdb.SORTED_SET:
        pairs = ((b"%.17g" % score, member) for member, score in value.items())
        return [b"ZADD", key.name, *(word for pair in pairs for word in pair)]
    return [b"RPUSH" if key.kind == rdb.LIST else b"SADD", key.name, *value]
