"""Mount namespaces: which filesystem lies where.

Many containers have equal mounts, and most of these are never looked into. So a namespace is two things:

- a `Table`: what is mounted where, in which order, with which options. Tables are immutable and shared: mounting gives
  another table, and the same step from the same table always gives the same one;
- `roots`: the filesystems themselves, one for each row of the table, made at the first look (None until then).

Paths in here are tuples of names below the namespace's root, without links and `..`; sim/vfs/paths.py walks real ones.
"""

from __future__ import annotations

import errno
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.abi import MountInfo
from sim.vfs.blockdevice import BlockDevice
from sim.vfs.filesystem import Directory, Inode, Special, Tree
from sim.vfs.overlay import Root

Names = tuple[str, ...]
MEMO = 256  # steps remembered by one table
FLAGS = ("nosuid", "nodev", "noexec", "noatime", "nodiratime")
TIMES = frozenset(("noatime", "strictatime"))
NOT_SHOWN = frozenset(
    ("bind", "rbind", "remount", "ro", "rw", "suid", "dev", "exec", "rec", "strictatime", "relatime", "newinstance",
     "private", "rprivate", "slave", "rslave", "shared", "rshared")
)  # fmt: skip
ALIASES = {"devices": "tmpfs", "masked": "tmpfs", "null": "tmpfs"}  # types of the runtime's own (sim/vfs/mounting.py)


@dataclass(frozen=True, slots=True)
class Row:
    """One mount, without what differs between containers. `over`: shows what lies under it (a bind onto itself)."""

    target: Names
    type: str
    parent: int
    options: Names = ()
    source: str = ""
    readonly: bool = False
    over: bool = False


class Branch:
    """A node of the tree of mount points: the number of the row mounted here (-1: none), and branches by name."""

    __slots__ = ("children", "row")

    def __init__(self, row: int = -1, children: dict[str, Branch] | None = None) -> None:
        self.row = row
        self.children = children or {}

    def put(self, names: Names, row: int) -> Branch:
        """A copy of this branch with a mount at `names`."""
        if not names:
            return Branch(row)  # what was mounted below is hidden
        children = dict(self.children)
        children[names[0]] = children.get(names[0], Branch()).put(names[1:], row)
        return Branch(self.row, children)

    def find(self, names: Names) -> int:
        """The number of the row mounted at `names`; -1: none."""
        branch: Branch | None = self
        for name in names:
            branch = branch.children.get(name) if branch is not None else None
        return branch.row if branch is not None else -1


class Table:
    """Immutable: rows in the order in which they were mounted; None where one was taken away again.

    Row 0 is the root. `order`: for each row, its number in the table that this one was made from by pivot_root(2).
    """

    __slots__ = ("_next", "branch", "known", "order", "rows")

    def __init__(self, rows: tuple[Row | None, ...], order: tuple[int, ...] = ()) -> None:
        self.rows, self.order = rows, order
        self.branch = Branch()
        self._next: dict[Any, Table] = {}
        self.known: dict[str, Any] = {}
        hidden: set[int] = set()  # what was mounted over "/", or left there by pivot_root: no path leads to it
        for number, row in enumerate(rows):
            if row is None:
                continue
            if number and (not row.target or row.parent in hidden):
                hidden.add(number)
            else:
                self.branch = self.branch.put(row.target, number)

    def step(self, key: Any, make: Callable[[], tuple[Row | None, ...]]) -> Table:
        """The table after a step; `make` gives its rows if this step was not made from here before."""
        table = self._next.get(key)
        if table is None:
            if len(self._next) >= MEMO:
                self._next.clear()
            table = self._next[key] = Table(make())
        return table

    def remember(self, path: str, what: Any) -> None:
        """Keep what is known of a path (sim/vfs/mounting.py)."""
        if len(self.known) >= MEMO:
            self.known.clear()
        self.known[path] = what

    def mount(self, *row: Any) -> Table:
        """`row`: the fields of a Row."""
        return self.step(row, lambda: (*self.rows, Row(*row)))

    def unmount(self, number: int) -> Table:
        """Without one row, and all that is mounted below it; numbers of the others stay."""

        def make() -> tuple[Row | None, ...]:
            gone = self.below(number)
            return tuple(None if each in gone else row for each, row in enumerate(self.rows))

        return self.step(number, make)

    def below(self, number: int) -> list[int]:
        """The numbers of a row and of all that are mounted on it, or on those."""
        found = [number]
        for each, row in enumerate(self.rows):
            if row is not None and row.parent in found and each not in found:
                found.append(each)
        return found

    def pivot(self, number: int, put_old: tuple[Names, int] | None) -> Table:
        """pivot_root(2): row `number` becomes the root; the old root, with what it holds, goes to `put_old`.

        `put_old`: the place in the new root, and the row that it lies on; None lets go of the old root at once.
        """
        key = ("pivot", number, put_old)
        table = self._next.get(key)
        if table is None:
            if len(self._next) >= MEMO:
                self._next.clear()
            table = self._next[key] = self._pivoted(number, put_old)
        return table

    def _pivoted(self, number: int, put_old: tuple[Names, int] | None) -> Table:
        new = self.below(number)
        top = self.rows[number]
        assert top is not None
        order = list(new)
        if put_old is not None:
            order += [each for each, row in enumerate(self.rows) if row is not None and each not in new]
        places = {old: place for place, old in enumerate(order)}
        rows: list[Row] = []
        for each in order:
            row = self.rows[each]
            assert row is not None
            if each in new:
                target, parent = row.target[len(top.target) :], places[row.parent] if each != number else -1
            else:
                assert put_old is not None
                target, parent = put_old[0] + row.target, places[row.parent] if row.parent >= 0 else places[put_old[1]]
            rows.append(replace(row, target=target, parent=parent))
        return Table(tuple(rows), tuple(order))

    def remount(self, number: int, options: Names) -> Table:
        def make() -> tuple[Row | None, ...]:
            row = self.rows[number]
            assert row is not None
            changed = Row(row.target, row.type, row.parent, options, row.source, "ro" in options, row.over)
            return (*self.rows[:number], changed, *self.rows[number + 1 :])

        return self.step((number, options), make)


