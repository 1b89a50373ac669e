"""Kernel operations, performed one by one: the table that says which function does which. Twin: sim/performing.py.

Operations arrive as tuples, their name and their fields. Those before `Unshare` are done by the zygote itself,
`Unshare` is the clone, and the rest is done by the clone in its own namespaces, up to `Execve`.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from real.cgroups import Driver

Times = list[tuple[int, int]]  # begin and length of each operation, ns of the monotonic clock


class Failure(Exception):
    """An operation failed; the text is the runtime's. (The daemon's word for it is engine.host.RuntimeFailure.)"""


class Surroundings(NamedTuple):
    """What is the same for all containers of a daemon. `root`: its folder; `place`: where a root is mounted first."""

    root: str
    store: str
    place: str
    cgroups: Driver | None
    rootless: bool
    copying: bool  # instead of overlays


class Container:
    """From its first operation until it becomes the program. `options`: see real/runtime.py."""

    __slots__ = (
        "cgroup", "control", "directory", "files", "home", "options", "root", "surroundings", "targets", "terminal",
        "trees", "user",
    )  # fmt: skip

    def __init__(
        self,
        surroundings: Surroundings,
        options: dict[str, Any],
        control: socket.socket,
        files: list[int],
        targets: dict[str, int],
    ) -> None:
        self.surroundings, self.options, self.control, self.files = surroundings, options, control, files
        self.targets = targets  # pidfds of containers whose namespaces are joined
        self.root = -1  # its mount, not yet attached to anything
        self.trees: dict[int, int | OSError] = {}  # sources of bind mounts: by number of the operation
        self.cgroup = ""
        self.directory = "/"
        self.terminal = -1
        self.user: Any = None
        self.home = "/"


Handler = Callable[..., object]


def handlers() -> dict[str, Handler]:
    from real import credentials, namespaces, rootfs

    table: dict[str, Handler] = {}
    for part in (namespaces, rootfs, credentials):
        table |= part.HANDLERS
    return table


def perform(container: Container, table: dict[str, Handler], operations: Iterable[Any], times: Times) -> None:
    """Do them all; `times` grows with each. Raises Failure, with the length of the one that failed in `times`, too."""
    now = time.monotonic_ns
    for kind, *fields in operations:
        begin = now()
        try:
            table[kind](container, *fields)
        except OSError as error:
            raise Failure(describe(kind, fields, error)) from error
        finally:
            times.append((begin, now() - begin))


def describe(kind: str, fields: list[Any], error: OSError) -> str:
    """A kernel's refusal in the words of runc."""
    why = reason(error)
    if kind == "MountFilesystem":
        source, target = fields[1:3]
        what = f'error mounting "{source}" to rootfs at "{target}": mount src={source}, dst={target}'
        return f"{what}: {why}"
    if kind == "MountOverlay":
        return f"error mounting overlay: {why}; another --data-root, not itself on an overlay, may do (glassdock check)"
    if kind == "SetRlimit":
        return f"error setting rlimits for ready process: error setting rlimit type {fields[0]}: {why}"
    if kind == "MakeDevice":
        return f"error creating device node {fields[0]!r} ({fields[1]} {fields[2]}:{fields[3]}): {why}"
    if kind == "WriteCgroup":
        return f"failed to write {fields[2]!r} to {fields[1]!r}: {why}"
    return f"{kind}: {why}"


def reason(error: OSError) -> str:
    """Go's words for an errno: strerror(3), in small letters."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]
