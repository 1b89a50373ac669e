"""Where `docker cp` puts things: the rules of cp(1), with its slash or dot at the end of a path.

The archive that travels is always of one file or folder, and is unpacked into a directory; so source and destination
together decide which directory that is, and what the first name in the archive becomes (`Plan`). Rules and texts: moby,
go-archive (copy.go: PrepareArchiveCopy), and docker/cli (container/cp.go).
"""

from __future__ import annotations

import os
import posixpath
import stat as st
from dataclasses import dataclass
from pathlib import Path

from engine.client.context import Failure
from engine.pathnames import keep_end, last_name, split, wants_directory

MOST_LINKS = 10  # go-archive: CopyInfoDestinationPath


@dataclass(frozen=True, slots=True)
class End:
    """One end of a copy. `path` absolute, with the slash or dot that it was given at its end.

    `rebase`: what the source is called in the archive, if not by the last name of its path.
    """

    path: str
    exists: bool = False
    is_directory: bool = False
    rebase: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`directory` to unpack into; each name of the archive has `old` replaced by `new`, once, at its beginning."""

    directory: str
    old: str = ""
    new: str = ""

    def rename(self, name: str) -> str:
        old = "" if self.old == "/" else self.old  # names of a root's archive begin with the slash
        return name if old == self.new else name.replace(old, self.new, 1)


def plan(source: End, destination: End) -> Plan:
    """How to copy. Raises Failure for what cp(1) would refuse as well."""
    if destination.exists and destination.is_directory:
        return Plan(destination.path)
    if destination.exists and source.is_directory:
        raise Failure("cannot copy directory")
    if not destination.exists and not source.is_directory and wants_directory(destination.path):
        raise Failure("no such directory")
    directory, new = split(destination.path)
    return Plan(directory, source.rebase or split(source.path)[1], new)


def rebased(path: str, resolved: str) -> tuple[str, str]:
    """A path after a link in it was followed, and what the source was called before, if that differs."""
    resolved = keep_end(resolved, path)
    before, after = last_name(path), last_name(resolved)
    return resolved, "" if before == after else before


def linked(path: str, target: str) -> str:
    """Where a link at `path` leads."""
    return target if target.startswith("/") else f"{split(path)[0].rstrip('/')}/{target}"


# -- this computer's


def absolute(path: str) -> str:
    """With "/" as separator, and with its end."""
    plain = path.replace("\\", "/") if os.sep == "\\" else path
    return keep_end(Path(os.path.abspath(path)).as_posix(), plain)  # noqa: PTH100 (a link's target is not wanted here)


def local_source(path: str, follow: bool) -> End:
    """Links on the way are followed; one at the end only on demand. Raises Failure."""
    folder, name = posixpath.split(path)
    if follow or not name or name == ".":
        resolved, rebase = rebased(path, _real(path))
    else:
        resolved, rebase = f"{_real(folder).rstrip('/')}/{name}", ""
    return End(resolved, True, st.S_ISDIR(_lstat(resolved).st_mode), rebase)


def local_destination(path: str) -> End:
    """A link at the end is followed, also to where nothing is yet. Raises Failure."""
    place = path
    for _ in range(MOST_LINKS + 1):
        try:
            mode = os.lstat(place).st_mode
        except FileNotFoundError:
            _check_folder(place)
            return End(place)
        except OSError as error:
            raise _failure("lstat", place, error) from None
        if not st.S_ISLNK(mode):
            return End(place, True, st.S_ISDIR(mode))
        place = linked(place, Path(place).readlink().as_posix())
    raise Failure(f"too many symlinks in {path}")


def check_output(path: str) -> None:
    """Nothing can be written there, so the daemon need not be asked. Raises Failure."""
    folder = posixpath.dirname(posixpath.normpath(path))
    if folder and not os.path.lexists(folder):
        raise Failure(f'invalid output path: directory "{folder}" does not exist')
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return
    if st.S_ISCHR(mode) or st.S_ISBLK(mode):
        raise Failure(f'invalid output path: "{path}" must be a directory or a regular file: got a device')


def _check_folder(path: str) -> None:
    folder = split(path)[0]
    try:
        mode = Path(folder).stat().st_mode
    except OSError as error:
        raise _failure("stat", folder, error) from None
    if not st.S_ISDIR(mode):
        raise Failure("not a directory")


def _real(path: str) -> str:
    try:
        return Path(path).resolve(strict=True).as_posix()
    except OSError as error:
        raise _failure("lstat", str(error.filename or path), error) from None


def _lstat(path: str) -> os.stat_result:
    try:
        return os.lstat(path)
    except OSError as error:
        raise _failure("lstat", path, error) from None


def _failure(call: str, path: str, error: OSError) -> Failure:
    reason = str(error.strerror)
    return Failure(f"{call} {path}: {reason[:1].lower()}{reason[1:]}")