EMPTY = Table(())


class Bind:
    """The root of a bind mount: a node of another filesystem. `source` is its path there, for mountinfo."""

    __slots__ = ("_folder", "_name", "lower", "tree", "upper")

    def __init__(self, tree: Tree, upper: Inode | None, lower: Inode | None, source: str) -> None:
        self.tree, self.upper, self.lower = tree, upper, lower
        folder, _, name = source.rpartition("/")
        self._folder, self._name = sys.intern(folder), sys.intern(name)  # a container's three have one folder

    @property
    def source(self) -> str:
        return f"{self._folder}/{self._name}"


MakeRoot = Callable[["MountNamespace", Row, Any], Root]  # Any: the namespaces that the mount is made in
IN_MEMORY = ("tmpfs", "mqueue")  # what is written there takes no disk
Opener = Callable[[Any, Special, str, int], Any]


class Storage:
    """What all mount namespaces of one kernel share.

    `types`: filesystem type to its maker. `open_special(caller, node, path, flags)` gives the open file of a fifo, a
    terminal or a socket; the kernel sets it. `disk` is what its filesystems lie on, its size given in bytes.
    """

    __slots__ = ("devices", "disk", "inos", "mount_ids", "now", "open_special", "random", "types")

    def __init__(self, now: Callable[[], int], random: Callable[[int], bytes], disk: int = 64 << 30) -> None:
        self.now, self.random, self.disk = now, random, BlockDevice(disk)
        self.inos: Iterator[int] = itertools.count(2)
        self.devices: Iterator[int] = itertools.count(0x20)
        self.mount_ids: Iterator[int] = itertools.count(1)
        self.types: dict[str, MakeRoot] = {"tmpfs": make_tmpfs}
        self.open_special: Opener = _no_device

    def tree(
        self, type: str, mode: int = 0o755, lower: Directory | None = None, source: str = "", limit: int = 0
    ) -> Tree:
        """A new filesystem: empty, or over a lower tree."""
        upper = None if lower is not None else Directory(next(self.inos), mode, mtime=self.now())
        device = None if type in IN_MEMORY else self.disk
        return Tree(type, self.inos, next(self.devices), upper, lower, source, limit, device)


