"""A process that waits in fresh namespaces, so that the next container need not wait for the kernel to make them.

The zygote clones one when a container has taken the last, while that starts on another CPU. It is like any clone,
except that the rest of its operations comes later, in a message, with the files that a clone inherits: the container's
control, standard streams, root, and sources of bind mounts. Nothing that depends on the container is done in advance.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn

from real import clone, syscalls, wire
from real.performing import Container, Surroundings, Times
from real.syscalls import MS_REC, MS_SLAVE

USUAL = frozenset(("mount", "uts", "ipc", "pid", "network", "cgroup"))  # all of a container's own


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
    sources = [(number, -1 if isinstance(tree, int) else tree.errno) for number, tree in container.trees.items()]
    files = [container.control.fileno(), container.root, *container.files]
    files += [tree for tree in container.trees.values() if isinstance(tree, int)]
    message = (container.options, container.cgroup, sources, operations, begin, times)
    wire.send(spare.socket, message, tuple(files))


def wait(source: socket.socket, surroundings: Surroundings, table: clone.Table, not_ours: Iterable[int]) -> NoReturn:
    """The spare itself: be ready, wait, and be a container's first process."""
    try:
        clone.leave(not_ours)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        syscalls.mount(None, "/", None, MS_REC | MS_SLAVE)  # what the host unmounts is not held here
        received = wire.receive(source)
    except OSError:
        received = None
    if received is None:
        os._exit(0)
    (options, cgroup, sources, operations, begin, times), (control, root, *files) = received
    source.close()
    own = len(files) - sum(number < 0 for _, number in sources)
    container = Container(surroundings, options, socket.socket(fileno=control), files[:own], {})
    container.root, container.cgroup = root, cgroup
    trees = iter(files[own:])
    for number, error in sources:
        container.trees[number] = next(trees) if error < 0 else OSError(error, os.strerror(error))
    with clone.reporting(container, times):
        clone.go_on(container, table, operations, begin, times)
    os._exit(0)
