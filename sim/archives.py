"""Files of a snapshot, looked at, packed and unpacked: what `docker cp` and the builder's COPY ask of a host.

Root does it, in a mount namespace made for the purpose: the snapshot is `/`, volumes are bound into it, and nothing
else is there, neither /proc nor a running container's tmpfs (moby, daemon/containerfs_linux.go). So a link can lead
nowhere else. Unpacking follows moby's go-archive (Unpack, createTarFile). Twin: real/archives.py.
"""

from __future__ import annotations

import errno
import posixpath
import stat as st
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from engine.host import PathError, PathStat, Unpacking
from engine.image import changeset, members
from engine.image.changeset import Data, Entry
from engine.spec import Mount
from sim import content, files, mounting
from sim.filesystem import NO_XATTRS, File, Inode, Special, Tree
from sim.kernel import Kernel
from sim.layers import KINDS, TYPES, pieces
from sim.mounting import Superuser
from sim.mounts import MountNamespace
from sim.paths import existing, resolve
from sim.rights import create, raise_up

MAX_LINKS = 255  # Go, path/filepath: EvalSymlinks


def root_of(kernel: Kernel, key: str, volumes: Sequence[Mount]) -> Superuser:
    """Who sees the snapshot as `/`, with the volumes in it."""
    space = MountNamespace(kernel.storage, kernel.snapshots.tree(key))
    for volume in volumes:
        with _calling("mount", volume.target):
            mounting.mount_at(space, volume.source, volume.target, volume.type, volume.options, kernel.root)
    return Superuser(space)


# -- looking


def stat_path(kernel: Kernel, key: str, path: str, volumes: Sequence[Mount]) -> PathStat:
    """See engine.host.Snapshotter."""
    return _stat(root_of(kernel, key, volumes), path)


def _stat(caller: Superuser, path: str) -> PathStat:
    with _calling("lstat", path):
        found = files.lstat(caller, path)
    target = _evaluate(caller, path) if st.S_ISLNK(found.mode) else ""
    return PathStat(_base(path), found.mode, found.size, found.mtime, target)


def _evaluate(caller: Superuser, path: str) -> str:
    """Where a path leads, without links; from where it ends in nothing it stays as it is written."""
    todo, found, links = path.split("/")[::-1], "", 0
    while todo:
        name = todo.pop()
        if name in ("", "."):
            continue
        if name == "..":
            found = posixpath.dirname(found).rstrip("/")
            continue
        here = f"{found}/{name}"
        try:
            target = files.readlink(caller, here)
        except OSError:  # no link, or nothing at all
            found = here
            continue
        links += 1
        if links > MAX_LINKS:
            raise PathError(errno.ELOOP, "lstat", path)
        todo += target.split("/")[::-1]
        found = "" if target.startswith("/") else found
    return found or "/"


def _base(path: str) -> str:
    """The last name: Go's filepath.Base."""
    return posixpath.basename(path.rstrip("/")) or "/"


# -- packing


def pack_path(kernel: Kernel, key: str, path: str, volumes: Sequence[Mount]) -> Iterator[bytes]:
    """See engine.host.Snapshotter."""
    caller = root_of(kernel, key, volumes)
    _stat(caller, path)
    name = _base(path)
    return changeset.write(_pack(caller, path, "" if name == "/" else name, {}))


def _pack(
    caller: Superuser, path: str, name: str, first_names: dict[int, str]
) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    try:
        place = existing(caller, path, follow=False)
    except OSError:  # gone while we were packing
        return
    node = place.found()
    kind = KINDS.get(st.S_IFMT(node.mode))
    if kind is None:  # sockets do not go into archives
        return
    target, rdev, size = "", (0, 0), 0
    if node.nlink > 1 and not node.is_dir and (first := first_names.setdefault(id(node), name)) != name:
        kind, target = "hardlink", first
    elif node.is_link:
        target = files.readlink(caller, path)
    elif isinstance(node, Special):
        rdev = node.rdev
    elif isinstance(node, File):
        size = node.size
    entry = Entry(name, kind, node.mode & 0o7777, node.uid, node.gid, node.mtime, size, target, rdev, node.xattrs)
    yield entry, pieces(node, size) if isinstance(node, File) else iter(())
    if node.is_dir:
        for child in sorted(files.listdir(caller, path)):
            yield from _pack(caller, f"{path.rstrip('/')}/{child}", f"{name}/{child}", first_names)


