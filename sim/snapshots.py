"""The snapshotter of the simulated host: committed layers, and a writable one for each container.

A committed snapshot keeps its layer's own tree (`diff`) and the view of it over its parents, made when first asked for
and shared by all containers. A container's snapshot is an overlay `Tree` on that view whose upper tree appears with the
first write. Between the two lies what Docker calls the init layer: mount points and files that the engine binds over.
Twin: real/snapshots.py.
"""

from __future__ import annotations

import stat as st
from collections.abc import Iterator
from typing import BinaryIO

from engine.host import Change
from engine.image import changeset
from sim import layers, parsed
from sim.vfs import overlay
from sim.vfs.filesystem import Directory, File, Inode, Symlink, Tree, add
from sim.vfs.mounts import Storage

# moby, daemon/initlayer/setup_unix.go
INIT = (
    ("dev/pts", st.S_IFDIR, ""),
    ("dev/shm", st.S_IFDIR, ""),
    ("dev/console", st.S_IFREG, ""),
    ("proc", st.S_IFDIR, ""),
    ("sys", st.S_IFDIR, ""),
    ("etc/hosts", st.S_IFREG, ""),
    ("etc/hostname", st.S_IFREG, ""),
    ("etc/resolv.conf", st.S_IFREG, ""),
    ("etc/mtab", st.S_IFLNK, "/proc/mounts"),
    (".dockerenv", st.S_IFREG, ""),
)


STORE = "/var/lib/docker/overlay2"


class Committed:
    """A read-only layer on its parents."""

    __slots__ = ("_start", "_view", "children", "diff", "name", "parent", "size")

    def __init__(self, name: str, parent: Committed | None, diff: Directory, size: int) -> None:
        self.name, self.parent, self.diff, self.size = name, parent, diff, size
        self.children = 0  # snapshots on top of this one
        self._view: Directory | None = None
        self._start: Directory | None = None

    def view(self) -> Directory:
        """This layer merged over all that is below it."""
        if self._view is None:
            self._view = overlay.merge(self.parent.view() if self.parent else None, self.diff)
        return self._view

    def start(self, storage: Storage) -> Directory:
        """What a container of this image begins with."""
        if self._start is None:
            self._start = _init_layer(self.view(), storage)
        return self._start


class Overlay(Tree):
    """A container's writable snapshot: the filesystem itself."""

    __slots__ = ("key", "parent")

    def __init__(self, storage: Storage, key: str, parent: Committed | None, lower: Directory) -> None:
        super().__init__("overlay", storage.inos, next(storage.devices), lower=lower, device=storage.disk)
        self.key, self.parent = key, parent

    def options(self) -> tuple[str, ...]:
        lower = ":".join(f"{STORE}/{name.rpartition(':')[2]}/diff" for name in layers_below(self.parent))
        return f"lowerdir={lower}", f"upperdir={STORE}/{self.key}/diff", f"workdir={STORE}/{self.key}/work"


def layers_below(parent: Committed | None) -> Iterator[str]:
    """Names of a snapshot and its parents, topmost first."""
    while parent is not None:
        yield parent.name
        parent = parent.parent


