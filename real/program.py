"""Becoming the program: the file is looked up with the words of Go's os/exec, and execve does the rest."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence

from real.performing import Failure, reason

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXEC_FORMAT = 255  # status of a first process that the kernel refused to execute


def look_up(name: str, env: Sequence[str]) -> str:
    """The path of the file to execute. Raises Failure."""
    if "/" in name:
        if (why := _refused(name)) is not None:
            raise Failure(f'exec: "{name}": {why}')
        return name
    folders = next((entry[5:] for entry in env if entry.startswith("PATH=")), DEFAULT_PATH)
    for folder in folders.split(":"):
        path = f"{folder or '.'}/{name}"
        if _refused(path) is None:
            return path
    raise Failure(f'exec: "{name}": executable file not found in $PATH')


def _refused(path: str) -> str | None:
    """Why this is not a file to execute; None if it is."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        return f"stat {path}: {reason(error)}"
    if stat.S_ISDIR(mode):
        return "is a directory"
    return None if os.access(path, os.X_OK) else "permission denied"


def with_home(env: Sequence[str], home: str) -> dict[bytes, bytes]:
    """The environment; runc adds HOME if the settings do not have it."""
    found = dict(os.fsencode(entry).split(b"=", 1) for entry in env if "=" in entry)
    return {b"HOME": os.fsencode(home)} | found


def become(args: Sequence[str], env: Sequence[str], home: str) -> None:
    """Does not return. Raises Failure before execve; what execve itself refuses is told on standard error."""
    path = look_up(args[0], env)
    try:
        os.execve(path, [os.fsencode(word) for word in args], with_home(env, home))
    except OSError as error:
        if error.errno not in (errno.ENOEXEC, errno.ENOENT, errno.EACCES):
            raise Failure(f'exec: "{args[0]}": {reason(error)}') from None
        os.write(2, f"exec {path}: {reason(error)}\n".encode())
        os._exit(EXEC_FORMAT)
