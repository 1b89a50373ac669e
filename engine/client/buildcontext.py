"""The build context that `docker build` sends: a folder of this computer without what `.dockerignore` leaves out.

Owners are not sent, as they mean nothing elsewhere. A Dockerfile that does not lie in the folder, or comes from
standard input, gets a name of its own in the archive. Rules and texts: docker/cli, cli/command/image/build.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.builder.dockerignore import Ignore, PatternError
from engine.client import localfiles
from engine.client.context import Failure
from engine.image import changeset
from engine.image.archive import compression
from engine.image.changeset import Entry

DOCKERFILE, IGNORE = "Dockerfile", ".dockerignore"
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
Member = tuple[Entry, Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class BuildContext:
    """`archive`: an uncompressed tar, or what standard input has; `dockerfile`: its name in there."""

    archive: Iterator[bytes]
    dockerfile: str


def of_stdin(data: bytes, dockerfile: str) -> BuildContext:
    """An archive as it is; anything else is a Dockerfile without context."""
    if compression(data[:6]) or data[TAR_MAGIC_AT:].startswith(TAR_MAGIC):
        return BuildContext(iter([data]), dockerfile or DOCKERFILE)
    return BuildContext(changeset.write([_text(DOCKERFILE, data)]), DOCKERFILE)


def of_folder(folder: str, dockerfile: str, stdin: bytes | None) -> BuildContext:
    """`stdin`: the Dockerfile, if that is where it comes from. Raises Failure."""
    root = Path(folder)
    if not root.exists():
        raise Failure(f'unable to prepare context: path "{folder}" not found')
    if not root.is_dir():
        raise Failure(f"unable to prepare context: context must be a directory: {root.absolute()}")
    root = root.resolve()
    ignore = _ignored(root)
    if stdin is None:
        path = _dockerfile(root, dockerfile)
        if path.is_relative_to(root):
            name = path.relative_to(root).as_posix()
            return BuildContext(changeset.write(_members(root, ignore, {name, IGNORE})), name)
        stdin = path.read_bytes()
    name = f".dockerfile.{secrets.token_hex(10)}"
    own = [_text(name, stdin), _text(IGNORE, _with_line(root / IGNORE, name))]
    return BuildContext(changeset.write(_all(own, _members(root, ignore, set(), {IGNORE}))), name)


def _dockerfile(root: Path, given: str) -> Path:
    """Where it lies. Raises Failure."""
    path = Path(given) if given else root / DOCKERFILE
    if not given and not path.exists() and (root / DOCKERFILE.lower()).exists():
        path = root / DOCKERFILE.lower()
    absolute = path if path.is_absolute() else Path.cwd() / path
    try:
        return absolute.resolve(strict=True)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise Failure(
            "unable to prepare context: unable to evaluate symlinks in Dockerfile path: "
            f"lstat {os.path.normpath(absolute)}: {reason}"
        ) from None


def _ignored(root: Path) -> Ignore:
    try:
        return Ignore.parse((root / IGNORE).read_bytes())
    except FileNotFoundError:
        return Ignore()
    except PatternError as error:
        raise Failure(f"error checking context: {error}") from None


def _members(
    root: Path, ignore: Ignore, kept: set[str], left_out: frozenset[str] | set[str] = frozenset()
) -> Iterator[Member]:
    """All below the folder. `kept` are sent whatever the file says, `left_out` never."""
    seen: dict[tuple[int, int], str] = {}

    def walk(folder: Path, prefix: str) -> Iterator[Member]:
        for path in sorted(folder.iterdir()):
            name = prefix + path.name
            is_folder = path.is_dir() and not path.is_symlink()
            wanted = name not in left_out and (name in kept or not ignore.excludes(name))
            if wanted and (member := _member(path, name, seen)) is not None:
                yield member
            if is_folder and (wanted or not ignore.may_skip(name) or _holds(name, kept)):
                yield from walk(path, f"{name}/")

    try:
        yield from walk(root, "")
    except OSError as error:
        raise Failure(f"error checking context: can't stat '{error.filename}'") from None


def _holds(folder: str, kept: set[str]) -> bool:
    return any(name.startswith(f"{folder}/") for name in kept)


def _member(path: Path, name: str, seen: dict[tuple[int, int], str]) -> Member | None:
    entry = localfiles.entry_of(path, name, seen)
    if entry is None:
        return None
    mode = entry.mode | 0o111 if sys.platform == "win32" else entry.mode
    content = localfiles.content_of(path.open("rb"), entry.size) if entry.kind == "file" else iter(())
    return replace(entry, uid=0, gid=0, mode=mode), content


def _text(name: str, data: bytes) -> Member:
    return Entry(name, "file", 0o600, size=len(data)), iter([data])


def _with_line(path: Path, line: str) -> bytes:
    before = path.read_bytes() if path.is_file() else b""
    return before.rstrip(b"\n") + (b"\n" if before else b"") + line.encode() + b"\n"


def _all(first: list[Member], rest: Iterator[Member]) -> Iterator[Member]:
    yield from first
    yield from rest
