"""What the daemon knows of a container and of its processes, and the socket to each that is not a program yet.

Twin: sim/container.py.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from engine.host import STDERR, STDOUT, OnOutput
from engine.loop import Future
from engine.operations import Execve
from engine.spec import Spec
from real import wire
from real.poller import READ, Poller
from real.streams import Output, PipeInput


class Channel:
    """One process's socket: messages until it has become the program."""

    __slots__ = ("_messages", "_news", "_poller", "socket")

    def __init__(self, poller: Poller, end: socket.socket) -> None:
        self._poller, self.socket = poller, end
        self._messages: list[tuple[tuple[Any, ...], list[int]] | None] = []
        self._news: Future[None] | None = None
        end.setblocking(False)
        poller.watch(end.fileno(), READ, self._ready)

    def _ready(self, events: int) -> None:
        try:
            message = wire.receive(self.socket)
        except BlockingIOError:
            return
        except ConnectionError:
            message = None
        self._messages.append(message)
        if message is None:
            self._poller.forget(self.socket.fileno())
        if self._news is not None:
            self._news.set_result(None)

    async def receive(self) -> tuple[tuple[Any, ...], list[int]] | None:
        """The next message; None when the other end is closed."""
        while not self._messages:
            self._news = Future(self._poller.loop)
            await self._news
        return self._messages.pop(0) if self._messages[0] is not None else None

    def give_up(self) -> None:
        """Nobody will say anything more."""
        self._messages.append(None)
        if self._news is not None:
            self._news.set_result(None)

    def go(self) -> None:
        with contextlib.suppress(OSError):
            wire.send(self.socket, ("go",))

    def close(self) -> None:
        if self.socket.fileno() >= 0:
            self._poller.forget(self.socket.fileno())
            self.socket.close()


class Running:
    """A process of a container: its first one, or an exec's. `status` None while it runs."""

    __slots__ = (
        "channel", "container", "exec_id", "execve", "input", "outputs", "over", "pid", "ready", "serial", "started",
        "status", "terminal",
    )  # fmt: skip

    def __init__(self, container: Container, exec_id: str, serial: int, execve: Execve) -> None:
        self.container, self.exec_id, self.serial, self.execve = container, exec_id, serial, execve
        self.pid = 0
        self.ready = 0  # since when it is on its way to execve without being told (ns of the monotonic clock)
        self.started = False
        self.status: int | None = None
        self.over: Future[None] | None = None  # made by whoever waits for the end of one that failed
        self.channel: Channel | None = None
        self.outputs: list[Output] = []
        self.input: PipeInput | None = None
        self.terminal = -1  # also the first output's descriptor

    def open_pipes(self, poller: Poller, call: OnOutput, on_shut: Callable[[], object]) -> list[int]:
        """Three new ones, connected; returns the program's ends."""
        ends = [os.pipe2(os.O_CLOEXEC) for _ in range(3)]
        self.connect_pipes(poller, [ends[0][1], ends[1][0], ends[2][0]], call, on_shut)
        return [ends[0][0], ends[1][1], ends[2][1]]

    def connect_pipes(self, poller: Poller, ends: Sequence[int], call: OnOutput, on_shut: Callable[[], object]) -> None:
        """Our ends of its standard streams; the input's is -1 if it has been closed."""
        self.input = PipeInput(poller, ends[0], False, on_shut)
        self.outputs = [Output(poller, ends[number], call, number) for number in (STDOUT, STDERR)]

    def take_over(
        self, poller: Poller, pid: int, files: list[int], call: OnOutput, on_shut: Callable[[], object]
    ) -> None:
        """It has been started by another daemon; `files` lacks its input if that has been closed."""
        self.pid, self.started = pid, True
        if self.execve.terminal:
            self.connect_terminal(poller, files[0], call)
        else:
            self.connect_pipes(poller, files if len(files) == 3 else [-1, *files], call, on_shut)

    def connect_terminal(self, poller: Poller, master: int, call: OnOutput) -> None:
        self.input = PipeInput(poller, master, terminal=True)
        self.outputs = [Output(poller, master, call, STDOUT)]
        self.terminal = master


class Container:
    """What the daemon knows of one, from `create` to `delete`."""

    __slots__ = ("execs", "first", "id", "oom", "oom_kills", "spec")

    def __init__(self, spec: Spec) -> None:
        self.id, self.spec = spec.id, spec
        self.first: Running | None = None
        self.execs: dict[str, Running] = {}
        self.oom: int = -1  # a descriptor that tells of kills
        self.oom_kills = 0
