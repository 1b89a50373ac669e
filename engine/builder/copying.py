"""COPY and ADD: the files that were found become entries of one archive, and that a layer.

Where they come to lie, whose they are, which parents are made: moby, builder/dockerfile/copy.go (performCopyForInfo).
"""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.builder.sources import BuildError, Found, Place
from engine.errors import System
from engine.host import Host, PathError
from engine.image import changeset, members
from engine.image.archive import ArchiveError, uncompress
from engine.image.blobs import Blobs
from engine.image.changeset import Data, Entry
from engine.image.content import Spool
from engine.image.pieces import as_file

OCTAL = re.compile(r"[0-7]{1,4}")
NUMBER = re.compile(r"\d{1,10}")
DIRECTORY_MODE = 0o755


@dataclass(frozen=True, slots=True)
class Manner:
    """`owner`: of all that is copied, None leaves it; `mode` likewise; `unpack`: archives are unpacked (ADD).

    What comes out of an archive keeps its owner, unless `forced` (--chown).
    """

    owner: tuple[int, int] | None = (0, 0)
    forced: bool = False
    mode: int | None = None
    unpack: bool = False


class Copier:
    """Copies into one prepared snapshot, `key`."""

    def __init__(self, host: Host, blobs: Blobs, key: str, now: int) -> None:
        self._host, self._blobs, self._key, self._now = host, blobs, key, now

    async def copy(self, found: Sequence[Found], destination: str, manner: Manner) -> None:
        """`destination` is absolute; with a slash at its end it is a folder. Raises BuildError."""
        for each in found:
            try:
                await self._copy(each, destination, manner)
            except PathError as error:
                raise BuildError(f"failed to copy files: {error}") from None
            except OSError as error:
                raise System(f"failed to copy files: {error}") from None
            except ValueError as error:
                raise BuildError(f"failed to copy files: {error}") from None

    async def make_directory(self, path: str) -> None:
        """WORKDIR: an ordinary folder of root's, if there is none. Raises BuildError."""
        target, mode = await self._target(path)
        if mode is None:
            await self._put(iter([(self._parent(target, (0, 0)), None)]), target, Manner())
        elif not stat.S_ISDIR(mode):
            raise BuildError(f"Cannot mkdir: {path} is not a directory")

    async def _copy(self, source: Found, destination: str, manner: Manner) -> None:
        target, mode = await self._target(destination)
        exists_as_folder = mode is not None and stat.S_ISDIR(mode)
        if source.is_directory:
            if mode is not None and not exists_as_folder:
                raise BuildError(f"failed to copy files: cannot copy to non-directory: {target}")
            await self._folder(source, target, manner, exists_as_folder)
            return
        if manner.unpack and not source.packed:
            with self._blobs.spool() as spool:
                if _is_archive(source, spool):
                    if mode is not None and not exists_as_folder:
                        raise BuildError(f"failed to copy files: cannot copy to non-directory: {target}")
                    await self._archive(spool, target, manner, exists_as_folder)
                    return
        if destination.endswith("/") or exists_as_folder:
            target = posixpath.join(target, source.name)
        await self._put(_renamed(source.entries(), target, manner), target, manner)

    async def _target(self, destination: str) -> tuple[str, int | None]:
        """Where a destination leads, following links, and the mode of what is there; None for nothing."""
        path = posixpath.normpath(destination)
        try:
            found = await self._host.stat_path(self._key, path)
            if found.target:
                path = found.target
                found = await self._host.stat_path(self._key, path)
        except PathError:
            return path, None
        return path, found.mode

    async def _folder(self, source: Found, target: str, manner: Manner, exists: bool) -> None:
        entries = _renamed(source.entries(), target, manner)
        own, _ = next(entries)
        if not exists:  # a new folder is an ordinary one, whatever it was at its source
            uid, gid = manner.owner or (0, 0)
            mode = DIRECTORY_MODE if manner.mode is None else manner.mode
            await self._put(iter([(replace(own, mode=mode, uid=uid, gid=gid, mtime=self._now), None)]), target, manner)
        await self._put(entries, target, manner)

    async def _archive(self, spool: Spool, target: str, manner: Manner, exists: bool) -> None:
        kept = manner if manner.forced else replace(manner, owner=None)
        if not exists:
            await self._put(iter([(self._parent(target, (0, 0)), None)]), target, manner)
        with spool.open() as file:
            entries = members.read(as_file(uncompress(file)))
            await self._put(_below(entries, target, kept), target, kept)

    async def _put(self, entries: Iterator[tuple[Entry, Data | None]], target: str, manner: Manner) -> None:
        """Unpack entries with absolute names; parents that are missing belong to the same owner."""
        parents = [(self._parent(path, manner.owner or (0, 0)), None) for path in await self._missing(target)]
        archive = changeset.write((entry, _pieces(data)) for entry, data in _both(parents, entries))
        await self._host.unpack_path(self._key, "/", as_file(archive))

    def _parent(self, path: str, owner: tuple[int, int]) -> Entry:
        return Entry(path, "directory", DIRECTORY_MODE, *owner, mtime=self._now)

    async def _missing(self, path: str) -> list[str]:
        """The folders above a path that are not there, outermost first."""
        missing: list[str] = []
        while (path := posixpath.dirname(path)) not in ("/", ""):
            try:
                await self._host.stat_path(self._key, path)
            except PathError:
                missing.append(path)
            else:
                break
        return missing[::-1]


