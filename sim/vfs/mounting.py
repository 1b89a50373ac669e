"""mount(2), umount(2) and what a container's runtime does to its mounts, by path.

Containers of one image are made by the same steps from the same state. So where a path leads is asked once, and
remembered by the mount table (`find`).
"""

from __future__ import annotations

import errno
import stat as st
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.operations.files import DEVICES
from sim.vfs import files, union
from sim.vfs.filesystem import Directory, Special, Symlink, add
from sim.vfs.hostfiles import HostDirectory, HostFile
from sim.vfs.mounts import Bind, MountNamespace, Names, Row, Storage
from sim.vfs.overlay import Root, copy_up
from sim.vfs.paths import Caller, Place, error, existing, resolve

LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
FOLDERS = ("pts", "shm", "mqueue")
PROPAGATION = ("private", "shared", "slave", "unbindable")


class Superuser:
    """The caller of what the runtime does itself: root, at the top of a namespace or in a directory of it."""

    __slots__ = ("capabilities", "cwd", "gid", "groups", "root", "space", "uid", "umask")

    def __init__(self, space: MountNamespace, root: Names = ()) -> None:
        self.space, self.root, self.cwd = space, root, "/"
        self.uid, self.gid, self.umask = 0, 0, 0o022
        self.groups: Container[int] = ()
        self.capabilities: frozenset[str] | None = None


def mount(caller: Caller, source: str, target: str, type: str, options: Sequence[str] = (),
          origin: Caller | None = None, context: Any = None) -> None:  # fmt: skip
    """mount(2): a filesystem type, "bind", or options with "remount". `origin` looks up the source of a bind.

    `context`: the namespaces that the new filesystem belongs to; None: those of the mount namespace.
    Raises OSError ENOENT, ENOTDIR, ENODEV (unknown type), EINVAL.
    """
    if "remount" in options:
        return remount(caller, target, options)
    if not type and any(option.removeprefix("r") in PROPAGATION for option in options):
        return propagate(caller, target, options)
    place = existing(caller, target)
    if type == "bind" or "bind" in options or "rbind" in options:
        return bind(origin or caller, source, place, options)
    space = place.space
    if type not in space.storage.types:
        raise error(errno.ENODEV, target)
    if not place.found().is_dir:
        raise error(errno.ENOTDIR, target)
    root: Root | None = None
    if type == "overlay":
        root = union.make(caller, options, source)
    elif context is not None:
        row = Row(tuple(place.names), type, place.row, tuple(options), source, "ro" in options)
        root = space.storage.types[type](space, row, context)
    space.attach(tuple(place.names), place.row, type, options, root, source)


def propagate(caller: Caller, target: str, options: Sequence[str]) -> None:
    """mount --make-private and its kin. No mount of the simulated host is shared, so none can be a slave of another.

    Raises OSError EINVAL for what is no mount point, and for shared: such a mount would be seen in other namespaces.
    """
    place = existing(caller, target)
    if len(place.names) != place.depth or "shared" in options or "rshared" in options:
        raise error(errno.EINVAL, target)


def bind(origin: Caller, source: str, place: Place, options: Sequence[str]) -> None:
    """mount --bind: show a file or directory of `origin`'s namespace at `place`; --rbind: and what is mounted in it."""
    shown = existing(origin, source)
    root = _shown(shown, place.found().is_dir)
    space, target = place.space, tuple(place.names)
    number = space.attach(target, place.row, root.tree.type, inherited(root, options), root)
    if "rbind" not in options:
        return
    top = tuple(shown.names)
    for each, row in list(enumerate(shown.space.table.rows))[: number if shown.space is space else None]:
        if row is not None and row.target[: len(top)] == top and len(row.target) > len(top):
            below = shown.space.root(each)
            space.attach((*target, *row.target[len(top) :]), number, row.type, row.options, below, row.source)


def inherited(root: Bind, options: Sequence[str]) -> Sequence[str]:
    """What is read-only stays so wherever else it is shown."""
    return (*options, "ro") if root.tree.readonly and "ro" not in options else options


def _shown(shown: Place, is_dir: bool) -> Bind:
    """The root of a bind mount. Raises OSError ENOENT, ENOTDIR."""
    if shown.found().is_dir != is_dir:
        raise error(errno.ENOTDIR, shown.text)
    upper, lower, path = shown.upper, shown.lower, "/" + "/".join(shown.names)
    if isinstance(upper, HostFile | HostDirectory):
        return upper.tree.shown(upper.names, path)
    if upper is None and not shown.tree.fixed:
        upper, lower = copy_up(shown.root, shown.inside)  # so that it stays the same node when it is written to
    return Bind(shown.tree, upper, lower, path)


