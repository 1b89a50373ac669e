"""System calls: a process as its program sees it (`Proc` in sim/abi.py).

Here are the calls on descriptors, processes, time and memory; those on paths are in sim/kernel/pathcalls.py,
those on namespaces in sim/kernel/spacecalls.py. Each adds
a little to a debt of CPU time, which is worked off in the next call that may wait, once it is a millisecond.
"""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from engine.loop import Cancelled, Future
from sim.abi import O_APPEND, O_RDONLY, SIG_DFL, WNOHANG, WUNTRACED, Handler, Main, Net, Poll, ProcInfo, Stat
from sim.kernel import jobs, oom, signals
from sim.kernel.loader import Program, load
from sim.kernel.pathcalls import CALL
from sim.kernel.pipes import pair
from sim.kernel.polling import Poller
from sim.kernel.processes import STOPPED
from sim.kernel.restrictions import INFINITY
from sim.kernel.scheduler import GRAIN
from sim.kernel.sight import seen
from sim.kernel.spacecalls import SpaceCalls
from sim.kernel.terminal import TerminalFile
from sim.kernel.userspaces import need, outside
from sim.net.net import View
from sim.vfs import files
from sim.vfs.openfiles import OpenFile
from sim.vfs.paths import resolve

FORK, EXEC = 200e-6, 500e-6  # seconds of CPU time


