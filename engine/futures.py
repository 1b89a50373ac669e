"""Futures and tasks of the engine's loop: a result that is not there yet, and a coroutine that is being driven.

Import them from `engine.loop`, which is the loop that drives them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from engine.loop import Loop

T = TypeVar("T")


class Cancelled(BaseException):
    """Thrown into a coroutine whose task is cancelled. A BaseException, so that `except Exception` lets it pass."""


class Future(Generic[T]):
    """A result that is not there yet. `await` it, or `add_done_callback`; callbacks run in the loop's next turn."""

    __slots__ = ("_callbacks", "_done", "_error", "_value", "loop")

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[], object]] | None = None

    def done(self) -> bool:
        return self._done

    def result(self) -> T:
        """The value; raises the error it ended with, or RuntimeError while it is not done."""
        if not self._done:
            raise RuntimeError("the result is not there yet")
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]

    def error(self) -> BaseException | None:
        return self._error

    def set_result(self, value: T) -> None:
        """Done with a value. A second call is ignored: the first news wins."""
        if not self._done:
            self._done, self._value = True, value
            self._tell()

    def set_error(self, error: BaseException) -> None:
        if not self._done:
            self._done, self._error = True, error
            self._tell()

    def add_done_callback(self, callback: Callable[[], object]) -> None:
        if self._done:
            self.loop.call_soon(callback)
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def remove_done_callback(self, callback: Callable[[], object]) -> None:
        if self._callbacks and callback in self._callbacks:
            self._callbacks.remove(callback)

    def _tell(self) -> None:
        if self._callbacks:
            self.loop._ready.extend(self._callbacks)
            self._callbacks = None

    def __await__(self) -> Generator[Future[Any], None, T]:
        if not self._done:
            yield self
        return self.result()


class Task(Future[T]):
    """A coroutine being driven by the loop. `context` is inherited by the tasks it spawns (the trace uses it)."""

    __slots__ = ("_cancel", "_coro", "_frozen", "_waits_for", "_woken", "context", "name")

    def __init__(self, loop: Loop, coro: Coroutine[Any, Any, T], name: str, context: Any) -> None:
        super().__init__(loop)
        self._coro = coro
        self._waits_for: Future[Any] | None = None
        self._cancel = False
        self._frozen = False
        self._woken = True
        self.name = name
        self.context = context
        loop._ready.append(self._step)

    def cancel(self) -> None:
        """Throw `Cancelled` into the coroutine at the place where it waits (also when it is frozen)."""
        if self._done or self._cancel:
            return
        self._cancel = True
        self._frozen = False
        if self._waits_for is not None:
            self._waits_for.remove_done_callback(self._step)
            self._waits_for = None
            self.loop._ready.append(self._step)
        elif self._woken:  # it had been woken while frozen, or has not begun
            self.loop._ready.append(self._step)

    def freeze(self) -> None:
        """Do not run until `thaw`; what it waits for may happen meanwhile (cgroup freezer, SIGSTOP)."""
        self._frozen = True

    def thaw(self) -> None:
        if self._frozen:
            self._frozen = False
            if self._woken and not self._done:
                self.loop._ready.append(self._step)

    def waiting_on(self) -> Future[Any] | None:
        return self._waits_for

    def _step(self) -> None:
        if self._done:
            return
        self._woken = True
        self._waits_for = None
        if self._frozen:
            return
        self._woken = False
        loop, outer = self.loop, self.loop.current
        loop.current = self
        try:
            if self._cancel:
                self._cancel = False
                waited = self._coro.throw(Cancelled())
            else:
                waited = self._coro.send(None)
        except StopIteration as stop:
            self.set_result(stop.value)
        except Cancelled as error:
            self.set_error(error)
        except Exception as error:
            if not self._callbacks:
                loop.on_unhandled(self, error)
            self.set_error(error)
        else:
            self._waits_for = waited
            waited.add_done_callback(self._step)
        finally:
            loop.current = outer
