"""Array and its prototype. Source: ECMA-262, chapter 23.1."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import item, value_of
from sim.programs.node.calling import prototype_for
from sim.programs.node.comparing import same, same_or_nan
from sim.programs.node.iterating import listed
from sim.programs.node.operators import integer, nullish, text
from sim.programs.node.values import (
    HOLE,
    ITERATOR,
    JSArray,
    JSFunction,
    JSObject,
    Running,
    hidden,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]
COUNTED, LARGE = 1 << 12, 1 << 20  # units of a string that count as memory in an array; anywhere


def items_of(realm: Realm, this: Any) -> list[Any]:
    """The elements of an array; of what only looks like one, a copy."""
    if isinstance(this, JSArray):
        return this.items
    if type(this) is str:
        return list(this)
    from sim.programs.node.library.objects import to_object

    owner = to_object(realm, this)
    length = int(integer(realm, value_of(realm, owner, "length")))
    return [item(realm, owner, float(index)) for index in range(max(0, length))]


def plain(realm: Realm, this: Any) -> list[Any]:
    """Without holes."""
    return [None if one is HOLE else one for one in items_of(realm, this)]


def _changing(realm: Realm, this: Any, what: str) -> list[Any]:
    """The elements, to change their number. Raises Thrown if that cannot be."""
    if not isinstance(this, JSArray):
        raise realm.error("TypeError", f"Array.prototype.{what} called on an object that is no array")
    if this.fixed or this.frozen:
        if what in ("push", "unshift"):
            raise realm.error("TypeError", f"Cannot add property {len(this.items)}, object is not extensible")
        raise realm.error("TypeError", f"Cannot delete property '{max(0, len(this.items) - 1)}' of [object Array]")
    return this.items


def clamp(realm: Realm, value: Any, length: int, default: int) -> int:
    """A position that may count from the end."""
    at = integer(realm, value, default)
    return int(max(0, length + at) if at < 0 else min(at, length))


def function_of(realm: Realm, function: Any) -> JSFunction:
    if not isinstance(function, JSFunction):
        from sim.programs.node.inspecting import brief

        raise realm.error("TypeError", f"{brief(function)} is not a function")
    return function


# -- making


def _make(realm: Realm, target: JSFunction, args: Any) -> JSArray:
    made = JSArray(prototype_for(realm, target, realm.array_prototype), list(args))
    if len(args) == 1 and type(args[0]) is float:
        if args[0] < 0 or args[0] != int(args[0]) or args[0] >= 2**32:
            raise realm.error("RangeError", "Invalid array length")
        if args[0] > 1 << 15:
            realm.machine.hold_for(made, int(args[0]) * 8)
        made.items = [HOLE] * int(args[0])
    return made


def _of(realm: Realm, this: Any, *args: Any) -> JSArray:
    return realm.array(list(args))


def _from(realm: Realm, this: Any, source: Any = None, function: Any = None, receiver: Any = None) -> Steps:
    if nullish(source):
        what = "undefined" if source is None else "object null"
        raise realm.error("TypeError", f"{what} is not iterable (cannot read property Symbol(Symbol.iterator))")
    if type(source) is str or isinstance(value_of(realm, source, ITERATOR), JSFunction):
        every = listed(realm, source)
        every = (yield every) if type(every) is Running else every
    else:
        every = plain(realm, source)
    if function is not None:
        code = function_of(realm, function)
        mapped = []
        for index, one in enumerate(every):
            mapped.append((yield realm.start(code, receiver, one, float(index))))
        every = mapped
    if isinstance(this, JSFunction) and this.role in ("class", "derived"):
        from sim.programs.node.calling import construct

        made = yield construct(realm, this, (), "this")
        made.items[:] = every
        return made
    return realm.array(every)


# -- changing


def push(realm: Realm, this: Any, *values: Any) -> float:
    items = _changing(realm, this, "push")
    items.extend(values)
    realm.grown(items)
    for one in values:
        if type(one) is str and COUNTED <= len(one) < LARGE:
            realm.machine.hold(len(one))  # larger ones were counted when they were made
    return float(len(items))


def pop(realm: Realm, this: Any) -> Any:
    items = _changing(realm, this, "pop")
    found = items.pop() if items else None
    _gone(realm, found)
    return None if found is HOLE else found


def shift(realm: Realm, this: Any) -> Any:
    items = _changing(realm, this, "shift")
    found = items.pop(0) if items else None
    _gone(realm, found)
    return None if found is HOLE else found


def _gone(realm: Realm, value: Any) -> None:
    if type(value) is str and COUNTED <= len(value) < LARGE:
        realm.machine.release(len(value))


def unshift(realm: Realm, this: Any, *values: Any) -> float:
    items = _changing(realm, this, "unshift")
    items[:0] = values
    return float(len(items))


def splice(realm: Realm, this: Any, *args: Any) -> JSArray:
    items = _changing(realm, this, "splice")
    start = clamp(realm, args[0] if args else None, len(items), 0)
    count = len(items) - start if len(args) == 1 else 0 if not args else int(
        max(0, min(integer(realm, args[1]), len(items) - start)))  # fmt: skip
    gone = items[start : start + count]
    items[start : start + count] = args[2:]
    return realm.array(gone)


def reverse(realm: Realm, this: Any) -> Any:
    items_of(realm, this).reverse()
    return this


def fill(realm: Realm, this: Any, value: Any = None, start: Any = None, end: Any = None) -> Any:
    items = items_of(realm, this)
    first, last = clamp(realm, start, len(items), 0), clamp(realm, end, len(items), len(items))
    items[first:last] = [value] * max(0, last - first)
    return this


# -- asking


def concat(realm: Realm, this: Any, *others: Any) -> JSArray:
    found = list(items_of(realm, this))
    for one in others:
        found += one.items if isinstance(one, JSArray) else [one]
    return realm.array(found)


def join(realm: Realm, this: Any, separator: Any = None) -> str:
    between = "," if separator is None else text(realm, separator)
    joining: list[Any] = realm.joining
    if any(one is this for one in joining):
        return ""
    joining.append(this)
    try:
        return realm.held(between.join("" if nullish(one) or one is HOLE else text(realm, one)
                                       for one in items_of(realm, this)))  # fmt: skip
    finally:
        joining.pop()


def slice_(realm: Realm, this: Any, start: Any = None, end: Any = None) -> JSArray:
    items = items_of(realm, this)
    return realm.array(items[clamp(realm, start, len(items), 0) : clamp(realm, end, len(items), len(items))])


def index_of(realm: Realm, this: Any, value: Any = None, start: Any = None) -> float:
    items = items_of(realm, this)
    first = clamp(realm, start, len(items), 0)
    return float(next((at for at in range(first, len(items)) if same(items[at], value)), -1))


def last_index_of(realm: Realm, this: Any, value: Any = None) -> float:
    items = items_of(realm, this)
    return float(next((at for at in range(len(items) - 1, -1, -1) if same(items[at], value)), -1))


def includes(realm: Realm, this: Any, value: Any = None, start: Any = None) -> bool:
    every = plain(realm, this)
    return any(same_or_nan(one, value) for one in every[clamp(realm, start, len(every), 0) :])


def at(realm: Realm, this: Any, index: Any = None) -> Any:
    every = items_of(realm, this)
    where = int(integer(realm, index))
    where = where + len(every) if where < 0 else where
    return (None if every[where] is HOLE else every[where]) if 0 <= where < len(every) else None


def with_(realm: Realm, this: Any, index: Any, value: Any = None) -> JSArray:
    every = plain(realm, this)
    where = int(integer(realm, index))
    where = where + len(every) if where < 0 else where
    if not 0 <= where < len(every):
        raise realm.error("RangeError", "Invalid index : " + text(realm, index))
    every[where] = value
    return realm.array(every)


def flat(realm: Realm, this: Any, depth: Any = None) -> JSArray:
    return realm.array(list(flattened(items_of(realm, this), 1 if depth is None else integer(realm, depth))))


def flattened(items: list[Any], depth: float) -> Iterator[Any]:
    for one in items:
        if isinstance(one, JSArray) and depth >= 1:
            yield from flattened(one.items, depth - 1)
        elif one is not HOLE:
            yield one


# -- copies that are changed


def to_reversed(realm: Realm, this: Any) -> JSArray:
    return realm.array(plain(realm, this)[::-1])


def to_spliced(realm: Realm, this: Any, *args: Any) -> JSArray:
    made = realm.array(plain(realm, this))
    splice(realm, made, *args)
    return made


# -- iterators


def iterator(realm: Realm, values: Iterator[Any], kind: str) -> JSObject:
    """An iterator of ours over one of Python's."""
    return JSObject(realm.iterator_prototypes[kind], None, f"{kind} Iterator", values)


