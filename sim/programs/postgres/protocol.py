"""Messages between PostgreSQL's clients and servers. Source: PostgreSQL documentation, chapter 54, "Message Formats".

A message is a letter, the length of what follows (with itself, 4 bytes), and fields. A connection begins with messages
without a letter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

VERSION_3, SSL_REQUEST, GSS_REQUEST, CANCEL = 196608, 80877103, 80877104, 80877102
LARGEST = 1 << 26  # bytes of a message
BOOL, INT4, INT8, FLOAT8, TEXT, BYTEA = 16, 23, 20, 701, 25, 17  # type OIDs (pg_type)
SIZES = {BOOL: 1, INT4: 4, INT8: 8, FLOAT8: 8}


class Malformed(Exception):
    """The other side does not speak this protocol."""


def message(kind: bytes, *fields: bytes) -> bytes:
    body = b"".join(fields)
    return kind + struct.pack(">I", len(body) + 4) + body


def text(value: str) -> bytes:
    """A string with its end."""
    return value.encode("utf-8", "surrogateescape") + b"\0"


class Reader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def first(self) -> bytes | None:
        """A message without a letter: its fields."""
        return self._cut(0)

    def next(self) -> tuple[bytes, bytes] | None:
        """The letter and the fields of the next whole message. Raises Malformed."""
        if not self._buffer:
            return None
        kind = bytes(self._buffer[:1])
        body = self._cut(1)
        return None if body is None else (kind, body)

    def _cut(self, start: int) -> bytes | None:
        if len(self._buffer) < start + 4:
            return None
        (length,) = struct.unpack_from(">I", self._buffer, start)
        if not 4 <= length <= LARGEST:
            raise Malformed(f"invalid length of startup packet: {length}")
        if len(self._buffer) < start + length:
            return None
        body = bytes(self._buffer[start + 4 : start + length])
        del self._buffer[: start + length]
        return body


def strings(body: bytes) -> list[str]:
    """All strings of a message."""
    return [part.decode("utf-8", "surrogateescape") for part in body.split(b"\0")]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its name and its type's OID."""

    name: str
    type: int = TEXT


def row_description(columns: Sequence[Column]) -> bytes:
    fields = [
        text(one.name) + struct.pack(">IHIhih", 0, 0, one.type, SIZES.get(one.type, -1), -1, 0) for one in columns
    ]
    return message(b"T", struct.pack(">H", len(columns)), *fields)


def data_row(values: Iterable[str | None]) -> bytes:
    fields = [b"\xff\xff\xff\xff" if value is None else _sized(value.encode("utf-8", "surrogateescape"))
              for value in values]  # fmt: skip
    return message(b"D", struct.pack(">H", len(fields)), *fields)


def _sized(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def read_columns(body: bytes) -> list[Column]:
    """Of a RowDescription."""
    (count,) = struct.unpack_from(">H", body)
    found, at = [], 2
    for _ in range(count):
        end = body.index(b"\0", at)
        (kind,) = struct.unpack_from(">I", body, end + 7)
        found.append(Column(body[at:end].decode(), kind))
        at = end + 19
    return found


def read_row(body: bytes) -> list[str | None]:
    """Of a DataRow."""
    (count,) = struct.unpack_from(">H", body)
    found: list[str | None] = []
    at = 2
    for _ in range(count):
        (size,) = struct.unpack_from(">i", body, at)
        at += 4
        found.append(None if size < 0 else body[at : at + size].decode("utf-8", "surrogateescape"))
        at += max(0, size)
    return found


def report(kind: bytes, severity: str, code: str, said: str, **more: str) -> bytes:
    """An ErrorResponse (`E`) or a NoticeResponse (`N`); `more`: detail, hint, position."""
    letters = {"detail": b"D", "hint": b"H", "position": b"P"}
    fields = [b"S" + text(severity), b"V" + text(severity), b"C" + text(code), b"M" + text(said)]
    fields += [letters[name] + text(value) for name, value in more.items() if value]
    return message(kind, *fields, b"\0")


def read_report(body: bytes) -> dict[str, str]:
    """Fields of an error or a notice by their letters."""
    return {part[:1]: part[1:] for part in strings(body) if part}


def parameters(body: bytes) -> tuple[str, str, list[str | None]]:
    """Of a Bind: portal, statement, parameters as text. Raises Malformed for binary ones that are no integers."""
    portal_end = body.index(b"\0")
    statement_end = body.index(b"\0", portal_end + 1)
    at = statement_end + 1
    (count,) = struct.unpack_from(">H", body, at)
    formats = struct.unpack_from(f">{count}H", body, at + 2)
    at += 2 + 2 * count
    (count,) = struct.unpack_from(">H", body, at)
    at += 2
    found: list[str | None] = []
    for number in range(count):
        (size,) = struct.unpack_from(">i", body, at)
        at += 4
        binary = (formats[number] if len(formats) > 1 else formats[0]) if formats else 0
        data = body[at : at + max(0, size)]
        at += len(data)
        found.append(None if size < 0 else _as_text(data, binary))
    return body[:portal_end].decode(), body[portal_end + 1 : statement_end].decode(), found


def _as_text(data: bytes, binary: int) -> str:
    if not binary:
        return data.decode("utf-8", "surrogateescape")
    if len(data) in (1, 2, 4, 8):
        return str(int.from_bytes(data, "big", signed=True))
    raise Malformed("binary parameters of this type are not understood")
