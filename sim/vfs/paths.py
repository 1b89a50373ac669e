"""Path resolution: from the text of a path to a node, across mounts and symbolic links, with permissions.

Source: path_resolution(7). The walk keeps a frame for each directory that it went through; `..` is a step back.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Container
from typing import Any, Protocol

from sim.vfs.filesystem import WHITEOUT, Directory, Inode, Symlink, Tree
from sim.vfs.mounts import Branch, MountNamespace, Names
from sim.vfs.overlay import Root

MAX_LINKS = 40  # man 7 path_resolution
VISITS = 8  # from one process's files to another's, in one path
NAME_MAX, PATH_MAX = 255, 4096
READ, WRITE, EXECUTE = 4, 2, 1

Frame = tuple[int, Inode | None, Inode | None, Branch | None]  # row of the mount table, upper, lower, mounts below


class Caller(Protocol):
    """Who makes a system call on a path: a process.

    `space` is its mount namespace, `root` the directory in it that it calls "/" (chroot(2)), `cwd` a path from there.
    """

    uid: int
    gid: int
    umask: int
    cwd: str
    root: Names
    capabilities: frozenset[str] | None  # None: all; they count for root only

    @property
    def groups(self) -> Container[int]: ...

    @property
    def space(self) -> MountNamespace: ...


class Place:
    """What a path leads to. `upper` and `lower` are None if the last name does not exist in its directory.

    `names` below the root of the namespace, `depth` of them down to the root of the mount, `base` of them down to the
    root of the caller; `row` of the mount table. `through`: the link of /proc that led to another process's files.
    """

    __slots__ = ("base", "branch", "depth", "directory", "lower", "names", "parent", "row", "space", "text", "through",
                 "upper")  # fmt: skip

    def __init__(
        self, space: MountNamespace, text: str, names: list[str], frames: list[Frame], directory: bool, base: int
    ) -> None:
        self.space, self.text, self.names, self.base = space, text, names, base
        self.row, self.upper, self.lower, self.branch = frames[-1]
        self.parent: Frame = frames[-2] if len(frames) > 1 else frames[-1]
        self.through = ""
        self.directory = directory  # written with a slash at its end
        row = space.table.rows[self.row]
        self.depth = len(row.target) if row is not None else 0

    @property
    def node(self) -> Inode | None:
        return self.upper if self.upper is not None else self.lower

    @property
    def root(self) -> Root:
        return self.space.root(self.row)

    @property
    def tree(self) -> Tree:
        return self.space.root(self.row).tree

    @property
    def inside(self) -> list[str]:
        """The names below the root of its mount (of the mount that it is `over`, if it is a bind onto itself)."""
        row = self.space.table.rows[self.row]
        while row is not None and row.over:
            row = self.space.table.rows[row.parent]
        return self.names[len(row.target) if row is not None else 0 :]

    @property
    def path(self) -> str:
        """Absolute, without links, as the caller sees it."""
        return f"{self.through}/{'/'.join(self.names[self.base :] if self.base else self.names)}"

    def is_busy(self) -> bool:
        """It is a mount point, or one lies below it."""
        return self.branch is not None

    def readonly(self) -> bool:
        row = self.space.table.rows[self.row]
        return (row is not None and row.readonly) or self.tree.readonly

    def found(self) -> Inode:
        """The node; raises FileNotFoundError."""
        node = self.upper if self.upper is not None else self.lower
        if node is None:
            raise error(errno.ENOENT, self.text)
        return node


def error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


def capable(caller: Caller, capability: str) -> bool:
    """capabilities(7): what makes root root."""
    return caller.uid == 0 and (caller.capabilities is None or capability in caller.capabilities)


def allowed(caller: Caller, node: Inode, wanted: int) -> bool:
    """The permission bits, for owner, group or others; CAP_DAC_OVERRIDE does all but execute what nobody may."""
    mode = node.mode
    if caller.uid == 0 and capable(caller, "CAP_DAC_OVERRIDE"):
        return not wanted & EXECUTE or node.is_dir or bool(mode & 0o111)
    if caller.uid == node.uid:
        mode >>= 6
    elif caller.gid == node.gid or node.gid in caller.groups:
        mode >>= 3
    return mode & wanted == wanted


def resolve(caller: Caller, path: str, follow: bool = True) -> Place:
    """Walk. The last name may be missing (see Place); `follow` the last name if it is a symbolic link.

    Raises OSError ENOENT, ENOTDIR, ELOOP, EACCES, ENAMETOOLONG.
    """
    if not path or len(path) >= PATH_MAX:
        raise error(errno.ENAMETOOLONG if path else errno.ENOENT, path)
    space, top = caller.space, caller.root
    root = _down(space, top)
    names, floor = list(top), len(top)
    frames, todo = root[:], _parts(caller, path)
    slash = path[-1] == "/" or path[-2:] == "/."
    checked = not capable(caller, "CAP_DAC_OVERRIDE")
    links = 0
    while todo:
        name = todo.pop()
        if not name or name == ".":
            continue
        frame = frames[-1]
        node = frame[1] if frame[1] is not None else frame[2]
        if node is None or not node.is_dir:
            raise error(errno.ENOENT if node is None else errno.ENOTDIR, path)
        if checked and not allowed(caller, node, EXECUTE):
            raise error(errno.EACCES, path)
        if name == "..":
            if len(names) > floor:
                names.pop()
                frames.pop()
            continue
        frame = _step(space, frame, name)
        node = frame[1] if frame[1] is not None else frame[2]
        if node is None:
            if len(name) > NAME_MAX:
                raise error(errno.ENAMETOOLONG, path)
        elif node.is_link and (follow or slash or any(todo)):
            if type(node) is not Symlink and _leads_elsewhere(caller, node):
                return _elsewhere(caller, node, "/".join(todo[::-1]), [*names[floor:], name], follow)
            target = node.target if type(node) is Symlink else node.read_link(caller)  # type: ignore[attr-defined]
            if target is not None:  # None: it stands for an open file, which has no path
                links += 1
                if links > MAX_LINKS or not target:
                    raise error(errno.ELOOP if target else errno.ENOENT, path)
                todo += target.split("/")[::-1]
                if target[0] == "/":
                    names, frames = list(top), root[:]
                continue
        names.append(name)
        frames.append(frame)
    place = Place(space, path, names, frames, slash, floor)
    if slash and (node := place.node) is not None and not node.is_dir:
        raise error(errno.ENOTDIR, path)
    return place


def _parts(caller: Caller, path: str) -> list[str]:
    """The names to walk, last first."""
    parts = path.split("/")
    parts.reverse()
    if path[0] != "/":
        parts += caller.cwd.split("/")[::-1]
    return parts


class Visitor:
    """A caller who looks at the files of another process, with its own rights."""

    __slots__ = ("_caller", "cwd", "depth", "root", "space")

    def __init__(self, caller: Caller, other: Any) -> None:
        self._caller, self.space, self.root, self.cwd = caller, other.space, other.root, other.cwd
        self.depth: int = getattr(caller, "depth", 0) + 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._caller, name)


def _leads_elsewhere(caller: Caller, link: Any) -> bool:
    """It is the root or cwd of a process whose files are not the caller's."""
    other = getattr(link, "process", None)
    return other is not None and (other.space is not caller.space or other.root != caller.root)


