"""Attributes of netlink messages: length, type and value, padded to four bytes (struct nlattr, netlink(7)).

Numbers are the machine's own way round, except where nf_tables wants them as on the wire (`be32`, `be16`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEADER = struct.Struct("=HH")  # nla_len, nla_type
NLA_F_NESTED, NLA_F_NET_BYTEORDER = 0x8000, 0x4000
NLA_TYPE_MASK = 0x3FFF


def attribute(type: int, value: bytes) -> bytes:
    """
    >>> attribute(3, b"lo\\0").hex(" ", 4)
    '07000300 6c6f0000'
    """
    return HEADER.pack(HEADER.size + len(value), type) + value + bytes(-len(value) % 4)


def nested(type: int, *attributes: bytes) -> bytes:
    """Attributes inside an attribute."""
    return attribute(type | NLA_F_NESTED, b"".join(attributes))


def text(type: int, value: str) -> bytes:
    """A string that ends with a NUL."""
    return attribute(type, value.encode() + b"\0")


def u8(type: int, value: int) -> bytes:
    return attribute(type, struct.pack("=B", value))


def u16(type: int, value: int) -> bytes:
    return attribute(type, struct.pack("=H", value))


def u32(type: int, value: int) -> bytes:
    return attribute(type, struct.pack("=I", value))


def be32(type: int, value: int) -> bytes:
    """Four bytes, the highest first; negative numbers as their complement."""
    return attribute(type, struct.pack(">I", value & 0xFFFF_FFFF))


def be64(type: int, value: int) -> bytes:
    return attribute(type, struct.pack(">Q", value))


def each(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and value of one after the other; a list has several of the same type. Stops at what is no attribute."""
    offset = 0
    while offset + HEADER.size <= len(data):
        length, type = HEADER.unpack_from(data, offset)
        if length < HEADER.size or offset + length > len(data):
            return
        yield type & NLA_TYPE_MASK, data[offset + HEADER.size : offset + length]
        offset += length + -length % 4


def parse(data: bytes) -> dict[int, bytes]:
    """Value of each type.

    >>> parse(text(3, "lo") + u32(4, 1500)) == {3: b"lo\\0", 4: (1500).to_bytes(4, "little")}
    True
    """
    return dict(each(data))


def string(value: bytes) -> str:
    return value.rstrip(b"\0").decode(errors="replace")


def number(value: bytes) -> int:
    """Of 1, 2, 4 or 8 bytes, in the machine's order."""
    return int(struct.unpack({1: "=B", 2: "=H", 4: "=I", 8: "=Q"}[len(value)], value)[0])