class MountNamespace:
    """One process tree's view of the files.

    `context`: the namespaces in which those mounts were made whose filesystem nobody has looked into yet (/proc shows
    the PID namespace of who mounted it). `owner`: the user namespace whose root may mount here (None: the host's).
    """

    __slots__ = ("context", "first_id", "owner", "roots", "storage", "table")

    def __init__(self, storage: Storage, root: Tree, context: Any = None, readonly: bool = False) -> None:
        self.storage, self.context = storage, context
        self.owner: Any = None
        options = ("ro",) if readonly else ("rw",)
        self.table = EMPTY.mount((), root.type, -1, options, "", readonly)
        self.roots: list[Root | None] = [root]
        self.first_id = next(storage.mount_ids)

    def copy(self, owner: Any = None) -> MountNamespace:
        """unshare --mount: the same mounts, from now on independent."""
        other = MountNamespace.__new__(MountNamespace)
        other.storage, other.context, other.table, other.owner = self.storage, self.context, self.table, owner
        other.roots = [self.root(number) if row is not None else None for number, row in enumerate(self.table.rows)]
        other.first_id = next(self.storage.mount_ids)
        return other

    def root(self, number: int) -> Root:
        """The filesystem of a row, made now if nobody has looked before."""
        roots = self.roots
        if number < len(roots) and (root := roots[number]) is not None:
            return root
        row = self.table.rows[number]
        assert row is not None
        if row.over:
            return self.root(row.parent)
        made = self.storage.types[row.type](self, row, self.context)
        self._keep(number, made)
        return made

    def attach(self, target: Names, parent: int, type: str, options: Sequence[str] = (), root: Root | None = None,
               source: str = "", over: bool = False) -> int:  # fmt: skip
        """Mount; the number of the new row. Without a `root` it is made by the type when needed."""
        self.table = self.table.mount(target, type, parent, tuple(options), source, "ro" in options, over)
        if root is not None:
            self._keep(len(self.table.rows) - 1, root)
        return len(self.table.rows) - 1

    def detach(self, number: int, lazy: bool = False) -> None:
        """Unmount; `lazy`: with all that is mounted on top, which is otherwise OSError EBUSY."""
        gone = self.table.below(number)
        if number == 0 or (len(gone) > 1 and not lazy):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self.table = self.table.unmount(number)
        for each in gone:
            if each < len(self.roots):
                self.roots[each] = None

    def pivot(self, number: int, put_old: tuple[Names, int] | None) -> None:
        """pivot_root(2), see Table.pivot."""
        self.table = self.table.pivot(number, put_old)
        have = len(self.roots)
        self.roots = [self.roots[old] if old < have else None for old in self.table.order]

    def untouched(self, number: int) -> bool:
        """Nobody has looked into this mount: it is as it was when mounted."""
        return number >= len(self.roots) or self.roots[number] is None

    def info(self, root: Names = ()) -> list[MountInfo]:
        """The mounts at and below a directory, as they are seen from there, in order."""
        lines = []
        for number, row in enumerate(self.table.rows):
            if row is None or row.target[: len(root)] != root:
                continue
            parent = self.first_id * 100 + row.parent if row.parent >= 0 else 1
            fs = self.roots[number] if number < len(self.roots) else None
            options = shown_options(row) + (fs.tree.options() if fs is not None else ())
            target = "/" + "/".join(row.target[len(root) :])
            lines.append(
                MountInfo(self.first_id * 100 + number, parent, target, shown_type(row), self._source(number), options)
            )
        return lines

    def shown_roots(self, root: Names = ()) -> list[tuple[int, str]]:
        """For each line of `info`: the filesystem's device number, and which of its directories is shown."""
        shown = []
        for number, row in enumerate(self.table.rows):
            if row is not None and row.target[: len(root)] == root:
                each = self.root(number)
                inside = each.source if isinstance(each, Bind) else "/" + "/".join(row.target[-1:] if row.over else ())
                shown.append((each.tree.dev, inside))
        return shown

    def _source(self, number: int) -> str:
        row = self.table.rows[number]
        assert row is not None
        if number < len(self.roots) and (root := self.roots[number]) is not None:
            return root.tree.source
        return row.source or shown_type(row)

    def _keep(self, number: int, root: Root) -> None:
        self.roots.extend([None] * (number + 1 - len(self.roots)))
        self.roots[number] = root


def shown_options(row: Row) -> Names:
    """As /proc/mounts orders them: access, flags, then what the filesystem itself was given."""
    flags = tuple(flag for flag in FLAGS if flag in row.options)
    if not TIMES & set(row.options):
        flags += ("relatime",)
    given = tuple(option for option in row.options if option not in FLAGS and option not in NOT_SHOWN)
    return ("ro" if row.readonly else "rw", *flags, *given)


def shown_type(row: Row) -> str:
    return ALIASES.get(row.type, row.type)


def make_tmpfs(space: MountNamespace, row: Row, context: Any = None) -> Tree:
    """tmpfs(5): an empty tree; options size= (bytes, k, m, g, %) and mode=."""
    options = dict(option.partition("=")[::2] for option in row.options)
    mode = int(options.get("mode", "1777"), 8)
    usual = space.storage.disk.size // 8
    limit = parse_size(options["size"], usual) if "size" in options else usual
    tree = space.storage.tree("tmpfs", mode, source=row.source, limit=limit)
    assert tree.upper is not None
    tree.upper.uid, tree.upper.gid = int(options.get("uid", "0")), int(options.get("gid", "0"))
    return tree


def parse_size(text: str, whole: int) -> int:
    """ "64m" -> 67108864; percents are of `whole`. Raises OSError EINVAL."""
    unit = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "%": whole / 100}.get(text[-1:].lower())
    digits = text[:-1] if unit else text
    if not digits.isdigit():
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return int(int(digits) * (unit or 1))


def _no_device(caller: Any, node: Special, path: str, flags: int) -> Any:
    raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), path)
