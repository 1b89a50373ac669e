"""What a daemon finds of its predecessor's when that was killed: groups and mounts that nobody takes away any more.

Processes are gone then: the zygote ends them when the daemon is gone, and the kernel when the zygote is. Only what is
certainly this daemon's own is touched: groups named like its containers, and mounts that are on its list.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from real import syscalls
from real.cgroups import Driver
from real.syscalls import MNT_DETACH


class Mounted:
    """Folders of the daemon's on which something is mounted, as a list that survives it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._file = Path(root, "run", "mounted")
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        self._paths = [line for line in lines if line]

    def mount(self, path: str, type: str, source: str, flags: int, data: str) -> None:
        """Raises OSError, PermissionError for a folder that is not the daemon's."""
        if not os.path.realpath(path).startswith(f"{self._root}/"):
            raise PermissionError(1, "not a folder of this daemon's", path)
        self._paths.append(path)
        self._save()
        try:
            syscalls.mount(source, path, type, flags, data)
        except OSError:
            self._paths.remove(path)
            self._save()
            raise

    def unmount(self, path: str) -> None:
        """Nothing happens if it is not on the list."""
        if path in self._paths:
            with contextlib.suppress(OSError):
                syscalls.umount2(path, MNT_DETACH)
            self._paths.remove(path)
            self._save()

    def unmount_all(self) -> None:
        for path in reversed(self._paths[:]):
            self.unmount(path)

    def _save(self) -> None:
        temporary = self._file.with_suffix(".new")
        temporary.write_text("".join(f"{path}\n" for path in self._paths))
        temporary.rename(self._file)


def reclaim_groups(groups: Driver, ids: Iterable[str]) -> None:
    """End what is left in groups with these names, and remove them and the parents that they leave empty."""
    known = set(ids)
    for path in groups.find(known):
        with contextlib.suppress(OSError):
            groups.freeze(path, False)
        with contextlib.suppress(OSError):
            groups.kill(path)
            groups.remove(path)
        groups.remove_if_empty(path.rpartition("/")[0])
