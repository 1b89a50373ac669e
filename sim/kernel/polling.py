"""Waiting for many descriptors at once: the `Poll` of sim/abi.py. Source: epoll(7), level-triggered.

A descriptor is asked whether reading would wait by reading nothing from it. One that would gives a Future, which is
kept until it is done: so a server with ten thousand idle connections asks only those where something has happened.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.loop import Future
from sim.net.sockets import Listener

if TYPE_CHECKING:
    from sim.kernel.syscalls import SystemCalls


class Poller:
    """The descriptors that one process watches."""

    __slots__ = ("_gate", "_process", "_suspects", "_watched")

    def __init__(self, process: SystemCalls) -> None:
        self._process = process
        self._watched: dict[int, Future[None] | None] = {}
        self._suspects: dict[int, None] = {}  # may be ready; in the order in which it happened
        self._gate: Future[None] | None = None

    def add(self, fd: int) -> None:
        self._process.descriptors.file(fd)
        self._watched[fd] = None
        self._suspect(fd)

    def remove(self, fd: int) -> None:
        self._watched.pop(fd, None)
        self._suspects.pop(fd, None)

    async def wait(self, timeout: float | None = None) -> list[int]:
        await self._process.cpu(0.0)
        loop = self._process.kernel.loop
        until = None if timeout is None else loop.time + int(timeout * 1e9)
        while not (ready := self._ready()) and (until is None or loop.time < until):
            gate: Future[None] = Future(loop)
            self._gate = gate
            timer = None if until is None else loop.call_at(until, partial(gate.set_result, None))
            self._process.blocked = gate
            try:
                await gate
            finally:
                self._process.blocked = self._gate = None
                if timer is not None:
                    timer.cancel()
        return ready

    def _ready(self) -> list[int]:
        """Those that can be read; they stay suspects until reading them would wait."""
        ready = []
        for fd in list(self._suspects):
            waiter = self._ask(fd)
            if waiter is None:
                ready.append(fd)
            else:
                del self._suspects[fd]
                self._watched[fd] = waiter
                waiter.add_done_callback(partial(self._changed, fd, waiter))
        return ready

    def _ask(self, fd: int) -> Future[None] | None:
        try:
            file = self._process.descriptors.file(fd)
            answer = file.pending() if isinstance(file, Listener) else file.read(0)
        except OSError:
            return None  # reading tells why
        return answer if isinstance(answer, Future) else None

    def _changed(self, fd: int, waiter: Future[None]) -> None:
        if self._watched.get(fd) is waiter:
            self._suspect(fd)

    def _suspect(self, fd: int) -> None:
        self._suspects[fd] = None
        if self._gate is not None:
            self._gate.set_result(None)