def _elsewhere(caller: Caller, link: Any, rest: str, names: list[str], follow: bool) -> Place:
    """Go on from /proc/PID/root or cwd, in the mount namespace of that process. Raises OSError EACCES, ELOOP."""
    path = "/" + "/".join(names)
    visitor: Any = Visitor(caller, link.process)
    if visitor.depth > VISITS:
        raise error(errno.ELOOP, path)
    if caller.uid not in (0, link.process.uid):
        raise error(errno.EACCES, path)
    place = resolve(visitor, f"{link.text(caller)}/{rest}".rstrip("/") or "/", follow)
    place.through = path
    return place


def _down(space: MountNamespace, names: Names) -> list[Frame]:
    """The frames from the root of a namespace to the root directory of a process."""
    start = space.root(0)
    frames: list[Frame] = [(0, start.upper, start.lower, space.table.branch)]
    for name in names:
        frames.append(_step(space, frames[-1], name))
    return frames


def _step(space: MountNamespace, frame: Frame, name: str) -> Frame:
    """One name further: overlay.child, written out (this is the hottest code of all), and mounts."""
    upper: Any
    lower: Any
    row, upper, lower, branch = frame
    if branch is not None:
        branch = branch.children.get(name)
        if branch is not None and branch.row >= 0:
            mounted = space.table.rows[branch.row]
            if mounted is not None and not mounted.over:
                root = space.root(branch.row)
                return branch.row, root.upper, root.lower, branch
            row = branch.row
    if upper is None:
        return row, None, lower.entries.get(name), branch
    found = upper.entries.get(name)
    if lower is None:
        return row, found, None, branch  # a whiteout is a device to those who see an upper directory from outside
    below = lower.entries.get(name)
    if found is None:
        return row, None, below, branch
    if found is WHITEOUT:
        return row, None, None, branch
    if below is None or not below.is_dir or not found.is_dir or found.opaque:
        return row, found, None, branch
    return row, found, below, branch


def existing(caller: Caller, path: str, follow: bool = True) -> Place:
    """Like `resolve`; raises FileNotFoundError if the last name is missing too."""
    place = resolve(caller, path, follow)
    if place.upper is None and place.lower is None:
        raise error(errno.ENOENT, path)
    return place


def directory_of(place: Place) -> Directory:
    """The directory that holds the last name, as it is now."""
    _, upper, lower, _ = place.parent
    node = upper if upper is not None else lower
    assert node is not None
    return node  # type: ignore[return-value]
