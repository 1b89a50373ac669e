"""Packets between MySQL's clients and servers. Source: MySQL Source Code Documentation, "Client/Server Protocol".

A packet is its length (3 bytes, little-endian), a number that counts within one exchange, and that many bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

CONNECT_WITH_DB, PROTOCOL_41, SECURE, PLUGIN_AUTH, LENGTH_AUTH = 0x8, 0x200, 0x8000, 0x80000, 0x200000
CAPABILITIES = (
    0x1 | 0x2 | 0x4 | CONNECT_WITH_DB | PROTOCOL_41 | 0x2000 | SECURE | 0x10000 | 0x20000 | PLUGIN_AUTH | LENGTH_AUTH
)
IN_TRANSACTION, AUTOCOMMIT, MORE = 1, 2, 8  # status
QUIT, INIT_DB, QUERY, FIELD_LIST, STATISTICS, PING = 1, 2, 3, 4, 9, 14  # commands
LONG, DOUBLE, LONGLONG, DATE, DATETIME, DECIMAL, BLOB, STRING, TINY = 3, 5, 8, 10, 12, 246, 252, 253, 1  # types
NUMBERS = (LONG, DOUBLE, LONGLONG, DECIMAL, TINY)
UTF8 = 255  # utf8mb4_0900_ai_ci
NONCE = 20  # bytes that the server chooses for each connection


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result."""

    name: str
    type: int = STRING


@dataclass(frozen=True, slots=True)
class Done:
    """What an OK packet says. `info`: "Records: 2  Duplicates: 0  Warnings: 0" and its like."""

    affected: int = 0
    inserted: int = 0
    info: str = ""
    warnings: int = 0


@dataclass(frozen=True)
class Failure(Exception):
    """An error with MySQL's number and SQLSTATE."""

    code: int
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server says first."""

    version: str
    thread: int
    nonce: bytes
    plugin: str


@dataclass(frozen=True, slots=True)
class Login:
    """What a client answers to that."""

    user: str
    proof: bytes
    database: str
    plugin: str


class Reader:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole packet's bytes."""
        if len(self._buffer) < 4:
            return None
        size = int.from_bytes(self._buffer[:3], "little")
        if len(self._buffer) < size + 4:
            return None
        body = bytes(self._buffer[4 : size + 4])
        del self._buffer[: size + 4]
        return body


def packets(bodies: Sequence[bytes], first: int) -> bytes:
    """`first`: the number of the first one."""
    return b"".join(struct.pack("<I", len(body))[:3] + bytes([(first + at) % 256]) + body
                    for at, body in enumerate(bodies))  # fmt: skip


# -- fields


def sized(number: int) -> bytes:
    """A length-encoded integer."""
    if number < 251:
        return bytes([number])
    if number < 1 << 16:
        return b"\xfc" + struct.pack("<H", number)
    if number < 1 << 24:
        return b"\xfd" + struct.pack("<I", number)[:3]
    return b"\xfe" + struct.pack("<Q", number)


def text(value: str) -> bytes:
    """A length-encoded string."""
    data = value.encode("utf-8", "surrogateescape")
    return sized(len(data)) + data


def take_number(body: bytes, at: int) -> tuple[int, int]:
    """A length-encoded integer, and where it ends."""
    sizes = {0xFC: 2, 0xFD: 3, 0xFE: 8}
    size = sizes.get(body[at], 0)
    if not size:
        return body[at], at + 1
    return int.from_bytes(body[at + 1 : at + 1 + size], "little"), at + 1 + size


def take_text(body: bytes, at: int) -> tuple[str, int]:
    size, at = take_number(body, at)
    return body[at : at + size].decode("utf-8", "replace"), at + size


def _until_zero(body: bytes, at: int) -> tuple[bytes, int]:
    end = body.find(b"\0", at)
    end = len(body) if end < 0 else end
    return body[at:end], end + 1


# -- the beginning


def greet(greeting: Greeting) -> bytes:
    """Handshake, version 10."""
    head = b"\x0a" + greeting.version.encode() + b"\0" + struct.pack("<I", greeting.thread) + greeting.nonce[:8] + b"\0"
    low, high = struct.pack("<H", CAPABILITIES & 0xFFFF), struct.pack("<H", CAPABILITIES >> 16)
    middle = low + bytes([UTF8]) + struct.pack("<H", AUTOCOMMIT) + high + bytes([NONCE + 1]) + b"\0" * 10
    return head + middle + greeting.nonce[8:] + b"\0" + greeting.plugin.encode() + b"\0"


def read_greeting(body: bytes) -> Greeting:
    version, at = _until_zero(body, 1)
    (thread,) = struct.unpack_from("<I", body, at)
    first = body[at + 4 : at + 12]
    rest = at + 13 + 18
    second = body[rest : rest + 12]
    plugin, _ = _until_zero(body, rest + 13)
    return Greeting(version.decode(), thread, first + second, plugin.decode())


