"""The simulated kernel: one machine with its process table, its root filesystem, its processors.

It runs no program by itself: `spawn` starts one, `reap` lets a dead one go. Source: fork(2), the kernel's
Documentation/admin-guide.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from random import Random
from typing import Any

from engine.loop import SECOND, Loop
from sim import files, loader, mounting, procfs
from sim.cgroups.v2 import Cgroup
from sim.descriptors import Descriptors
from sim.filesystem import Special, Tree
from sim.mounts import MountNamespace, Storage
from sim.namespaces import Namespaces, PidNamespace, Plain, UtsNamespace
from sim.pipes import End, Pipe
from sim.processes import Process, Session
from sim.scheduler import Scheduler
from sim.syscalls import SystemCalls

FIRST_INODE = 4_026_531_834  # PROC_DYNAMIC_FIRST and on: the initial namespaces' numbers


class Kernel:
    """The machine. `host` are the namespaces of the host's own processes."""

    def __init__(self, loop: Loop, random: Random, root: Tree | None = None, storage: Storage | None = None,
                 hostname: str = "glassdock", memory: int = 8 << 30, processors: int = 2) -> None:  # fmt: skip
        self.loop, self.random = loop, random
        self.storage = storage or Storage(lambda: loop.time, random.randbytes)
        self.storage.open_special = self._open_special
        self.memory, self.processors = memory, processors
        self.scheduler = Scheduler()
        self.root_cgroup = Cgroup()
        self.boot = loop.time
        self.inodes = itertools.count(FIRST_INODE)
        self.uname = {
            "sysname": "Linux",
            "release": "6.12.43-glassdock",
            "version": "#1 SMP PREEMPT_DYNAMIC",
            "machine": "x86_64",
        }
        plain = {name: Plain(next(self.inodes)) for name in ("cgroup", "ipc", "time", "user")}
        self.host = Namespaces(
            **plain,
            mount=MountNamespace(self.storage, root or self.storage.tree("ext4"), self),
            network=None,
            pid=PidNamespace(next(self.inodes)),
            uts=UtsNamespace(next(self.inodes), hostname),
        )
        mounting.register(self.storage)
        procfs.register(self)

    # -- the process table

    def enter(self, process: Process) -> None:
        """Give a new process its numbers, and its parent a child."""
        process.namespaces.pid.enter(process)
        if process.parent is not None:
            process.parent.adopt(process)
        if not process.group:
            process.group = process.pids

    def reap(self, process: Process) -> None:
        """A zombie is gone for good."""
        process.namespaces.pid.leave(process)
        parent = process.parent
        if parent is not None and parent.children is not None:
            parent.children.pop(process.pids[0], None)
        process.parent = None

    def spawn(self, argv: Sequence[str], env: Sequence[str] = (), descriptors: Descriptors | None = None,
              namespaces: Namespaces | None = None, cgroup: Cgroup | None = None) -> SystemCalls:  # fmt: skip
        """Start a program from outside, in its own session. Raises OSError as execve(2)."""
        process = SystemCalls(self, None, namespaces or self.host, cgroup or self.root_cgroup)
        process.environ = tuple(env)
        path = process.which(argv[0]) or argv[0]
        program = loader.load(process, path, argv)
        process.cgroup.charge_process()
        if descriptors is not None:
            process.descriptors = descriptors
        self.enter(process)
        process.session = Session(process)
        process.replace(program, tuple(env))
        return process

    # -- facts

    def uptime(self) -> tuple[float, tuple[float, float, float]]:
        return (self.loop.time - self.boot) / SECOND, (0.0, 0.0, 0.0)

    def meminfo(self) -> dict[str, int]:
        used = self.root_cgroup.memory
        return {"MemTotal": self.memory, "MemFree": self.memory - used, "MemAvailable": self.memory - used,
                "Buffers": 0, "Cached": 0, "SwapTotal": 0, "SwapFree": 0}  # fmt: skip

    def user_name(self, reader: Process, uid: int) -> str:
        """As the reader's /etc/passwd has it; the number if it does not."""
        try:
            text = files.read_file(reader, "/etc/passwd").decode(errors="replace")
        except OSError:
            return str(uid)
        rows = (line.split(":") for line in text.splitlines())
        return next((row[0] for row in rows if len(row) > 2 and row[2] == str(uid)), str(uid))

    def _open_special(self, caller: Any, node: Special, path: str, flags: int) -> Any:
        """The open file of a fifo or a terminal."""
        if node.object is None:
            node.object = Pipe(self.loop, node.ino)
        return End(node.object, flags, path)