def remount(caller: Caller, target: str, options: Sequence[str]) -> None:
    """Other options for a mount (ro, rw, noexec, …). Raises OSError EINVAL if nothing is mounted there."""
    place = existing(caller, target)
    if len(place.names) != place.depth:
        raise error(errno.EINVAL, target)
    space = place.space
    space.table = space.table.remount(
        place.row, tuple(option for option in options if option not in ("remount", "bind"))
    )


def umount(caller: Caller, target: str, lazy: bool = False) -> None:
    """Raises OSError EINVAL if nothing is mounted there, EBUSY if something is mounted below, and it is not `lazy`."""
    place = existing(caller, target)
    if len(place.names) != place.depth:
        raise error(errno.EINVAL, target)
    space, number = place.space, place.row
    if not place.names:  # the topmost of what lies on the root
        rows = space.table.rows
        number = max(each for each, row in enumerate(rows) if row is not None and not row.target)
    space.detach(number, lazy)


def pivot_root(caller: Caller, new_root: str, put_old: str) -> Names:
    """pivot_root(2): another mount becomes the root of the namespace; the names where it was.

    Raises OSError ENOENT, ENOTDIR, EBUSY (on the root's own mount), EINVAL (no mount point; `put_old` outside of it).
    """
    new, old = existing(caller, new_root), existing(caller, put_old)
    if not (new.found().is_dir and old.found().is_dir):
        raise error(errno.ENOTDIR, new_root)
    if 0 in (new.row, old.row):
        raise error(errno.EBUSY, new_root)
    space, names = new.space, tuple(new.names)
    if caller.root or len(names) != new.depth or old.names[: len(names)] != new.names:
        raise error(errno.EINVAL, new_root)
    place = tuple(old.names[len(names) :])
    if place and len(old.names) == old.depth and old.row != new.row:
        raise error(errno.EINVAL, put_old)
    space.pivot(new.row, (place, old.row))
    return names


def make_target(caller: Caller, target: str, is_dir: bool) -> None:
    """Make a mount point with the directories above it, as a runtime does before it mounts, if it is not there."""
    make_directories(caller, target if is_dir else target.rpartition("/")[0])
    if not is_dir and resolve(caller, target).node is None:
        files.mknod(caller, target, st.S_IFREG | 0o755)


def make_directories(caller: Caller, path: str, mode: int = 0o755) -> None:
    """mkdir -p, for an absolute path."""
    missing: list[str] = []
    while path:
        try:
            if resolve(caller, path).node is not None:
                break
        except FileNotFoundError:
            pass
        missing.append(path)
        path = path.rstrip("/").rpartition("/")[0]
    for each in reversed(missing):
        files.mkdir(caller, each, mode)


