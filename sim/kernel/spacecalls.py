"""System calls on namespaces and on the root directory: unshare(2), setns(2), chroot(2), pivot_root(2), mount(2).

Their docstrings are in `sim.abi.Proc`. What the namespaces are is in sim/kernel/namespaces.py.
"""

from __future__ import annotations

import errno
import os
import stat as st
from collections.abc import Collection, Sequence
from typing import Any

from sim.abi import Stat
from sim.kernel import userspaces
from sim.kernel.namespaces import KINDS, LINKS, TYPES, CgroupNamespace, PidNamespace, UtsNamespace
from sim.kernel.pathcalls import PathCalls
from sim.kernel.userspaces import UserNamespace, need
from sim.vfs import mounting
from sim.vfs.paths import existing

MAKES_NEW = "CAP_SYS_ADMIN"


def fail(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class NamespaceFile:
    """What one gets by opening /proc/PID/ns/TYPE: a hold on the namespace itself."""

    __slots__ = ("inode", "space", "type")
    flags = os.O_RDONLY

    def __init__(self, type: str, space: Any, inode: int) -> None:
        self.type, self.space, self.inode = type, space, inode

    @property
    def path(self) -> str:
        return f"{LINKS[self.type]}:[{self.inode}]"

    def fstat(self) -> Stat:
        return Stat(self.inode, st.S_IFREG | 0o444, 1, 0, 0, 0, 0, dev=4)

    def read(self, size: int) -> bytes:
        raise fail(errno.EINVAL)

    def write(self, data: bytes) -> int:
        raise fail(errno.EBADF)

    def lseek(self, offset: int, whence: int = 0) -> int:
        raise fail(errno.ESPIPE)

    def ftruncate(self, size: int) -> None:
        raise fail(errno.EINVAL)

    def reopen(self, flags: int) -> NamespaceFile:
        return self

    def close(self) -> None:
        """The namespace is let go with the last hold on it."""


class SpaceCalls(PathCalls):
    """A process that can move to other namespaces."""

    __slots__ = ()

    def _filter(self) -> None:
        """Docker's seccomp profile lets these calls pass only where CAP_SYS_ADMIN was given. Raises PermissionError."""
        given = self.sovereign or self.capabilities is None or MAKES_NEW in self.capabilities
        if self.restrictions.seccomp and not given:
            raise fail(errno.EPERM)

    def unshare(self, types: Collection[str]) -> None:
        self._filter()
        if not set(types) <= set(TYPES):
            raise fail(errno.EINVAL)
        kernel, old = self.kernel, self.namespaces
        inodes, user = kernel.inodes, old.user
        if "user" in types:
            user = UserNamespace(next(inodes), old.user, self.uid)
        elif types:
            need(self, old.user, MAKES_NEW)
        if "pid" in types and old.children is not old.pid:
            raise fail(errno.EINVAL)
        owner = user if user.parent is not None else None
        makers: dict[str, Any] = {
            "user": lambda: user,
            "mount": lambda: self.space.copy(owner),
            "network": lambda: kernel.new_network(owner),
            "uts": lambda: UtsNamespace(next(inodes), old.uts.hostname, old.uts.domain, owner),
            "cgroup": lambda: CgroupNamespace(next(inodes), self.cgroup),
            "pid": lambda: PidNamespace(next(inodes), old.pid),
        }
        made = {type: makers.get(type, lambda: next(inodes))() for type in types}
        if "pid" in made:
            made["children"] = made.pop("pid")
        self.namespaces = old.replaced(**made)
        if "user" in made:
            userspaces.enter(self, user)

    def setns(self, fd: int, type: str = "") -> None:
        self._filter()
        file = self.descriptors.file(fd)
        if not isinstance(file, NamespaceFile) or type not in ("", file.type):
            raise fail(errno.EINVAL)
        space, old = file.space, self.namespaces
        owner = space if file.type == "user" else getattr(space, "owner", None)
        need(self, owner, MAKES_NEW)
        if file.type == "user":
            if space is old.user:
                raise fail(errno.EINVAL)
            self.namespaces = old.replaced(user=space)
            userspaces.enter(self, space)
        elif file.type == "pid":
            self.namespaces = old.replaced(children=_descendant(space, old.pid))
        else:
            self.namespaces = old.replaced(**{file.type: space})
        if file.type == "mount":
            self.root, self.cwd = (), "/"

    # -- the root directory

    def chroot(self, path: str) -> None:
        need(self, self.namespaces.user, "CAP_SYS_CHROOT")
        place = existing(self, path)
        if not place.found().is_dir:
            raise fail(errno.ENOTDIR)
        if place.space is not self.space:  # a root is kept as a path in one's own mount namespace
            raise fail(errno.EXDEV)
        root, here = tuple(place.names), (*self.root, *filter(None, self.cwd.split("/")))
        self.cwd = "/" + "/".join(here[len(root) :]) if here[: len(root)] == root else "/"
        self.root = root

    def pivot_root(self, new_root: str, put_old: str) -> None:
        self._filter()
        need(self, self.space.owner, MAKES_NEW)
        behind = existing(self, put_old)
        names = mounting.pivot_root(self, new_root, put_old)
        before = "/" + "/".join(names)
        after = "/" + "/".join(behind.names[len(names) :])
        for process in self.kernel.host.pid.processes():
            if process.space is self.space and not process.root:
                process.cwd = _moved(process.cwd, before, after)

    # -- mounts

    def mount(self, source: str, target: str, type: str, options: Sequence[str] = ()) -> None:
        self._filter()
        need(self, self.space.owner, MAKES_NEW)
        if existing(self, target).space is not self.space:
            raise fail(errno.EINVAL)
        mounting.mount(self, source, target, type, options, context=self.namespaces)

    def umount(self, target: str, lazy: bool = False) -> None:
        self._filter()
        need(self, self.space.owner, MAKES_NEW)
        place = existing(self, target)
        if place.space is not self.space:
            raise fail(errno.EINVAL)
        if not lazy and place.names and len(place.names) == place.depth and self._is_used(tuple(place.names)):
            raise fail(errno.EBUSY)
        mounting.umount(self, target, lazy)

    def _is_used(self, names: tuple[str, ...]) -> bool:
        """A process has its root or its working directory there."""
        for process in self.kernel.host.pid.processes():
            if process.space is self.space:
                here = (*process.root, *filter(None, process.cwd.split("/")))
                if here[: len(names)] == names:
                    return True
        return False

    # -- names

    def sethostname(self, name: str) -> None:
        need(self, self.namespaces.uts.owner, MAKES_NEW)
        self.namespaces.uts.hostname = name

    def getuid(self) -> int:
        return self.namespaces.user.seen(self.uid, self.gid)[0]

    def getgid(self) -> int:
        return self.namespaces.user.seen(self.uid, self.gid)[1]


def namespace_file(process: Any, short: str) -> NamespaceFile:
    """A hold on one of a process's namespaces; `short` as in /proc/PID/ns ("net", "pid_for_children")."""
    spaces = process.namespaces
    if short == "pid_for_children":
        return NamespaceFile("pid", spaces.children, spaces.children.inode)
    type = KINDS[short.removesuffix("_for_children")]
    return NamespaceFile(type, getattr(spaces, type), spaces.inode(type))


def _descendant(space: PidNamespace, of: PidNamespace) -> PidNamespace:
    """Raises OSError EINVAL: children can only go down."""
    above: PidNamespace | None = space
    while above is not None and above is not of:
        above = above.parent
    if above is None:
        raise fail(errno.EINVAL)
    return space


def _moved(cwd: str, new_root: str, put_old: str) -> str:
    """A path below the old root, after pivot_root(2)."""
    if cwd == "/":
        return cwd
    if cwd == new_root or cwd.startswith(new_root + "/"):
        return cwd[len(new_root) :] or "/"
    return put_old.rstrip("/") + cwd
