"""gzip archives that are the same bytes on every machine: deflate (RFC 1951) and its frame (RFC 1952), writing only.

A compressor may choose its bits freely, and zlib's choice differs between versions and builds; a layer's digest would
then differ, too. So the shelf compresses by itself, with the simplest choices that any reader understands: stored
blocks, which keep their size (that is how a layer of zeros gets the transfer size of the real one), and, where a layer
has to be small, blocks with the fixed codes and greedy matches.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from sim.segments import Run, Segment

STORED_MAX = 65535  # bytes in a stored block
WINDOW, SHORTEST, LONGEST = 32768, 3, 258  # of matches
FRAME = 18  # bytes of header and trailer
FILLER_MAX = 65000
_HEADER = b"\x1f\x8b\x08%c\0\0\0\0\0\xff"  # deflate, flags, no time, no system
_EXTRA, _COMMENT, _COMMENT_MAX = 4, 16, 500  # flags in the header; letters (Go's reader takes 511)

# A thousand zeros and 24 more, as Docker compresses them: the archive of a layer without files, known to every registry
EMPTY_TAR = bytes(1024)
EMPTY = bytes.fromhex("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000")


def _codes(extra: Iterable[int], first: int) -> list[tuple[int, int]]:
    """(smallest value, extra bits) of each length or distance code, RFC 1951 section 3.2.5."""
    bits = list(extra)
    return list(zip(accumulate((1 << count for count in bits[:-1]), initial=first), bits, strict=True))


_LENGTHS = [*_codes([0] * 8 + [n for n in range(1, 6) for _ in range(4)], SHORTEST), (LONGEST, 0)]
_DISTANCES = _codes([0, 0] + [n for n in range(14) for _ in range(2)], 1)


def gzip(parts: Iterable[Segment], crc: int, size: int, filler: int = 0) -> list[Segment]:
    """Frame deflated `parts`. `crc` and `size` are those of the uncompressed bytes.

    `filler`: how many bytes longer the header is to be, up to FILLER_MAX: by a comment or, if long, an extra field.
    """
    if filler > _COMMENT_MAX:
        extra = b"GD" + (filler - 6).to_bytes(2, "little") + bytes(filler - 6)
        header = _HEADER % _EXTRA + len(extra).to_bytes(2, "little") + extra
    else:
        header = _HEADER % (_COMMENT if filler else 0) + b"." * (filler - 1) + b"\0" * (filler > 0)
    return [header, *parts, crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")]


@lru_cache(maxsize=64)
def text(data: bytes, last: bool = False) -> bytes:
    """One block with the fixed codes. Unless it is the `last`, an empty stored block brings it to a byte's border."""
    writer = _Writer()
    writer.bits(int(last), 1)
    writer.bits(1, 2)
    _encode(data, writer)
    writer.code(0, 7)  # end of block
    if not last:
        writer.bits(0, 3)
    writer.align()
    return bytes(writer.out) + (b"" if last else b"\0\0\xff\xff")


def plain(data: bytes, last: bool = False) -> bytes:
    """`data` (some) in stored blocks. Begins and ends at a byte's border."""
    starts = range(0, len(data), STORED_MAX)
    pieces = [data[start : start + STORED_MAX] for start in starts]
    headers = [
        _stored_header(len(piece), last and start == starts[-1]) for piece, start in zip(pieces, starts, strict=True)
    ]
    return b"".join(header + piece for header, piece in zip(headers, pieces, strict=True))


def padding(size: int) -> list[Segment]:
    """`size` zeros in stored blocks, as `plain` would give them."""
    blocks, rest = divmod(size, STORED_MAX)
    parts: list[Segment] = [Run(_stored_header(STORED_MAX) + bytes(STORED_MAX), blocks)] if blocks else []
    return parts + ([_stored_header(rest), Run(b"\0", rest)] if rest else [])


def _stored_header(size: int, last: bool = False) -> bytes:
    return bytes([last]) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")


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
        key = data[at : at + SHORTEST]
        before = seen.get(key)
        seen[key] = at
        if before is None or at - before > WINDOW or len(key) < SHORTEST:
            _symbol(data[at], writer)
            at += 1
            continue
        length = _common(data, before, at)
        _match(length, at - before, writer)
        for inside in range(at + 1, at + min(length, 8)):
            seen[data[inside : inside + SHORTEST]] = inside
        at += length


def _common(data: bytes, one: int, other: int) -> int:
    """How many bytes are equal at two places, up to the longest match."""
    length = min(LONGEST, len(data) - other)
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


@lru_cache(maxsize=LONGEST)
def _length_code(length: int) -> int:
    return max(code for code, (first, _) in enumerate(_LENGTHS) if first <= length)


@lru_cache(maxsize=4096)
def _distance_code(distance: int) -> int:
    return max(code for code, (first, _) in enumerate(_DISTANCES) if first <= distance)
