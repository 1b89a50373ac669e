"""A process that waits in fresh namespaces, so that the next container need not wait for the kernel to make them.

The zygote clones one when a container has taken the last, while that starts on another CPU. It is like any clone,
except that the rest of its operations comes later, in a message, with the files that a clone inherits: the container's
control, standard streams, root, and sources of bind mounts. Nothing that depends on the container is done in advance.

While nobody needs it, it rehearses: whatever a clone does first is slow, for it copies the pages of memory that it
writes to (fork(2)). What it rehearses changes nothing, or nothing outside of its own namespaces.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn

from engine.linux import ALL_CAPABILITIES
from real import capabilities, clone, namespaces, rootfs, syscalls, wire
from real.performing import Container, Surroundings, Times, perform

USUAL = frozenset(("mount", "uts", "ipc", "pid", "network", "cgroup"))  # all of a container's own
REHEARSAL = (
    ("MountFilesystem", "tmpfs", "tmpfs", "/", ()),
    ("SetHostname", "spare", ""),
    ("MaskPath", "/nonexistent"),
    ("ReadonlyPath", "/nonexistent"),
    ("ChangeDirectory", "/"),
    ("SetUser", "0:0", ()),
    ("SetCapabilities", ALL_CAPABILITIES),
)


class Spare(NamedTuple):
    """What the zygote knows of it: its number, and this end of its socket."""

    pid: int
    socket: socket.socket


def possible(surroundings: Surroundings) -> bool:
    """Not on cgroup v2, where moving a process into its group later (10 ms) costs more than this saves.

    Nor without root, where device nodes are bound from the host's /dev, which is out of sight then.
    """
    groups = surroundings.cgroups
    return not surroundings.rootless and (groups is None or groups.version == "1")


def fits(operations: Any) -> bool:
    """Do these, up to `Unshare`, ask for new namespaces of every usual kind and join none?"""
    return set(operations[-1][1]) == USUAL and not clone.joins(operations)


def hand_over(spare: Spare, container: Container, operations: Any, begin: int, times: Times) -> None:
    """The zygote's side. `operations` from `Unshare` on. Raises OSError if nobody waits any more."""
    sources = [(number, 0 if isinstance(tree, int) else tree.errno) for number, tree in container.trees.items()]
    files = [container.control.fileno(), container.root, *container.files]
    files += [tree for tree in container.trees.values() if isinstance(tree, int)]
    message = (container.options, container.cgroup, sources, operations, begin, times)
    wire.send(spare.socket, message, tuple(files))


def wait(source: socket.socket, surroundings: Surroundings, table: clone.Table, not_ours: Iterable[int]) -> NoReturn:
    """The spare itself: be ready, wait, and be a container's first process."""
    try:
        clone.leave(not_ours)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        rootfs.seclude()
        namespaces.bring_loopback_up()
        _rehearse(surroundings, table, source)
        if (received := wire.receive(source)) is not None:
            source.close()
            _become(surroundings, table, *received)
    finally:
        os._exit(1)


def _rehearse(surroundings: Surroundings, table: clone.Table, source: socket.socket) -> None:
    _, permitted, bounding = capabilities.own()
    container = Container(surroundings, {"own_capabilities": (permitted, bounding)}, source, [], {})
    container.root = os.open(surroundings.place, os.O_PATH | os.O_CLOEXEC)
    try:
        perform(container, table, REHEARSAL, [])
    finally:
        os.close(container.root)


def _become(surroundings: Surroundings, table: clone.Table, message: Any, files: list[int]) -> None:
    options, cgroup, sources, operations, begin, times = message
    control, root, *files = files
    own = len(files) - sum(not error for _, error in sources)
    container = Container(surroundings, options, socket.socket(fileno=control), files[:own], {})
    container.root, container.cgroup = root, cgroup
    trees = iter(files[own:])
    for number, error in sources:
        container.trees[number] = OSError(error, os.strerror(error)) if error else next(trees)
    with clone.reporting(container, times):
        clone.go_on(container, table, operations, begin, times)