class Snapshots:
    """engine.host.Snapshotter, on trees in memory. Unknown names raise KeyError."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._committed: dict[str, Committed] = {}
        self._active: dict[str, Overlay] = {}
        self._empty: Directory | None = None

    def exists(self, name: str) -> bool:
        return name in self._committed or name in self._active

    def tree(self, key: str) -> Tree:
        """The filesystem of a container, to be mounted."""
        return self._active[key]

    def folders(self) -> list[str]:
        """The names of all in /var/lib/docker/overlay2."""
        return [name.rpartition(":")[2] for name in (*self._committed, *self._active)]

    def diff_of(self, folder: str) -> Directory | None:
        """A layer by the name of its folder: its own files, without those of the layers below. None: there is none."""
        if (layer := self._committed.get(f"sha256:{folder}") or self._committed.get(folder)) is not None:
            return layer.diff
        tree = self._active.get(folder)
        if tree is None:
            return None
        upper, _ = overlay.copy_up(tree, ())
        assert isinstance(upper, Directory)
        return upper

    async def apply(self, name: str, parent: str | None, diff: BinaryIO) -> int:
        """See engine.host.Snapshotter."""
        below = self._committed[parent] if parent else None
        unpacker = layers.Unpacker(below.view() if below else None, self._storage.inos)
        unpacker.unpack(parsed.LAYERS.entries(name, diff))
        try:
            self._storage.disk.take(unpacker.size)
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{STORE}/{name.rpartition(':')[2]}/diff") from None
        self._add(name, below, unpacker.root, unpacker.size)
        return unpacker.size

    async def prepare(self, key: str, parent: str | None, *, init: bool = True) -> None:
        """See engine.host.Snapshotter."""
        if self.exists(key):
            raise ValueError(f"snapshot {key} already exists")
        below = self._committed[parent] if parent else None
        lower = self._start(below) if init else below.view() if below else Directory(next(self._storage.inos), 0o755)
        self._active[key] = Overlay(self._storage, key, below, lower)
        if below is not None:
            below.children += 1

    async def restore(self, key: str, parent: str | None, diff: BinaryIO) -> None:
        """See engine.host.Snapshotter."""
        await self.prepare(key, parent)
        tree = self._active[key].tree
        assert isinstance(tree.lower, Directory)
        unpacker = layers.Unpacker(tree.lower, self._storage.inos)
        try:
            unpacker.unpack(layers.parse(diff))
        except ValueError:
            await self.remove(key)
            raise
        tree.upper = unpacker.root
        tree.grow(unpacker.size)

    def layers(self, key: str) -> tuple[str, ...]:
        snapshot = self._active.get(key) or self._committed[key]
        return tuple(layers_below(snapshot.parent))

    async def commit(self, name: str, key: str) -> None:
        """The writable part becomes the layer `name`; `key` is gone."""
        active = self._active.pop(key)
        upper = self._upper(active)
        overlay.freeze(upper)
        active.grow(layers.usage(upper) - active.used)
        if active.parent is not None:
            active.parent.children -= 1
        self._add(name, active.parent, upper, layers.usage(upper))

    def diff(self, key: str) -> Iterator[bytes]:
        active = self._active.get(key)
        return changeset.write(layers.pack(self._upper(active) if active else self._committed[key].diff))

    def export(self, key: str) -> Iterator[bytes]:
        active = self._active.get(key)
        if active is None:
            return changeset.write(layers.pack(self._committed[key].view()))
        lower, upper = active.lower, active.upper
        view = overlay.merge(lower, upper) if isinstance(upper, Directory) else lower
        assert isinstance(view, Directory)
        return changeset.write(layers.pack(view))

    async def changes(self, key: str) -> list[Change]:
        tree = self._active[key]
        if not isinstance(tree.upper, Directory) or not isinstance(tree.lower, Directory):
            return []
        return layers.changes(tree.upper, tree.lower)

    async def usage(self, key: str) -> int:
        active = self._active.get(key)
        if active is None:
            return self._committed[key].size
        return layers.usage(active.upper) if isinstance(active.upper, Directory) else 0

    async def remove(self, key: str) -> None:
        """Raises ValueError for a layer that others lie on."""
        active = self._active.pop(key, None)
        if active is None:
            committed = self._committed[key]
            if committed.children:
                raise ValueError(f"cannot remove snapshot with child: {key}")
            del self._committed[key]
            self._storage.disk.take(-committed.size)
        else:
            active.grow(-active.used)
        parent = active.parent if active is not None else committed.parent
        if parent is not None:
            parent.children -= 1

    def _add(self, name: str, parent: Committed | None, diff: Directory, size: int) -> None:
        if name in self._committed:
            self._storage.disk.take(-size)
            return  # the same ChainID is the same content
        self._committed[name] = Committed(name, parent, diff, size)
        if parent is not None:
            parent.children += 1

    def _upper(self, active: Overlay) -> Directory:
        upper = active.upper
        return upper if isinstance(upper, Directory) else Directory(next(self._storage.inos), 0o755)

    def _start(self, parent: Committed | None) -> Directory:
        if parent is not None:
            return parent.start(self._storage)
        if self._empty is None:
            self._empty = _init_layer(Directory(next(self._storage.inos), 0o755), self._storage)
        return self._empty


def _init_layer(view: Directory, storage: Storage) -> Directory:
    """The view with the engine's mount points where the image has nothing of that name.

    Its directories count as merged ones do (one link), since on a real host they are.
    """
    now, inos = storage.now(), storage.inos
    tree = Tree("overlay", inos, 0, lower=view)
    for path, kind, target in INIT:
        *parents, name = path.split("/")
        where = _ensure(tree, parents, now)
        if where is None or overlay.child(*where, name) != (None, None):
            continue
        node: Inode = (
            Symlink(next(inos), target, mtime=now) if kind == st.S_IFLNK else File(next(inos), 0o755, mtime=now)
        )
        add(where[0], name, Directory(next(inos), 0o755, mtime=now) if kind == st.S_IFDIR else node)  # type: ignore[arg-type]
    if not isinstance(tree.upper, Directory):
        return view
    tree.upper.mtime = now
    start = overlay.merge(view, tree.upper)
    start.nlink = 1
    for name, directory in tree.upper.entries.items():
        if directory.is_dir and name in view.entries:
            start.entries[name].nlink = 1
    return start


def _ensure(tree: Tree, names: list[str], now: int) -> overlay.Node | None:
    """The directory at `names` in the upper tree; None if the image has something else there."""
    for depth in range(1, len(names) + 1):
        try:
            node, _ = overlay.copy_up(tree, names[:depth])
        except FileNotFoundError:
            node = Directory(next(tree.inos), 0o755, mtime=now)
            overlay.insert(tree, names[: depth - 1], names[depth - 1], node)
        if not isinstance(node, Directory):
            return None
    return overlay.copy_up(tree, names)
