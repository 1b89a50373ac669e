"""User namespaces: who a process is in the eyes of others, and over what it has root's rights.

The kernel keeps one number for each user, the host's. A user namespace translates a few of them; all others are nobody
(65534) in there. The first process in a new one has all capabilities, but only over what belongs to that namespace.
Source: user_namespaces(7), capabilities(7).
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from sim.vfs.paths import capable

if TYPE_CHECKING:
    from sim.kernel.processes import Process

NOBODY = 65534  # /proc/sys/kernel/overflowuid
ALL = 4_294_967_295
Map = tuple[tuple[int, int, int], ...]  # (first number inside, first number of the host's, how many)


class UserNamespace:
    """`owner`: the user (the host's number) who made it. The maps are empty until they are written, once."""

    __slots__ = ("gids", "inode", "level", "owner", "parent", "setgroups", "uids")

    def __init__(self, inode: int, parent: UserNamespace | None = None, owner: int = 0) -> None:
        self.inode, self.parent, self.owner = inode, parent, owner
        self.level: int = 0 if parent is None else parent.level + 1
        self.uids: Map = () if parent is not None else ((0, 0, ALL),)
        self.gids: Map = self.uids
        self.setgroups = "allow"

    def seen(self, uid: int, gid: int) -> tuple[int, int]:
        """A user and a group of the host's, as they are called in here."""
        return inside(self.uids, uid), inside(self.gids, gid)


def inside(map: Map, number: int) -> int:
    """
    >>> inside(((0, 1000, 1),), 1000), inside(((0, 1000, 1),), 0)
    (0, 65534)
    """
    return next((first + number - host for first, host, count in map if host <= number < host + count), NOBODY)


def outside(map: Map, number: int) -> int:
    """The host's number. Raises OSError EINVAL for one that is not mapped."""
    for first, host, count in map:
        if first <= number < first + count:
            return host + number - first
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def capable_over(process: Process, owner: UserNamespace | None, capability: str) -> bool:
    """Has it a capability over what belongs to a user namespace (None: the host's)?"""
    own = process.namespaces.user
    space = owner or process.kernel.host.user
    while space is not own:
        if space.parent is own and process.uid == space.owner:
            return True
        if space.parent is None:
            return False
        space = space.parent
    return capable(process, capability) if own.parent is None else process.sovereign


def need(process: Process, owner: UserNamespace | None, capability: str) -> None:
    """Raises PermissionError."""
    if not capable_over(process, owner, capability):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def enter(process: Process, space: UserNamespace) -> None:
    """All capabilities over what belongs to it, and none over the host's."""
    process.sovereign = space.parent is not None
    if process.sovereign:
        process.capabilities = frozenset()


def write_map(writer: Process, space: UserNamespace, name: str, text: str) -> None:
    """/proc/PID/uid_map and gid_map: once. Without CAP_SETUID outside only the own number can be mapped.

    Raises OSError EPERM, EINVAL.
    """
    rows = [line.split() for line in text.splitlines()]
    if not rows or any(len(row) != 3 or not all(map(str.isdecimal, row)) for row in rows):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    wanted = [(int(first), int(host), int(count)) for first, host, count in rows]
    above = (space.parent or space).uids if name == "uids" else (space.parent or space).gids
    made = tuple((first, outside(above, host), count) for first, host, count in wanted)
    capability = "CAP_SETUID" if name == "uids" else "CAP_SETGID"
    own = writer.uid if name == "uids" else writer.gid
    alone = len(made) == 1 and made[0][1:] == (own, 1) and (name == "uids" or space.setgroups == "deny")
    if getattr(space, name) or not (alone or capable_over(writer, space.parent, capability)):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    setattr(space, name, made)
