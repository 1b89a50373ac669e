"""Built-in functions: the library's where they only compute, our own where they wait, name attributes, or run code."""

from __future__ import annotations

import ast
import builtins as library
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.programs.python import access
from sim.programs.python.calling import call, items, listed
from sim.programs.python.files import File, open_file
from sim.programs.python.frames import Frame, Names
from sim.programs.python.functions import Function, Generator, Method, Stopped

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

COMPUTE = """
abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate filter float format
frozenset hash hex int isinstance issubclass iter len list map max memoryview min object oct ord property range repr
reversed round set slice staticmethod str sum super tuple zip Ellipsis False None NotImplemented True
"""  # the library's own
MISSING = object()


def table(machine: Machine) -> Names:
    """All names that a program has without importing anything."""
    errors = {name: found for name, found in vars(library).items()
              if isinstance(found, type) and issubclass(found, BaseException) and "Group" not in name}  # fmt: skip
    own = Builtins(machine)
    return {name: getattr(library, name) for name in COMPUTE.split()} | errors | {
        "print": own.print, "input": own.input, "open": own.open, "next": own.next, "id": own.id,
        "getattr": own.getattr, "setattr": own.setattr, "hasattr": own.hasattr, "delattr": own.delattr,
        "type": Type(), "exit": own.exit, "quit": own.exit, "globals": OfFrame("globals"), "locals": OfFrame("locals"),
        "vars": OfFrame("vars"), "dir": OfFrame("dir"),
        "pow": own.pow, "eval": own.eval, "exec": own.exec, "sorted": own.sorted, "map": own.map,
        "__name__": "builtins", "__import__": own.import_,
    }  # fmt: skip


class Type:
    """`type(value)`. Classes are made by `class`."""

    def __call__(self, value: Any, *more: Any) -> type:
        if more:
            raise TypeError("the simulated Python makes classes by class statements only")
        return type(value)

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, type)

    def __repr__(self) -> str:
        return "<class 'type'>"


class OfFrame:
    """Functions that ask where they are called: globals(), locals(), vars(), dir()."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def _lent_frame(self, frame: Frame, *args: Any) -> Any:
        if self.__name__ == "dir":
            return access.names(args[0]) if args else sorted(_shown(frame.names))
        if args:
            return access.variables(args[0])
        return _shown(frame.globals if self.__name__ == "globals" else frame.names)

    def __call__(self, *args: Any) -> Any:
        return access.names(*args) if self.__name__ == "dir" else access.variables(*args)


def _shown(names: Names) -> Names:
    return {name: value for name, value in names.items() if name != "__builtins__"}


class Builtins:
    """The functions that need the machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def print(
        self, *values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
    ) -> None:
        text = (" " if sep is None else sep).join([await self._text(value) for value in values])
        target = file if file is not None else self._machine.out
        text += "\n" if end is None else end
        await call(self._machine, access.get(target, "write"), (text,), {})
        if flush:
            await call(self._machine, access.get(target, "flush"), (), {})

    async def _text(self, value: Any) -> str:
        special = getattr(type(value), "__str__", None)
        return str(await special._start((value,), {})) if type(special) is Function else str(value)

    async def input(self, prompt: Any = "") -> str:
        machine = self._machine
        machine.out.write(str(prompt))
        await machine.out.flush()
        line = await machine.input.readline()
        if not line:
            raise EOFError("EOF when reading a line")
        return str(line).removesuffix("\n")

    def open(self, file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None,
             errors: str | None = None, newline: str | None = None) -> File:  # fmt: skip
        return open_file(self._machine, str(file), mode)

    async def next(self, iterator: Any, default: Any = MISSING) -> Any:
        if type(iterator) is Generator:
            more, value = await iterator.step()
            if more:
                return value
            if default is MISSING:
                raise Stopped(StopIteration(value) if value is not None else StopIteration())
            return default
        try:
            return await call(self._machine, type(iterator).__next__, (iterator,), {})
        except AttributeError:
            raise TypeError(f"'{type(iterator).__name__}' object is not an iterator") from None
        except Stopped:
            if default is MISSING:
                raise
            return default

    async def sorted(self, iterable: Any, /, *, key: Any = None, reverse: bool = False) -> list[Any]:
        found = await listed(self._machine, iterable)
        if not isinstance(key, Function | Method):
            return sorted(found, key=key, reverse=reverse)
        keys = [await call(self._machine, key, (value,), {}) for value in found]
        order = sorted(range(len(found)), key=keys.__getitem__, reverse=reverse)
        return [found[number] for number in order]

    def map(self, function: Any, *iterables: Any) -> Any:
        """A generator if the function is the program's, so that it may wait."""
        if len(iterables) != 1 or not isinstance(function, Function | Method):
            return map(function, *iterables)
        machine = self._machine

        async def body() -> None:
            from sim.programs.python.functions import hand_over

            async for value in items(machine, iterables[0]):
                await hand_over(await call(machine, function, (value,), {}))

        return Generator(machine, body, "map")

    def id(self, value: Any) -> int:
        return int(self._machine.address(value), 16)

    def getattr(self, value: Any, name: str, default: Any = MISSING) -> Any:
        try:
            return access.get(value, name)
        except AttributeError:
            if default is MISSING:
                raise
            return default

    def setattr(self, value: Any, name: str, new: Any) -> None:
        access.put(value, name, new)

    def hasattr(self, value: Any, name: str) -> bool:
        try:
            access.get(value, name)
        except AttributeError:
            return False
        return True

    def delattr(self, value: Any, name: str) -> None:
        access.delete(value, name)

    def exit(self, code: Any = None) -> None:
        raise SystemExit(code)

    async def pow(self, base: Any, exponent: Any, modulus: Any = None) -> Any:
        from sim.programs.python.expressions import binary

        if modulus is not None:
            return pow(base, exponent, modulus)
        return await binary(self._machine, ast.Pow, base, exponent)

    async def eval(self, source: str, names: Names | None = None, *_: Any) -> Any:
        from sim.programs.python.expressions import evaluate

        tree = ast.parse(source.strip(), "<string>", "eval")
        return await evaluate(self._machine, self._frame(names), tree.body)

    async def exec(self, source: str, names: Names | None = None, *_: Any) -> None:
        from sim.programs.python.statements import run_block

        await run_block(self._machine, self._frame(names), ast.parse(source, "<string>").body)

    def _frame(self, names: Names | None) -> Frame:
        main = vars(self._machine.main)
        found = main if names is None else names
        found.setdefault("__builtins__", self._machine.builtins)
        return Frame("<string>", "<module>", found, found)

    async def import_(self, name: str, *_: Sequence[Any]) -> Any:
        from sim.programs.python.modules import load

        return await load(self._machine, name)
