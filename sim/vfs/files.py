"""System calls on paths, each a function of the calling process: stat(2), open(2), mkdir(2), rename(2), …

Errors are OSError with the kernel's errno and the path as the program wrote it. Order of checks as in Linux: the walk,
what is there, permissions, a read-only mount. Opening is in sim/vfs/opening.py, mounting in sim/vfs/mounting.py.
"""

from __future__ import annotations

import errno
import stat as st
from dataclasses import replace

from sim.abi import Stat, StatVfs
from sim.vfs import filesystem, overlay
from sim.vfs.filesystem import Directory, File, Special, Symlink
from sim.vfs.openfiles import truncate as cut
from sim.vfs.opening import open as open
from sim.vfs.opening import read_file as read_file
from sim.vfs.opening import write_file as write_file
from sim.vfs.paths import (
    EXECUTE,
    READ,
    WRITE,
    Caller,
    Place,
    allowed,
    capable,
    directory_of,
    error,
    existing,
    resolve,
)
from sim.vfs.rights import create, may_change_names, may_remove, need, own, plain, raise_up, touch_directory, writable
from sim.vfs.synthetic import Group, MagicLink

# -- looking


def stat(caller: Caller, path: str) -> Stat:
    place = existing(caller, path)
    node = place.node
    if isinstance(node, MagicLink) and node.file is not None:
        found: Stat = node.file().fstat()
        return found
    return _status(place)


def lstat(caller: Caller, path: str) -> Stat:
    return _status(existing(caller, path, follow=False))


def _status(place: Place) -> Stat:
    """Files of synthetic filesystems are as old as the look at them."""
    tree = place.tree
    found = filesystem.stat(tree, place.upper, place.lower)
    if found.mtime or not tree.fixed:
        return found
    now = place.space.storage.now()
    return replace(found, mtime=now, atime=now, ctime=now)


def listdir(caller: Caller, path: str = ".") -> list[str]:
    place = existing(caller, path)
    node = place.found()
    if not node.is_dir:
        raise error(errno.ENOTDIR, path)
    need(caller, node, READ, path)
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
    need(caller, node, EXECUTE, path)
    return place.path


def statfs(caller: Caller, path: str) -> StatVfs:
    place = existing(caller, path)
    return place.tree.statfs(place.space.storage.disk)


# -- making and removing


def mkdir(caller: Caller, path: str, mode: int = 0o777) -> None:
    place = resolve(caller, path, follow=False)
    if place.node is None and isinstance(group := directory_of(place), Group):
        writable(place)
        need(caller, group, WRITE | EXECUTE, path)
        group.make(place.names[-1])
        return
    create(caller, place, Directory(0, mode & ~caller.umask & 0o7777))


def symlink(caller: Caller, target: str, path: str) -> None:
    if not target:
        raise error(errno.ENOENT, path)
    create(caller, plain(resolve(caller, path, follow=False)), Symlink(0, target))


def mknod(caller: Caller, path: str, mode: int, device: tuple[int, int] = (0, 0)) -> None:
    """A fifo, socket or device (which only root may make), or an empty file."""
    kind = st.S_IFMT(mode) or st.S_IFREG
    permissions = mode & ~caller.umask & 0o7777
    place = plain(resolve(caller, path, follow=False))
    if kind in (st.S_IFCHR, st.S_IFBLK) and not capable(caller, "CAP_MKNOD"):
        raise error(errno.EPERM, path)
    node = File(0, permissions) if kind == st.S_IFREG else Special(0, kind | permissions, rdev=device)
    create(caller, place, node)


def link(caller: Caller, old: str, new: str) -> None:
    """A second name for a file (of the same mount)."""
    source = existing(caller, old, follow=False)
    target = plain(resolve(caller, new, follow=False))
    if target.node is not None:
        raise error(errno.EEXIST, new)
    if source.found().is_dir:
        raise error(errno.EPERM, old)
    if source.row != target.row:
        raise error(errno.EXDEV, new)
    may_change_names(caller, target)
    node, _ = overlay.copy_up(source.root, source.inside)
    assert node is not None
    overlay.insert(target.root, target.inside[:-1], target.names[-1], node)
    node.nlink += 1
    touch_directory(target)


def unlink(caller: Caller, path: str) -> None:
    place = existing(caller, path, follow=False)
    node = place.found()
    may_remove(caller, place, node)
    if node.is_dir:
        raise error(errno.EISDIR, path)
    if place.is_busy():
        raise error(errno.EBUSY, path)
    overlay.remove(place.root, place.inside[:-1], place.names[-1])
    touch_directory(place)


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
    if isinstance(node, Group) and isinstance(group := directory_of(place), Group):
        writable(place)
        need(caller, group, WRITE | EXECUTE, path)
        group.remove(place.names[-1])
        return
    may_remove(caller, place, node)
    if not node.is_dir:
        raise error(errno.ENOTDIR, path)
    if overlay.names(place.upper, place.lower):
        raise error(errno.ENOTEMPTY, path)
    overlay.remove(place.root, place.inside[:-1], place.names[-1])
    touch_directory(place)


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
    may_remove(caller, source, moved)
    if there is None:
        if target.directory and not moved.is_dir:
            raise error(errno.ENOTDIR, old)
        may_change_names(caller, target)
    else:
        if there is moved:
            return
        may_remove(caller, target, there)
        if there.is_dir != moved.is_dir:
            raise error(errno.EISDIR if there.is_dir else errno.ENOTDIR, new)
    if moved.is_dir and source.lower is not None and not target.tree.fixed:
        raise error(errno.EXDEV, old)
    if there is not None and there.is_dir and overlay.names(target.upper, target.lower):
        raise error(errno.ENOTEMPTY, new)
    overlay.rename(source.root, source.inside, target.inside)
    touch_directory(source)
    touch_directory(target)


# -- changing attributes


def chmod(caller: Caller, path: str, mode: int) -> None:
    place = existing(caller, path)
    place.tree.chmod(own(caller, place), mode)


def chown(caller: Caller, path: str, uid: int, gid: int, follow: bool = True) -> None:
    """-1 leaves one as it is. Set-id bits of files go."""
    place = existing(caller, path, follow)
    old = place.found()
    mine = caller.uid == old.uid and uid in (-1, old.uid) and (gid in (-1, old.gid, caller.gid) or gid in caller.groups)
    if not mine and not capable(caller, "CAP_CHOWN"):
        raise error(errno.EPERM, path)
    node = own(caller, place)
    place.tree.chown(node, node.uid if uid == -1 else uid, node.gid if gid == -1 else gid)
    if isinstance(node, File):
        node.mode &= ~(st.S_ISUID | st.S_ISGID)


def utime(caller: Caller, path: str, mtime: int) -> None:
    place = existing(caller, path)
    place.tree.utime(own(caller, place), mtime)


def touch(caller: Caller, path: str) -> None:
    """utimensat(2) with the present time: whoever may write may do that."""
    place = existing(caller, path)
    node = place.found()
    if caller.uid != node.uid:
        need(caller, node, WRITE, path)
    writable(place)
    place.tree.utime(raise_up(place), place.space.storage.now())


def truncate(caller: Caller, path: str, size: int) -> None:
    place = existing(caller, path)
    node = place.found()
    if node.is_dir:
        raise error(errno.EISDIR, path)
    need(caller, node, WRITE, path)
    writable(place)
    if size < 0 or not isinstance(node, File):
        raise error(errno.EINVAL, path)
    upper = raise_up(place)
    assert isinstance(upper, File)
    cut(place.tree, upper, size, place.space.storage.now())