# -- what a container's runtime does


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads: its names, the row of the mount that it lies on. `is_dir` is None if there is nothing."""

    names: Names
    row: int
    is_dir: bool | None


def mount_at(space: MountNamespace, source: str, target: str, type: str, options: Sequence[str],
             origin: Caller | None = None, base: Names = ()) -> None:  # fmt: skip
    """A runtime's mount: the mount point is made if it is missing.

    `origin`: who looks up the source of a bind. `base`: the directory that `target` is below, and does not leave.
    """
    place, root = find(space, target, base), None
    if type == "bind":
        shown = existing(origin or Superuser(space, base), source)
        if place.is_dir is None:
            make_target(Superuser(space, base), target, shown.found().is_dir)
            place = find(space, target, base)
        root = _shown(shown, bool(place.is_dir))
        type, source = root.tree.type, ""
        options = inherited(root, options)
    elif place.is_dir is None:
        make_target(Superuser(space, base), target, True)
        place = find(space, target, base)
    if place.is_dir is False and root is None:
        raise error(errno.ENOTDIR, target)
    if type == "tmpfs" and target == "/dev":
        type = "devices"
    if root is None and type not in space.storage.types:
        raise error(errno.ENODEV, target)
    space.attach(place.names, place.row, type, options, root, source)


def mask(space: MountNamespace, target: str) -> None:
    """Hide a path if it is there: /dev/null over a file, an empty read-only tmpfs over a directory."""
    place = find(space, target)
    if place.is_dir:
        space.attach(place.names, place.row, "masked", ("ro",), source="tmpfs")
    elif place.is_dir is False:
        space.attach(place.names, place.row, "null", ("nosuid",), source="tmpfs")


def read_only(space: MountNamespace, target: str) -> None:
    """mount --bind onto itself, then remount read-only; for "/" only the latter. A missing path is left alone."""
    place = find(space, target)
    if not place.names:
        space.table = space.table.remount(0, ("ro",))
    elif place.is_dir is not None:
        row = space.table.rows[place.row]
        assert row is not None
        space.attach(place.names, place.row, row.type, ("ro",), source=row.source, over=True)


def find(space: MountNamespace, path: str, base: Names = ()) -> Target:
    """Where a path below `base` leads. Tables remember that for filesystems that are as they were when mounted."""
    known: tuple[Target, int, Any] | None = space.table.known.get(path)
    if known is not None and _is_as_then(space, known):
        return known[0]
    names = [name for name in path.split("/") if name]
    caller = Superuser(space, base)
    target, place = _look(caller, path), None
    while place is None:  # the nearest that is there decides whether the answer can be used again
        try:
            place = existing(caller, "/" + "/".join(names))
        except FileNotFoundError:
            names.pop()
    if target is None:
        target = Target((), place.row, None)
    if place.depth == len(base) or place.names[len(base) :] == names:
        space.table.remember(path, (target, place.row, None if place.tree.fixed else place.root.lower))
    return target


def _look(caller: Caller, path: str) -> Target | None:
    try:
        place = resolve(caller, path)
    except FileNotFoundError:
        return None
    return Target(tuple(place.names), place.row, None if place.node is None else place.node.is_dir)


def _is_as_then(space: MountNamespace, known: tuple[Target, int, Any]) -> bool:
    _, row, lower = known
    if space.untouched(row):
        return True
    root = space.root(row)
    return root.tree.fixed or (root.upper is None and root.lower is lower)


def make_devices(space: MountNamespace, names: Sequence[str], base: Names = ()) -> None:
    """Fill /dev: device nodes and links. A tmpfs that `mount_at` put there has the usual ones from the beginning."""
    number = space.table.branch.find((*base, "dev"))
    row = space.table.rows[number] if number >= 0 else None
    if row is not None and row.type == "devices" and DEVICES.keys() >= set(names):
        return
    caller = Superuser(space, base)
    for name in names:
        if name in DEVICES and resolve(caller, f"/dev/{name}").node is None:
            files.mknod(caller, f"/dev/{name}", st.S_IFCHR | 0o666, DEVICES[name])
            files.chmod(caller, f"/dev/{name}", 0o666)
    for name, link in LINKS.items():
        if resolve(caller, f"/dev/{name}", follow=False).node is None:
            files.symlink(caller, link, f"/dev/{name}")


def make_device(space: MountNamespace, path: str, mode: int, device: tuple[int, int], base: Names = ()) -> None:
    """mknod, with the directories above it; what is there already stays."""
    caller = Superuser(space, base)
    make_directories(caller, path.rpartition("/")[0])
    if resolve(caller, path).node is None:
        files.mknod(caller, path, mode, device)
        files.chmod(caller, path, mode)


def register(storage: Storage) -> None:
    """Teach a kernel's storage the runtime's own filesystem types; their trees are made once and shared."""
    inos, now = storage.inos, storage.now()
    empty = Directory(next(inos), 0o755, mtime=now)
    masked = storage.tree("tmpfs", lower=empty, limit=4 << 30)
    null = Bind(storage.tree("tmpfs", lower=empty, limit=64 << 20), None, _device(inos, DEVICES["null"], now), "/null")
    template = Directory(next(inos), 0o755, mtime=now)
    for name in FOLDERS:
        add(template, name, Directory(next(inos), 0o755, mtime=now))
    for name, device in DEVICES.items():
        add(template, name, _device(inos, device, now))
    for name, link in LINKS.items():
        add(template, name, Symlink(next(inos), link, mtime=now))
    storage.types["overlay"] = union.unknown
    storage.types["masked"] = lambda space, row, context: masked
    storage.types["null"] = lambda space, row, context: null
    storage.types["devices"] = lambda space, row, context: storage.tree("tmpfs", lower=template, limit=64 << 20)


def _device(inos: Iterator[int], device: tuple[int, int], now: int) -> Special:
    return Special(next(inos), st.S_IFCHR | 0o666, mtime=now, rdev=device)
