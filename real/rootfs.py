"""The container's root: operations on mounts. Twin: sim/rootfs.py.

Every path of the container's is walked with openat2(RESOLVE_IN_ROOT) until its root is the process's own: no link in an
image or a volume leads to the host, also while somebody exchanges it. Source: mount(2), fsopen(2), pivot_root(2); runc,
libcontainer/rootfs_linux.go.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence

from engine.linux import DEVICES
from real import console, syscalls
from real.performing import Container, Handler
from real.syscalls import (
    AT_EMPTY_PATH,
    AT_RECURSIVE,
    MNT_DETACH,
    MOUNT_ATTR_NOATIME,
    MOUNT_ATTR_NODEV,
    MOUNT_ATTR_NOEXEC,
    MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY,
    MS_BIND,
    MS_NOATIME,
    MS_NODEV,
    MS_NODIRATIME,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_RELATIME,
    MS_SHARED,
    MS_SLAVE,
    MS_STRICTATIME,
    MS_SYNCHRONOUS,
    OPEN_TREE_CLONE,
    RESOLVE_IN_ROOT,
    RESOLVE_NO_MAGICLINKS,
)

FLAGS = {
    "ro": MS_RDONLY, "nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC, "sync": MS_SYNCHRONOUS,
    "noatime": MS_NOATIME, "nodiratime": MS_NODIRATIME, "relatime": MS_RELATIME, "strictatime": MS_STRICTATIME,
}  # fmt: skip
PLAIN = frozenset(("rw", "suid", "dev", "exec", "async", "atime", "diratime", "bind", "rbind", "defaults"))
ATTRIBUTES = {
    "ro": MOUNT_ATTR_RDONLY, "nosuid": MOUNT_ATTR_NOSUID, "nodev": MOUNT_ATTR_NODEV, "noexec": MOUNT_ATTR_NOEXEC,
    "noatime": MOUNT_ATTR_NOATIME,
}  # fmt: skip
PROPAGATION = {"private": MS_PRIVATE, "slave": MS_SLAVE, "shared": MS_SHARED}
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
    "ptmx": "pts/ptmx",
}
MAX_LINKS = 40  # path_resolution(7)
WALK = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS


def mount_overlay(container: Container, key: str, lower: Sequence[str], readonly: bool) -> None:
    """The mount exists from here on, but nowhere: `attach_root` puts it into the container's own mount namespace."""
    store = container.surroundings.store
    if container.surroundings.copying:
        container.root = syscalls.open_tree(f"{store}/{key}/diff", OPEN_TREE_CLONE)
        return
    fd = syscalls.fsopen("overlay")
    try:
        text = syscalls.FSCONFIG_SET_STRING
        syscalls.fsconfig(fd, text, "source", "overlay")
        for name in lowers(store, key, lower):
            syscalls.fsconfig(fd, text, "lowerdir+", f"{store}/{name}")
        if not readonly:
            syscalls.fsconfig(fd, text, "upperdir", f"{store}/{key}/diff")
            syscalls.fsconfig(fd, text, "workdir", f"{store}/{key}/work")
        if container.surroundings.rootless:
            syscalls.fsconfig(fd, syscalls.FSCONFIG_SET_FLAG, "userxattr")
        syscalls.fsconfig(fd, syscalls.FSCONFIG_CREATE)
        container.root = syscalls.fsmount(fd)
    finally:
        os.close(fd)


def make_tmpfs() -> int:
    """One that is mounted nowhere yet."""
    fd = syscalls.fsopen("tmpfs")
    try:
        syscalls.fsconfig(fd, syscalls.FSCONFIG_CREATE)
        return syscalls.fsmount(fd)
    finally:
        os.close(fd)


def lowers(store: str, key: str, names: Sequence[str]) -> list[str]:
    """Folders below the store, topmost first: between the layers and the container lies what Docker calls init.

    A snapshot that is no container's has an empty one of its own.
    """
    layers = [name.rpartition(":")[2] for name in names]
    own = os.path.isdir(f"{store}/{key}/init")
    init = f"{key}/init" if own else f"{layers[0] if layers else 'empty'}/init"
    return [init, *(f"{layer}/diff" for layer in layers)]


