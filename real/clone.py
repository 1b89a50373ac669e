"""What a clone of the zygote does before and after its operations: its streams, its reports, and the wait for `go`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from real import console, init, namespaces, program, rootfs, syscalls, wire
from real.performing import Container, Failure, Handler, Times, perform
from real.syscalls import NAMESPACES

INSIDE = ("mount", "uts", "ipc", "network", "cgroup")  # what an exec enters besides the PID namespace
Table = dict[str, Handler]


def first_process(
    container: Container, table: Table, not_ours: Iterable[int], operations: Any, split: int, begin: int, times: Times
) -> NoReturn:
    """A container's first: what is left of its operations; `operations[split]` is the clone that has just been made."""
    with reporting(container, times):
        leave(not_ours)
        rootfs.seclude()
        for _, type, target in joins(operations[:split]):
            namespaces.join_namespace(container, type, target)
        go_on(container, table, operations[split:], begin, times)
    os._exit(0)


def go_on(container: Container, table: Table, operations: Any, begin: int, times: Times) -> None:
    """In its namespaces: from `Unshare`, which is done, to `Execve`."""
    connect(container)
    rootfs.attach_root(container, container.surroundings.place)
    times.append((begin, time.monotonic_ns() - begin))
    perform(container, table, operations[1:-1], times)
    hold(container, operations[-1], times)


def further_process(
    container: Container, table: Table, not_ours: Iterable[int], operations: Any, target: int, begin: int
) -> NoReturn:
    """An exec's: `target` is a pidfd of the container's first process, or -1 if this one has entered already."""
    times: Times = []
    with reporting(container, times):
        leave(not_ours)
        connect(container)
        if target >= 0:
            enter(container, target)
        if container.options["terminal"]:
            container.terminal = console.take(container.options["size"], at_console=False)
        times.append((begin, time.monotonic_ns() - begin))
        perform(container, table, operations[:-1], times)
        hold(container, operations[-1], times)
    os._exit(0)


def view(container: Container, table: Table, not_ours: Iterable[int], operations: Any, target: int) -> NoReturn:
    """Holds a snapshot's root for whoever copies files: that of a running container (`target`), or one just mounted."""
    times: Times = []
    with reporting(container, times):
        leave(not_ours)
        rootfs.open_sources(container, operations)
        if target >= 0:
            syscalls.setns(target, NAMESPACES["mount"])
            container.root = syscalls.open_tree("/", syscalls.OPEN_TREE_CLONE)
        syscalls.unshare(NAMESPACES["mount"])
        rootfs.seclude()
        rootfs.attach_root(container, "/")
        perform(container, table, operations[1:], times)
        wire.send(container.control, ("view",), (container.root,))
        wire.receive(container.control)
    os._exit(0)


def enter(container: Container, target: int) -> None:
    """The group, while the host's files are in view, and then all namespaces but that of PIDs."""
    if container.surroundings.cgroups is not None and container.cgroup:
        container.surroundings.cgroups.join(container.cgroup)
    for name in INSIDE:
        syscalls.setns(target, NAMESPACES[name])


def by_another(target: int, flags: int, group: int, before: Callable[[], object] = lambda: None) -> int:
    """A clone in another PID namespace by a process of its own, which does `before` first and ends.

    Without root we could not come back from there ourselves. And whoever may trace processes inside (CAP_SYS_PTRACE)
    must not see one there before it has left the host's files behind.
    """
    answer, say = os.pipe2(os.O_CLOEXEC)
    between = syscalls.clone(0)
    if between == 0:
        try:
            before()
            syscalls.setns(target, NAMESPACES["pid"])
            pid = syscalls.clone(flags | syscalls.CLONE_PARENT, group)
        except OSError as error:
            pid = -(error.errno or 1)
        if pid == 0:
            return 0
        os.write(say, str(pid).encode())
        os._exit(0)
    os.close(say)
    os.waitpid(between, 0)
    pid = int(os.read(answer, 32) or b"-1")
    os.close(answer)
    if pid < 0:
        raise OSError(-pid, os.strerror(-pid))
    return pid


def leave(not_ours: Iterable[int]) -> None:
    """Every line here is paid for by every container: the first touch of a page copies it.

    What leads to the daemon goes at once: a container with CAP_SYS_PTRACE could reach into this process.
    """
    for fd in not_ours:
        os.close(fd)
    os.setsid()


def joins(operations: Any) -> list[Any]:
    return [each for each in operations if each[0] == "JoinNamespace"]


class reporting:
    """In a clone: what goes wrong is told to the daemon, and the clone ends."""

    def __init__(self, container: Container, times: Times) -> None:
        self.container, self.times = container, times

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            text = str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
            send(self.container.control, ("failed", text, self.times))
            os._exit(1)


def connect(container: Container) -> None:
    """Standard streams; a terminal comes later, from the container's own devpts."""
    for number, fd in enumerate(container.files):
        os.dup2(fd, number)
        os.close(fd)


def hold(container: Container, execve: Any, times: Times) -> None:
    """Everything is done but execve: wait for the daemon's word. If it never comes, this process ends.

    Until then the program is looked up once, so that the kernel has its folders at hand.
    """
    _, args, env, _ = execve
    control, terminal = container.control, container.terminal
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)  # with the zygote, should somebody kill that
    wire.send(control, ("ready", times), (terminal,) if terminal >= 0 else ())
    if terminal >= 0:
        os.close(terminal)
    os.umask(0o022)  # runc's default
    syscalls.close_on_exec(3)
    with contextlib.suppress(Failure):
        program.look_up(args[0], env)
    if wire.receive(control) is None:
        os._exit(0)
    if container.options["init"]:
        init.run(args, env, container.home, control.close)
    program.become(args, env, container.home)


def send(control: socket.socket, message: tuple[Any, ...]) -> None:
    with contextlib.suppress(OSError):  # the daemon has given it up
        wire.send(control, message)


def close(control: socket.socket, files: list[int]) -> None:
    control.close()
    for fd in files[1:]:
        os.close(fd)
