"""Files of a snapshot, looked at, packed and unpacked: what `docker cp` and the builder's COPY ask of a host.

Root does it, in a mount namespace made for the purpose: the snapshot is `/`, volumes are bound into it, and nothing
else is there, neither /proc nor a running container's tmpfs (moby, daemon/containerfs_linux.go). So a link can lead
nowhere else. Unpacking follows moby's go-archive (Unpack, createTarFile). Twin: real/archives.py.
"""

from __future__ import annotations

import errno
import posixpath
import stat as st
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

from engine.host import PathError, PathStat, Unpacking
from engine.image import changeset, members
from engine.image.changeset import Entry
from engine.image.tarstream import CUT_OFF, Data
from engine.links import evaluate
from engine.pathnames import last_name
from engine.spec import Mount
from sim.abi import O_CREAT, O_EXCL, O_WRONLY
from sim.kernel.kernel import Kernel
from sim.layers import KINDS, TYPES
from sim.vfs import content, files, mounting
from sim.vfs.filesystem import NO_XATTRS, File, Inode, Special
from sim.vfs.hostfiles import HostFile
from sim.vfs.mounting import Superuser
from sim.vfs.mounts import MountNamespace
from sim.vfs.paths import existing, resolve
from sim.vfs.rights import create, own

Seen = dict[tuple[int, int], tuple[str, Inode]]  # files with several names: the first one's (and the file, to keep it)


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
    target = evaluate(path, partial(files.readlink, caller))
    return PathStat(last_name(path), found.mode, found.size, found.mtime, target)


# -- packing


def pack_path(kernel: Kernel, key: str, path: str, volumes: Sequence[Mount]) -> Iterator[bytes]:
    """See engine.host.Snapshotter."""
    caller = root_of(kernel, key, volumes)
    _stat(caller, path)
    name = last_name(path)
    return changeset.write(_pack(caller, path, "" if name == "/" else name))


def _pack(caller: Superuser, path: str, name: str) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """`path` and all below it, under `name`. What goes while somebody reads the archive is left out."""
    seen: Seen = {}
    open_directories = [iter([(path, name)])]  # from the first one down to where we are
    while open_directories:
        found = next(open_directories[-1], None)
        if found is None:
            open_directories.pop()
            continue
        try:
            node = existing(caller, found[0], follow=False).found()
            entry = _entry(caller, *found, node, seen)
            children = sorted(files.listdir(caller, found[0])) if node.is_dir else ()
        except OSError:
            continue
        if entry is not None:
            yield entry, _pieces(caller, found[0], entry.size) if entry.size else iter(())
            open_directories.append(_joined(*found, children))


def _joined(path: str, name: str, children: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((f"{path.rstrip('/')}/{child}", f"{name}/{child}") for child in children)


def _entry(caller: Superuser, path: str, name: str, node: Inode, seen: Seen) -> Entry | None:
    kind = KINDS.get(st.S_IFMT(node.mode))
    if kind is None:  # sockets do not go into archives
        return None
    target, rdev, size = "", (0, 0), 0
    if node.nlink > 1 and not node.is_dir and (first := seen.setdefault(_identity(node), (name, node))[0]) != name:
        kind, target = "hardlink", first
    elif node.is_link:
        target = files.readlink(caller, path)
    elif isinstance(node, Special):
        rdev = node.rdev
    elif isinstance(node, File):
        size = node.size
    return Entry(name, kind, node.mode & 0o7777, node.uid, node.gid, node.mtime, size, target, rdev, node.xattrs)


def _identity(node: Inode) -> tuple[int, int]:
    """Nodes of this computer's folders are made anew at each look; all others are who they are."""
    return (node.tree.dev, node.ino) if isinstance(node, HostFile) else (-1, id(node))


def _pieces(caller: Superuser, path: str, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file, which may be written to, cut or removed meanwhile."""
    try:
        file = files.open(caller, path)
    except OSError:
        file = None
    try:
        while size > 0:
            count = min(size, content.CHUNK)
            yield (file.read(count) if file is not None else b"").ljust(count, b"\0")
            size -= count
    finally:
        if file is not None:
            file.close()


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
    folders: set[str] = set()  # those that are known to be there
    for entry, data in members.read(archive):
        where = members.below(directory, entry.name)
        _make_parents(caller, where, folders)
        if not _make_room(caller, directory, where, entry, options, folders):
            continue
        _make(caller, directory, where, entry, data)
        if entry.kind != "hardlink":
            _set_attributes(caller, where, entry, options)
        if entry.kind == "directory":
            times.append((where, entry.mtime))
    for where, mtime in times:  # last, since what was made inside has changed them
        with _calling("chtimes", where):
            files.utime(caller, where, mtime)


def _make_parents(caller: Superuser, path: str, folders: set[str]) -> None:
    parent = posixpath.dirname(path)
    if parent not in folders:
        with _calling("mkdir", parent):
            mounting.make_directories(caller, parent)
        folders.add(parent)


def _make_room(
    caller: Superuser, directory: str, path: str, entry: Entry, options: Unpacking, folders: set[str]
) -> bool:
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
        folders.clear()
        _remove_all(caller, path)
    return True


def _remove_all(caller: Superuser, path: str) -> None:
    found = [path]
    for each in found:  # parents before children
        if st.S_ISDIR(files.lstat(caller, each).mode):
            found += [f"{each}/{name}" for name in files.listdir(caller, each)]
    for each in reversed(found):
        with _calling("unlinkat", each):
            (files.rmdir if st.S_ISDIR(files.lstat(caller, each).mode) else files.unlink)(caller, each)


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
    if entry.kind == "file":
        assert data is not None
        _write(caller, path, data, entry.size)
        return
    with _calling("mknod", path):
        create(caller, resolve(caller, path, follow=False), Special(0, TYPES[entry.kind], rdev=entry.rdev))


def _write(caller: Superuser, path: str, data: Data, size: int) -> None:
    """A new file, as far as there is room."""
    with _calling("open", path):
        file = files.open(caller, path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    try:
        while size > 0:
            piece = data.read(min(size, content.CHUNK))
            if not piece:
                raise ValueError(CUT_OFF)
            size -= len(piece)
            with _calling("write", path):
                while piece:
                    piece = piece[file.write(piece) :]
    finally:
        file.close()


def _set_attributes(caller: Superuser, path: str, entry: Entry, options: Unpacking) -> None:
    with _calling("lchown", path):
        place = existing(caller, path, follow=False)
        node, tree = own(caller, place), place.tree
        tree.chown(node, *(options.owner or (entry.uid, entry.gid)))
        node.xattrs = dict(entry.xattrs) if entry.xattrs else NO_XATTRS
        if node.is_link:
            node.mtime = entry.mtime
        else:
            tree.chmod(node, entry.mode)
            tree.utime(node, entry.mtime)


@contextmanager
def _calling(operation: str, path: str) -> Iterator[None]:
    """The kernel's errors with the name of the call, as Go says them."""
    try:
        yield
    except PathError:
        raise
    except OSError as error:
        raise PathError(error.errno or errno.EIO, operation, path) from None
