"""mount(2), umount(2) and what a container's runtime does to its mounts, by path.

A step that does not depend on anything that the container itself did (masking a file of /proc, say) is taken from the
mount table's memory, and costs a look-up.
"""

from __future__ import annotations

import errno
import stat as st
from collections.abc import Container, Iterator, Sequence
from typing import Any

from sim import files
from sim.filesystem import Directory, Special, Symlink, add
from sim.mounts import Bind, MountNamespace, Storage, Table
from sim.overlay import copy_up
from sim.paths import Caller, Place, error, existing, resolve

DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
FOLDERS = ("pts", "shm", "mqueue")


class Superuser:
    """The caller of what the runtime does itself: root, at the top of a namespace."""

    __slots__ = ("capabilities", "cwd", "gid", "groups", "space", "uid", "umask")

    def __init__(self, space: MountNamespace) -> None:
        self.space, self.cwd = space, "/"
        self.uid, self.gid, self.umask = 0, 0, 0o022
        self.groups: Container[int] = ()
        self.capabilities: frozenset[str] | None = None


def mount(caller: Caller, source: str, target: str, type: str, options: Sequence[str] = (),
          origin: Caller | None = None) -> None:  # fmt: skip
    """mount(2): a filesystem type, "bind", or options with "remount". `origin` looks up the source of a bind.

    Raises OSError ENOENT, ENOTDIR, ENODEV (unknown type), EINVAL.
    """
    if "remount" in options:
        return remount(caller, target, options)
    place = existing(caller, target)
    if type == "bind" or "bind" in options or "rbind" in options:
        return bind(origin or caller, source, place, options)
    if type not in place.space.storage.types:
        raise error(errno.ENODEV, target)
    if not place.found().is_dir:
        raise error(errno.ENOTDIR, target)
    place.space.attach(tuple(place.names), place.row, type, options, source=source)


def bind(origin: Caller, source: str, place: Place, options: Sequence[str]) -> None:
    """mount --bind: show a file or directory of `origin`'s namespace at `place`."""
    shown = existing(origin, source)
    if shown.found().is_dir != place.found().is_dir:
        raise error(errno.ENOTDIR, source)
    upper, lower = shown.upper, shown.lower
    if upper is None and not shown.tree.fixed:
        upper, lower = copy_up(shown.root, shown.inside)  # so that it stays the same node when it is written to
    root = Bind(shown.tree, upper, lower, shown.path)
    place.space.attach(tuple(place.names), place.row, shown.tree.type, options, root)


def remount(caller: Caller, target: str, options: Sequence[str]) -> None:
    """Other options for a mount (ro, rw, noexec, …). Raises OSError EINVAL if nothing is mounted there."""
    place = existing(caller, target)
    if len(place.names) != place.depth:
        raise error(errno.EINVAL, target)
    space = place.space
    space.table = space.table.remount(
        place.row, tuple(option for option in options if option not in ("remount", "bind"))
    )


def umount(caller: Caller, target: str) -> None:
    """Raises OSError EINVAL if nothing is mounted there, EBUSY if something is mounted below."""
    place = existing(caller, target)
    if len(place.names) != place.depth or place.row == 0:
        raise error(errno.EINVAL if place.names else errno.EBUSY, target)
    place.space.detach(place.row)


def make_target(caller: Caller, target: str, is_dir: bool) -> None:
    """Make a mount point with the directories above it, as a runtime does before it mounts, if it is not there."""
    if resolve(caller, target).node is not None:
        return
    make_directories(caller, target if is_dir else target.rpartition("/")[0])
    if not is_dir:
        files.mknod(caller, target, st.S_IFREG | 0o755)


def make_directories(caller: Caller, path: str, mode: int = 0o755) -> None:
    """mkdir -p."""
    try:
        if resolve(caller, path).node is not None:
            return
    except FileNotFoundError:
        pass
    parent = path.rstrip("/").rpartition("/")[0]
    if parent:
        make_directories(caller, parent, mode)
    files.mkdir(caller, path, mode)


