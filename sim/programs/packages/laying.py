"""Members of a package, laid into the file system and taken away again: what all package managers do in the end."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from contextlib import suppress

from engine.loop import SECOND
from sim.abi import Proc
from sim.hub.tarball import DIRECTORY, SYMBOLIC_LINK, Entry

RATE = 120_000_000  # bytes a second that are unpacked
EACH = 0.0002  # seconds that a file takes beside


async def lay(proc: Proc, members: Iterable[Entry], root: str = "/") -> list[str]:
    """Lay members below `root`; returns their paths, directories included. Raises OSError."""
    paths = []
    size = 0
    root = root.rstrip("/")
    for entry in members:
        path = f"{root}/{entry.path.strip('/').removeprefix('./')}"
        paths.append(path)
        if entry.type == DIRECTORY:
            make_directories(proc, path)
            continue
        make_directories(proc, path.rpartition("/")[0])
        if entry.type == SYMBOLIC_LINK:
            with suppress(FileNotFoundError):
                proc.unlink(path)
            proc.symlink(entry.target, path)
        else:
            write(proc, path, entry)
        size += entry.size
    await proc.cpu(size / RATE + len(paths) * EACH)
    return paths


def write(proc: Proc, path: str, entry: Entry) -> None:
    """A new file in the place of what is there, as rename(2) would put it."""
    with suppress(FileNotFoundError):
        proc.unlink(path)
    proc.write_file(path, entry.data)
    if entry.size > len(entry.data):
        proc.truncate(path, entry.size)
    proc.chmod(path, entry.mode)
    if entry.mtime:
        proc.utime(path, entry.mtime * SECOND)


def make_directories(proc: Proc, path: str) -> None:
    """mkdir -p"""
    if not path or proc.access(path, 0):
        return
    make_directories(proc, path.rpartition("/")[0])
    proc.mkdir(path, 0o755)


def take_away(proc: Proc, paths: Iterable[str]) -> list[str]:
    """Remove files, then directories that have become empty; returns the directories that stay."""
    stay = []
    for path in sorted(set(paths), key=lambda path: (path.count("/"), path), reverse=True):
        try:
            if stat.S_ISDIR(proc.lstat(path).mode):
                proc.rmdir(path)
            else:
                proc.unlink(path)
        except FileNotFoundError:
            continue
        except OSError:
            stay.append(path)
    return stay
