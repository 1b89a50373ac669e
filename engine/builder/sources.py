"""What COPY and ADD take: files in the build context or in an image, found by name or pattern, known by their content.

Both lie in a snapshot of the host's, so that links are followed as in a root directory of their own and lead nowhere
else. Rules and texts: moby, builder/dockerfile/copy.go and builder/remotecontext.
"""

from __future__ import annotations

import errno
import hashlib
import posixpath
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.errors import EngineError, InvalidParameter
from engine.host import Host, PathError
from engine.image import members
from engine.image.changeset import Data, Entry
from engine.image.pattern import compile_pattern
from engine.image.pieces import as_file

BLOCK = 1 << 18
WILDCARD = re.compile(r"(?:[^\\*?\[]|\\.)*[*?\[]", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
LAST_NAME = re.compile(r"[^/]*\Z")


class BuildError(EngineError):
    """A build fails; the text is Docker's. `code`: of the command that failed."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class Origin(Protocol):
    """What files come from."""

    def entries(self, path: str) -> Iterator[tuple[Entry, Data | None]]:
        """The tar entries of what lies there; the first is itself. Raises PathError."""


@dataclass(frozen=True, slots=True)
class Found:
    """One source: `name` is its last name, also if that is a link's; `path` where it lies, absolute in `place`.

    `digest`: of its content, names and modes, not of its times ("file:…", "dir:…"). `packed`: ADD never unpacks it.
    """

    place: Origin
    name: str
    path: str
    is_directory: bool
    digest: str
    packed: bool = False

    def entries(self) -> Iterator[tuple[Entry, Data | None]]:
        """See `Origin`."""
        return self.place.entries(self.path)


class Place:
    """A snapshot to copy from: the build context's, or an image's files. `hidden`: paths that are left out."""

    def __init__(self, host: Host, key: str, is_context: bool) -> None:
        self.key = key
        self.is_context = is_context
        self.hidden: frozenset[str] = frozenset()
        self._host = host

    def entries(self, path: str) -> Iterator[tuple[Entry, Data | None]]:
        """See `Origin`."""
        entries = members.read(as_file(self._host.pack_path(self.key, path)))
        if not self.hidden:
            return entries
        folder = path[:-1] if path.endswith("/.") else posixpath.dirname(path)
        return ((entry, data) for entry, data in entries if posixpath.join(folder, entry.name) not in self.hidden)

    async def find(self, source: str) -> list[Found]:
        """All that a source of COPY means. Raises BuildError."""
        name = source.removeprefix("/").removeprefix("./")
        if WILDCARD.match(name):
            return [await self._one(match) for match in self._matching(name)]
        return [await self._one(name)]

    async def _one(self, name: str) -> Found:
        inside = posixpath.normpath(name) if name else "."
        if inside == ".." or inside.startswith("../"):
            raise BuildError(f"forbidden path outside the build context: {name} ()")
        path, mode = await self._resolve("/" if inside == "." else f"/{inside}", name)
        is_directory = stat.S_ISDIR(mode)
        return Found(self, posixpath.basename(inside), path, is_directory, self._digest(path, inside, is_directory))

    async def _resolve(self, path: str, name: str) -> tuple[str, int]:
        """Where a path leads, following links, and the mode of what is there. Raises BuildError."""
        try:
            if path in self.hidden:
                raise PathError(errno.ENOENT, "stat", path)
            found = await self._host.stat_path(self.key, path)
            if stat.S_ISLNK(found.mode):
                path = found.target
                found = await self._host.stat_path(self.key, path)
        except PathError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise BuildError(str(error)) from None
            missing = "file not found in build context or excluded by .dockerignore: " if self.is_context else ""
            raise BuildError(f"{missing}stat {name}: file does not exist") from None
        return "/." if path == "/" else path, found.mode

    def _matching(self, pattern: str) -> list[str]:
        """Names that a pattern matches, in the order of a walk."""
        try:
            expression = compile_pattern(pattern)
        except InvalidParameter:  # a pattern that cannot be read matches nothing
            return []
        matched = WILDCARD.match(pattern)
        folder = ESCAPED.sub(r"\1", LAST_NAME.sub("", matched[0])) if matched else ""
        try:
            entries = self.entries(f"/{folder}.")
            names = [posixpath.normpath(folder + entry.name) for entry, _ in entries]
        except PathError:
            return []
        return sorted((name for name in names if expression.fullmatch(name)), key=lambda name: name.split("/"))

    def _digest(self, path: str, name: str, is_directory: bool) -> str:
        each = []
        for entry, data in self.entries(path):
            full = posixpath.normpath(posixpath.join(name, posixpath.relpath(entry.name, posixpath.basename(path))))
            if full != ".":
                each.append(_entry_digest(full, entry, data))
        if not is_directory:
            return f"file:{each[0]}"
        return f"dir:{hashlib.sha256(','.join(sorted(each)).encode()).hexdigest()}"


def _entry_digest(name: str, entry: Entry, data: Data | None) -> str:
    """Of all that matters: name, kind, mode, owner, target, attributes, content; a time does not matter."""
    head = (name, entry.kind, entry.mode, entry.uid, entry.gid, entry.size, entry.target, entry.rdev, entry.xattrs)
    digest = hashlib.sha256("\0".join(str(field) for field in head).encode("utf-8", "surrogateescape"))
    while data is not None and (block := data.read(BLOCK)):
        digest.update(block)
    return digest.hexdigest()


def together(found: list[Found]) -> str:
    """The digest of all sources of an instruction."""
    if len(found) == 1:
        return found[0].digest
    return f"multi:{hashlib.sha256(','.join(each.digest for each in found).encode()).hexdigest()}"
