"""System calls on paths, each a function of the calling process: stat(2), open(2), mkdir(2), rename(2), …

Errors are OSError with the kernel's errno and the path as the program wrote it. Order of checks as in Linux: the walk,
what is there, permissions, a read-only mount. Mounting is in sim/mounting.py.
"""

from __future__ import annotations

import errno
import stat as st
from typing import Any

from sim import filesystem, overlay
from sim.abi import O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_TRUNC, O_WRONLY, Stat, StatVfs
from sim.filesystem import Directory, File, Inode, Special, Symlink
from sim.openfiles import ACCESS_MODE, FileObject, OpenDirectory, OpenFile, Snapshot, memory_device, reopen
from sim.openfiles import truncate as cut
from sim.paths import EXECUTE, READ, WRITE, Caller, Place, allowed, capable, directory_of, error, existing, resolve
from sim.synthetic import MagicLink, SyntheticFile

WANTED = {0: READ, 1: WRITE, 2: READ | WRITE}  # by access mode


# -- looking


def stat(caller: Caller, path: str) -> Stat:
    place = existing(caller, path)
    node = place.node
    if isinstance(node, MagicLink) and node.file is not None:
        found: Stat = node.file().fstat()
        return found
    return filesystem.stat(place.tree, place.upper, place.lower)


def lstat(caller: Caller, path: str) -> Stat:
    place = existing(caller, path, follow=False)
    return filesystem.stat(place.tree, place.upper, place.lower)


def listdir(caller: Caller, path: str = ".") -> list[str]:
    place = existing(caller, path)
    node = place.found()
    if not node.is_dir:
        raise error(errno.ENOTDIR, path)
    _need(caller, node, READ, path)
    return overlay.names(place.upper, place.lower)


def readlink(caller: Caller, path: str) -> str:
    node = existing(caller, path, follow=False).node
    if isinstance(node, Symlink):
        return node.target
    if isinstance(node, MagicLink):
        return node.text(caller)
    raise error(errno.EINVAL, path)


def realpath(caller: Caller, path: str) -> str:
    return existing(caller, path).path


def access(caller: Caller, path: str, mode: int) -> bool:
    try:
        place = existing(caller, path)
    except OSError:
        return False
    node = place.found()
    if mode & WRITE and place.readonly() and not isinstance(node, Special):
        return False
    return allowed(caller, node, mode)


def chdir(caller: Caller, path: str) -> str:
    """The new working directory, to be kept as the caller's `cwd`."""
    place = existing(caller, path)
    node = place.found()
    if not node.is_dir:
        raise error(errno.ENOTDIR, path)
    _need(caller, node, EXECUTE, path)
    return place.path


def statfs(caller: Caller, path: str) -> StatVfs:
    place = existing(caller, path)
    return place.tree.statfs(place.space.storage.disk)


# -- making and removing


def mkdir(caller: Caller, path: str, mode: int = 0o777) -> None:
    place = resolve(caller, path, follow=False)
    _create(caller, place, Directory(0, mode & ~caller.umask & 0o7777))


def symlink(caller: Caller, target: str, path: str) -> None:
    if not target:
        raise error(errno.ENOENT, path)
    _create(caller, _plain(resolve(caller, path, follow=False)), Symlink(0, target))


def mknod(caller: Caller, path: str, mode: int, device: tuple[int, int] = (0, 0)) -> None:
    """A fifo, socket or device (which only root may make), or an empty file."""
    kind = st.S_IFMT(mode) or st.S_IFREG
    permissions = mode & ~caller.umask & 0o7777
    place = _plain(resolve(caller, path, follow=False))
    if kind in (st.S_IFCHR, st.S_IFBLK) and not capable(caller, "CAP_MKNOD"):
        raise error(errno.EPERM, path)
    node = File(0, permissions) if kind == st.S_IFREG else Special(0, kind | permissions, rdev=device)
    _create(caller, place, node)


def link(caller: Caller, old: str, new: str) -> None:
    """A second name for a file (of the same mount)."""
    source = existing(caller, old, follow=False)
    target = _plain(resolve(caller, new, follow=False))
    if target.node is not None:
        raise error(errno.EEXIST, new)
    if source.found().is_dir:
        raise error(errno.EPERM, old)
    if source.row != target.row:
        raise error(errno.EXDEV, new)
    _may_change_names(caller, target)
    node, _ = overlay.copy_up(source.root, source.inside)
    assert node is not None
    overlay.insert(target.root, target.inside[:-1], target.names[-1], node)
    node.nlink += 1
    _touch_directory(target)


def unlink(caller: Caller, path: str) -> None:
    place = existing(caller, path, follow=False)
    node = place.found()
    _may_remove(caller, place, node)
    if node.is_dir:
        raise error(errno.EISDIR, path)
    if place.is_busy():
        raise error(errno.EBUSY, path)
    overlay.remove(place.root, place.inside[:-1], place.names[-1])
    _touch_directory(place)


