"""One running `node`: the process that it is, its event loop, its budget of steps, signals, and what it says.

A call and a round of a loop cost `STEP` seconds of CPU time, in a program that never waits `LONG_STEP`
(sim/programs/pacing.py).
Source of the loop's order: nodejs.org, "The Node.js Event Loop".
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from itertools import count
from random import Random
from typing import Any
from weakref import finalize

from sim.abi import SIG_DFL, SIG_IGN, Poll, Proc
from sim.programs.node import errors
from sim.programs.node.execution import Execution
from sim.programs.node.modules import Modules
from sim.programs.node.realm import Realm
from sim.programs.node.values import DONE, Exit, JSObject, Running, Thrown, Waiting
from sim.programs.pacing import Pace

STEP, LONG_STEP = 0.2e-6, 2e-6  # seconds of CPU
PATIENCE = 1_000_000  # steps without waiting, after which each costs more
SLICE = 2000  # steps between two payments
RESIDENT = 24 << 20  # bytes of memory that node has before a program's first line
BETWEEN = 1.2e-3  # seconds from the program's last line to the loop: a timer of 0 ms is due then
HEAP = 1 << 30  # bytes that large values may take
SIGABRT, SIGPIPE, SIGCHLD = 6, 13, 17
OUT_OF_HEAP = 128 + SIGABRT
HEAP_MESSAGE = "\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"
Ready = Callable[[], Awaitable[None]]


class HeapExhausted(BaseException):
    """The heap is full."""


class Timer:
    """`every`: seconds between two calls of an interval."""

    __slots__ = ("alive", "args", "due", "every", "function", "handle", "number", "refed")

    def __init__(self, function: Any, args: tuple[Any, ...], due: int, every: float | None, number: int) -> None:
        self.function, self.args, self.due, self.every, self.number = function, args, due, every, number
        self.alive = self.refed = True
        self.handle: JSObject | None = None


class Machine:
    """The state of one `node`. `argv` is process.argv."""

    def __init__(self, proc: Proc, version: str, argv: list[str]) -> None:
        self.proc, self.argv = proc, argv
        self.started = proc.now()
        self.random = Random(f"{proc.now()} {proc.pid}")
        self.modules = Modules(self)
        self.realm = Realm(self, version)
        self.modules.prepare()
        self.timers: list[tuple[int, int, Timer]] = []
        self.immediates: list[tuple[Any, tuple[Any, ...]]] = []
        self.ticks: list[tuple[Any, tuple[Any, ...]]] = []  # process.nextTick
        self.signals: list[int] = []
        self.child_ended: Ready | None = None  # what is done at SIGCHLD
        self.interrupted: Ready | None = None  # what the prompt does at Ctrl+C
        self.exit_code: int | None = None
        self.outbox: list[tuple[int, bytes | str]] = []  # what was written, in order; or "end", "close"
        self.poll: Poll = proc.epoll()
        self.watched: dict[int, Ready] = {}
        self.unrefed: set[int] = set()
        self.pending = 0  # operations that will call back
        self.done: list[Callable[[], Any]] = []  # operations that are done: what they call
        self._numbers = count(1)
        self._owed = self._held = 0
        self._pace = Pace(STEP, LONG_STEP, PATIENCE)
        proc.signal(SIGPIPE, SIG_IGN)

    # -- time and memory

    async def pay(self, steps: int) -> None:
        """For steps; and take the memory that large values need."""
        steps += self.realm.spent
        self.realm.spent = 0
        await self.flush()
        owed, self._owed = self._owed, 0
        if owed:
            await self.proc.allocate(owed)
        await self.proc.cpu(self._pace.price(steps))

    def clock(self) -> int:
        """ns since 1970, with the steps that are not paid for yet."""
        steps = self.realm.spent + sum(one.steps for one in self.realm.executions)
        return self.proc.now() + int(steps * STEP * 1e9)

    def hold(self, size: int) -> None:
        """Have a value of `size` bytes, which are paid for at the next step. Raises HeapExhausted."""
        self._held += size
        self._owed += size
        if self._held > HEAP:
            raise HeapExhausted
        if self.realm.executions:
            self.realm.executions[0].end = 0

    def hold_for(self, value: JSObject, size: int) -> None:
        """As long as somebody has the object."""
        self.hold(size)
        finalize(value, self.release, size)

    def release(self, size: int) -> None:
        self._held -= size
        self._owed -= size

    @property
    def resident(self) -> int:
        return RESIDENT + self._held

    def write(self, fd: int, data: bytes) -> None:
        """Keep it; it goes out before anything else can happen."""
        self.outbox.append((fd, data))

    async def flush(self) -> None:
        while self.outbox:
            fd, data = self.outbox.pop(0)
            try:
                if isinstance(data, bytes):
                    await self.proc.write(fd, self._with_next(fd, data))
                elif data == "end":
                    self.proc.net.shutdown(fd)
                else:
                    self.proc.close(fd)
            except InterruptedError:
                self.outbox.insert(0, (fd, data))
            except OSError:
                continue  # who reads has gone

    def _with_next(self, fd: int, data: bytes) -> bytes:
        """All that goes to the same descriptor now."""
        while self.outbox and self.outbox[0][0] == fd and isinstance(more := self.outbox[0][1], bytes):
            data += more
            self.outbox.pop(0)
        return data

    # -- running

    async def task(self, work: Any) -> Any:
        """Run something of the program, then all jobs that follow from it. Raises Thrown, Exit."""
        found = await self._run(work)
        await self._jobs()
        return found

    async def _run(self, work: Any) -> Any:
        if type(work) is not Running:
            return work
        execution = Execution(self.realm, work)
        while (got := execution.advance(SLICE)) is not DONE:
            await self.pay(execution.steps)
            execution.steps = 0
            if isinstance(got, Waiting):
                try:
                    execution.value = await got.work
                    self._pace.waited()
                except (OSError, Thrown) as failure:
                    execution.error = failure
        self.realm.spent += execution.steps
        return execution.value

    async def _jobs(self) -> None:
        """process.nextTick, then promises, until there are no more; then rejections that nobody handles."""
        realm = self.realm
        while self.ticks or realm.jobs:
            while self.ticks:
                function, args = self.ticks.pop(0)
                await self._run(realm.began(function, None, *args))
            while realm.jobs:
                jobs, realm.jobs = realm.jobs, []
                for job in jobs:
                    await self._run(job())
        if realm.unhandled:
            await self._complain()

    async def _complain(self) -> None:
        """About the first promise that was rejected and not handled. Raises Thrown."""
        promise = next(iter(self.realm.unhandled.values()))
        self.realm.unhandled.clear()
        promise.data.handled = True
        reason = promise.data.value
        if not await self.emit("unhandledRejection", reason, promise):
            raise Unhandled(reason)

    async def emit(self, event: str, *args: Any) -> bool:
        """process.emit; whether somebody listened."""
        process = self.modules.process
        if process is None:
            return False
        realm = self.realm
        return bool(await self.task(realm.began(realm.value_of(process, "emit"), process, event, *args)))

    def listens(self, event: str) -> bool:
        process = self.modules.process
        if process is None:
            return False
        found = self.realm.run(self.realm.value_of(process, "listenerCount"), process, event)
        return bool(found)

    # -- what the program waits for

    def add_timer(self, function: Any, args: tuple[Any, ...], seconds: float, *, repeat: bool) -> Timer:
        number = next(self._numbers)
        timer = Timer(function, args, self.proc.now() + int(seconds * 1e9), seconds if repeat else None, number)
        heapq.heappush(self.timers, (timer.due, number, timer))
        return timer

    def watch(self, fd: int, ready: Ready) -> None:
        """Call `ready` whenever reading from a descriptor would not wait."""
        self.watched[fd] = ready
        self.poll.add(fd)

    def unwatch(self, fd: int) -> None:
        if self.watched.pop(fd, None) is not None:
            self.poll.remove(fd)
        self.unrefed.discard(fd)

    def later(self, work: Callable[[], Any]) -> None:
        """Call something in the loop's next round: the result of an operation that is done already."""
        self.done.append(work)

    def on_signal(self, number: int, handled: bool) -> None:
        self.proc.signal(number, self.signals.append if handled else SIG_DFL)

    # -- the event loop

    def _alive(self) -> bool:
        return bool(self.done or self.immediates or self.pending or self.watched.keys() - self.unrefed
                    or any(timer.alive and timer.refed for _, _, timer in self.timers))  # fmt: skip

    async def loop(self) -> None:
        """Until nothing can happen any more. Raises Thrown, Exit."""
        while True:
            await self.turn()
            if not self._alive() and not self.signals:
                return

    async def turn(self) -> None:
        """Timers, what is done, what can be read, immediates."""
        await self._timers()
        done, self.done = self.done, []
        for work in done:
            await self.task(work())
        await self._wait()
        immediates, self.immediates = self.immediates, []
        for function, args in immediates:
            await self.task(self.realm.began(function, None, *args))

    async def _timers(self) -> None:
        now = self.proc.now()
        while self.timers and self.timers[0][0] <= now:
            _, _, timer = heapq.heappop(self.timers)
            if not timer.alive:
                continue
            if timer.every is None:
                timer.alive = False
            await self.task(self.realm.began(timer.function, timer.handle, *timer.args))
            if timer.every is not None and timer.alive:
                timer.due = max(now, self.proc.now()) + int(timer.every * 1e9)
                heapq.heappush(self.timers, (timer.due, next(self._numbers), timer))

    async def _wait(self) -> None:
        await self.pay(0)
        timeout = self._patience()
        if timeout != 0:
            self._pace.waited()
        try:
            ready = await self.poll.wait(timeout)
        except InterruptedError:
            ready = []
        while self.signals:
            await self._signal(self.signals.pop(0))
        for fd in ready:
            if fd in self.watched:
                await self.watched[fd]()

    def _patience(self) -> float | None:
        """How long the loop may wait, in seconds."""
        while self.timers and not self.timers[0][2].alive:
            heapq.heappop(self.timers)
        if self.done or self.immediates or self.signals or not self._alive():
            return 0
        if self.timers:
            return max(0.0, (self.timers[0][0] - self.proc.now()) / 1e9)
        return None

    async def _signal(self, number: int) -> None:
        from sim.kernel.signals import NAMES

        if number == SIGCHLD and self.child_ended is not None:
            await self.child_ended()
            return
        if self.interrupted is not None and not self.listens(f"SIG{NAMES[number]}"):
            await self.interrupted()
            return
        await self.emit(f"SIG{NAMES[number]}", f"SIG{NAMES[number]}", float(number))

    # -- the end

    async def run(self, work: Callable[[], Awaitable[Any]]) -> int:
        """A whole program: its beginning, the loop, its last words; the exit status."""
        await self.proc.allocate(RESIDENT)
        await self.proc.cpu(0.04)  # what a start of node takes
        status = await self._guarded(work)
        await self.proc.cpu(BETWEEN)
        if status is None:
            status = await self._guarded(self._to_the_end)
        await self.flush()
        return status if status is not None else (self.exit_code or 0)

    async def _to_the_end(self) -> None:
        while True:
            await self.loop()
            before = len(self.timers), len(self.watched)
            await self.emit("beforeExit", float(self.exit_code or 0))
            if not self._alive() or before == (len(self.timers), len(self.watched)):
                break
        await self._goodbye(self.exit_code or 0)

    async def _goodbye(self, code: int) -> None:
        if self.exit_code is None:
            self.exit_code = code
        await self.emit("exit", float(code))

    async def _guarded(self, work: Callable[[], Awaitable[Any]]) -> int | None:
        """Do something; the exit status, if it ended the program."""
        while True:
            try:
                await work()
                return None
            except Exit as exit_:
                try:
                    self.exit_code = exit_.code
                    await self._goodbye(exit_.code)
                except Exit as again:
                    self.exit_code = again.code
                return self.exit_code
            except HeapExhausted:
                self.write(2, HEAP_MESSAGE.encode())
                return OUT_OF_HEAP
            except Exception as failure:
                value = self.realm.caught(failure)
                if self.listens("uncaughtException"):
                    await self.emit("uncaughtException", value, "uncaughtException")
                    work = self._to_the_end
                    continue
                return await self._fatal(failure)

    async def _fatal(self, failure: Exception) -> int:
        if isinstance(failure, Unhandled):
            text = unhandled_text(self.realm, failure.value)
        else:
            text = errors.uncaught_text(self.realm, failure)
        await self.flush()
        self.write(2, encoded(text))
        self.exit_code = 1
        try:
            await self._goodbye(1)
        except Exit as exit_:
            self.exit_code = exit_.code
        return self.exit_code


class Unhandled(Thrown):
    """The reason of a promise that was rejected, and nobody handled it."""


def unhandled_text(realm: Realm, reason: Any) -> str:
    from sim.programs.node.inspecting import brief, inspect

    if isinstance(reason, JSObject) and reason.kind == "Error":
        from sim.programs.node.library.errors import origin

        where = origin(realm, reason)
        head = errors.excerpt(realm, *where) + "\n" if where is not None else ""
        return f"{head}{inspect(realm, reason)}\n{errors.last(realm)}"
    shown = reason if type(reason) is str else brief(reason)
    return (
        "node:internal/process/promises:394\n      new UnhandledPromiseRejection(reason);\n      ^\n\n"
        "UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a "
        "catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the "
        f'reason "{shown}".\n    at throwUnhandledRejectionsMode (node:internal/process/promises:392:7)\n'
        "    at processPromiseRejections (node:internal/process/promises:475:17)\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:106:32) {\n"
        f"  code: 'ERR_UNHANDLED_REJECTION'\n}}\n{errors.last(realm)}"
    )


def encoded(text: str) -> bytes:
    """To UTF-8; pairs become characters, halves of pairs a question mark."""
    if text.isascii():
        return text.encode()
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
