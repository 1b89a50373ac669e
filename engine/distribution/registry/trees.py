"""Where a registry's files can lie: in memory, or in a folder. The third place is in sim/programs/services/registry.py.

In a folder a small file appears whole, by renaming, and no symbolic link is followed: whoever can put one there cannot
make the registry read or write elsewhere.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.image.blobs import Content

PIECE = 1 << 18  # bytes


class MemoryTree:
    """Files of this process. Long runs of zeros cost nothing (engine.image.blobs.Content)."""

    def __init__(self) -> None:
        self._files: dict[str, Content] = {}
        self._folders: dict[str, dict[str, None]] = {}  # names in the order of their coming

    def size(self, path: str) -> int | None:
        file = self._files.get(path)
        return None if file is None else file.size

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        file = self._files[path]
        while start < end and (piece := file.read(start, min(PIECE, end - start))):
            yield piece
            start += len(piece)

    def write(self, path: str, data: bytes) -> None:
        self._enter(path)
        self._files[path] = Content(data)

    def append(self, path: str, data: bytes) -> None:
        if path not in self._files:
            self.write(path, data)
        else:
            self._files[path].append(data)

    def rename(self, old: str, new: str) -> None:
        self._enter(new)
        self._files[new] = self._files[old]
        self.remove(old)

    def list(self, path: str) -> list[str]:
        return list(self._folders.get(path, ()))

    def remove(self, path: str) -> None:
        for name in self.list(path):
            self.remove(f"{path}/{name}")
        self._files.pop(path, None)
        self._folders.pop(path, None)
        parent, _, name = path.rpartition("/")
        if parent in self._folders:
            self._folders[parent].pop(name, None)

    def _enter(self, path: str) -> None:
        """Write a path's names into their folders."""
        while path:
            parent, _, name = path.rpartition("/")
            if name in self._folders.setdefault(parent, {}):
                return
            self._folders[parent][name] = None
            path = parent


class FolderTree:
    """Files below `root`, which is made if it is not there. Raises PermissionError for a symbolic link on the way."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()

    def size(self, path: str) -> int | None:
        place = self._place(path)
        return place.stat().st_size if place.is_file() else None

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        with self._place(path).open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(PIECE, end - start))):
                yield piece
                start += len(piece)

    def write(self, path: str, data: bytes) -> None:
        place = self._ready(path)
        part = place.with_name(f".{place.name}.part")
        self._refuse_link(part)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)

    def append(self, path: str, data: bytes) -> None:
        with self._ready(path).open("ab") as file:
            file.write(data)

    def rename(self, old: str, new: str) -> None:
        before = self._place(old)
        with before.open("rb+") as file:
            os.fsync(file.fileno())
        before.replace(self._ready(new))

    def list(self, path: str) -> list[str]:
        place = self._place(path)
        return [entry.name for entry in place.iterdir()] if place.is_dir() else []

    def remove(self, path: str) -> None:
        _remove(self._place(path))

    def _place(self, path: str) -> Path:
        """The file's real path, no part of which is a link."""
        place = self._root
        for part in path.split("/"):
            if part in ("", ".", "..") or "\\" in part or "\0" in part:
                raise PermissionError(errno.EPERM, "not a path inside", path)
            place /= part
            self._refuse_link(place)
        return place

    def _ready(self, path: str) -> Path:
        place = self._place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _refuse_link(self, place: Path) -> None:
        if place.is_symlink():
            raise PermissionError(errno.ELOOP, "is a symbolic link", str(place))


def _remove(place: Path) -> None:
    """A file, a link or a folder; what is mounted in a folder stays, and so does the folder."""
    if place.is_symlink() or not place.is_dir():
        place.unlink(missing_ok=True)
        return
    if os.path.ismount(place):  # Path.is_mount is not on every system
        return
    for entry in place.iterdir():
        _remove(entry)
    with suppress(OSError):
        place.rmdir()
