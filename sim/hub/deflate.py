"""gzip archives that are the same bytes on every machine, and of any size that one likes (RFC 1951, RFC 1952); writing
only.

A compressor may choose its bits freely, and zlib's choice differs between versions and builds; a layer's digest would
then differ, too. So the shelf compresses by itself, with the simplest choices that any reader understands: stored
blocks or, where a layer has to be small, one block with the fixed codes and greedy matches. What an archive lacks of
its published size is a number of members after the first that hold nothing but an extra field of zeros.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from sim.hub.segments import Run, Segment

_WINDOW, _SHORTEST, _LONGEST = 32768, 3, 258  # of matches
_STORED_MAX = 65535  # bytes in a stored block
_HEADER = b"\x1f\x8b\x08%c\0\0\0\0\0\xff"  # deflate, flags, no time, no system
_EXTRA, _COMMENT = 4, 16  # flags in the header
_FRAME = 18  # bytes of header and trailer
_LEAST, _MOST = 26, 26 + 65531  # bytes of a member without content

# A thousand zeros and 24 more, as Docker compresses them: the archive of a layer without files, known to every registry
EMPTY_TAR = bytes(1024)
EMPTY = bytes.fromhex("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000")


def _codes(extra: Iterable[int], first: int) -> list[tuple[int, int]]:
    """(smallest value, extra bits) of each length or distance code, RFC 1951 section 3.2.5."""
    bits = list(extra)
    return list(zip(accumulate((1 << count for count in bits[:-1]), initial=first), bits, strict=True))


_LENGTHS = [*_codes([0] * 8 + [n for n in range(1, 6) for _ in range(4)], _SHORTEST), (_LONGEST, 0)]
_DISTANCES = _codes([0, 0] + [n for n in range(14) for _ in range(2)], 1)


def gzip(data: bytes, crc: int, size: int) -> list[Segment]:
    """`data` in an archive of exactly `size` bytes; `crc` is its CRC-32. Raises ValueError if that is too small."""
    encoded = plain(data) if len(data) < size // 2 else text(data)
    missing = size - len(encoded) - _FRAME
    if missing < 0:
        raise ValueError(f"{-missing} bytes too many")
    comment = b"." * (missing - 1) + b"\0" if 0 < missing < _LEAST else b""
    header = _HEADER % (_COMMENT if comment else 0) + comment
    trailer = crc.to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return [header, encoded, trailer, *([] if comment else padding(missing))]


def padding(size: int) -> list[Segment]:
    """Members without content, `size` bytes in all (0, or at least _LEAST)."""
    count = -(-size // _MOST)
    if not count:
        return []
    each, longer = divmod(size, count)
    return [Run(_empty_member(each + 1), longer), Run(_empty_member(each), count - longer)]


def _empty_member(size: int) -> bytes:
    """A gzip member of nothing, with an extra field: identification, length, zeros."""
    zeros = size - _LEAST
    extra = b"GD" + zeros.to_bytes(2, "little") + bytes(zeros)
    return _HEADER % _EXTRA + len(extra).to_bytes(2, "little") + extra + b"\x03\0" + bytes(8)


def text(data: bytes) -> bytes:
    """One block with the fixed codes."""
    writer = _Writer()
    writer.bits(0b011, 3)  # the last block, with the fixed codes
    _encode(data, writer)
    writer.code(0, 7)  # end of block
    writer.align()
    return bytes(writer.out)


def plain(data: bytes) -> bytes:
    """`data` (some) in stored blocks."""
    starts = range(0, len(data), _STORED_MAX)
    return b"".join(_stored(data[start : start + _STORED_MAX], start == starts[-1]) for start in starts)


def _stored(data: bytes, last: bool) -> bytes:
    size = len(data)
    return bytes([last]) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + data


class _Writer:
    """Bits, packed from the lowest on."""

    __slots__ = ("_bits", "_count", "out")

    def __init__(self) -> None:
        self.out = bytearray()
        self._bits = self._count = 0

    def bits(self, value: int, count: int) -> None:
        self._bits |= value << self._count
        self._count += count
        while self._count >= 8:
            self.out.append(self._bits & 0xFF)
            self._bits >>= 8
            self._count -= 8

    def code(self, value: int, count: int) -> None:
        """A Huffman code: its highest bit first."""
        self.bits(_reversed(value, count), count)

    def align(self) -> None:
        if self._count:
            self.bits(0, 8 - self._count)


@lru_cache(maxsize=512)
def _reversed(value: int, count: int) -> int:
    return int(f"{value:0{count}b}"[::-1], 2)


def _encode(data: bytes, writer: _Writer) -> None:
    """Literals and greedy matches: always the latest place where the next three bytes were seen."""
    seen: dict[bytes, int] = {}
    at, size = 0, len(data)
    while at < size:
        key = data[at : at + _SHORTEST]
        before = seen.get(key)
        seen[key] = at
        if before is None or at - before > _WINDOW or len(key) < _SHORTEST:
            _symbol(data[at], writer)
            at += 1
            continue
        length = _common(data, before, at)
        _match(length, at - before, writer)
        for inside in range(at + 1, at + min(length, 8)):
            seen[data[inside : inside + _SHORTEST]] = inside
        at += length


def _common(data: bytes, one: int, other: int) -> int:
    """How many bytes are equal at two places, up to the longest match."""
    length = min(_LONGEST, len(data) - other)
    left = int.from_bytes(data[one : one + length], "big")
    difference = left ^ int.from_bytes(data[other : other + length], "big")
    return length - (difference.bit_length() + 7) // 8


def _symbol(value: int, writer: _Writer) -> None:
    """A literal or length symbol in the fixed codes, RFC 1951 section 3.2.6."""
    if value < 144:
        writer.code(0x30 + value, 8)
    elif value < 256:
        writer.code(0x190 + value - 144, 9)
    elif value < 280:
        writer.code(value - 256, 7)
    else:
        writer.code(0xC0 + value - 280, 8)


def _match(length: int, distance: int, writer: _Writer) -> None:
    code = _length_code(length)
    _symbol(257 + code, writer)
    writer.bits(length - _LENGTHS[code][0], _LENGTHS[code][1])
    code = _distance_code(distance)
    writer.code(code, 5)
    writer.bits(distance - _DISTANCES[code][0], _DISTANCES[code][1])


@lru_cache(maxsize=_LONGEST)
def _length_code(length: int) -> int:
    return max(code for code, (first, _) in enumerate(_LENGTHS) if first <= length)


@lru_cache(maxsize=4096)
def _distance_code(distance: int) -> int:
    return max(code for code, (first, _) in enumerate(_DISTANCES) if first <= distance)
