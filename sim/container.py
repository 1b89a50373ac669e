"""What the runtime knows of one container, and of each program that exec put into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.operations import Execve
from sim.kernel.processes import Process

if TYPE_CHECKING:
    from sim.cgroups.v2 import Cgroup
    from sim.kernel.kernel import Kernel
    from sim.kernel.namespaces import Namespaces
    from sim.kernel.syscalls import SystemCalls
    from sim.vfs.filesystem import Tree
    from sim.vfs.mounts import MountNamespace, Names

Ended = Callable[["Container", str, int], object]
Handlers = dict[type, Callable[[Any, Any], object]]  # by type of operation


class Container:
    """From its first operation until it is deleted. Parts are None until the operation that makes them is done."""

    __slots__ = (
        "cgroup", "execs", "execve", "home", "id", "init", "joined", "kernel", "namespaces", "process", "readonly",
        "report", "root", "rootfs", "shim", "space", "terminal",
    )  # fmt: skip

    def __init__(self, kernel: Kernel, id: str, report: Ended) -> None:
        self.kernel, self.id, self.report = kernel, id, report
        self.shim = kernel.host.pid.reserve()  # the host's number of containerd-shim, the parent outside
        self.rootfs: Tree | None = None
        self.readonly = False
        self.root: Names = ()  # where its root is in `space`, until pivot_root
        self.space: MountNamespace | None = None
        self.cgroup: Cgroup | None = None
        self.joined: dict[str, str] | None = None  # namespace type: "host" or "container:<id>"
        self.namespaces: Namespaces | None = None
        self.process: SystemCalls | None = None
        self.home = "/"
        self.init = False  # a reaper is its first process
        self.execve: Execve | None = None  # what it waits to become
        self.terminal: Any = None
        self.execs: dict[str, Exec] | None = None

    def ended(self, process: Process) -> None:
        """The first process is over."""
        assert process.status is not None
        self.report(self, "", process.status)

    def program(self, exec_id: str) -> tuple[Process | None, Any]:
        """The process and the terminal of the container itself (""), or of an exec. Raises KeyError."""
        if not exec_id:
            return self.process, self.terminal
        entry = (self.execs or {})[exec_id]
        return entry.process, entry.terminal

    def processes(self) -> list[Process]:
        """All that are in its cgroup, oldest first."""
        return list(self.cgroup.members) if self.cgroup is not None else []


class Exec:
    """A program beside the first one."""

    __slots__ = ("container", "id", "process", "terminal")

    def __init__(self, container: Container, id: str, process: Process, terminal: Any) -> None:
        self.container, self.id, self.process, self.terminal = container, id, process, terminal

    def ended(self, process: Process) -> None:
        assert process.status is not None
        if self.container.execs is not None:
            self.container.execs.pop(self.id, None)
        self.container.report(self.container, self.id, process.status)
