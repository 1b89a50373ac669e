"""Which folders of this computer the simulated host may reach, and where it has them.

A folder is mounted on the simulated host at its own path, so that a bind mount finds it there as on a real host. What
is not shared is not there: the simulated host has other files of that name, or none. What a shared folder looks like
is in sim/vfs/hostfiles.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from sim.profiles import DRIVES
from sim.vfs import mounting
from sim.vfs.hostdisk import Disk
from sim.vfs.hostfiles import SOURCE, TYPE, HostTree

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel

NEEDED = ("/etc", "/dev", "/proc", "/sys", "/bin", "/var/lib/docker")  # the simulated host's own


@dataclass(frozen=True, slots=True)
class Share:
    """A folder that containers may be given; `writable`: they may change it, too."""

    folder: Path
    writable: bool = False

    @classmethod
    def parse(cls, text: str) -> Share:
        """DIR, DIR:ro or DIR:rw. Raises ValueError if it is no folder, or one that the simulated host needs itself.

        >>> Share.parse(".:rw").writable
        True
        """
        folder, colon, access = text.rpartition(":")
        if not colon or access not in ("ro", "rw"):
            folder, access = text, "ro"
        path = Path.cwd() / Path(folder).expanduser()
        if not path.is_dir():
            raise ValueError(f"{folder}: there is no such folder")
        for place in places(path):
            for needed in NEEDED:
                if f"{needed}/".startswith(f"{place.rstrip('/')}/") or f"{place}/".startswith(f"{needed}/"):
                    raise ValueError(f"{folder}: the simulated host has a {needed} of its own; choose a folder below")
        return cls(path, access == "rw")

    def __str__(self) -> str:
        return f"{self.folder} ({'read and write' if self.writable else 'read-only'})"


def chosen(words: Sequence[str] | None) -> list[Share]:
    """The values of `--allow-bind`. None of them: the current folder, read-only.

    But not if that is the home directory or one above it: there are keys and passwords in it, and whoever reaches the
    daemon could read them. Raises ValueError.
    """
    if words is not None:
        return [Share.parse(word) for word in words if word != "none"]
    here, home = Path.cwd(), Path.home()
    if here == home or here in home.parents:
        return []
    try:
        return [Share.parse(str(_logical(here)))]
    except ValueError:
        return []


def _logical(here: Path) -> Path:
    """The current folder as the shell calls it."""
    called = Path(os.environ.get("PWD", ""))
    return called if called.is_absolute() and called.resolve() == here else here


def places(folder: Path) -> list[str]:
    """Where the simulated host has it: as the user calls it, and without links (in which the shell's $PWD may differ).

    >>> places(Path("/"))
    ['/']
    """
    return list(dict.fromkeys((host_path(folder), host_path(folder.resolve()))))


def host_path(folder: PurePath) -> str:
    r"""
    >>> from pathlib import PureWindowsPath
    >>> host_path(PureWindowsPath(r"C:\Users\Ada"))
    '/run/desktop/mnt/host/c/Users/Ada'
    """
    drive = folder.drive.rstrip(":").lower()
    return "/".join((DRIVES, drive, *folder.parts[1:])) if drive else folder.as_posix()


def mount(kernel: Kernel, shares: Iterable[Share]) -> None:
    """Show the folders to the simulated host. Raises OSError if one of them is not there."""
    space, root = kernel.host.mount, kernel.root
    for share in shares:
        tree = HostTree(kernel.storage, Disk(share.folder), share.writable)
        for place in places(share.folder):
            mounting.make_directories(root, place)
            found = mounting.find(space, place)
            access = ("rw",) if share.writable else ("ro",)
            space.attach(found.names, found.row, TYPE, access, tree.shown((), "/"), SOURCE)
