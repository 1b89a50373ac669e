"""Questions of the domain name system and answers to them, as bytes: just what a server of few names needs.

Source: RFC 1035, section 4 (messages), RFC 3596 (AAAA). What others answer is passed on as it is, and not read.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

HEADER = struct.Struct(">HHHHHH")  # id, flags, questions, answers, authorities, additional
RECORD = struct.Struct(">HHHIH")  # name as a pointer to the question, type, class, seconds to live, length
A, PTR, AAAA, IN = 1, 12, 28, 1
RESPONSE, OPCODE, RECURSION_DESIRED, RECURSION_AVAILABLE = 0x8000, 0x7800, 0x0100, 0x0080
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
TO_QUESTION = 0xC000 | HEADER.size  # a compressed name: the one at that offset
TTL = 600  # seconds, as libnetwork's
LONGEST_LABEL, LONGEST_NAME = 63, 255
REVERSE = ".in-addr.arpa", ".ip6.arpa"


class Question(NamedTuple):
    """`name` without the dot at its end; `end`: where the question ends in the message."""

    id: int
    flags: int
    name: str
    type: int
    end: int


def question(message: bytes) -> Question | None:
    """The question of a message; None for what is no plain question (then another server may know better)."""
    if len(message) < HEADER.size:
        return None
    id, flags, questions, _, _, _ = HEADER.unpack_from(message)
    if flags & (RESPONSE | OPCODE) or questions != 1:
        return None
    labels, offset = [], HEADER.size
    while offset < len(message) and (length := message[offset]):
        if length > LONGEST_LABEL or offset - HEADER.size > LONGEST_NAME:
            return None
        labels.append(message[offset + 1 : offset + 1 + length].decode("ascii", "replace"))
        offset += 1 + length
    if offset + 5 > len(message):
        return None
    type, kind = struct.unpack_from(">HH", message, offset + 1)
    return Question(id, flags, ".".join(labels), type, offset + 5) if kind == IN else None


def answer(message: bytes, asked: Question, records: Sequence[bytes] = (), code: int = NOERROR) -> bytes:
    """A whole message: the question again, and records for it."""
    flags = RESPONSE | RECURSION_AVAILABLE | (asked.flags & RECURSION_DESIRED) | code
    return HEADER.pack(asked.id, flags, 1, len(records), 0, 0) + message[HEADER.size : asked.end] + b"".join(records)


def address_records(addresses: Sequence[str], type: int) -> list[bytes]:
    """Of those that are of the type's family."""
    packed = (ip_address(address).packed for address in addresses if (":" in address) == (type == AAAA))
    return [_record(type, data) for data in packed]


def pointer_record(name: str) -> bytes:
    return _record(PTR, b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0")


def _record(type: int, data: bytes) -> bytes:
    return RECORD.pack(TO_QUESTION, type, IN, TTL, len(data)) + data


def reversed_address(name: str) -> str:
    """The address that a PTR question is about; "" for any other name.

    >>> reversed_address("2.0.18.172.in-addr.arpa")
    '172.18.0.2'
    """
    four, six = REVERSE
    lowered = name.lower()
    try:
        if lowered.endswith(four):
            return str(ip_address(".".join(reversed(lowered.removesuffix(four).split(".")))))
        if lowered.endswith(six):
            digits = "".join(reversed(lowered.removesuffix(six).split(".")))
            return str(ip_address(bytes.fromhex(digits)))
    except ValueError:
        pass
    return ""
