"""What a caller may do to a place, in the order of Linux's checks; and the changes that come after them.

Source: path_resolution(7), inode(7), mount(2).
"""

from __future__ import annotations

import errno
import stat as st
import sys

from sim.vfs import overlay
from sim.vfs.filesystem import Directory, Inode
from sim.vfs.paths import EXECUTE, WRITE, Caller, Place, allowed, capable, directory_of, error


def need(caller: Caller, node: Inode, wanted: int, path: str) -> None:
    """Raises OSError EACCES unless the permission bits allow what is `wanted`."""
    if not allowed(caller, node, wanted):
        raise error(errno.EACCES, path)


def writable(place: Place) -> None:
    """Raises OSError EROFS on a read-only mount."""
    if place.readonly():
        raise error(errno.EROFS, place.text)


def plain(place: Place) -> Place:
    """Only a directory may be made under a name with a slash at its end."""
    if place.directory and place.node is None:
        raise error(errno.ENOENT, place.text)
    return place


def may_change_names(caller: Caller, place: Place) -> Directory:
    """Names may be made and removed in the directory that holds a place; that directory."""
    directory = directory_of(place)
    if place.tree.fixed:
        missing = place.node is None and place.tree.type == "proc"
        raise error(errno.EROFS if place.readonly() else errno.ENOENT if missing else errno.EPERM, place.text)
    writable(place)
    need(caller, directory, WRITE | EXECUTE, place.text)
    return directory


def may_remove(caller: Caller, place: Place, node: Inode) -> None:
    """The directory must be writable; in a sticky one (/tmp) only for the owner of the file or of the directory."""
    directory = may_change_names(caller, place)
    mine = caller.uid in (node.uid, directory.uid)
    if directory.mode & st.S_ISVTX and not mine and not capable(caller, "CAP_FOWNER"):
        raise error(errno.EPERM, place.text)


def create(caller: Caller, place: Place, node: Inode) -> Inode:
    """Enter a new node, which gets its owner and time here; the node as its directory has it.

    Raises OSError EEXIST, EACCES, EROFS, …
    """
    if place.node is not None:
        raise error(errno.EEXIST, place.text)
    directory = may_change_names(caller, place)
    tree = place.tree
    node.ino, node.uid, node.gid, node.mtime = next(tree.inos), caller.uid, caller.gid, place.space.storage.now()
    if directory.mode & st.S_ISGID:
        node.gid = directory.gid
        node.mode |= st.S_ISGID if node.is_dir else 0
    name = sys.intern(place.names[-1])  # the same few names are in many directories
    where = overlay.insert(place.root, place.inside[:-1], name, node)
    tree.modified(where, node.mtime)
    return where.entries[name]


def touch_directory(place: Place) -> None:
    """The directory that holds a place has changed."""
    directory, _ = overlay.copy_up(place.root, place.inside[:-1])
    assert directory is not None
    place.tree.modified(directory, place.space.storage.now())


def raise_up(place: Place) -> Inode:
    """The node, in the upper tree, where it can be changed."""
    if place.tree.fixed:
        return place.found()
    upper, _ = overlay.copy_up(place.root, place.inside)
    assert upper is not None
    return upper


def own(caller: Caller, place: Place) -> Inode:
    """The node, ready for its attributes to be changed; only root and its owner may."""
    node = place.found()
    if caller.uid != node.uid and not capable(caller, "CAP_FOWNER"):
        raise error(errno.EPERM, place.text)
    writable(place)
    if place.tree.fixed:
        raise error(errno.EPERM, place.text)
    return raise_up(place)
