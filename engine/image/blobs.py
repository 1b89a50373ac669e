"""Content by digest: manifests, configurations and layer archives; in memory, or in a folder.

What is written is verified before it can be read: a wrong byte is refused and nothing is kept. In a folder a blob
appears whole, by renaming. Long runs of zeros are kept as their length only, in memory and (as holes) on disk, because
a teaching image is mostly files that nobody reads.
"""

from __future__ import annotations

import hashlib
import io
import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.image.digest import Digest

_ZEROS = bytes(4096)  # fewer are not worth a part of their own
_BLOCK = 1 << 18


class WrongDigest(ValueError):
    """The bytes are not those that the digest promises."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"filesystem layer verification failed for digest {expected}")
        self.expected, self.actual = expected, actual


class Content:
    """Bytes that only grow, with long runs of zeros kept as a number."""

    __slots__ = ("_parts", "_starts", "size")

    def __init__(self, data: bytes = b"") -> None:
        self._starts: list[int] = []
        self._parts: list[bytes | int] = []  # bytes, or how many zeros
        self.size = 0
        self.append(data)

    def append(self, data: bytes) -> None:
        done = 0
        while (start := data.find(_ZEROS, done)) >= 0:
            end = start + len(_ZEROS)
            while data.startswith(_ZEROS, end):
                end += len(_ZEROS)
            rest = data[end : end + len(_ZEROS)]
            end += len(rest) - len(rest.lstrip(b"\0"))
            self._add(data[done:start])
            self._add(end - start)
            done = end
        self._add(data[done:] if done else data)

    def read(self, start: int, size: int) -> bytes:
        """Up to `size` bytes from `start`; fewer only at a run's or the content's end."""
        if start >= self.size:
            return b""
        at = bisect_right(self._starts, start) - 1
        part, offset = self._parts[at], start - self._starts[at]
        if isinstance(part, int):
            return bytes(min(size, part - offset))
        return part[offset : offset + size]

    def open(self) -> BinaryIO:
        return io.BufferedReader(_Reader(self), _BLOCK)

    def sha256(self) -> Digest:
        hash = hashlib.sha256()
        with self.open() as file:
            while block := file.read(_BLOCK):
                hash.update(block)
        return Digest(f"sha256:{hash.hexdigest()}")

    def _add(self, part: bytes | int) -> None:
        if not part:
            return
        if isinstance(part, int) and self._parts and isinstance(self._parts[-1], int):
            self._parts[-1] += part
        else:
            self._starts.append(self.size)
            self._parts.append(part)
        self.size += part if isinstance(part, int) else len(part)


class _Reader(io.RawIOBase):
    """A seekable file over a Content."""

    def __init__(self, content: Content) -> None:
        self._content, self._at = content, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._content.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._content.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Writer:
    """Bytes on their way in. `commit` verifies them and puts them under their digest; `abort` forgets them."""

    __slots__ = ("_blobs", "_content", "_hash", "expected")

    def __init__(self, blobs: Blobs, expected: Digest) -> None:
        self._blobs, self.expected = blobs, expected
        self.restart()

    @property
    def size(self) -> int:
        return self._content.size

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._content.append(data)

    def restart(self) -> None:
        """Begin again with nothing."""
        self._hash = hashlib.new(self.expected.algorithm)
        self._content = Content()

    def verify(self) -> Content:
        """What was written. Raises WrongDigest."""
        actual = f"{self.expected.algorithm}:{self._hash.hexdigest()}"
        if actual != self.expected:
            raise WrongDigest(self.expected, actual)
        return self._content

    def commit(self) -> None:
        """Raises WrongDigest."""
        self._blobs.keep(self.expected, self.verify())


class Blobs:
    """Blobs of one store. `root` is the folder, or None for memory."""

    def __init__(self, root: Path | None = None) -> None:
        self.durable = root is not None
        self._memory: dict[Digest, Content] = {}
        self._root = root
        if root is not None:
            (root / "sha256").mkdir(parents=True, exist_ok=True)
            for left in root.glob("*.part"):
                left.unlink()

    def __contains__(self, digest: object) -> bool:
        if not isinstance(digest, Digest):
            return False
        return self._path(digest).is_file() if self._root else digest in self._memory

    def __iter__(self) -> Iterator[Digest]:
        if self._root is None:
            return iter(self._memory)
        return (Digest(f"{path.parent.name}:{path.name}") for path in self._root.glob("*/*"))

    def put(self, data: bytes) -> Digest:
        """Keep a small document; returns its digest."""
        digest = Digest.of(data)
        if digest not in self:
            self.keep(digest, Content(data))
        return digest

    def get(self, digest: Digest) -> bytes:
        """Raises KeyError."""
        with self.open(digest) as file:
            return file.read()

    def open(self, digest: Digest) -> BinaryIO:
        """Raises KeyError."""
        if self._root is None:
            return self._memory[digest].open()
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise KeyError(digest) from None

    def content(self, digest: Digest) -> Content:
        """All of it, with its runs of zeros as such. Raises KeyError."""
        if self._root is None:
            return self._memory[digest]
        content = Content()
        with self.open(digest) as file:
            while block := file.read(_BLOCK):
                content.append(block)
        return content

    def writer(self, expected: Digest) -> Writer:
        return Writer(self, expected)

    def delete(self, digest: Digest) -> None:
        """Forget it, if it is there."""
        if self._root is None:
            self._memory.pop(digest, None)
        else:
            self._path(digest).unlink(missing_ok=True)

    def keep(self, digest: Digest, content: Content) -> None:
        """Put verified content in its place."""
        if self._root is None:
            self._memory[digest] = content
            return
        part = self._root / f"{digest.hex}.part"
        with part.open("wb") as file:
            _write(file, content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path(digest))

    def _path(self, digest: Digest) -> Path:
        assert self._root is not None
        return self._root / digest.algorithm / digest.hex


def _write(file: BinaryIO, content: Content) -> None:
    """Copy into a file, with holes for the zeros."""
    for part in content._parts:
        if isinstance(part, int):
            file.seek(part, os.SEEK_CUR)
        else:
            file.write(part)
    file.truncate(content.size)
