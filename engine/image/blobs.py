"""Content by digest: manifests, configurations and layer archives; in memory, or in a folder.

What is written is hashed as it comes, and verified before it can be read: a wrong byte is refused and nothing is kept.
In a folder a blob appears whole, by renaming, after it has reached the disk; nothing is ever whole in memory. Who needs
a blob counts as a use of it; it goes with the last.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.image import known
from engine.image.content import BLOCK, Content, PartFile
from engine.image.digest import Digest

__all__ = ["Blobs", "Content", "Writer", "WrongDigest"]


class WrongDigest(ValueError):
    """The bytes are not those that the digest promises."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"filesystem layer verification failed for digest {expected}")
        self.expected, self.actual = expected, actual


class Writer:
    """Bytes on their way in. `commit` verifies them and puts them under their digest; `abort` forgets them.

    `expected`: what their digest has to be; None: it becomes known at the end. As long as they are those of a blob that
    was verified before, they are compared instead of hashed (engine/image/known.py).
    """

    __slots__ = ("_blobs", "_hash", "_known", "_same", "_spool", "expected")

    def __init__(self, blobs: Blobs, expected: Digest | None) -> None:
        self._blobs, self.expected = blobs, expected
        self._begin()

    def _begin(self) -> None:
        self._hash = hashlib.new(self.expected.algorithm if self.expected else "sha256")
        self._spool = self._blobs.spool()
        self._known = known.BLOBS.get(self.expected) if isinstance(self._spool, Content) else None
        self._same = 0  # how many bytes have been those of `_known`

    @property
    def size(self) -> int:
        return self._spool.size if self._known is None else self._same

    def write(self, data: bytes) -> None:
        if self._known is not None:
            if self._known.has(data, self._same):
                self._same += len(data)
                return
            self._differ(self._known)
        self._hash.update(data)
        self._spool.append(data)

    def _differ(self, before: Content) -> None:
        """They are others after all: go on from what was equal."""
        self._known = None
        with before.open() as file:
            while piece := file.read(min(BLOCK, self._same - self._spool.size)):
                self.write(piece)

    def restart(self) -> None:
        """Begin again with nothing."""
        self.abort()
        self._begin()

    def commit(self) -> Digest:
        """Raises WrongDigest; then nothing is kept."""
        if (same := self._known) is not None and self.expected is not None:
            if self._same == same.size:
                self._blobs._adopt(self.expected, same)
                return self.expected
            self._differ(same)
        actual = Digest(f"{self._hash.name}:{self._hash.hexdigest()}")
        if self.expected is not None and actual != self.expected:
            self.abort()
            raise WrongDigest(self.expected, actual)
        try:
            self._blobs._adopt(actual, self._spool)
        finally:
            self.abort()  # a file that has its name by now does not mind
        return actual

    def abort(self) -> None:
        self._spool.close()


class Blobs:
    """Blobs of one store. `root` is the folder, or None for memory. Writing raises OSError (a full disk)."""

    def __init__(self, root: Path | None = None) -> None:
        self.durable = root is not None
        self._memory: dict[Digest, Content] = {}
        self._uses: Counter[Digest] = Counter()
        self._root = root
        self._numbers = itertools.count()
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

    # -- in and out

    def put(self, data: bytes) -> Digest:
        """Keep a small document; returns its digest."""
        digest = Digest.of(data)
        if digest not in self:
            writer = self.writer(digest)
            try:
                writer.write(data)
                writer.commit()
            finally:
                writer.abort()
        return digest

    def writer(self, expected: Digest | None = None) -> Writer:
        return Writer(self, expected)

    def spool(self) -> Content | PartFile:
        """Room for bytes that are nobody's yet. In a folder, what a crash leaves of it goes at the next start."""
        return Content() if self._root is None else PartFile(self._root / f"{os.getpid()}-{next(self._numbers)}.part")

    def get(self, digest: Digest) -> bytes:
        """Raises KeyError."""
        with self.open(digest) as file:
            return file.read()

    def open(self, digest: Digest) -> BinaryIO:
        """A seekable file. Raises KeyError."""
        if self._root is None:
            return self._memory[digest].open()
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise KeyError(digest) from None

    def size(self, digest: Digest) -> int:
        """Bytes. Raises KeyError."""
        if self._root is None:
            return self._memory[digest].size
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            raise KeyError(digest) from None

    # -- how long

    def use(self, digest: Digest) -> None:
        """One reason more to keep it; also of one that is still to come."""
        self._uses[digest] += 1

    def drop(self, digest: Digest) -> None:
        """One reason less; with the last one it goes."""
        self._uses[digest] -= 1
        if self._uses[digest] <= 0:
            del self._uses[digest]
            self.delete(digest)

    def sweep(self) -> None:
        """Delete what has no use: what a crash has left behind."""
        for digest in list(self):
            if digest not in self._uses:
                self.delete(digest)

    def delete(self, digest: Digest) -> None:
        """Forget it, if it is there."""
        if self._root is None:
            self._memory.pop(digest, None)
        else:
            try:
                self._path(digest).unlink(missing_ok=True)
            except PermissionError:
                if sys.platform != "win32":  # where somebody reads it just now: the next start sweeps it away
                    raise

    def _adopt(self, digest: Digest, spool: Content | PartFile) -> None:
        if isinstance(spool, Content):
            self._memory[digest] = spool
            known.BLOBS.keep(digest, spool)
            return
        path = self._path(digest)
        path.parent.mkdir(exist_ok=True)
        spool.keep(path)

    def _path(self, digest: Digest) -> Path:
        assert self._root is not None
        return self._root / digest.algorithm / digest.hex