# -- unpacking


def unpack_path(
    kernel: Kernel, key: str, path: str, archive: BinaryIO, volumes: Sequence[Mount], options: Unpacking
) -> None:
    """See engine.host.Snapshotter."""
    caller = root_of(kernel, key, volumes)
    with _calling("lstat", path):
        place = existing(caller, path)
    if not place.found().is_dir:
        raise PathError(errno.ENOTDIR, "lstat", path)
    directory = place.path
    times: list[tuple[str, int]] = []
    for entry, data in members.read(archive):
        where = members.below(directory, entry.name)
        _make_parents(caller, where)
        if not _make_room(caller, directory, where, entry, options):
            continue
        _make(caller, directory, where, entry, data)
        _set_attributes(caller, where, entry, options)
        if entry.kind == "directory":
            times.append((where, entry.mtime))
    for where, mtime in times:  # last, since what was made inside has changed them
        with _calling("chtimes", where):
            raise_up(existing(caller, where)).mtime = mtime


def _make_parents(caller: Superuser, path: str) -> None:
    parent = posixpath.dirname(path)
    with _calling("mkdir", parent):
        mounting.make_directories(caller, parent)


def _make_room(caller: Superuser, directory: str, path: str, entry: Entry, options: Unpacking) -> bool:
    """Take away what an entry replaces; False if there is nothing to do for it. Directories are merged."""
    node = resolve(caller, path, follow=False).node
    if node is None:
        return True
    is_directory = entry.kind == "directory"
    if options.keep_kinds and node.is_dir != is_directory:
        words = ("directory", "non-directory") if node.is_dir else ("non-directory", "directory")
        raise ValueError(f'cannot overwrite {words[0]} "{path}" with {words[1]} "{directory}"')
    if node.is_dir and entry.name == ".":
        return False
    if not (node.is_dir and is_directory):
        _remove_all(caller, path)
    return True


def _remove_all(caller: Superuser, path: str) -> None:
    if st.S_ISDIR(files.lstat(caller, path).mode):
        for name in files.listdir(caller, path):
            _remove_all(caller, f"{path}/{name}")
        with _calling("unlinkat", path):
            files.rmdir(caller, path)
    else:
        with _calling("unlinkat", path):
            files.unlink(caller, path)


def _make(caller: Superuser, directory: str, path: str, entry: Entry, data: Data | None) -> None:
    if entry.kind == "hardlink":
        target = members.check_link(directory, path, entry)
        with _calling(f"link {target}", path):
            files.link(caller, target, path)
        return
    if entry.kind == "symlink":
        members.check_link(directory, path, entry)
        with _calling(f"symlink {entry.target}", path):
            files.symlink(caller, entry.target, path)
        return
    if entry.kind == "directory":
        if resolve(caller, path, follow=False).node is None:
            with _calling("mkdir", path):
                files.mkdir(caller, path, entry.mode)
        return
    with _calling("open" if entry.kind == "file" else "mknod", path):
        place = resolve(caller, path, follow=False)
        node = File(0, 0) if entry.kind == "file" else Special(0, TYPES[entry.kind], rdev=entry.rdev)
        create(caller, place, node)
    if isinstance(node, File):
        assert data is not None
        _fill(node, place.tree, data, entry.size, path)


def _fill(node: File, tree: Tree, data: Data, size: int, path: str) -> None:
    """Write a new file, as far as there is room."""
    room = min(size, max(0, tree.limit - tree.used)) if tree.limit else size
    node.data, node.size = content.take(data, room), room
    tree.used += room
    if room < size:
        raise PathError(errno.ENOSPC, "write", path)


def _set_attributes(caller: Superuser, path: str, entry: Entry, options: Unpacking) -> None:
    with _calling("lchown", path):
        node: Inode = raise_up(existing(caller, path, follow=False))
    if entry.kind == "hardlink":
        return
    node.uid, node.gid = options.owner or (entry.uid, entry.gid)
    node.xattrs = dict(entry.xattrs) if entry.xattrs else NO_XATTRS
    node.mtime = entry.mtime
    if not node.is_link:
        node.mode = st.S_IFMT(node.mode) | entry.mode


@contextmanager
def _calling(operation: str, path: str) -> Iterator[None]:
    """The kernel's errors with the name of the call, as Go says them."""
    try:
        yield
    except PathError:
        raise
    except OSError as error:
        raise PathError(error.errno or errno.EIO, operation, path) from None
