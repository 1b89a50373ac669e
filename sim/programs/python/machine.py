"""One running interpreter: the process that it is, its modules, its budget of steps, signals, and what it says.

A statement costs `STEP` seconds of CPU time, in a program that never waits `LONG_STEP` (sim/programs/pacing.py).
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from sim.abi import SIG_DFL, SIG_IGN, Proc
from sim.programs.pacing import Pace
from sim.programs.python import errors
from sim.programs.python.frames import Frame, Names
from sim.programs.python.functions import Function, Generator, Stopped, Yielded, unwrapped
from sim.programs.python.objects import Module

if TYPE_CHECKING:
    import ast

    from sim.programs.python import files

T = TypeVar("T")

STEP, LONG_STEP = 0.5e-6, 20e-6  # seconds of CPU for a statement
PATIENCE = 200_000  # statements without waiting, after which each costs more
SLICE = 1000  # statements between two payments
DEEPEST = 120  # calls inside one another; each takes several of the Python underneath
RESIDENT = 8 << 20  # bytes of memory that CPython has before a program's first line
SIGINT, SIGPIPE = 2, 13
INTERRUPTED = 128 + SIGINT


class Exit(Exception):
    """os._exit(): the end, without any more of the program."""


class Machine:
    """The state of one `python3`. `argv` is sys.argv; `unbuffered` is -u or PYTHONUNBUFFERED."""

    def __init__(self, proc: Proc, version: str, argv: list[str], *, unbuffered: bool = False) -> None:
        from sim.programs.python import builtins, files

        self.proc, self.version, self.argv = proc, version, argv
        self.minor = int(version.split(".")[1]) if version.count(".") else 14  # 12 of 3.12
        self.random = Random(f"{proc.now()} {proc.pid}")
        self.modules: dict[str, Module] = {}
        self.path: list[str] = []
        self.sources: dict[str, list[str]] = {}  # file → its lines, for tracebacks
        self.at_exit: list[tuple[Any, tuple[Any, ...], Names]] = []
        self.handling: list[BaseException] = []  # what `raise` without a value raises again
        self.files: WeakSet[files.File] = WeakSet()  # all that are open
        self.to_flush: list[files.File] = []  # what has to be written before the next statement
        self.out, self.err, self.input = files.standard_streams(self, unbuffered)
        self.builtins: Names = builtins.table(self)
        self.main = self.module("__main__")
        self.interactive = False  # at the prompt: values of expressions are shown
        self._steps = self._depth = 0
        self._pace = Pace(STEP, LONG_STEP, PATIENCE)
        self._held = 0  # bytes that large values took
        self._signals: list[int] = []
        self._handlers: dict[int, Any] = {}
        self._addresses: dict[int, tuple[int, Any]] = {}
        proc.signal(SIGPIPE, SIG_IGN)
        proc.signal(SIGINT, self._signals.append)

    def module(self, name: str, file: str | None = None) -> Module:
        """A new, empty module, known under its name."""
        module = self.modules[name] = Module(name, file)
        vars(module)["__builtins__"] = self.builtins
        return module

    def address(self, value: object) -> str:
        """Where an object lies in memory, as its repr shows it; the same in each run."""
        known = self._addresses.get(id(value))
        if known is None or known[1] is not value:
            known = self._addresses[id(value)] = (0x7F3C5A200000 + 0x70 * len(self._addresses), value)
        return f"0x{known[0]:x}"

    # -- time, memory, signals

    async def step(self) -> None:
        """Pay for a statement; let others run now and then."""
        self._steps += 1
        if self.to_flush:
            await self._flush()
        if self._signals:
            await self._handle_signals()
        if self._steps >= SLICE:
            steps, self._steps = self._steps, 0
            await self.proc.cpu(self._pace.price(steps))

    async def wait(self, waiting: Coroutine[Any, Any, T]) -> T:
        """Wait for something of the kernel. Raises InterruptedError, or what a signal's handler raises meanwhile."""
        self._pace.waited()
        if self.to_flush:
            await self._flush()
        try:
            return await waiting
        except InterruptedError:
            await self._handle_signals()
            raise

    async def _flush(self) -> None:
        """What has to go out now, in the order in which it was said."""
        while self.to_flush:
            await self.to_flush.pop(0).flush()

    async def sleep(self, seconds: float) -> None:
        """Also if signals are handled meanwhile (PEP 475)."""
        end = self.proc.now() + int(seconds * 1e9)
        while (left := end - self.proc.now()) > 0:
            try:
                await self.wait(self.proc.sleep(left / 1e9))
            except InterruptedError:
                continue

    async def hold(self, size: int) -> None:
        """Have a value of `size` bytes; small ones are not counted. Raises MemoryError."""
        if size < 1 << 20:
            return
        if self._held + size > 1 << 30:
            raise MemoryError
        self._held += size
        await self.proc.allocate(size)

    def handler(self, number: int) -> Any:
        """What signal.getsignal says: a function, or SIG_DFL, SIG_IGN."""
        return self._handlers.get(number, SIG_DFL)

    def set_handler(self, number: int, handler: Any) -> Any:
        """Raises OSError for what cannot be caught. Returns the old one."""
        old = self.handler(number)
        self.proc.signal(number, handler if handler in (SIG_DFL, SIG_IGN) else self._signals.append)
        self._handlers[number] = handler
        return old

    async def _handle_signals(self) -> None:
        from sim.programs.python.calling import call

        while self._signals:
            number = self._signals.pop(0)
            handler = self._handlers.get(number)
            if handler is None:
                raise KeyboardInterrupt
            await call(self, handler, (number, None), {})

    # -- functions

    async def invoke(self, function: Function, args: tuple[Any, ...], kwargs: Names) -> Any:
        """Run a function of the program; of a generator function, make the generator."""
        from sim.programs.python import statements
        from sim.programs.python.calling import bind

        node, scope, around = function._node, function._scope, function._frame
        names = bind(function, args, kwargs)
        frame = Frame(around.file, function.__qualname__, names, around.globals, around, scope)
        frame.function = (function._owner, next(iter(names.values()), None))
        if scope.yields:
            return Generator(self, lambda: statements.run_function(self, frame, node), function.__name__)
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                raise RecursionError("maximum recursion depth exceeded")
            return await statements.run_function(self, frame, node)
        finally:
            self._depth -= 1

    def at_once(self, running: Coroutine[Any, Any, T]) -> T:
        """Run to the end for a caller that cannot wait. Raises RuntimeError if it wanted to wait."""
        try:
            found = running.send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except Stopped as stopped:
            raise stopped.stop from None
        running.close()
        what = "yield" if isinstance(found, Yielded) else "wait"
        raise RuntimeError(f"the simulated Python cannot {what} inside a call that a library function makes")

    # -- whole programs

    async def run(self, tree: ast.Module, file: str, lines: Iterable[str]) -> int:
        """Run a program as __main__; its exit status."""
        from sim.programs.python import statements

        self.sources[file] = list(lines)
        await self.proc.allocate(RESIDENT)
        frame = Frame(file, "<module>", vars(self.main), vars(self.main))
        try:
            await statements.run_block(self, frame, tree.body)
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            return await self.ended(error)
        else:
            return await self.ended(None)
        finally:
            vars(self.main).clear()  # also of a program that is killed: what it held is memory of this computer

    async def _say_goodbye(self, error: BaseException | None) -> None:
        """What was registered with atexit, last first."""
        from sim.programs.python.calling import call

        while self.at_exit and not isinstance(error, Exit):
            function, args, kwargs = self.at_exit.pop()
            await call(self, function, args, kwargs)

    async def ended(self, error: BaseException | None) -> int:
        """The last words, and the exit status."""
        error = unwrapped(error) if error is not None else None
        try:
            await self._flush()
            await self._say_goodbye(error)
            if error is not None and not isinstance(error, SystemExit | Exit):
                await self.out.flush()
                await self.err.write_all(errors.traceback_text(self, error))
            if isinstance(error, SystemExit) and isinstance(error.code, str):
                await self.err.write_all(f"{error.code}\n")
            if not isinstance(error, Exit):
                for file in list(self.files):
                    if not file.closed:
                        await file._flush()
        except BrokenPipeError:
            return 120
        if isinstance(error, KeyboardInterrupt):
            self.proc.signal(SIGINT, SIG_DFL)
            self.proc.kill(self.proc.pid, SIGINT)
            return INTERRUPTED
        if isinstance(error, SystemExit | Exit):
            code = error.args[0] if error.args else 0
            return 0 if code is None else code & 0xFF if isinstance(code, int) else 1
        return int(error is not None)
