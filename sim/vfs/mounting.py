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
from sim.vfs import files
from sim.vfs.filesystem import Directory, Special, Symlink, add
from sim.vfs.hostfiles import HostDirectory, HostFile
from sim.vfs.mounts import Bind, MountNamespace, Names, Storage
from sim.vfs.overlay import copy_up
from sim.vfs.paths import Caller, Place, error, existing, resolve

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
    root = _shown(origin, source, place.found().is_dir)
    place.space.attach(tuple(place.names), place.row, root.tree.type, inherited(root, options), root)


def inherited(root: Bind, options: Sequence[str]) -> Sequence[str]:
    """What is read-only stays so wherever else it is shown."""
    return (*options, "ro") if root.tree.readonly and "ro" not in options else options


def _shown(origin: Caller, source: str, is_dir: bool) -> Bind:
    """The root of a bind mount. Raises OSError ENOENT, ENOTDIR."""
    shown = existing(origin, source)
    if shown.found().is_dir != is_dir:
        raise error(errno.ENOTDIR, source)
    upper, lower = shown.upper, shown.lower
    if isinstance(upper, HostFile | HostDirectory):
        return upper.tree.shown(upper.names, shown.path)
    if upper is None and not shown.tree.fixed:
        upper, lower = copy_up(shown.root, shown.inside)  # so that it stays the same node when it is written to
    return Bind(shown.tree, upper, lower, shown.path)


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
             origin: Caller | None = None) -> None:  # fmt: skip
    """A runtime's mount: the mount point is made if it is missing. `origin`: who looks up the source of a bind."""
    place, root = find(space, target), None
    if type == "bind":
        caller = origin or Superuser(space)
        if place.is_dir is None:
            make_target(Superuser(space), target, existing(caller, source).found().is_dir)
            place = find(space, target)
        root = _shown(caller, source, bool(place.is_dir))
        type, source = root.tree.type, ""
        options = inherited(root, options)
    elif place.is_dir is None:
        make_target(Superuser(space), target, True)
        place = find(space, target)
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


def find(space: MountNamespace, path: str) -> Target:
    """Where an absolute path leads. Mount tables remember that for filesystems that are as they were when mounted."""
    known: tuple[Target, int, Any] | None = space.table.known.get(path)
    if known is not None and _is_as_then(space, known):
        return known[0]
    names = [name for name in path.split("/") if name]
    target, place = _look(space, path), None
    while place is None:  # the nearest that is there decides whether the answer can be used again
        try:
            place = existing(Superuser(space), "/" + "/".join(names))
        except FileNotFoundError:
            names.pop()
    if target is None:
        target = Target((), place.row, None)
    if place.row == 0 or place.names == names:
        space.table.remember(path, (target, place.row, None if place.tree.fixed else place.root.lower))
    return target


def _look(space: MountNamespace, path: str) -> Target | None:
    try:
        place = resolve(Superuser(space), path)
    except FileNotFoundError:
        return None
    return Target(tuple(place.names), place.row, None if place.node is None else place.node.is_dir)


def _is_as_then(space: MountNamespace, known: tuple[Target, int, Any]) -> bool:
    _, row, lower = known
    if space.untouched(row):
        return True
    root = space.root(row)
    return root.tree.fixed or (root.upper is None and root.lower is lower)


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


def make_device(space: MountNamespace, path: str, mode: int, device: tuple[int, int]) -> None:
    """mknod, with the directories above it; what is there already stays."""
    caller = Superuser(space)
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
    storage.types["masked"] = lambda space, row: masked
    storage.types["null"] = lambda space, row: null
    storage.types["devices"] = lambda space, row: storage.tree("tmpfs", lower=template, limit=64 << 20)


def _device(inos: Iterator[int], device: tuple[int, int], now: int) -> Special:
    return Special(next(inos), st.S_IFCHR | 0o666, mtime=now, rdev=device)