def rmdir(caller: Caller, path: str) -> None:
    last = path.rstrip("/").rpartition("/")[2]
    if last == ".":
        raise error(errno.EINVAL, path)
    place = existing(caller, path, follow=False)
    node = place.found()
    if last == "..":
        raise error(errno.ENOTEMPTY, path)
    if not place.names or place.is_busy():
        raise error(errno.EBUSY, path)
    _may_remove(caller, place, node)
    if not node.is_dir:
        raise error(errno.ENOTDIR, path)
    if overlay.names(place.upper, place.lower):
        raise error(errno.ENOTEMPTY, path)
    overlay.remove(place.root, place.inside[:-1], place.names[-1])
    _touch_directory(place)


def rename(caller: Caller, old: str, new: str) -> None:
    """Raises OSError EXDEV between mounts, and for directories of an overlay's lower tree: then mv(1) copies."""
    source, target = resolve(caller, old, follow=False), resolve(caller, new, follow=False)
    moved, there = source.found(), target.node
    if not source.names or not target.names or source.is_busy() or target.is_busy():
        raise error(errno.EBUSY, old)
    if source.row != target.row:
        raise error(errno.EXDEV, old)
    if target.names[: len(source.names)] == source.names and len(target.names) > len(source.names):
        raise error(errno.EINVAL, old)
    if source.names[: len(target.names)] == target.names and len(source.names) > len(target.names):
        raise error(errno.ENOTEMPTY, new)
    _may_remove(caller, source, moved)
    if there is None:
        if target.directory and not moved.is_dir:
            raise error(errno.ENOTDIR, old)
        _may_change_names(caller, target)
    else:
        if there is moved:
            return
        _may_remove(caller, target, there)
        if there.is_dir != moved.is_dir:
            raise error(errno.EISDIR if there.is_dir else errno.ENOTDIR, new)
    if moved.is_dir and source.lower is not None and not target.tree.fixed:
        raise error(errno.EXDEV, old)
    if there is not None and there.is_dir and overlay.names(target.upper, target.lower):
        raise error(errno.ENOTEMPTY, new)
    overlay.rename(source.root, source.inside, target.inside)
    _touch_directory(source)
    _touch_directory(target)


# -- changing attributes


def chmod(caller: Caller, path: str, mode: int) -> None:
    place = existing(caller, path)
    node = _own(caller, place)
    node.mode = st.S_IFMT(node.mode) | mode & 0o7777


def chown(caller: Caller, path: str, uid: int, gid: int, follow: bool = True) -> None:
    """-1 leaves one as it is. Set-id bits of files go."""
    place = existing(caller, path, follow)
    old = place.found()
    mine = caller.uid == old.uid and uid in (-1, old.uid) and (gid in (-1, old.gid, caller.gid) or gid in caller.groups)
    if not mine and not capable(caller, "CAP_CHOWN"):
        raise error(errno.EPERM, path)
    node = _own(caller, place)
    node.uid, node.gid = node.uid if uid == -1 else uid, node.gid if gid == -1 else gid
    if isinstance(node, File):
        node.mode &= ~(st.S_ISUID | st.S_ISGID)


def utime(caller: Caller, path: str, mtime: int) -> None:
    _own(caller, existing(caller, path)).mtime = mtime


def touch(caller: Caller, path: str) -> None:
    """utimensat(2) with the present time: whoever may write may do that."""
    place = existing(caller, path)
    node = place.found()
    if caller.uid != node.uid:
        _need(caller, node, WRITE, path)
    _writable(place)
    _raise_up(place).mtime = place.space.storage.now()


def truncate(caller: Caller, path: str, size: int) -> None:
    place = existing(caller, path)
    node = place.found()
    if node.is_dir:
        raise error(errno.EISDIR, path)
    _need(caller, node, WRITE, path)
    _writable(place)
    if size < 0 or not isinstance(node, File):
        raise error(errno.EINVAL, path)
    upper = _raise_up(place)
    assert isinstance(upper, File)
    cut(place.tree, upper, size, place.space.storage.now())


# -- opening


def open(caller: Caller, path: str, flags: int = 0, mode: int = 0o666) -> FileObject | Any:
    """The open file: a `FileObject`, or what the kernel's hook gives for fifos, terminals and sockets."""
    exclusive = flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL
    place = resolve(caller, path, follow=not exclusive)
    node = place.node
    if node is None:
        if not flags & O_CREAT:
            raise error(errno.ENOENT, path)
        if place.directory:
            raise error(errno.EISDIR, path)
        made = File(0, mode & ~caller.umask & 0o7777)
        _create(caller, place, made)
        return OpenFile(place.tree, made, flags, place.path, place.space.storage)
    if exclusive:
        raise error(errno.EEXIST, path)
    if isinstance(node, MagicLink) and node.file is not None:
        return reopen(node.file(), flags)
    writes = bool(flags & ACCESS_MODE or flags & O_TRUNC)
    if node.is_dir:
        return _open_directory(caller, place, node, flags)
    if flags & O_DIRECTORY:
        raise error(errno.ENOTDIR, path)
    _need(caller, node, WANTED[flags & ACCESS_MODE] | (WRITE if flags & O_TRUNC else 0), path)
    if isinstance(node, File):
        return _open_file(place, node, flags, writes)
    if isinstance(node, SyntheticFile):
        return _open_synthetic(caller, place, node, flags, writes)
    assert isinstance(node, Special)
    storage = place.space.storage
    device = memory_device(storage, place.tree, node, flags, place.path)
    return device or storage.open_special(caller, node, place.path, flags)