def _both(
    first: Sequence[tuple[Entry, None]], rest: Iterator[tuple[Entry, Data | None]]
) -> Iterator[tuple[Entry, Data | None]]:
    yield from first
    yield from rest


def _pieces(data: Data | None) -> Iterator[bytes]:
    while data is not None and (block := data.read(1 << 16)):
        yield block


def _renamed(
    entries: Iterator[tuple[Entry, Data | None]], target: str, manner: Manner
) -> Iterator[tuple[Entry, Data | None]]:
    """What lay at the first entry's name lies at `target`."""
    root = ""
    for entry, data in entries:
        root = root or entry.name
        name = _moved(entry.name, root, target)
        linked = _moved(entry.target, root, target) if entry.kind == "hardlink" else entry.target
        yield _dressed(replace(entry, name=name, target=linked), manner), data


def _moved(name: str, root: str, target: str) -> str:
    below = posixpath.relpath(name, root)
    return target if below == "." else posixpath.join(target, below)


def _below(
    entries: Iterator[tuple[Entry, Data | None]], target: str, manner: Manner
) -> Iterator[tuple[Entry, Data | None]]:
    """An archive's entries in the folder `target`. Raises ValueError for those that lead out of it."""
    for entry, data in entries:
        path = members.below(target, entry.name)
        if path == target:
            continue
        linked = entry.target
        if entry.kind in ("hardlink", "symlink"):
            checked = members.check_link(target, path, entry)
            linked = checked if entry.kind == "hardlink" else linked
        yield _dressed(replace(entry, name=path, target=linked), manner), data


def _dressed(entry: Entry, manner: Manner) -> Entry:
    uid, gid = manner.owner or (entry.uid, entry.gid)
    mode = entry.mode if manner.mode is None or entry.kind in ("symlink", "hardlink") else manner.mode
    return replace(entry, uid=uid, gid=gid, mode=mode)


def _is_archive(source: Found, spool: Spool) -> bool:
    """Is a file a tar archive, compressed or not? It is in the spool afterwards."""
    for entry, data in source.entries():
        if entry.kind != "file" or not entry.size:
            return False
        for piece in _pieces(data):
            spool.append(piece)
    try:
        with spool.open() as file:
            return next(members.read(as_file(uncompress(file))), None) is not None
    except (ArchiveError, ValueError):
        return False


# -- --chown and --chmod


def parse_mode(text: str) -> int | None:
    """Raises BuildError.

    >>> parse_mode("755"), parse_mode("")
    (493, None)
    """
    if not text:
        return None
    if not OCTAL.fullmatch(text):
        raise BuildError(f"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777")
    return int(text, 8)


def find_owner(place: Place, text: str) -> tuple[int, int]:
    """`user[:group]` by the names in an image's own files. Raises BuildError."""
    user, colon, group = text.partition(":")
    if ":" in group:
        raise BuildError(f"invalid chown string format: {text}")
    try:
        uid = _number(place, user, "/etc/passwd", "user", "uid")
        gid = _number(place, group if colon else user, "/etc/group", "group", "gid")
    except BuildError as error:
        raise BuildError(f"unable to convert uid/gid chown string to host mapping: {error}") from None
    return uid, gid


def _number(place: Place, name: str, path: str, kind: str, number: str) -> int:
    if NUMBER.fullmatch(name):
        return int(name)
    why = f"no such {kind}: {name}"
    try:
        text = b"".join(piece for _, data in place.entries(path) for piece in _pieces(data)).decode(errors="replace")
    except PathError as error:
        text, why = "", str(error)
    for line in text.splitlines():
        fields = line.strip().split(":")
        if fields[0] == name and len(fields) > 2 and fields[2].isdecimal():
            return int(fields[2])
    raise BuildError(f"can't find {number} for {kind} {name}: {why}")
