"""Redis's file format: what a server writes to dump.rdb and reads when it starts.

The plain encodings of strings, lists, sets, hashes and sorted sets, with expiry times: real Redis reads what is written
here. Source: redis/src/rdb.h, rdb.c; the checksum is left out (eight zeros, which the format allows).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

MAGIC = b"REDIS0011"
STRING, LIST, SET, HASH, SORTED_SET = 0, 1, 2, 4, 5
AUX, RESIZE, EXPIRE_MS, SELECT, EOF = 0xFA, 0xFB, 0xFC, 0xFE, 0xFF


@dataclass(frozen=True, slots=True)
class Key:
    """`value`: bytes, list, set, dict of bytes, or dict of float (a sorted set); `expires` in ms since 1970."""

    database: int
    name: bytes
    kind: int
    value: Any
    expires: int | None = None


class Malformed(ValueError):
    """Not a file that we can read."""


def write(keys: Iterable[Key], version: str) -> bytes:
    """A whole file; `version` of the server that writes it."""
    out = [MAGIC, bytes([AUX]), _string(b"redis-ver"), _string(version.encode())]
    database = None
    for key in keys:
        if key.database != database:
            database = key.database
            out += [bytes([SELECT]), _length(database)]
        if key.expires is not None:
            out.append(bytes([EXPIRE_MS]) + struct.pack("<q", key.expires))
        out += [bytes([key.kind]), _string(key.name), _content(key)]
    return b"".join([*out, bytes([EOF]), bytes(8)])


def _content(key: Key) -> bytes:
    value = key.value
    if key.kind == STRING:
        return _string(value)
    if key.kind == HASH:
        return _length(len(value)) + b"".join(_string(word) for pair in value.items() for word in pair)
    if key.kind == SORTED_SET:
        members = (_string(member) + struct.pack("<d", score) for member, score in value.items())
        return _length(len(value)) + b"".join(members)
    words = sorted(value) if key.kind == SET else value
    return _length(len(words)) + b"".join(map(_string, words))


def _length(number: int) -> bytes:
    if number < 64:
        return bytes([number])
    if number < 1 << 14:
        return bytes([0x40 | number >> 8, number & 0xFF])
    return b"\x80" + struct.pack(">I", number)


def _string(text: bytes) -> bytes:
    return _length(len(text)) + text


def read(data: bytes) -> Iterator[Key]:
    """The keys of a file. Raises Malformed, also for encodings that are not plain."""
    stream = BytesIO(data)
    if not stream.read(9).startswith(b"REDIS"):
        raise Malformed("Wrong signature trying to load DB from file")
    database, expires = 0, None
    while (kind := _byte(stream)) != EOF:
        if kind == AUX:
            _read_string(stream), _read_string(stream)
        elif kind == SELECT:
            database = _read_length(stream)
        elif kind == RESIZE:
            _read_length(stream), _read_length(stream)
        elif kind == EXPIRE_MS:
            expires = struct.unpack("<q", _exactly(stream, 8))[0]
        else:
            yield Key(database, _read_string(stream), kind, _read_content(stream, kind), expires)
            expires = None


def _read_content(stream: BytesIO, kind: int) -> Any:
    if kind == STRING:
        return _read_string(stream)
    if kind not in (LIST, SET, HASH, SORTED_SET):
        raise Malformed(f"Unknown RDB encoding type {kind}")
    count = _read_length(stream)
    if kind == HASH:
        return {_read_string(stream): _read_string(stream) for _ in range(count)}
    if kind == SORTED_SET:
        return {_read_string(stream): struct.unpack("<d", _exactly(stream, 8))[0] for _ in range(count)}
    words = [_read_string(stream) for _ in range(count)]
    return set(words) if kind == SET else words


def _byte(stream: BytesIO) -> int:
    return _exactly(stream, 1)[0]


def _exactly(stream: BytesIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Malformed("Unexpected EOF reading RDB file")
    return data


def _read_length(stream: BytesIO) -> int:
    first = _byte(stream)
    if first >> 6 == 0:
        return first
    if first >> 6 == 1:
        return (first & 0x3F) << 8 | _byte(stream)
    if first == 0x80:
        return int(struct.unpack(">I", _exactly(stream, 4))[0])
    raise Malformed(f"Unknown length encoding {first:#x}")


def _read_string(stream: BytesIO) -> bytes:
    """Also integers, as real Redis writes them."""
    first = _byte(stream)
    if first >> 6 == 3:
        width = {0: "<b", 1: "<h", 2: "<i"}.get(first & 0x3F)
        if width is None:
            raise Malformed("Compressed strings cannot be read")
        return b"%d" % int(struct.unpack(width, _exactly(stream, struct.calcsize(width)))[0])
    stream.seek(-1, 1)
    return _exactly(stream, _read_length(stream))
