"""A process that gives up what it does not need: after `confine`, Python opens no file elsewhere and starts nothing.

A line in the playground may come from a stranger's link, and docker's own file arguments (`docker cp`, `-o`,
`--env-file`) name files of the computer. Interpreter-wide audit hooks (PEP 578) cannot be taken back; they hold for our
own code, which runs no foreign Python.
"""

from __future__ import annotations

import errno
import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classroom import __file__ as classroom
from engine import __file__ as engine

REFUSED = ("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.",
           "socket.", "webbrowser.", "urllib.")  # fmt: skip
# event -> which of its arguments are paths that are changed, or listed
TOUCHING = {
    "os.chdir": (0,), "os.chmod": (0,), "os.chown": (0,), "os.link": (0, 1), "os.listdir": (0,), "os.mkdir": (0,),
    "os.mkfifo": (0,), "os.mknod": (0,), "os.remove": (0,), "os.rename": (0, 1), "os.rmdir": (0,), "os.scandir": (0,),
    "os.symlink": (1,), "os.truncate": (0,), "os.utime": (0,), "tempfile.mkstemp": (0,), "tempfile.mkdtemp": (0,),
}  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def confine(folder: Path) -> None:
    """From now on everything but reading Python's and our own files happens in `folder`. PermissionError otherwise."""
    ours = _prefix(folder)
    code = {
        *sys.path,
        *sysconfig.get_paths().values(),
        *(str(Path(file).resolve().parents[1]) for file in (classroom, engine)),
    }
    readable = [ours, os.devnull, *sorted(_prefix(Path(place)) for place in code if place)]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and flags & WRITING
            _check(path, [ours] if writes else readable)
        elif event in ("os.listdir", "os.scandir"):
            _check(arguments[0] or ".", readable)
        elif event in TOUCHING:
            for at in TOUCHING[event]:
                _check(arguments[at], [ours])
        elif event.startswith(REFUSED):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), event)

    sys.addaudithook(watch)


def _prefix(folder: Path) -> str:
    return f"{Path(os.path.realpath(folder))}{os.sep}"


def _check(path: Any, places: Sequence[str]) -> None:
    if path is None or isinstance(path, int):  # a file that is open
        return
    real = os.path.realpath(os.fsdecode(path))
    if not any(real.startswith(place) or real + os.sep == place for place in places):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fsdecode(path))