def open_sources(container: Container, operations: Sequence[Sequence[object]]) -> None:
    """Take hold of what will be bound, while the host's files are in view and its mounts can still tell of changes."""
    for number, (kind, *fields) in enumerate(operations):
        if kind == "MountFilesystem" and fields[0] == "bind":
            flags = OPEN_TREE_CLONE | (AT_RECURSIVE if "bind" not in fields[3] else 0)  # type: ignore[operator]
            try:
                container.trees[number] = syscalls.open_tree(str(fields[1]), flags)
            except OSError as error:
                container.trees[number] = error


def close_sources(container: Container) -> None:
    for tree in container.trees.values():
        if isinstance(tree, int):
            os.close(tree)
    container.trees.clear()


def seclude() -> None:
    """In a new mount namespace: nothing that is mounted here is seen outside, and what the host unmounts goes here."""
    syscalls.mount(None, "/", None, MS_REC | MS_SLAVE)


def attach_root(container: Container, place: str) -> None:
    """The root has a place, from which it can become the root."""
    syscalls.move_mount(container.root, syscalls.AT_FDCWD, place)


def mount_filesystem(container: Container, type: str, source: str, target: str, options: Sequence[str]) -> None:
    """A kernel file system, or a bind mount of the host's; the mount point is made if it is missing."""
    if type == "bind":
        _bind(container, target, options)
        return
    if container.surroundings.rootless:  # no such group there
        options = [word for word in options if not word.startswith("gid=")]
    flags, data = parse(options)
    place = find(container.root, target, folder=True)
    try:
        os.fchdir(place)
        if type == "cgroup2":
            _mount_cgroups(container, flags)
        elif type == "sysfs" and container.surroundings.rootless and "network" not in container.options["unshare"]:
            _show_sys(place)
        else:
            syscalls.mount(source, ".", type, flags, data)
    finally:
        os.close(place)


def _show_sys(place: int) -> None:
    """In the host's network the host's own /sys: a new one belongs to whoever made the network namespace."""
    tree = syscalls.open_tree("/sys", OPEN_TREE_CLONE | AT_RECURSIVE)
    try:
        syscalls.mount_setattr("", AT_EMPTY_PATH | AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, tree)
        syscalls.move_mount(tree, place)
    finally:
        os.close(tree)


def parse(options: Sequence[str]) -> tuple[int, str]:
    """mount(8)'s words as flags and data for mount(2).

    >>> parse(("nosuid", "size=64m", "mode=755"))
    (2, 'size=64m,mode=755')
    """
    flags = 0
    data = []
    for word in options:
        if word in FLAGS:
            flags |= FLAGS[word]
        elif word not in PLAIN and word.removeprefix("r") not in PROPAGATION:
            data.append(word)
    return flags, ",".join(data)


def _bind(container: Container, target: str, options: Sequence[str]) -> None:
    tree = container.trees.pop(min(container.trees))
    if isinstance(tree, OSError):
        raise tree
    try:
        wanted = next((word for word in options if word.removeprefix("r") in PROPAGATION), "rprivate")
        attributes = sum(ATTRIBUTES.get(word, 0) for word in options)
        scope = AT_EMPTY_PATH | (AT_RECURSIVE if wanted.startswith("r") or "rbind" in options else 0)
        syscalls.mount_setattr("", scope, attributes, 0, PROPAGATION[wanted.removeprefix("r")], tree)
        place = find(container.root, target, folder=stat.S_ISDIR(os.fstat(tree).st_mode))
        try:
            syscalls.move_mount(tree, place)
        finally:
            os.close(place)
    finally:
        os.close(tree)


def find(root: int, path: str, folder: bool, links: int = 0) -> int:
    """A descriptor (O_PATH) of a place below `root`, made with its parents if nothing is there.

    Where a link leads to nothing, that is made; below `root`, wherever it points.
    """
    try:
        return syscalls.openat2(root, path, os.O_PATH, WALK)
    except FileNotFoundError:
        pass
    parent, name = os.path.split(path.rstrip("/"))
    above = find(root, parent or "/", folder=True, links=links)
    try:
        if folder:
            os.mkdir(name, 0o755, dir_fd=above)
        else:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o755, dir_fd=above))
    except FileExistsError:
        if links == MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from None
        return find(root, os.path.join(parent, os.readlink(name, dir_fd=above)), folder, links + 1)
    finally:
        os.close(above)
    return syscalls.openat2(root, path, os.O_PATH, WALK)


