"""Layers on disk, and the files in them: containerd's words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from engine.spec import Mount


@dataclass(frozen=True, slots=True)
class Change:
    """One line of `docker diff`. `kind` 0 modified (C), 1 added (A), 2 deleted (D), as the API numbers them."""

    path: str
    kind: int


@dataclass(frozen=True, slots=True)
class PathStat:
    """lstat(2) of a path in a snapshot. `mode` with the type bits; `size` in bytes; `mtime` in ns since 1970.

    `target`: where the path leads when all links are followed, a last one too, as far as they lead to something;
    without links, absolute, seen from the snapshot's root.
    """

    name: str  # as it was asked for: "b" for "/a/b/", "." for "/a/.", "/" for "/"
    mode: int
    size: int
    mtime: int
    target: str


@dataclass(frozen=True, slots=True)
class Unpacking:
    """How an archive is unpacked into a snapshot. `owner`: uid and gid of all that is made; None: the archive's own."""

    keep_kinds: bool = False  # never put something else in a directory's place, nor a directory in something else's
    owner: tuple[int, int] | None = None


UNPACKING = Unpacking()


class PathError(OSError):
    """A system call on a path failed. `str()` in Go's words: `open /x: no space left on device`."""

    def __init__(self, number: int, operation: str, path: str) -> None:
        super().__init__(number, os.strerror(number), path)
        self.operation = operation

    def __str__(self) -> str:
        reason = str(self.strerror)
        return f"{self.operation} {self.filename}: {reason[:1].lower()}{reason[1:]}"


class Snapshotter(Protocol):
    """Layers on disk (containerd's words). Committed snapshots are read-only and named by ChainID."""

    def exists(self, name: str) -> bool: ...

    async def apply(self, name: str, parent: str | None, diff: BinaryIO) -> int:
        """Unpack an *uncompressed* layer tar on top of `parent` and commit it as `name`; returns its size in bytes.

        Raises ValueError for a hostile or broken archive; then nothing is kept.
        """

    async def prepare(self, key: str, parent: str | None, *, init: bool = True) -> None:
        """A writable snapshot. `init`: with the mount points that a container needs (moby's init layer)."""

    async def restore(self, key: str, parent: str | None, diff: BinaryIO) -> None:
        """`prepare`, and unpack into the writable part what `diff` had given before."""

    async def mount_snapshot(self, key: str, path: str) -> None:
        """Show a snapshot on a folder of the host, read-only, until `Host.unmount_folder`. Raises OSError."""

    def layers(self, key: str) -> tuple[str, ...]:
        """Names of the committed snapshots below `key` or `name`, topmost first."""

    async def commit(self, name: str, key: str) -> None: ...

    def diff(self, key: str) -> Iterator[bytes]:
        """The writable part as an uncompressed layer tar, with whiteouts."""

    def export(self, key: str) -> Iterator[bytes]:
        """The whole merged tree as an uncompressed tar."""

    async def changes(self, key: str) -> list[Change]: ...

    async def usage(self, key: str) -> int:
        """Bytes of the writable part alone."""

    # Files of a writable snapshot, as root sees them in a mount namespace of its own: the snapshot is `/`, `volumes`
    # are bound into it (their targets are made if they are missing), nothing else is mounted. Links lead nowhere else.

    async def stat_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> PathStat:
        """A link at the end is followed only where a slash comes after it. Raises PathError."""

    def pack_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> Iterator[bytes]:
        """What is there as an uncompressed tar; its first entry is the last name of `path`, and the others lie below.

        "/a/b" gives b/, b/c …; "/a/b/." gives ./, ./c …; "/" gives /, /a …. A link at the end is not followed. Raises
        PathError before the first piece is asked for.
        """

    async def unpack_path(
        self,
        key: str,
        path: str,
        archive: BinaryIO,
        volumes: Sequence[Mount] = (),
        *,
        options: Unpacking = UNPACKING,
    ) -> None:
        """Unpack an *uncompressed* tar into the directory `path`, following links that lead there.

        Names are below `path` also if they begin with a slash; directories that are missing on the way are made (0755,
        root). What was unpacked before an error stays. Raises PathError (ENOTDIR, ENOENT for `path` itself; ENOSPC,
        EROFS, …) and ValueError for a broken or hostile archive.
        """

    async def remove(self, key: str) -> None: ...