def mount_at(space: MountNamespace, source: str, target: str, type: str, options: Sequence[str],
             origin: Caller | None = None) -> None:  # fmt: skip
    """A runtime's mount: the mount point is made if it is missing. `origin`: who looks up the source of a bind."""
    caller = Superuser(space)
    if type == "bind":
        make_target(caller, target, existing(origin or caller, source).found().is_dir)
        return mount(caller, source, target, type, options, origin)
    key = (type, target, tuple(options), source)
    if _again(space, key):
        return
    if type == "tmpfs" and target == "/dev":
        type = "devices"
    table, place = space.table, resolve(caller, target)
    if place.node is None:
        make_target(caller, target, True)
        mount(caller, source, target, type, options)
    else:
        space.attach(tuple(place.names), place.row, type, options, source=source)
        _remember(table, key, place)


def mask(space: MountNamespace, target: str) -> None:
    """Hide a path if it is there: /dev/null over a file, an empty read-only tmpfs over a directory."""
    key = ("mask", target)
    if not _again(space, key) and (place := _found(space, target)) is not None:
        table = space.table
        if place.node is not None:
            type, options = ("masked", ("ro",)) if place.node.is_dir else ("null", ("nosuid",))
            space.attach(tuple(place.names), place.row, type, options, source="tmpfs")
        _remember(table, key, place)


def read_only(space: MountNamespace, target: str) -> None:
    """mount --bind onto itself, then remount read-only; for "/" only the latter. A missing path is left alone."""
    key = ("ro", target)
    if not _again(space, key) and (place := _found(space, target)) is not None:
        table = space.table
        if not place.names:
            space.table = table.remount(0, ("ro",))
        elif place.node is not None:
            row = table.rows[place.row]
            assert row is not None
            space.attach(tuple(place.names), place.row, row.type, ("ro",), source=row.source, over=True)
        _remember(table, key, place)


def make_devices(space: MountNamespace, names: Sequence[str]) -> None:
    """Fill /dev: device nodes and links. A tmpfs that `mount_at` put there has the usual ones from the beginning."""
    branch = space.table.branch.children.get("dev")
    row = space.table.rows[branch.row] if branch is not None and branch.row >= 0 else None
    if row is not None and row.type == "devices" and DEVICES.keys() >= set(names):
        return
    caller = Superuser(space)
    for name in names:
        if name in DEVICES and resolve(caller, f"/dev/{name}").node is None:
            files.mknod(caller, f"/dev/{name}", st.S_IFCHR | 0o666, DEVICES[name])
            files.chmod(caller, f"/dev/{name}", 0o666)
    for name, link in LINKS.items():
        if resolve(caller, f"/dev/{name}", follow=False).node is None:
            files.symlink(caller, link, f"/dev/{name}")


def register(storage: Storage) -> None:
    """Teach a kernel's storage the runtime's own filesystem types; their trees are made once and shared."""
    inos, now = storage.inos, storage.now()
    empty = Directory(next(inos), 0o755, mtime=now)
    masked = storage.tree("tmpfs", lower=empty)
    null = Bind(storage.tree("tmpfs", lower=empty), None, _device(inos, DEVICES["null"], now), "/null")
    template = Directory(next(inos), 0o755, mtime=now)
    for name in FOLDERS:
        add(template, name, Directory(next(inos), 0o755, mtime=now))
    for name, device in DEVICES.items():
        add(template, name, _device(inos, device, now))
    for name, link in LINKS.items():
        add(template, name, Symlink(next(inos), link, mtime=now))
    storage.types["masked"] = lambda space, row: masked
    storage.types["null"] = lambda space, row: null
    storage.types["devices"] = lambda space, row: storage.tree("tmpfs", lower=template, limit=64 << 20)


def _device(inos: Iterator[int], device: tuple[int, int], now: int) -> Special:
    return Special(next(inos), st.S_IFCHR | 0o666, mtime=now, rdev=device)


def _found(space: MountNamespace, target: str) -> Place | None:
    try:
        return resolve(Superuser(space), target)
    except OSError:
        return None


def _again(space: MountNamespace, key: Any) -> bool:
    """Take the step that this table remembers, if what it depended on is still in its first state."""
    known = space.table.remembered(key)
    if known is None or (known[1] >= 0 and not space.untouched(known[1])):
        return False
    space.table = known[0]
    return True


def _remember(table: Table, key: Any, place: Place) -> None:
    tree = place.tree
    if tree.fixed:
        table.remember(key, place.space.table, -1)
    elif place.row > 0 and tree.upper is None:
        table.remember(key, place.space.table, place.row)