class SystemCalls(SpaceCalls):
    """A process with its system calls. Their docstrings are in `sim.abi.Proc`."""

    __slots__ = ()

    # -- time and memory

    def now(self) -> int:
        return self.kernel.loop.time + self.kernel.skew

    async def sleep(self, seconds: float) -> None:
        loop = self.kernel.loop
        future: Future[None] = Future(loop)
        timer = loop.call_later(max(0.0, seconds), lambda: future.set_result(None))
        self.blocked = future
        try:
            await future
        finally:
            self.blocked = None
            timer.cancel()

    async def cpu(self, seconds: float) -> None:
        self.debt += seconds
        if self.debt >= GRAIN:
            await self._work()

    async def allocate(self, size: int) -> None:
        size = max(size, -self.memory)
        oom.make_room(self, size)
        self._last_words()
        self.memory += size
        self.cgroup.charge(size)

    async def _work(self) -> None:
        debt, self.debt = self.debt, 0.0
        await self.kernel.scheduler.work(self, debt)

    async def block(self, future: Future[Any]) -> None:
        """Wait where a signal can interrupt."""
        self.blocked = future
        try:
            await future
        finally:
            self.blocked = None

    def _last_words(self) -> None:
        """End here if this very call has killed its own process."""
        if self.dying is not None:
            raise Cancelled

    # -- descriptors

    def open(self, path: str, flags: int = O_RDONLY, mode: int = 0o666) -> int:
        self.debt += CALL
        self.descriptors.lowest()
        return self.descriptors.add(files.open(self, path, flags, mode))

    def close(self, fd: int) -> None:
        self.descriptors.close(fd)

    def dup2(self, old: int, new: int) -> int:
        return self.descriptors.put(new, self.descriptors.description(old))

    def dup(self, old: int, least: int = 0) -> int:
        descriptors = self.descriptors
        fd = descriptors.put(descriptors.lowest(least), descriptors.description(old))
        if least:  # F_DUPFD_CLOEXEC
            descriptors.keep_out |= {fd}
        return fd

    def pipe(self) -> tuple[int, int]:
        self.debt += CALL
        ends = pair(self.kernel.loop, next(self.kernel.storage.inos))
        return self.descriptors.add(ends[0]), self.descriptors.add(ends[1])

    def epoll(self) -> Poll:
        return Poller(self)

    async def read(self, fd: int, size: int = 65536) -> bytes:
        self.debt += CALL
        if self.debt >= GRAIN:
            await self._work()
        file = self.descriptors.file(fd)
        if file.__class__ is TerminalFile:
            return await jobs.read_terminal(self, file.terminal, size)
        data = file.read(size)
        while not isinstance(data, bytes):
            await self.block(data)
            data = file.read(size)
        return data

    async def write(self, fd: int, data: bytes) -> int:
        self.debt += CALL
        if self.debt >= GRAIN:
            await self._work()
        file = self.descriptors.file(fd)
        if self.restrictions.rlimits:
            data = self._within_file_size(file, data)
        written = 0
        try:
            while written < len(data):
                count = file.write(data[written:] if written else data)
                if isinstance(count, int):
                    written += count
                else:
                    await self.block(count)
        except BrokenPipeError:
            signals.send(self, signals.SIGPIPE, self)
            self._last_words()
            raise
        return written

    def _within_file_size(self, file: Any, data: bytes) -> bytes:
        """RLIMIT_FSIZE: as much as still fits in a regular file. Raises OSError EFBIG, after SIGXFSZ."""
        most, _ = self.restrictions.rlimit("fsize")
        if most == INFINITY or not isinstance(file, OpenFile) or not data:
            return data
        start = file.node.size if file.flags & O_APPEND else file.position
        if start >= most:
            signals.send(self, signals.SIGXFSZ, self)
            self._last_words()
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return data[: most - start]

    def lseek(self, fd: int, offset: int, whence: int = 0) -> int:
        position: int = self.descriptors.file(fd).lseek(offset, whence)
        return position

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        self.debt += CALL
        file = self.descriptors.file(fd)
        position = file.lseek(0, os.SEEK_CUR)
        file.lseek(offset)
        data: bytes = file.read(size)
        file.lseek(position)
        return data

    def ftruncate(self, fd: int, size: int) -> None:
        self.descriptors.file(fd).ftruncate(size)

    def fstat(self, fd: int) -> Stat:
        return self._seen(self.descriptors.file(fd).fstat())

    def isatty(self, fd: int) -> bool:
        return hasattr(self.descriptors.file(fd), "terminal")

    def ttyname(self, fd: int) -> str:
        return f"/dev/{jobs.terminal(self, fd).name}"

    def winsize(self, fd: int) -> tuple[int, int]:
        size: tuple[int, int] = jobs.terminal(self, fd).size
        return size

    def tcgetattr(self, fd: int) -> dict[str, bool]:
        flags: dict[str, bool] = jobs.terminal(self, fd).attributes()
        return flags

    def tcsetattr(self, fd: int, **flags: bool) -> None:
        jobs.terminal(self, fd).set_attributes(flags)

    async def out(self, text: str | bytes) -> None:
        await self.write(1, text.encode(errors="surrogateescape") if isinstance(text, str) else text)

    async def err(self, text: str | bytes) -> None:
        await self.write(2, text.encode(errors="surrogateescape") if isinstance(text, str) else text)

    async def lines(self, fd: int = 0) -> AsyncIterator[bytes]:
        rest, held = bytearray(), 0  # a line that has no end yet counts as memory
        while data := await self.read(fd):
            if b"\n" not in data:
                rest += data
                held += GROWTH * len(data)
                await self.allocate(GROWTH * len(data))
                continue
            lines = _split(bytes(rest) + data)
            rest = bytearray(lines.pop() if not lines[-1].endswith(b"\n") else b"")
            if held:
                await self.allocate(-held)
                held = 0
            for line in lines:
                yield line
        if rest:
            yield bytes(rest)
            await self.allocate(-held)

    async def read_all(self, fd: int = 0) -> bytes:
        parts, held = [], 0
        try:
            while data := await self.read(fd):
                parts.append(data)
                await self.allocate(GROWTH * len(data))
                held += GROWTH * len(data)
        finally:
            await self.allocate(-held)
        return b"".join(parts)

    # -- processes

    def fork(self, main: Main, fds: Mapping[int, int] | None = None, setpgid: int | None = None) -> int:
        self.debt += FORK
        child = self.duplicate(fds)
        if setpgid is not None:
            jobs.setpgid(self, child, setpgid)
        child.launch(main)
        return self.namespaces.pid.number(child)

    async def execve(self, path: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        await self.cpu(EXEC)
        self._become(load(self, path, argv), env)
        raise Cancelled

    def _become(self, program: Program, env: Mapping[str, str]) -> None:
        self.replace(program, ())
        self.env = dict(env)

    def which(self, name: str, path: str | None = None) -> str | None:
        return next((file for file in self._search(name, path) if self._is_program(file)), None)

    def _search(self, name: str, path: str | None = None) -> list[str]:
        if "/" in name:
            return [name]
        path = path if path is not None else self.env.get("PATH", DEFAULT_PATH)
        return [f"{folder or '.'}/{name}" for folder in path.split(":")]

    def _is_program(self, path: str) -> bool:
        return files.access(self, path, 1) and not jobs.is_directory(self, path)

    async def run(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, fds: Mapping[int, int] | None = None
    ) -> int:
        path = self.which(argv[0])
        if path is None:
            return 126 if any(files.access(self, file, 0) for file in self._search(argv[0])) else 127
        try:
            program = load(self, path, argv)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                return 126
            program = load(self, "/bin/sh", ("/bin/sh", path, *argv[1:]))  # as execvp(3) does
        await self.cpu(FORK + EXEC)
        child = self.duplicate(fds)
        child._become(program, self.env if env is None else env)
        while True:
            try:
                _, status = await self.wait(self.namespaces.pid.number(child))
                return status if status >= 0 else 128 - status
            except InterruptedError:
                continue

    async def wait(self, pid: int = -1, options: int = 0) -> tuple[int, int]:
        while True:
            children = jobs.children(self, pid)
            if not children:
                raise ChildProcessError(errno.ECHILD, os.strerror(errno.ECHILD))
            for child in children:
                if child.status is not None:
                    number = self.namespaces.pid.number(child)
                    self.kernel.reap(child)
                    return number, child.status
                if options & WUNTRACED and child.stopped and not child.stop_told:
                    child.stop_told = child.stopped
                    return self.namespaces.pid.number(child), STOPPED + child.stopped
            if options & WNOHANG:
                return 0, 0
            self.child_waiter = Future(self.kernel.loop)
            try:
                await self.block(self.child_waiter)
            finally:
                self.child_waiter = None

    def kill(self, pid: int, signal: int) -> None:
        self.debt += CALL
        jobs.kill(self, pid, signal)
        self._last_words()

    def signal(self, number: int, handler: Handler | str) -> Handler | str:
        if not 0 < number <= signals.LAST or number in signals.UNCATCHABLE:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        old = self.action(number)
        handlers = {n: action for n, action in self.handlers.items() if n != number}
        self.handlers = handlers if handler == SIG_DFL else {**handlers, number: handler}
        return old

    async def pause(self) -> None:
        await self.block(Future(self.kernel.loop))

    def getpgid(self, pid: int = 0) -> int:
        process = jobs.process(self, pid) if pid else self
        return self.namespaces.pid.number_of(process.group)

    def setpgid(self, pid: int, pgid: int) -> None:
        jobs.setpgid(self, jobs.process(self, pid) if pid else self, pgid)

    def setsid(self) -> int:
        jobs.setsid(self)
        return self.pid

    def tcsetpgrp(self, fd: int, pgid: int) -> None:
        jobs.set_foreground(self, fd, pgid)

    def processes(self) -> list[ProcInfo]:
        place = resolve(self, "/proc")
        space = place.tree.pids if place.node is not None else None
        return [seen(process, self, space) for process in space.processes()] if space is not None else []

    # -- the machine

    @property
    def net(self) -> Net:
        return View(self, self.namespaces.network)

    def setuid(self, uid: int, gid: int, groups: Sequence[int] = ()) -> None:
        user = self.namespaces.user
        uid, gid = outside(user.uids, uid), outside(user.gids, gid)
        if (uid, gid) != (self.uid, self.gid):
            need(self, user, "CAP_SETUID")
        self.uid, self.gid, self.groups = uid, gid, tuple(groups)

    def getrlimit(self, name: str) -> tuple[int, int]:
        return self.restrictions.rlimit(name)

    def setrlimit(self, name: str, soft: int, hard: int) -> None:
        _, before = self.restrictions.rlimit(name)
        if hard != INFINITY and (soft == INFINITY or soft > hard):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if before != INFINITY and (hard == INFINITY or hard > before):
            need(self, None, "CAP_SYS_RESOURCE")
        self.limit(name, soft, hard)

    def processors(self) -> int:
        return len(self.cgroup.processors(self.kernel.processors))

    def uname(self) -> dict[str, str]:
        return {**self.kernel.uname, "nodename": self.namespaces.uts.hostname}

    def uptime(self) -> tuple[float, tuple[float, float, float]]:
        return self.kernel.uptime()

    def meminfo(self) -> dict[str, int]:
        return self.kernel.meminfo()


GROWTH = 3  # a buffer that grows is copied into one twice as big
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _split(data: bytes) -> list[bytes]:
    """Lines end with a newline only; a carriage return is an ordinary byte."""
    parts = data.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines
