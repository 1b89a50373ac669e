"""The snapshotter of the real host: folders that overlayfs puts on top of each other, as Docker's overlay2 has them.

    overlay2/<layer>/diff      what the layer changes         overlay2/<container>/diff   its writable part
    overlay2/<layer>/init      mount points, between the two  overlay2/<container>/work   overlayfs's own
    overlay2/<any>/parent      the name of what lies below

A folder has its name when it is whole: until then, and when it is about to go, it is called `tmp-…`. Where overlayfs
cannot be had (the daemon's folder lies on an overlay itself), a container's folder is a copy of all that is below it,
as Docker's vfs has it. Twin: sim/snapshots.py.
"""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.host import Change
from engine.image import changeset
from real import differences, layers, merged, syscalls
from real.merged import Node
from real.poller import Poller

# moby, daemon/initlayer/setup_unix.go
INIT = (
    ("dev/pts", stat.S_IFDIR, ""),
    ("dev/shm", stat.S_IFDIR, ""),
    ("dev/console", stat.S_IFREG, ""),
    ("proc", stat.S_IFDIR, ""),
    ("sys", stat.S_IFDIR, ""),
    ("etc/hosts", stat.S_IFREG, ""),
    ("etc/hostname", stat.S_IFREG, ""),
    ("etc/resolv.conf", stat.S_IFREG, ""),
    ("etc/mtab", stat.S_IFLNK, "/proc/mounts"),
    (".dockerenv", stat.S_IFREG, ""),
)
TEMPORARY = "tmp-"
EMPTY = "empty"  # stands below a container without an image


class Snapshot:
    """`parent` "" for none; `size` of a layer's files, -1 for a container's; `children` on top of it."""

    __slots__ = ("children", "name", "parent", "size")

    def __init__(self, name: str, parent: str, size: int) -> None:
        self.name, self.parent, self.size = name, parent, size
        self.children = 0

    @property
    def folder(self) -> str:
        return self.name.rpartition(":")[2]