def _open_file(place: Place, node: File, flags: int, writes: bool) -> OpenFile:
    storage = place.space.storage
    if writes:
        _writable(place)
        if place.upper is None:
            upper, _ = overlay.copy_up(place.root, place.inside)
            assert isinstance(upper, File)
            node = upper
        if flags & O_TRUNC and node.size:
            cut(place.tree, node, 0, storage.now())
    return OpenFile(place.tree, node, flags, place.path, storage)


def _open_directory(caller: Caller, place: Place, node: Inode, flags: int) -> OpenDirectory:
    if flags & (ACCESS_MODE | O_CREAT | O_TRUNC):
        raise error(errno.EISDIR, place.text)
    _need(caller, node, READ, place.text)
    tree, upper, lower = place.tree, place.upper, place.lower
    return OpenDirectory(place.path, flags, lambda: filesystem.stat(tree, upper, lower))


def _open_synthetic(caller: Caller, place: Place, node: SyntheticFile, flags: int, writes: bool) -> Snapshot:
    if writes:
        if place.readonly():
            raise error(errno.EROFS, place.text)
        if node.write is None:
            raise error(errno.EACCES, place.text)
    tree, write = place.tree, node.write
    return Snapshot(
        place.path,
        flags,
        lambda: node.content(caller),
        None if write is None else lambda data: write(caller, data),
        lambda: filesystem.stat(tree, node, None),
    )


def read_file(caller: Caller, path: str) -> bytes:
    """All of a file that never makes one wait."""
    data: bytes = open(caller, path).read(1 << 62)
    return data


def write_file(caller: Caller, path: str, data: bytes, append: bool = False) -> None:
    open(caller, path, O_WRONLY | O_CREAT | (O_APPEND if append else O_TRUNC)).write(data)


# -- rules


def _need(caller: Caller, node: Inode, wanted: int, path: str) -> None:
    if not allowed(caller, node, wanted):
        raise error(errno.EACCES, path)


def _writable(place: Place) -> None:
    if place.readonly():
        raise error(errno.EROFS, place.text)


def _plain(place: Place) -> Place:
    """Only a directory may be made under a name with a slash at its end."""
    if place.directory and place.node is None:
        raise error(errno.ENOENT, place.text)
    return place


def _may_change_names(caller: Caller, place: Place) -> Directory:
    directory = directory_of(place)
    if place.tree.fixed:
        missing = place.node is None and place.tree.type == "proc"
        raise error(errno.EROFS if place.readonly() else errno.ENOENT if missing else errno.EPERM, place.text)
    _writable(place)
    _need(caller, directory, WRITE | EXECUTE, place.text)
    return directory


def _may_remove(caller: Caller, place: Place, node: Inode) -> None:
    """The directory must be writable; in a sticky one (/tmp) only for the owner of the file or of the directory."""
    directory = _may_change_names(caller, place)
    mine = caller.uid in (node.uid, directory.uid)
    if directory.mode & st.S_ISVTX and not mine and not capable(caller, "CAP_FOWNER"):
        raise error(errno.EPERM, place.text)


def _create(caller: Caller, place: Place, node: Inode) -> None:
    if place.node is not None:
        raise error(errno.EEXIST, place.text)
    directory = _may_change_names(caller, place)
    tree = place.tree
    node.ino, node.uid, node.gid, node.mtime = next(tree.inos), caller.uid, caller.gid, place.space.storage.now()
    if directory.mode & st.S_ISGID:
        node.gid = directory.gid
        node.mode |= st.S_ISGID if node.is_dir else 0
    parent, name = place.inside[:-1], place.names[-1]
    overlay.insert(place.root, parent, name, node)
    _touch_directory(place)


def _touch_directory(place: Place) -> None:
    directory, _ = overlay.copy_up(place.root, place.inside[:-1])
    assert directory is not None
    directory.mtime = place.space.storage.now()


def _raise_up(place: Place) -> Inode:
    if place.tree.fixed:
        return place.found()
    upper, _ = overlay.copy_up(place.root, place.inside)
    assert upper is not None
    return upper


def _own(caller: Caller, place: Place) -> Inode:
    """The node, ready for its attributes to be changed; only root and its owner may."""
    node = place.found()
    if caller.uid != node.uid and not capable(caller, "CAP_FOWNER"):
        raise error(errno.EPERM, place.text)
    _writable(place)
    if place.tree.fixed:
        raise error(errno.EPERM, place.text)
    return _raise_up(place)