def _mount_cgroups(container: Container, flags: int) -> None:
    """/sys/fs/cgroup as this kernel has it; the process's own groups are the roots if it has the namespace for that."""
    groups = container.surroundings.cgroups
    if groups is None:
        return
    _, hierarchies = groups.recipe
    if "" in hierarchies:
        syscalls.mount("cgroup", ".", "cgroup2", flags)
        return
    syscalls.mount("tmpfs", ".", "tmpfs", flags & ~MS_RDONLY, "mode=755")
    place = syscalls.openat2(container.root, "/sys/fs/cgroup", os.O_PATH, WALK)
    try:
        os.fchdir(place)
        for mounted in dict.fromkeys(hierarchies.values()):
            names = [name for name, where in hierarchies.items() if where == mounted]
            os.mkdir(",".join(names))
            syscalls.mount("cgroup", ",".join(names), "cgroup", flags, ",".join(names))
            if len(names) > 1:
                for name in names:
                    os.symlink(",".join(names), name)
        if flags & MS_RDONLY:
            syscalls.mount_setattr(".", 0, MOUNT_ATTR_RDONLY)
    finally:
        os.close(place)


def make_devices(container: Container, devices: Sequence[str]) -> None:
    """Device nodes and links in the container's /dev."""
    folder = find(container.root, "/dev", folder=True)
    try:
        for name in devices:
            if container.surroundings.rootless:
                os.close(os.open(name, os.O_CREAT | os.O_CLOEXEC, 0o666, dir_fd=folder))
                tree = syscalls.open_tree(f"/dev/{name}", OPEN_TREE_CLONE)
                syscalls.move_mount(tree, folder, name)
                os.close(tree)
            else:
                os.mknod(name, stat.S_IFCHR | 0o666, os.makedev(*DEVICES[name]), dir_fd=folder)
        for name, target in LINKS.items():
            os.symlink(target, name, dir_fd=folder)
    finally:
        os.close(folder)


def make_device(container: Container, path: str, kind: str, major: int, minor: int, mode: int) -> None:
    """One more; in /dev, as a rule, but any place will do."""
    folder = find(container.root, os.path.dirname(path), folder=True)
    try:
        type = stat.S_IFBLK if kind == "b" else stat.S_IFCHR
        with contextlib.suppress(FileExistsError):  # one of those that every container has
            os.mknod(os.path.basename(path), type | mode, os.makedev(major, minor), dir_fd=folder)
    finally:
        os.close(folder)


def pivot_root(container: Container) -> None:
    """From here on the container's root is the root, and the host's files are out of reach."""
    os.fchdir(container.root)
    syscalls.pivot_root(".", ".")
    syscalls.umount2(".", MNT_DETACH)
    os.chdir("/")
    os.close(container.root)
    container.root = -1
    if container.options["terminal"]:
        container.terminal = console.take(container.options["size"], at_console=True)


def mask_path(container: Container, path: str) -> None:
    """/dev/null over a file, an empty read-only tmpfs over a directory.

    Looked at first: a bind mount that fails makes the kernel wait for all CPUs (synchronize_rcu_expedited, 0.4 ms).
    """
    try:
        folder = stat.S_ISDIR(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    if folder:
        syscalls.mount("tmpfs", path, "tmpfs", MS_RDONLY)
    else:
        syscalls.mount("/dev/null", path, None, MS_BIND)


def readonly_path(container: Container, path: str) -> None:
    if path != "/":
        try:
            syscalls.mount(path, path, None, MS_BIND | MS_REC)
        except FileNotFoundError:
            return
    syscalls.mount_setattr(path, AT_RECURSIVE if path != "/" else 0, MOUNT_ATTR_RDONLY)


HANDLERS: dict[str, Handler] = {
    "MountOverlay": mount_overlay,
    "MountFilesystem": mount_filesystem,
    "MakeDevices": make_devices,
    "MakeDevice": make_device,
    "PivotRoot": pivot_root,
    "MaskPath": mask_path,
    "ReadonlyPath": readonly_path,
}