class Snapshots:
    """engine.host.Snapshotter, on disk. Unknown names raise KeyError."""

    def __init__(self, store: Path, poller: Poller, rootless: bool, copying: bool = False) -> None:
        self.store, self.copying = str(store), copying
        self._poller, self._rootless = poller, rootless
        self._known: dict[str, Snapshot] = {}
        store.mkdir(parents=True, exist_ok=True)
        store.chmod(0o711)
        self._load()

    def _load(self) -> None:
        """What is here from before; halves go."""
        for name in os.listdir(self.store):
            folder = Path(self.store, name)
            if name.startswith(TEMPORARY):
                layers.remove_tree(str(folder))
            elif (folder / "name").is_file():
                full, parent, size = (folder / "name").read_text().split("\n")
                self._known[full] = Snapshot(full, parent, int(size))
        for snapshot in self._known.values():
            if snapshot.parent in self._known:
                self._known[snapshot.parent].children += 1

    def mounting(self, key: str) -> tuple[str, str, int, str]:
        """Type, source, flags and data of the mount(2) that shows a snapshot read-only."""
        top, *below = self.tree(key).folders
        if not below:
            return "", top, syscalls.MS_BIND, ""
        return "overlay", "overlay", syscalls.MS_RDONLY, f"lowerdir={':'.join([top, *below])}"

    def writable(self) -> list[str]:
        """Keys of all that are containers'."""
        return [name for name, snapshot in self._known.items() if snapshot.size < 0]

    def exists(self, name: str) -> bool:
        return name in self._known

    # -- make

    async def apply(self, name: str, parent: str | None, diff: BinaryIO) -> int:
        """See engine.host.Snapshotter."""
        below = self._view(parent) if parent else None
        folder = self._temporary()
        try:
            size = await self._poller.work(self._unpack, folder, below, diff)
        except OSError as error:
            await self._discard(folder)
            raise ValueError(f"{error.strerror}: {error.filename or name}") from error
        except BaseException:
            await self._discard(folder)
            raise
        if name in self._known:  # the same ChainID is the same content
            await self._discard(folder)
        else:
            self._keep(folder, Snapshot(name, parent or "", size))
        return size

    def _unpack(self, folder: str, below: Node | None, diff: BinaryIO) -> int:
        unpacker = layers.Unpacker(f"{folder}/diff", below, self._rootless)
        unpacker.unpack(diff)
        return unpacker.size

    async def prepare(self, key: str, parent: str | None, *, init: bool = True) -> None:
        """See engine.host.Snapshotter."""
        if self.exists(key):
            raise ValueError(f"snapshot {key} already exists")
        if parent:
            self._known[parent]  # or KeyError
        base = self._init_layer(parent or "") if init else self._view(parent).path if parent else ""
        folder = self._temporary()
        os.mkdir(f"{folder}/work", 0o700)
        if not init:
            os.mkdir(f"{folder}/init", 0o755)
        fd = os.open(f"{folder}/diff", os.O_RDONLY | os.O_CLOEXEC)
        try:
            layers.like(fd, os.stat(base or f"{folder}/init"))
        finally:
            os.close(fd)
        if self.copying:
            view = self._view(parent).folders if parent else []
            await self._poller.work(copy, merged.root([base, *view]), f"{folder}/diff", self._rootless)
        self._keep(folder, Snapshot(key, parent or "", -1))

    async def restore(self, key: str, parent: str | None, diff: BinaryIO) -> None:
        """See engine.host.Snapshotter."""
        await self.prepare(key, parent)
        try:
            await self._poller.work(self._unpack, f"{self.store}/{key}", self._below(key), diff)
        except ValueError:
            await self.remove(key)
            raise

    async def commit(self, name: str, key: str) -> None:
        """The writable part becomes the layer `name`; `key` is gone."""
        if self.copying:
            with tempfile.TemporaryFile(dir=self.store) as archive:
                archive.writelines(self.diff(key))
                archive.seek(0)
                await self.apply(name, self._known[key].parent or None, archive)
            await self.remove(key)
            return
        active = self._known.pop(key)
        self._uncount(active)
        folder = f"{self.store}/{active.folder}"
        layers.remove_tree(f"{folder}/work")
        if os.path.isdir(f"{folder}/init"):
            layers.remove_tree(f"{folder}/init")
        if name in self._known:
            await self._discard(folder)
            return
        size = await self._poller.work(differences.usage, f"{folder}/diff")
        self._keep(folder, Snapshot(name, active.parent, size))

    async def remove(self, key: str) -> None:
        """Raises ValueError for a layer that others lie on."""
        snapshot = self._known[key]
        if snapshot.children:
            raise ValueError(f"cannot remove snapshot with child: {key}")
        del self._known[key]
        self._uncount(snapshot)
        gone = f"{self.store}/{TEMPORARY}{snapshot.folder}"
        os.rename(f"{self.store}/{snapshot.folder}", gone)
        await self._discard(gone)

    def _temporary(self) -> str:
        folder = tempfile.mkdtemp(prefix=TEMPORARY, dir=self.store)
        os.chmod(folder, 0o755)
        os.mkdir(f"{folder}/diff", 0o755)
        return folder

    def _keep(self, folder: str, snapshot: Snapshot) -> None:
        with open(f"{folder}/name", "w") as file:
            file.write(f"{snapshot.name}\n{snapshot.parent}\n{snapshot.size}")
        os.rename(folder, f"{self.store}/{snapshot.folder}")
        self._known[snapshot.name] = snapshot
        if snapshot.parent in self._known:
            self._known[snapshot.parent].children += 1

    def _uncount(self, snapshot: Snapshot) -> None:
        if snapshot.parent in self._known:
            self._known[snapshot.parent].children -= 1

    async def _discard(self, folder: str) -> None:
        await self._poller.work(layers.remove_tree, folder)

    # -- look

    def layers(self, key: str) -> tuple[str, ...]:
        """See engine.host.Snapshotter."""
        found = []
        name = self._known[key].parent
        while name:
            found.append(name)
            name = self._known[name].parent
        return tuple(found)

    def diff(self, key: str) -> Iterator[bytes]:
        """See engine.host.Snapshotter."""
        folder = f"{self.store}/{self._known[key].folder}/diff"
        if self.copying and self._known[key].size < 0:
            return changeset.write(differences.pack_changes(folder, self._below(key)))
        return changeset.write(layers.pack(merged.root([folder]), whiteouts=True))

    def export(self, key: str) -> Iterator[bytes]:
        """See engine.host.Snapshotter."""
        return changeset.write(layers.pack(self.tree(key)))

    async def changes(self, key: str) -> list[Change]:
        """See engine.host.Snapshotter."""
        snapshot = self._known[key]
        folder = f"{self.store}/{snapshot.folder}/diff"
        return await self._poller.work(differences.changes, folder, self._below(key), self.copying)

    async def usage(self, key: str) -> int:
        """See engine.host.Snapshotter."""
        snapshot = self._known[key]
        if snapshot.size >= 0:
            return snapshot.size
        return await self._poller.work(differences.usage, f"{self.store}/{snapshot.folder}/diff")

    def tree(self, key: str) -> Node:
        """A snapshot's root as it is seen from inside."""
        if self._known[key].size >= 0:
            return self._view(key)
        if self.copying:
            return merged.root([f"{self.store}/{self._known[key].folder}/diff"])
        below = self._below(key)
        return merged.root([f"{self.store}/{self._known[key].folder}/diff", *below.folders])

    def _view(self, name: str) -> Node:
        """A layer over all that is below it."""
        names = [name, *self.layers(name)]
        return merged.root([f"{self.store}/{self._known[each].folder}/diff" for each in names])

    def _below(self, key: str) -> Node:
        """What lies below a container's writable part."""
        parent = self._known[key].parent
        own = f"{self.store}/{self._known[key].folder}/init"  # empty, of a snapshot that is no container's
        init = own if os.path.isdir(own) else self._init_layer(parent)
        return merged.root([init, *self._view(parent).folders] if parent else [init])

    # -- the layer between an image and its containers

    def _init_layer(self, parent: str) -> str:
        """The engine's mount points where the image has nothing of that name; made once for each layer."""
        folder = f"{self.store}/{self._known[parent].folder if parent else EMPTY}"
        init = f"{folder}/init"
        if os.path.isdir(init):
            return init
        os.makedirs(folder, exist_ok=True)
        made = tempfile.mkdtemp(prefix=TEMPORARY, dir=folder)
        below = self._view(parent) if parent else None
        unpacker = layers.Unpacker(made, below, self._rootless)
        if below is None:
            os.chmod(made, 0o755)
        unpacker.unpack(io.BytesIO(b"".join(changeset.write((entry, ()) for entry in _missing(below)))))
        os.rename(made, init)
        return init


