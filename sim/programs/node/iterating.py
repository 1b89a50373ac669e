"""Going over values: `for … of`, spread, patterns. Source: ECMA-262, chapter 7.4 and 27.1."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import value_of, walk_keys
from sim.programs.node.operators import nullish, truth
from sim.programs.node.values import (
    ASYNC_ITERATOR,
    DONE,
    HOLE,
    ITERATOR,
    JSArray,
    JSFunction,
    JSObject,
    Running,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]


class Items:
    """Over an array as it is at each step."""

    __slots__ = ("_array", "_at")
    open = False

    def __init__(self, array: JSArray) -> None:
        self._array, self._at = array, 0

    def step(self) -> Any:
        at = self._at
        if at >= len(self._array.items):
            return DONE
        self._at = at + 1
        found = self._array.items[at]
        return None if found is HOLE else found

    def close(self) -> Any: ...


class Plain:
    """Over an iterator of Python."""

    __slots__ = ("_values",)
    open = False

    def __init__(self, values: Iterator[Any]) -> None:
        self._values = values

    def step(self) -> Any:
        return next(self._values, DONE)

    def close(self) -> Any: ...


class Protocol:
    """Over what has a `next()` of its own. `open`: it is not at its end."""

    __slots__ = ("_iterator", "_next", "_realm", "open")

    def __init__(self, realm: Realm, iterator: Any) -> None:
        self._realm, self._iterator, self.open = realm, iterator, True
        self._next = value_of(realm, iterator, "next")

    def step(self) -> Any:
        self.open = False  # what its next() throws ends it
        return self._step()

    def _step(self) -> Steps:
        found = yield self._realm.start(self._next, self._iterator)
        return self.opened(found)

    def opened(self, found: Any) -> Any:
        """From { done, value } to the value."""
        if not isinstance(found, JSObject):
            raise self._realm.error("TypeError", f"Iterator result {found} is not an object")
        if truth(value_of(self._realm, found, "done")):
            return DONE
        self.open = True
        return value_of(self._realm, found, "value")

    def close(self) -> Any:
        self.open = False
        function = value_of(self._realm, self._iterator, "return")
        return None if nullish(function) else self._realm.start(function, self._iterator)


class Async(Protocol):
    """for await: `step` gives a promise of { done, value }."""

    __slots__ = ()

    def step(self) -> Any:
        self.open = False
        return self._realm.start(self._next, self._iterator)


class AsyncOfPlain:
    """for await over an ordinary iterable: the values may be promises."""

    __slots__ = ("_walk", "open")

    def __init__(self, walk: Any) -> None:
        self._walk, self.open = walk, False

    def step(self) -> Any:
        return self._walk.step()

    def opened(self, found: Any) -> Any:
        return found

    def close(self) -> Any: ...


def points(text: str) -> Iterator[str]:
    """A string by its characters; pairs stay together."""
    at = 0
    while at < len(text):
        size = 2 if "\ud800" <= text[at] <= "\udbff" and "\udc00" <= text[at + 1 : at + 2] <= "\udfff" else 1
        yield text[at : at + size]
        at += size


def iterate(realm: Realm, value: Any) -> Any:
    """Raises Thrown for what is not iterable."""
    if isinstance(value, JSArray) and realm.plain_arrays:
        return Items(value)
    if type(value) is str:
        return Plain(points(value))
    function = None if nullish(value) else value_of(realm, value, ITERATOR)
    if not isinstance(function, JSFunction):
        from sim.programs.node.inspecting import brief

        what = brief(value) if not isinstance(value, JSObject) else "object is not iterable (cannot read property " \
            "Symbol(Symbol.iterator))"  # fmt: skip
        raise realm.error("TypeError", f"{what} is not iterable" if not isinstance(value, JSObject) else what)
    iterator = realm.run(function, value)
    if isinstance(iterator, JSObject) and iterator.kind.endswith("Iterator") and iterator.data is not None:
        return Plain(iterator.data)
    return Protocol(realm, iterator)


def iterate_async(realm: Realm, value: Any) -> Any:
    function = None if nullish(value) else value_of(realm, value, ASYNC_ITERATOR)
    if isinstance(function, JSFunction):
        return Async(realm, realm.run(function, value))
    return AsyncOfPlain(iterate(realm, value))


def keys_of(realm: Realm, value: Any) -> Any:
    """for … in: those that are still there when it is their turn."""
    from sim.programs.node.access import has

    def still_there() -> Iterator[str]:
        for key in walk_keys(realm, value):
            if not isinstance(value, JSObject) or has(realm, value, key):
                yield key

    return Plain(still_there())


def listed(realm: Realm, value: Any) -> Any:
    """All values as a Python list; may have to run first."""
    if isinstance(value, JSArray) and realm.plain_arrays:
        return [None if one is HOLE else one for one in value.items]
    walk = iterate(realm, value)
    if not isinstance(walk, Protocol):
        return list(iter(walk.step, DONE))
    return _listed(walk)


def _listed(walk: Protocol) -> Steps:
    found: list[Any] = []
    while True:
        one = walk.step()
        if type(one) is Running:
            one = yield one
        if one is DONE:
            return found
        found.append(one)


def taken(realm: Realm, value: Any, count: int, rest: bool) -> list[Any]:
    """For a pattern: `count` values, undefined where there are none; then, if wanted, an array of the rest."""
    if isinstance(value, JSArray) and realm.plain_arrays:
        every = [None if one is HOLE else one for one in (value.items if rest else value.items[:count])]
    else:
        if nullish(value):
            raise realm.error("TypeError", f"{'undefined' if value is None else 'null'} is not iterable")
        every = _some(realm, iterate(realm, value), None if rest else count)
    found = every[:count] + [None] * (count - len(every))
    return [*found, realm.array(every[count:])] if rest else found


def _some(realm: Realm, walk: Any, count: int | None) -> list[Any]:
    found: list[Any] = []
    while count is None or len(found) < count:
        one = realm.settle(walk.step())
        if one is DONE:
            return found
        found.append(one)
    if walk.open:
        realm.settle(walk.close())
    return found