def _values(items: JSArray) -> Iterator[Any]:
    index = 0
    while index < len(items.items):
        yield None if items.items[index] is HOLE else items.items[index]
        index += 1


def values(realm: Realm, this: Any) -> JSObject:
    source = this if isinstance(this, JSArray) else realm.array(items_of(realm, this))
    return iterator(realm, _values(source), "Array")


def keys(realm: Realm, this: Any) -> JSObject:
    return iterator(realm, (float(index) for index in range(len(items_of(realm, this)))), "Array")


def entries(realm: Realm, this: Any) -> JSObject:
    pairs = (realm.array([float(index), one]) for index, one in enumerate(plain(realm, this)))
    return iterator(realm, pairs, "Array")


def install(realm: Realm) -> None:
    made = realm.constructor(
        "Array", realm.array_prototype, lambda realm, this, *args: _make(realm, made, args), _make, 1
    )
    realm.methods(made, {"isArray": lambda realm, this, value=None: isinstance(value,
        JSArray) and value.kind == "Array",
                         "of": _of, "from": _from})  # fmt: skip
    realm.methods(realm.array_prototype, {
        "push": push, "pop": pop, "shift": shift, "unshift": unshift, "splice": splice, "reverse": reverse,
        "fill": fill,
        "concat": concat, "join": join, "slice": slice_, "indexOf": index_of, "includes": includes,
        "lastIndexOf": last_index_of, "at": at, "with": with_, "flat": flat, "toReversed": to_reversed,
        "toSpliced": to_spliced, "values": values, "keys": keys, "entries": entries,
        "toString": lambda realm, this: join(realm, this), "toLocaleString": lambda realm, this: join(realm, this),
    })  # fmt: skip
    from sim.programs.node.library import callbacks

    realm.methods(realm.array_prototype, callbacks.METHODS)
    realm.array_prototype.props[ITERATOR] = hidden(realm.array_prototype.props["values"].value)
    realm.arguments_prototype.props[ITERATOR] = realm.array_prototype.props[ITERATOR]
