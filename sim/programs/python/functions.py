"""Functions, methods and generators of a program, as values that the Python underneath can hold and call too.

Whoever calls one from a coroutine awaits `Function._start`. The library underneath (`sorted(key=…)`, `re.sub`, the
`__eq__` of a class) calls it as any function: then it runs at once to its end, and may not wait (`Machine.at_once`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Coroutine
from collections.abc import Generator as PyGenerator
from types import coroutine
from typing import TYPE_CHECKING, Any

from sim.programs.python.frames import Frame, Names, Scope

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Definition = ast.FunctionDef | ast.Lambda


class Function:
    """`def` or `lambda`. `defaults` for the last positional parameters, `keyword_defaults` by name."""

    __slots__ = ("__dict__", "_defaults", "_frame", "_keyword_defaults", "_machine", "_node", "_owner", "_scope")

    def __init__(self, machine: Machine, node: Definition, scope: Scope, frame: Frame, name: str) -> None:
        self._machine, self._node, self._scope, self._frame = machine, node, scope, frame
        self._defaults: list[Any] = []
        self._keyword_defaults: Names = {}
        self._owner: type | None = None  # the class in whose body it stands
        self.__name__ = self.__qualname__ = name
        self.__module__ = str(frame.globals.get("__name__", "__main__"))
        self.__doc__ = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
        self.__annotations__: Names = {}

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else Method(self, instance)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._machine.at_once(self._start(args, kwargs))

    def __repr__(self) -> str:
        return f"<function {self.__qualname__} at {self._machine.address(self)}>"

    def _start(self, args: tuple[Any, ...], kwargs: Names) -> Coroutine[Any, Any, Any]:
        """What to await for its result."""
        return self._machine.invoke(self, args, kwargs)


class Method:
    """A function bound to an instance (or, for a class method, to the class)."""

    __slots__ = ("__func__", "__self__")

    def __init__(self, function: Function, instance: Any) -> None:
        self.__func__, self.__self__ = function, instance

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self.__func__(self.__self__, *args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Method) and (other.__func__, id(other.__self__)) == (self.__func__, id(self.__self__))

    def __hash__(self) -> int:
        return hash((self.__func__, id(self.__self__)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__func__, name)

    def __repr__(self) -> str:
        return f"<bound method {self.__func__.__qualname__} of {self.__self__!r}>"


class Yielded:
    """What `yield` hands to whoever drives the generator; it is never seen by the event loop."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


@coroutine
def hand_over(value: Any) -> PyGenerator[Any, Any, Any]:
    """`yield value` inside a generator's body; its result is what `send` brought."""
    return (yield Yielded(value))


@coroutine
def _pass_on(waited: Any) -> PyGenerator[Any, Any, Any]:
    """Wait for what the body of a generator waits for."""
    return (yield waited)


class Stopped(Exception):
    """StopIteration on its way through coroutines, which Python would make a RuntimeError of (PEP 479)."""

    def __init__(self, stop: StopIteration) -> None:
        super().__init__()
        self.stop = stop


def unwrapped(error: BaseException) -> BaseException:
    """The exception that a program knows of."""
    return error.stop if isinstance(error, Stopped) else error


class Generator:
    """A generator: the coroutine of its body, which is driven one `yield` further at a time."""

    __slots__ = ("__name__", "_body", "_done", "_machine", "_make")

    def __init__(self, machine: Machine, make: Callable[[], Coroutine[Any, Any, Any]], name: str) -> None:
        self._machine, self._make, self.__name__ = machine, make, name
        self._body: Coroutine[Any, Any, Any] | None = None
        self._done = False

    async def step(self, value: Any = None, error: BaseException | None = None) -> tuple[bool, Any]:
        """(True, what it yields) or (False, what it returns). Raises what its body raises."""
        if self._done:
            if error is not None:
                raise error
            return False, None
        if self._body is None:
            self._body = self._make()
        try:
            found = self._body.throw(error) if error is not None else self._body.send(value)
            while not isinstance(found, Yielded):
                try:
                    brought = await _pass_on(found)
                except BaseException as thrown:  # a signal, or the end of the process: the body hears of it
                    found = self._body.throw(thrown)
                else:
                    found = self._body.send(brought)
        except StopIteration as end:
            self._done = True
            return False, end.value
        except Stopped as stopped:
            self._done = True
            raise RuntimeError("generator raised StopIteration") from stopped.stop
        except BaseException:
            self._done = True
            raise
        return True, found.value

    def __iter__(self) -> Generator:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        more, found = self._machine.at_once(self.step(value))
        if not more:
            raise StopIteration(found)
        return found

    def throw(self, error: BaseException, *_: Any) -> Any:
        more, found = self._machine.at_once(self.step(error=error))
        if not more:
            raise StopIteration(found)
        return found

    def close(self) -> None:
        self._done = True
        if self._body is not None:
            self._body.close()

    def __repr__(self) -> str:
        return f"<generator object {self.__name__} at {self._machine.address(self)}>"


for _kind, _name in ((Function, "function"), (Method, "method"), (Generator, "generator")):
    _kind.__qualname__ = _kind.__name__ = _name  # as type() shows them
    _kind.__module__ = "builtins"
