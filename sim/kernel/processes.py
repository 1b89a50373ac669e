"""Processes: what the kernel knows of one, and its life: fork, execve, signals, exit, zombie, reaped.

A process is a coroutine driven by a task of the loop. The system calls that its program can make are in
sim/kernel/syscalls.py. Source: fork(2), execve(2), wait(2), _exit(2), pid_namespaces(7).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Self

from engine.loop import Cancelled, Future, Task
from sim.abi import SIG_DFL, SIG_IGN, Handler, Main
from sim.cgroups.v2 import BASE_MEMORY, Cgroup
from sim.kernel import restrictions, signals
from sim.kernel.descriptors import Descriptors
from sim.kernel.namespaces import Namespaces
from sim.kernel.signals import SIGCHLD
from sim.vfs.mounts import MountNamespace, Names

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel
    from sim.kernel.loader import Program
    from sim.kernel.sessions import Session

VIRTUAL = 4 << 20  # more that is mapped only
STOPPED = 256  # wait's status of a stopped child: STOPPED + signal
Pids = tuple[int, ...]
NO_HANDLERS: Mapping[int, Handler | str] = {}


class Image:
    """What execve puts in place of the old program, until its task has ended."""

    __slots__ = ("descriptors", "main")

    def __init__(self, main: Main, descriptors: Descriptors) -> None:
        self.main, self.descriptors = main, descriptors


class Process:
    """One process. `pids` are its numbers, one for each nested PID namespace, the host's first.

    `status` is None while it lives; then 0–255, or minus the signal that ended it (a zombie until it is waited for).
    """

    __slots__ = (
        "_comm", "_env", "argv", "blocked", "capabilities", "cgroup", "child_waiter", "children", "cpu_used", "cwd",
        "debt", "descriptors", "dying", "environ", "executable", "frozen", "gid", "group", "groups", "handlers",
        "image", "kernel", "memory", "namespaces", "on_exit", "parent", "pending", "pids", "program", "restrictions",
        "root", "session", "sovereign", "start", "status", "stop_told", "stopped", "task", "uid", "umask",
    )  # fmt: skip

    def __init__(self, kernel: Kernel, parent: Process | None, namespaces: Namespaces, cgroup: Cgroup) -> None:
        self.kernel, self.parent, self.namespaces, self.cgroup = kernel, parent, namespaces, cgroup
        self.pids: Pids = ()
        self.argv: list[str] = []
        self.executable = self.program = self._comm = ""
        self.environ: tuple[str, ...] | None = ()  # as execve got it; None once `_env` was made of it
        self._env: dict[str, str] | None = None
        self.root: Names = ()  # chroot(2): what it calls "/", in its mount namespace
        self.cwd, self.umask = "/", 0o022
        self.uid = self.gid = 0
        self.groups: tuple[int, ...] = ()
        self.capabilities: frozenset[str] | None = None  # over the host; None: all
        self.sovereign = False  # has all of them over a user namespace of its own
        self.restrictions = restrictions.NONE
        self.descriptors = Descriptors()
        self.handlers = NO_HANDLERS
        self.pending: tuple[int, ...] = ()
        self.children: dict[int, Process] | None = None  # by the host's pid
        self.child_waiter: Future[None] | None = None
        self.blocked: Future[Any] | None = None  # what an interruptible call waits for
        self.task: Task[int] | None = None
        self.image: Image | None = None
        self.status: int | None = None
        self.dying: int | None = None
        self.stopped = self.stop_told = 0  # the signal; the one that wait has told of
        self.frozen = False
        self.group: Pids = ()  # the pids of the process group's first leader
        self.session: Session | None = None
        self.start = kernel.loop.time
        self.cpu_used = 0.0
        self.debt = 0.0
        self.memory = 0
        self.on_exit: Callable[[Process], object] | None = None

    # -- what it is

    @property
    def host_pid(self) -> int:
        return self.pids[0]

    @property
    def pid(self) -> int:
        """getpid(2): in its own PID namespace."""
        return self.pids[-1]

    @property
    def ppid(self) -> int:
        """getppid(2); 0 if the parent is outside the namespace."""
        return self.namespaces.pid.number(self.parent) if self.parent is not None else 0

    @property
    def space(self) -> MountNamespace:
        return self.namespaces.mount

    @property
    def env(self) -> dict[str, str]:
        """The environment, made into a dictionary when the program first looks."""
        if self._env is None:
            self._env = dict(entry.split("=", 1) for entry in self.environ or () if "=" in entry)
            self.environ = None
        return self._env

    @env.setter
    def env(self, value: dict[str, str]) -> None:
        self._env, self.environ = value, None

    @property
    def comm(self) -> str:
        """The name in ps(1), 15 characters."""
        return (self._comm or self.executable or (self.argv[0] if self.argv else "")).rpartition("/")[2][:15]

    def action(self, signal: int) -> Handler | str:
        return self.handlers.get(signal, SIG_DFL)

    def state(self) -> str:
        """R S T Z, as in /proc/PID/stat."""
        if self.status is not None:
            return "Z"
        if self.stopped:
            return "T"
        waits = self.task is None or self.task.waiting_on() is not None
        return "S" if waits and self not in self.kernel.scheduler.jobs else "R"

    # -- birth

    def duplicate(self, descriptors: Mapping[int, int] | None = None) -> Self:
        """A child that is like this one, with no task yet.

        Raises OSError EAGAIN at the pids limit, ENOMEM in a PID namespace whose first process is gone.
        """
        spaces = self.namespaces
        if spaces.children is not spaces.pid:
            spaces = spaces.replaced(pid=spaces.children)
        if spaces.pid.init is not None and spaces.pid.init.status is not None:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))  # nobody comes after init
        child = type(self)(self.kernel, self, spaces, self.cgroup)
        child.argv, child.executable, child.program = list(self.argv), self.executable, self.program
        child._comm = self._comm
        child.environ, child._env = self.environ, None if self._env is None else dict(self._env)
        child.root, child.cwd, child.umask = self.root, self.cwd, self.umask
        child.uid, child.gid, child.groups = self.uid, self.gid, self.groups
        child.capabilities, child.sovereign = self.capabilities, self.sovereign
        child.restrictions = self.restrictions
        child.descriptors = self.descriptors.fork(descriptors)
        child.handlers = self.handlers
        child.group, child.session = self.group, self.session
        try:
            self._may_fork()
            self.cgroup.attach(child)
        except OSError:
            child.descriptors.close_all()
            raise
        try:
            self.kernel.enter(child)
        except OSError:
            self.cgroup.detach(child)
            child.descriptors.close_all()
            raise
        return child

    def _may_fork(self) -> None:
        """RLIMIT_NPROC counts a user's processes, and not root's. Raises OSError EAGAIN."""
        most = self.restrictions.rlimit("nproc")[0] if self.restrictions.rlimits and self.uid else restrictions.INFINITY
        if most != restrictions.INFINITY:
            of_user = sum(other.uid == self.uid for other in self.kernel.host.pid.table.values())
            if of_user >= most:
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def limit(self, name: str, soft: int, hard: int) -> None:
        """setrlimit(2), without asking whether that is allowed."""
        self.restrictions = restrictions.limited(self.restrictions, name, soft, hard)
        self.apply_limits()

    def apply_limits(self) -> None:
        """To a table of descriptors that has just been made."""
        if self.restrictions.rlimits:
            soft, hard = self.restrictions.rlimit("nofile")
            self.descriptors.limit = soft if soft >= 0 else hard if hard >= 0 else 1 << 20

    def launch(self, main: Main) -> None:
        """Let the program run; when it ends, so does the process (or the next image begins)."""
        self.task = Task(self.kernel.loop, self._program(main), self.comm, self)
        self.task.add_done_callback(self._returned)
        if self.frozen or self.stopped:
            self.task.freeze()

    def _program(self, main: Main) -> Coroutine[Any, Any, int]:
        return main(self)  # type: ignore[arg-type]  # it is a SystemCalls

    def _returned(self) -> None:
        task, image = self.task, self.image
        assert task is not None
        if self.status is not None:
            return
        if self.dying is not None:
            self.exit(self.dying)
        elif image is not None:
            self.image = None
            self.descriptors = image.descriptors
            self.launch(image.main)
        elif (error := task.error()) is not None:
            if not isinstance(error, Cancelled):
                self.kernel.loop.on_unhandled(task, error)
            self.exit(-signals.SIGKILL if isinstance(error, Cancelled) else 1)
        else:
            self.exit(task.result() & 255)

    def replace(self, program: Program, environ: tuple[str, ...]) -> None:
        """execve(2), its second half: become the program. The caller then leaves the old one by `Cancelled`."""
        self.argv, self.executable, self.program = list(program.argv), program.path, program.name
        self._comm = program.comm
        self._env, self.environ = None, environ
        self.sovereign = self.sovereign and self.namespaces.user.seen(self.uid, self.gid)[0] == 0
        self.handlers = {n: action for n, action in self.handlers.items() if action == SIG_IGN} or NO_HANDLERS
        self.release_memory()
        descriptors = self.descriptors
        descriptors.on_exec()
        if self.task is None:
            self.launch(program.main)
            return
        self.descriptors = Descriptors()  # the old program's last words have nowhere to go
        self.image = Image(program.main, descriptors)

    # -- signals

    def handle(self, signal: int) -> None:
        """Run the program's handler, and interrupt the call that it waits in."""
        handler = self.handlers[signal]
        assert callable(handler)
        handler(signal)
        self.interrupt()

    def interrupt(self) -> None:
        if self.blocked is not None:
            self.blocked.set_error(InterruptedError(4, "Interrupted system call"))

    def die(self, status: int) -> None:
        """End the program from outside; `status` as wait tells it."""
        if self.status is not None or self.dying is not None:
            return
        self.dying = status
        if self.image is not None:
            self.image.descriptors.close_all()
        self.descriptors.close_all()
        if self.task is None or self.task.done():
            self.exit(status)
        else:
            self.stopped = 0
            self.task.cancel()

    def stop(self, signal: int) -> None:
        if self.stopped:
            return
        self.stopped, self.stop_told = signal, 0
        self._hold()
        self._tell_parent()

    def go_on(self) -> None:
        """SIGCONT: also when it is ignored or handled."""
        self.pending = tuple(n for n in self.pending if n not in signals.STOPPING)
        if self.stopped:
            self.stopped = 0
            self._release()
            if self.session is not None and self.session.terminal is not None:
                self.session.terminal.wake()  # a read begins anew, perhaps in the background now
            self._tell_parent()

    def freeze(self) -> None:
        """The cgroup freezer."""
        self.frozen = True
        self._hold()

    def thaw(self) -> None:
        if self.frozen:
            self.frozen = False
            self._release()

    def _hold(self) -> None:
        if self.task is not None and self.dying is None:
            self.task.freeze()
            self.kernel.scheduler.hold(self, True)

    def _release(self) -> None:
        if self.stopped or self.frozen:
            return
        if self.task is not None:
            self.task.thaw()
            self.kernel.scheduler.hold(self, False)
        pending, self.pending = self.pending, ()
        for signal in pending:
            signals.send(self, signal, self.parent)

    # -- death

    def exit(self, status: int) -> None:
        """_exit(2): give everything back and wait, a zombie, for the parent to ask."""
        if self.status is not None:
            return
        self.status = status
        self.descriptors.close_all()
        self.release_memory()
        self.handlers, self.pending = NO_HANDLERS, ()
        self._leave_children()
        self._leave_session()
        space = self.namespaces.pid
        if space.init is self:
            space.kill_all(self)
        if self.namespaces.network.by_hand:
            self.kernel.leave_network(self)
        self.cgroup.detach(self)
        self.cpu_used += max(self.debt, 0.0)
        if self.cpu_used:
            self.cgroup.events.cpu += self.cpu_used
        if self.on_exit is not None:
            self.on_exit(self)
        self._tell_parent()

    def release_memory(self) -> None:
        if self.memory:
            self.cgroup.charge(-self.memory)
            self.memory = 0

    def _leave_children(self) -> None:
        """Orphans go to the namespace's init, which is told of those that are dead already."""
        children, self.children = self.children, None
        for child in (children or {}).values():
            heir = self.namespaces.pid.init
            if heir is None or heir is self or heir.status is not None:
                heir = None
            child.parent = heir
            if heir is None:
                if child.status is not None:
                    self.kernel.reap(child)
                continue
            heir.adopt(child)
            if child.status is not None:
                child._tell_parent()

    def adopt(self, child: Process) -> None:
        if self.children is None:
            self.children = {}
        self.children[child.pids[0]] = child

    def _leave_session(self) -> None:
        session = self.session
        if session is not None and session.leader is self:
            session.end()

    def _tell_parent(self) -> None:
        parent = self.parent
        if parent is None or parent.status is not None:
            if self.status is not None:
                self.kernel.reap(self)
            return
        if self.status is not None and parent.action(SIGCHLD) == SIG_IGN:
            self.kernel.reap(self)
        if parent.child_waiter is not None:
            parent.child_waiter.set_result(None)
        elif parent.handlers:
            signals.send(parent, SIGCHLD)

    # -- what ps reads

    def mapped(self) -> int:
        """Bytes of address space."""
        return 0 if self.status is not None else self.resident() + VIRTUAL

    def resident(self) -> int:
        """Bytes in memory: the program itself and what it has allocated."""
        return 0 if self.status is not None else BASE_MEMORY + self.memory
