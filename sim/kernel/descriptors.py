"""File descriptors: a process's table of numbers, and the open file descriptions that they share after dup and fork.

Source: open(2), dup(2), fcntl(2). An open file is a `FileObject` (sim/vfs/openfiles.py) that answers at once, or a
`Stream` (sim/kernel/pipes.py) that may have to wait.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from typing import Any

LIMIT = 1024  # RLIMIT_NOFILE, soft


class Description:
    """An open file description: counts the descriptors that refer to it, and closes the file with the last one."""

    __slots__ = ("file", "refs")

    def __init__(self, file: Any, refs: int = 0) -> None:
        self.file, self.refs = file, refs

    def drop(self) -> None:
        self.refs -= 1
        if self.refs == 0:
            self.file.close()


class Descriptors:
    """The table. `keep_out` are those with FD_CLOEXEC, closed by execve."""

    __slots__ = ("_table", "keep_out", "limit")

    def __init__(self, table: dict[int, Description] | None = None) -> None:
        self._table: dict[int, Description] = table if table is not None else {}
        self.keep_out: frozenset[int] = frozenset()
        self.limit = LIMIT
        for description in self._table.values():
            description.refs += 1

    def __iter__(self) -> Iterable[int]:
        return iter(sorted(self._table))

    def __len__(self) -> int:
        return len(self._table)

    def file(self, fd: int) -> Any:
        """The open file. Raises OSError EBADF."""
        try:
            return self._table[fd].file
        except KeyError:
            raise bad() from None

    def description(self, fd: int) -> Description:
        try:
            return self._table[fd]
        except KeyError:
            raise bad() from None

    def lowest(self, least: int = 0) -> int:
        """The lowest free number. Raises OSError EMFILE."""
        fd = least
        while fd in self._table:
            fd += 1
        if fd >= self.limit:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return fd

    def add(self, file: Any) -> int:
        """A new description at the lowest free number."""
        fd = self.lowest()
        self._table[fd] = Description(file, 1)
        return fd

    def put(self, fd: int, description: Description) -> int:
        """dup2: let `fd` refer to `description`, instead of what it was."""
        old = self._table.get(fd)
        if old is not description:
            description.refs += 1
            self._table[fd] = description
            if old is not None:
                old.drop()
        self.keep_out -= {fd}
        return fd

    def close(self, fd: int) -> None:
        try:
            description = self._table.pop(fd)
        except KeyError:
            raise bad() from None
        if self.keep_out:
            self.keep_out -= {fd}
        description.drop()

    def close_all(self) -> None:
        table, self._table = self._table, {}
        for description in table.values():
            description.drop()

    def fork(self, replaced: Mapping[int, int] | None = None) -> Descriptors:
        """A copy for a child. `replaced` {child's: ours} is laid over it."""
        table = dict(self._table)
        if replaced:
            table |= {new: self.description(old) for new, old in replaced.items()}
        copy = Descriptors(table)
        copy.keep_out, copy.limit = self.keep_out - set(replaced or ()), self.limit
        return copy

    def on_exec(self) -> None:
        """Close what has FD_CLOEXEC."""
        for fd in self.keep_out:
            if fd in self._table:
                self._table.pop(fd).drop()
        self.keep_out = frozenset()


def bad() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))