def log_in(login: Login) -> bytes:
    wanted = CAPABILITIES if login.database else CAPABILITIES & ~CONNECT_WITH_DB
    head = struct.pack("<IIB", wanted, 1 << 24, UTF8) + b"\0" * 23 + login.user.encode() + b"\0"
    database = login.database.encode() + b"\0" if login.database else b""
    return head + sized(len(login.proof)) + login.proof + database + login.plugin.encode() + b"\0"


def read_login(body: bytes) -> Login:
    """Raises IndexError, struct.error for what is no login (of protocol 4.1)."""
    (wanted,) = struct.unpack_from("<I", body)
    user, at = _until_zero(body, 32)
    if wanted & LENGTH_AUTH:
        size, at = take_number(body, at)
    else:
        size, at = body[at], at + 1
    proof, at = body[at : at + size], at + size
    database = b""
    if wanted & CONNECT_WITH_DB:
        database, at = _until_zero(body, at)
    plugin = _until_zero(body, at)[0] if wanted & PLUGIN_AUTH else b"mysql_native_password"
    return Login(user.decode("utf-8", "replace"), proof, database.decode("utf-8", "replace"), plugin.decode())


def switch(plugin: str, nonce: bytes) -> bytes:
    """The server asks for another way to prove the password."""
    return b"\xfe" + plugin.encode() + b"\0" + nonce + b"\0"


# -- passwords: the server keeps a hash of the hash, the client proves that it knows the hash

HASHES = {"mysql_native_password": hashlib.sha1, "caching_sha2_password": hashlib.sha256}


def proof(plugin: str, password: str, nonce: bytes) -> bytes:
    """What a client sends for a password; nothing for none."""
    if not password:
        return b""
    once = HASHES[plugin](password.encode()).digest()
    return _mixed(once, _mask(plugin, HASHES[plugin](once).digest(), nonce))


def proven(plugin: str, kept: bytes, nonce: bytes, given: bytes) -> bool:
    """Whether `given` proves the password of which `kept` is the hash of the hash."""
    if not kept or not given:
        return not kept and not given
    once = _mixed(given, _mask(plugin, kept, nonce))
    return len(given) == len(once) and HASHES[plugin](once).digest() == kept


def kept(plugin: str, password: str) -> bytes:
    """What a server keeps of a password."""
    return HASHES[plugin](HASHES[plugin](password.encode()).digest()).digest() if password else b""


def _mask(plugin: str, twice: bytes, nonce: bytes) -> bytes:
    return HASHES[plugin](nonce + twice if plugin == "mysql_native_password" else twice + nonce).digest()


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


# -- answers


def ok(done: Done, status: int) -> bytes:
    head = b"\0" + sized(done.affected) + sized(done.inserted)
    return head + struct.pack("<HH", status, done.warnings) + (text(done.info) if done.info else b"")


def read_ok(body: bytes) -> tuple[Done, int]:
    affected, at = take_number(body, 1)
    inserted, at = take_number(body, at)
    status, warnings = struct.unpack_from("<HH", body, at)
    info = take_text(body, at + 4)[0] if len(body) > at + 4 else ""
    return Done(affected, inserted, info, warnings), status


def error(failure: Failure) -> bytes:
    return b"\xff" + struct.pack("<H", failure.code) + f"#{failure.state}{failure.message}".encode()


def read_error(body: bytes) -> Failure:
    (code,) = struct.unpack_from("<H", body, 1)
    said = body[3:].decode("utf-8", "replace")
    return Failure(code, said[1:6], said[6:]) if said.startswith("#") else Failure(code, "HY000", said)


def end(status: int) -> bytes:
    return b"\xfe" + struct.pack("<HH", 0, status)


def definition(column: Column) -> bytes:
    number = column.type in NUMBERS
    strings = b"".join(text(part) for part in ("def", "", "", "", column.name, column.name))
    return strings + b"\x0c" + struct.pack("<HIBHB", 63 if number else UTF8, 1024, column.type,
                                           0x80 if number else 0, 0) + b"\0\0"  # fmt: skip


def read_definition(body: bytes) -> Column:
    at, name = 0, ""
    for number in range(6):
        part, at = take_text(body, at)
        name = part if number == 4 else name
    return Column(name, body[at + 7])


def row(values: Sequence[str | None]) -> bytes:
    return b"".join(b"\xfb" if value is None else text(value) for value in values)


def read_row(body: bytes, count: int) -> list[str | None]:
    at, found = 0, list[str | None]()
    for _ in range(count):
        if body[at] == 0xFB:
            found.append(None)
            at += 1
        else:
            value, at = take_text(body, at)
            found.append(value)
    return found
