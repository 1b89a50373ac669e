"""Synthetic filesystems: files whose contents are functions (proc, sysfs, cgroup2, devpts).

Such a filesystem is a `SyntheticTree` over a lower tree of these inodes. Its files cannot be made, renamed or removed
by programs; writing calls a function. Functions get the calling process, as what one reads may depend on who reads.
"""

from __future__ import annotations

import errno
import os
import stat as st
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from sim.vfs.filesystem import Directory, Inode, Tree

Text = Callable[[Any], str | bytes]
Write = Callable[[Any, bytes], object]


class SyntheticTree(Tree):
    """A filesystem that only the kernel changes."""

    __slots__ = ()
    fixed: ClassVar[bool] = True


class SyntheticFile(Inode):
    """`text(caller)` is what a reader gets; `write(caller, data)` is called for each write, None: not writable."""

    __slots__ = ("text", "write")

    def __init__(
        self, ino: int, text: Text, write: Write | None = None, mode: int = 0, uid: int = 0, gid: int = 0
    ) -> None:
        super().__init__(ino, st.S_IFREG | (mode or (0o644 if write else 0o444)), uid, gid)
        self.text, self.write = text, write

    def content(self, caller: Any) -> bytes:
        text = self.text(caller)
        return text.encode(errors="surrogateescape") if isinstance(text, str) else text


class MagicLink(Inode):
    """A link of /proc: `text(caller)` is what readlink says.

    Following it leads to the path `text`, or, if `file` is given, to the open file that `file()` returns.
    """

    __slots__ = ("file", "text")
    is_link = True

    def __init__(
        self,
        ino: int,
        text: Callable[[Any], str],
        file: Callable[[], Any] | None = None,
        uid: int = 0,
        gid: int = 0,
    ) -> None:
        super().__init__(ino, st.S_IFLNK | 0o777, uid, gid)
        self.text, self.file = text, file

    def read_link(self, caller: Any) -> str | None:
        """The path to go on with; None: there is none, use `file`."""
        return None if self.file is not None else self.text(caller)


class Listing:
    """Entries of a directory that are made when asked for, beside fixed ones. Stands in for `Directory.entries`."""

    __slots__ = ("_fixed", "_lookup", "_names")

    def __init__(
        self,
        lookup: Callable[[str], Inode | None],
        names: Callable[[], Iterable[str]],
        fixed: Mapping[str, Inode] | None = None,
    ) -> None:
        self._lookup, self._names, self._fixed = lookup, names, fixed or {}

    def get(self, name: str) -> Inode | None:
        return self._fixed.get(name) or self._lookup(name)

    def __setitem__(self, name: str, node: Inode) -> None:
        """Only the kernel makes entries here."""
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), name)

    def pop(self, name: str, default: Inode | None = None) -> Inode:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), name)

    def __iter__(self) -> Iterator[str]:
        yield from self._fixed
        yield from self._names()

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Group(Directory):
    """A synthetic directory in which directories can be made and removed, and nothing else (a cgroup)."""

    __slots__ = ("make", "remove")

    def __init__(self, ino: int, make: Callable[[str], object], remove: Callable[[str], object]) -> None:
        super().__init__(ino, 0o755)
        self.make, self.remove = make, remove


def directory(
    ino: int, entries: Mapping[str, Inode] | Listing, mode: int = 0o555, uid: int = 0, gid: int = 0
) -> Directory:
    """A directory of a synthetic filesystem."""
    made = Directory(ino, mode, uid, gid)  # its entries are only read, as its tree is fixed
    made.entries = entries  # type: ignore[assignment]
    return made


def folder(inos: Iterator[int], files: Mapping[str, Any], mode: int = 0o555) -> Directory:
    """A tree of fixed directories from nested mappings: inodes, texts (str), functions of the caller, or mappings."""
    made: dict[str, Inode] = {}
    for name, value in files.items():
        if isinstance(value, Inode):
            made[name] = value
        elif isinstance(value, Mapping):
            made[name] = folder(inos, value, mode)
        else:
            made[name] = SyntheticFile(next(inos), value if callable(value) else _always(value))
    return directory(next(inos), made, mode)


def _always(value: str) -> Text:
    return lambda caller: value
