"""Where a path leads when its symbolic links are followed, on whichever host: Go's filepath.EvalSymlinks in a root."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Callable

from engine.host import PathError

MAX_LINKS = 255  # Go, path/filepath


def evaluate(path: str, readlink: Callable[[str], str]) -> str:
    """`path` without links; from where it ends in nothing it stays as it is written. ".." never leaves the root.

    `readlink` raises OSError for what is no link, or not there. Raises PathError (ELOOP).
    """
    todo, found, links = path.split("/")[::-1], "", 0
    while todo:
        name = todo.pop()
        if name in ("", "."):
            continue
        if name == "..":
            found = posixpath.dirname(found).rstrip("/")
            continue
        here = f"{found}/{name}"
        try:
            target = readlink(here)
        except OSError:
            found = here
            continue
        links += 1
        if links > MAX_LINKS:
            raise PathError(errno.ELOOP, "lstat", path)
        todo += target.split("/")[::-1]
        found = "" if target.startswith("/") else found
    return found or "/"
