"""What a clone of the zygote does before and after its operations: its streams, its reports, and the wait for `go`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from typing import Any

from real import init, program, syscalls, wire
from real.performing import Container, Failure, Times


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
    """Everything is done but execve: wait for the daemon's word. If it never comes, this process ends."""
    _, args, env, _ = execve
    control, terminal = container.control, container.terminal
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)  # with the zygote, should somebody kill that
    wire.send(control, ("ready", times), (terminal,) if terminal >= 0 else ())
    if terminal >= 0:
        os.close(terminal)
    if wire.receive(control) is None:
        os._exit(0)
    os.umask(0o022)  # runc's default
    syscalls.close_on_exec(3)
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
