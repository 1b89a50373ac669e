"""What regular files hold: bytes, of which runs of zeros are never stored.

A simulated image has the sizes of the real one, yet most of its bytes are zeros that nobody reads. Content is one of

- `bytes` (shared between layers and containers) or `bytearray` (being written): the file's beginning; whatever lies
  between its end and the file's size is zeros;
- `dict[int, bytes]`: pieces of up to `CHUNK` bytes by number, each without its trailing zeros; a piece that is not
  there is zeros. Files above `CHUNK` bytes have this form.

The size is kept by the inode. Nothing here knows of inodes.
"""

from __future__ import annotations

from typing import Protocol

CHUNK = 65536
PAGE = 4096
_ZEROS, _ZERO_PAGE = bytes(CHUNK), bytes(PAGE)
Content = bytes | bytearray | dict[int, bytes]


def read(content: Content, size: int, offset: int, count: int) -> bytes:
    """Up to `count` bytes from `offset` of a file of `size` bytes; b"" at or beyond its end."""
    count = min(count, size - offset)
    if count <= 0:
        return b""
    if not isinstance(content, dict):
        piece = bytes(content[offset : offset + count])
        return piece if len(piece) == count else piece.ljust(count, b"\0")
    pieces = []
    while count > 0:
        number, start = divmod(offset, CHUNK)
        length = min(CHUNK - start, count)
        pieces.append(content.get(number, b"")[start : start + length].ljust(length, b"\0"))
        offset, count = offset + length, count - length
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def write(content: Content, offset: int, data: bytes | memoryview) -> Content:
    """The content after `data` was written at `offset`; the one given may be changed or replaced."""
    end = offset + len(data)
    if not isinstance(content, dict):
        if not content and not offset and end <= CHUNK and isinstance(data, bytes):
            return data  # most files are written once, and may share their bytes
        if end <= CHUNK:
            grown = content if isinstance(content, bytearray) else bytearray(content)
            if offset > len(grown):
                grown.extend(bytes(offset - len(grown)))
            grown[offset:end] = data
            return grown
        content = _in_pieces(content)
    view, done = memoryview(data), 0
    while done < len(view):
        number, start = divmod(offset + done, CHUNK)
        piece = view[done : done + CHUNK - start]
        _put(content, number, start, piece)
        done += len(piece)
    return content


def truncate(content: Content, size: int) -> Content:
    """The content of a file cut (or stretched with zeros) to `size` bytes."""
    if not isinstance(content, dict):
        return content if len(content) <= size else bytes(content[:size])
    last, rest = divmod(size, CHUNK)
    for number in [number for number in content if number >= last]:
        piece = _stripped(content.pop(number)[:rest]) if number == last else b""
        if piece:
            content[number] = piece
        else:
            content.pop(number, None)
    return content


def frozen(content: Content) -> Content:
    """The same content in a form that may be shared: nothing will write to it."""
    return _stripped(bytes(content)) if isinstance(content, bytearray) else content


def copy(content: Content) -> Content:
    """Content that may be written to without changing the given one (which is frozen)."""
    return dict(content) if isinstance(content, dict) else content


def stored(content: Content) -> int:
    """Bytes that are really kept: what du(1) would count."""
    return sum(map(len, content.values())) if isinstance(content, dict) else len(content)


class Source(Protocol):
    """What content is taken from: a file, or a part of an archive."""

    def read(self, size: int, /) -> bytes: ...


def take(stream: Source, size: int) -> Content:
    """Read `size` bytes from a stream. Raises ValueError if it ends before."""
    if size <= CHUNK:
        return _stripped(_exactly(stream, size))
    content: dict[int, bytes] = {}
    for number in range(-(-size // CHUNK)):
        piece = _exactly(stream, min(CHUNK, size - number * CHUNK))
        if piece != _ZEROS[: len(piece)]:
            content[number] = _stripped(piece)
    return content


def _exactly(stream: Source, count: int) -> bytes:
    data = stream.read(count)
    while len(data) < count:
        more = stream.read(count - len(data))
        if not more:
            raise ValueError("unexpected EOF")
        data += more
    return data


def _in_pieces(content: bytes | bytearray) -> dict[int, bytes]:
    pieces = (_stripped(bytes(content[start : start + CHUNK])) for start in range(0, len(content), CHUNK))
    return {number: piece for number, piece in enumerate(pieces) if piece}


def _put(content: dict[int, bytes], number: int, start: int, piece: memoryview) -> None:
    if len(piece) == CHUNK:
        whole = bytes(piece)
    else:
        old = content.get(number, b"")
        whole = b"".join((old[:start].ljust(start, b"\0"), piece, old[start + len(piece) :]))
    whole = _stripped(whole)
    if whole:
        content[number] = whole
    else:
        content.pop(number, None)


def _stripped(piece: bytes) -> bytes:
    """Without its trailing zeros. Pages are compared whole: bytes.rstrip looks at one byte after the other."""
    end = len(piece)
    while piece.endswith(_ZERO_PAGE, 0, end):
        end -= PAGE
    return piece[:end].rstrip(b"\0")