def copy(source: Node, folder: str, rootless: bool) -> None:
    """A whole tree into an empty folder."""
    with tempfile.TemporaryFile(dir=Path(folder).parent) as archive:
        archive.writelines(changeset.write(layers.pack(source)))
        archive.seek(0)
        layers.Unpacker(folder, None, rootless).unpack(archive)


def overlay_works(root: Path) -> bool:
    """Can a folder here be an overlay's upper one? Asked of the kernel with empty ones, as root; nothing is mounted."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=root) as folder:
        for name in ("lower", "upper", "work"):
            Path(folder, name).mkdir()
        try:
            fd = syscalls.fsopen("overlay")
        except OSError:
            return False
        try:
            for key, name in (("lowerdir+", "lower"), ("upperdir", "upper"), ("workdir", "work")):
                syscalls.fsconfig(fd, syscalls.FSCONFIG_SET_STRING, key, f"{folder}/{name}")
            syscalls.fsconfig(fd, syscalls.FSCONFIG_CREATE)
        except OSError:
            return False
        finally:
            os.close(fd)
    return True


def _missing(below: Node | None) -> Iterator[changeset.Entry]:
    for path, kind, target in INIT:
        if below is None or (merged.find(below, path) is None and _parents_are_folders(below, path)):
            mtime = below.lstat.st_mtime_ns if below is not None else 0
            yield changeset.Entry(path, layers.KINDS[kind], 0o755, target=target, mtime=mtime)


def _parents_are_folders(below: Node, path: str) -> bool:
    """True also if they are not there at all."""
    parent = merged.find(below, os.path.dirname(path))
    return parent is None or parent.is_dir
