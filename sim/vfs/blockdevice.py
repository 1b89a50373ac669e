"""The disk of the simulated host: how many bytes it has, and how many are taken by layers, containers and volumes.

Files are counted by their length; their bytes are kept elsewhere (sim/vfs/content.py).
"""

from __future__ import annotations

import errno
import os


class BlockDevice:
    """`size` in bytes. `left`: what may still be written although more is free, None for all of it (a fault)."""

    __slots__ = ("left", "size", "used")

    def __init__(self, size: int) -> None:
        self.size, self.used = size, 0
        self.left: int | None = None

    @property
    def free(self) -> int:
        free = max(0, self.size - self.used)
        return free if self.left is None else min(free, self.left)

    def take(self, count: int) -> None:
        """So many bytes more lie on it, or fewer. Raises OSError ENOSPC, and then none."""
        if count > 0 and count > self.free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.used += count
        if self.left is not None:
            self.left -= count
