"""The simulated kernel: one machine with its process table, its root filesystem, its processors and memory.

It runs no program by itself: `spawn` starts one for the host, the runtime starts those of containers, `reap` lets a
dead one go. Source: fork(2), the kernel's Documentation/admin-guide.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from random import Random

from engine.loop import SECOND, Loop
from sim import boot
from sim.cgroups import filesystem as cgroupfs
from sim.cgroups.v2 import Cgroup
from sim.container import Container
from sim.kernel import devices, loader
from sim.kernel.descriptors import Descriptors
from sim.kernel.namespaces import CgroupNamespace, Namespaces, PidNamespace, UtsNamespace
from sim.kernel.processes import Process
from sim.kernel.scheduler import Scheduler
from sim.kernel.sessions import Session
from sim.kernel.syscalls import SystemCalls
from sim.kernel.terminal import Terminal
from sim.kernel.userspaces import UserNamespace
from sim.net import links
from sim.net.bridges import usage
from sim.net.internet import Internet, Remote
from sim.net.network import Fabric, NetworkNamespace
from sim.proc import procfs
from sim.profiles import HOST_INTERNAL, INTERNAL_NAMES, LINUX, Profile
from sim.snapshots import Snapshots
from sim.vfs import files, mounting
from sim.vfs.filesystem import Tree
from sim.vfs.mounts import MountNamespace, Storage
from sim.vfs.paths import Caller

FIRST_INODE = 4_026_531_834  # PROC_DYNAMIC_FIRST and on: the numbers of namespaces


class Kernel:
    """The machine. `host` are the namespaces of the host's own processes, `root` is who mounts for the runtime."""

    def __init__(self, loop: Loop, random: Random, profile: Profile = LINUX, root: Tree | None = None) -> None:
        self.loop, self.random, self.profile = loop, random, profile
        self.storage = Storage(lambda: loop.time, random.randbytes, profile.disk)
        self.storage.open_special = devices.open_special
        mounting.register(self.storage)
        self.snapshots = Snapshots(self.storage)
        self.memory, self.processors = profile.memory, profile.cpus
        self.uname: Mapping[str, str] = profile.uname
        self.root_cgroup = Cgroup()
        self.scheduler = Scheduler(loop, profile.cpus, self.root_cgroup)
        self.boot = loop.time
        self.skew = 0  # ns by which the clock that programs see is ahead
        self.inodes = itertools.count(FIRST_INODE)
        self.network = Fabric(loop, Random(random.getrandbits(64)), Internet(), next(self.inodes), self.storage.inos)
        if profile.desktop:
            self.network.host.links[0].others = (f"{HOST_INTERNAL}/24",)
            self.network.internet.add(Remote(HOST_INTERNAL, INTERNAL_NAMES, 0))
        self.containers: dict[str, Container] = {}
        self.terminals: dict[int, dict[int, Terminal]] = {}  # by mount namespace and number: each has its own devpts
        self.on_out_of_memory: Callable[[Cgroup], object] = lambda group: None
        self.host = self._host(root or self.storage.tree("ext4", source="/dev/sda1"))
        self.root = mounting.Superuser(self.host.mount)
        self.sysctls = procfs.register(self)
        devices.register(self)
        cgroupfs.register(self)
        boot.start_processes(self)

    def _host(self, root: Tree) -> Namespaces:
        inodes = self.inodes
        host = Namespaces(
            cgroup=CgroupNamespace(next(inodes), self.root_cgroup),
            ipc=next(inodes),
            mount=MountNamespace(self.storage, root),
            network=self.network.host,
            pid=PidNamespace(next(inodes)),
            time=next(inodes),
            user=UserNamespace(next(inodes)),
            uts=UtsNamespace(next(inodes), self.profile.hostname),
        )
        host.mount.context = host
        return host

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

    def clone(self, namespaces: Namespaces) -> SystemCalls:
        """A process without a parent, which runs nothing yet: in its own session and in the root cgroup."""
        process = SystemCalls(self, None, namespaces, self.root_cgroup)
        self.root_cgroup.attach(process)
        self.enter(process)
        process.session = Session(process)
        return process

    def spawn(
        self, argv: Sequence[str], env: Sequence[str] = (), descriptors: Descriptors | None = None
    ) -> SystemCalls:
        """Start a program on the host itself. Raises OSError as execve(2)."""
        process = self.clone(self.host)
        if descriptors is not None:
            process.descriptors = descriptors
        try:
            process.environ = tuple(env)
            program = loader.load(process, process.which(argv[0]) or argv[0], argv)
        except OSError:
            process.exit(127)
            raise
        process.replace(program, tuple(env))
        return process

    # -- terminals

    def new_terminal(self, terminal: Terminal) -> int:
        """The lowest free number of its devpts."""
        table = self.terminals.setdefault(terminal.space.first_id, {})
        number = next(number for number in itertools.count() if number not in table)
        table[number] = terminal
        return number

    def forget_terminal(self, terminal: Terminal) -> None:
        table = self.terminals.get(terminal.space.first_id, {})
        if table.pop(terminal.number, None) is not None and not table:
            del self.terminals[terminal.space.first_id]

    def new_network(self, owner: UserNamespace | None = None) -> NetworkNamespace:
        return NetworkNamespace(self.network, next(self.inodes), owner)

    def leave_network(self, process: Process) -> None:
        """A process has ended: was it the last in its network namespace, and has that no name in /run/netns?"""
        space = process.namespaces.network
        living = (each for each in self.host.pid.table.values() if each.status is None)
        if space is self.network.host or any(each.namespaces.network is space for each in living):
            return
        files = (getattr(root.lower, "file", None) for root in self.host.mount.roots if root is not None)
        if not any(file is not None and file().space is space for file in files):
            links.abandon(space)

    def shim(self, process: Process) -> int:
        """The host's number of the containerd-shim that looks after a container; 0 for the host's own processes."""
        container = self.containers.get(process.cgroup.name)
        return container.shim if container is not None else 0

    # -- facts

    def uptime(self) -> tuple[float, tuple[float, float, float]]:
        return (self.loop.time - self.boot) / SECOND, self.scheduler.load()

    def processor_time(self) -> int:
        """ns that all processors have had since boot, idle ones too."""
        return (self.loop.time - self.boot) * self.processors

    def free_memory(self) -> int:
        return self.memory - self.root_cgroup.usage() - self.profile.used_memory

    def meminfo(self) -> dict[str, int]:
        free, cached = self.free_memory(), self.profile.cached_memory
        return {
            "MemTotal": self.memory,
            "MemFree": max(0, free - cached),
            "MemAvailable": free,
            "Buffers": cached // 16,
            "Cached": cached,
            "SwapCached": 0,
            "Active": self.root_cgroup.usage(),
            "Inactive": cached // 2,
            "SwapTotal": 0,
            "SwapFree": 0,
            "Shmem": 0,
        }

    def out_of_memory(self, group: Cgroup) -> None:
        """The OOM killer has chosen a process of this group."""
        self.on_out_of_memory(group)

    def user_name(self, reader: Caller, uid: int) -> str:
        """As the reader's /etc/passwd has it; the number if it does not."""
        try:
            text = files.read_file(reader, "/etc/passwd").decode(errors="replace")
        except OSError:
            return "root" if uid == 0 else str(uid)
        rows = (line.split(":") for line in text.splitlines())
        return next((row[0] for row in rows if len(row) > 2 and row[2] == str(uid)), str(uid))

    def host_user(self, uid: int) -> str:
        """As the host's own /etc/passwd has it."""
        return self.user_name(self.root, uid)

    def network_usage(self, namespaces: Namespaces | None) -> dict[str, dict[str, int]]:
        """Bytes and packets of each interface."""
        return usage(namespaces.network) if namespaces is not None else {}
