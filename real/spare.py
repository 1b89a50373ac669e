"""A process that waits in fresh namespaces, so that the next container need not wait for the kernel to make them.

The zygote orders one when a container has taken the last. It is like any clone, except that the rest of its operations
comes later, in a message, with the files that a clone inherits: the container's control, standard streams, root, and
sources of bind mounts. Nothing that depends on the container is done in advance.

After a fork(2), parent and child share their memory until one of them writes: then the kernel copies that page, which
takes longer than most system calls. So the zygote does not clone the spare itself, or it would pay for that with every
request; the nursery does, a copy of it that does nothing else. And the spare rehearses, if nobody needs it yet:
what it has done once is quick. What it rehearses changes nothing, or nothing outside of its own namespaces.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Iterable
from typing import Any, NoReturn

from engine.linux import ALL_CAPABILITIES, DEVICES
from real import capabilities, clone, program, rootfs, syscalls, wire
from real.performing import Container, Failure, Surroundings, Times, perform

USUAL = frozenset(("mount", "uts", "ipc", "pid", "network", "cgroup"))  # all of a container's own
REHEARSAL = (
    ("LoopbackUp",),
    ("MountFilesystem", "tmpfs", "tmpfs", "/new/folder", ("nosuid", "mode=755")),
    ("MakeDevices", tuple(DEVICES)),
    ("SetHostname", "spare", ""),
    ("MaskPath", "/nonexistent"),
    ("ReadonlyPath", "/nonexistent"),
    ("ChangeDirectory", "/"),
    ("SetUser", "0:0", ()),
    ("SetCapabilities", ALL_CAPABILITIES),
)


class Spare:
    """What the zygote knows of it: this end of its socket."""

    def __init__(self, socket: socket.socket) -> None:
        self.socket = socket
        self._pid = -1

    @property
    def pid(self) -> int:
        """Its number, the first that is said; 0 if it could not be made."""
        if self._pid < 0:
            told = wire.receive(self.socket)
            self._pid = told[0][0] if told is not None else 0
        return self._pid


class Nursery:
    """The zygote's side of the process that clones spares, which is made when it is first needed."""

    def __init__(self) -> None:
        self._orders: socket.socket | None = None

    def order(
        self, flags: int, surroundings: Surroundings, table: clone.Table, not_ours: Iterable[int]
    ) -> Spare | None:
        """One more spare, a child of the zygote's; None if the nursery has been killed; the next one is a new one.

        `not_ours`: open files of the zygote's that are nobody else's.
        """
        ours, theirs = wire.pair()
        try:
            if self._orders is None:
                self._orders = _start(surroundings, table, [*not_ours, ours.fileno(), theirs.fileno()])
            wire.send(self._orders, (flags,), (theirs.fileno(),))
        except OSError:
            ours.close()
            self.close()
            return None
        finally:
            theirs.close()
        return Spare(ours)

    @property
    def descriptors(self) -> list[int]:
        return [self._orders.fileno()] if self._orders is not None else []

    def close(self) -> None:
        if self._orders is not None:
            self._orders.close()
            self._orders = None


def _start(surroundings: Surroundings, table: clone.Table, not_ours: Iterable[int]) -> socket.socket:
    """The nursery, as this end of its socket."""
    ours, theirs = wire.pair()
    with theirs:
        if syscalls.clone(0) == 0:
            _serve(theirs, surroundings, table, [*not_ours, ours.fileno()])
    return ours


def _serve(orders: socket.socket, surroundings: Surroundings, table: clone.Table, not_ours: Iterable[int]) -> NoReturn:
    """The nursery itself; ends when the zygote does."""
    try:
        clone.leave(not_ours)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        syscalls.prctl_name(b"glassdock-nursery")
        while (received := wire.receive(orders)) is not None:
            (flags,), (fd,) = received
            with socket.socket(fileno=fd) as theirs, contextlib.suppress(OSError):
                pid = syscalls.clone(flags | syscalls.CLONE_PARENT)
                if pid == 0:
                    orders.close()
                    _wait(theirs, surroundings, table)
                wire.send(theirs, (pid,))
    finally:
        os._exit(0)


def possible(surroundings: Surroundings) -> bool:
    """Not on cgroup v2, where moving a process into its group later (10 ms) costs more than this saves.

    Nor without root, where device nodes are bound from the host's /dev, which is out of sight then.
    """
    groups = surroundings.cgroups
    return not surroundings.rootless and (groups is None or groups.version == "1")


def fits(operations: Any) -> bool:
    """Do these, up to `Unshare`, ask for new namespaces of every usual kind and join none?"""
    return set(operations[-1][1]) == USUAL and not clone.joins(operations)


def hand_over(spare: socket.socket, container: Container, operations: Any, begin: int, times: Times) -> None:
    """The zygote's side. `operations` from `Unshare` on. Raises OSError if nobody waits any more."""
    sources = [(number, 0 if isinstance(tree, int) else tree.errno) for number, tree in container.trees.items()]
    files = [container.control.fileno(), container.root, *container.files]
    files += [tree for tree in container.trees.values() if isinstance(tree, int)]
    message = (container.options, container.cgroup, sources, operations, begin, times)
    wire.send(spare, message, tuple(files))


def _wait(source: socket.socket, surroundings: Surroundings, table: clone.Table) -> NoReturn:
    """The spare itself: be ready, wait, and be a container's first process."""
    try:
        os.setsid()
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        syscalls.prctl_name(b"glassdock-spare")
        rootfs.seclude()
        if not select.select([source], [], [], 0)[0]:
            _rehearse(surroundings, table)
        if (received := wire.receive(source)) is not None:
            source.close()
            container, operations, begin, times = _taken_over(surroundings, *received)
            with clone.reporting(container, times):
                clone.go_on(container, table, operations, begin, times)
    finally:
        os._exit(1)


def _taken_over(surroundings: Surroundings, message: Any, files: list[int]) -> tuple[Container, Any, int, Times]:
    """What was handed over."""
    options, cgroup, sources, operations, begin, times = message
    control, root, *files = files
    own = len(files) - sum(not error for _, error in sources)
    container = Container(surroundings, options, socket.socket(fileno=control), files[:own], {})
    container.root, container.cgroup = root, cgroup
    trees = iter(files[own:])
    for number, error in sources:
        container.trees[number] = OSError(error, os.strerror(error)) if error else next(trees)
    return container, operations, begin, times


def _rehearse(surroundings: Surroundings, table: clone.Table) -> None:
    """A container's way from the message on, with a root that is gone afterwards."""
    _, permitted, bounding = capabilities.own()
    ours, theirs = wire.pair()
    container = Container(surroundings, {"own_capabilities": (permitted, bounding)}, theirs, [], {})
    container.root = rootfs.make_tmpfs()
    hand_over(ours, container, REHEARSAL, 0, [])
    os.close(container.root)
    received = wire.receive(theirs)
    ours.close()
    theirs.close()
    assert received is not None
    container, operations, _, times = _taken_over(surroundings, *received)
    rootfs.attach_root(container, surroundings.place)
    perform(container, table, operations, times)
    syscalls.umount2(surroundings.place, syscalls.MNT_DETACH)
    os.close(container.root)
    container.control.close()
    with contextlib.suppress(Failure):
        program.look_up("/nonexistent", ())
