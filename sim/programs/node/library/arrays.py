"""Array and its prototype. Source: ECMA-262, chapter 23.1."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import item, value_of
from sim.programs.node.calling import prototype_for
from sim.programs.node.iterating import listed
from sim.programs.node.operators import integer, nullish, number, same, same_or_nan, text, truth
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


def sort(realm: Realm, this: Any, function: Any = None) -> Steps:
    if function is not None and not isinstance(function, JSFunction):
        raise realm.error("TypeError", "The comparison function must be either a function or undefined")
    items = items_of(realm, this)
    if isinstance(this, JSArray) and this.frozen and items:
        raise realm.error("TypeError", "Cannot assign to read only property '0' of object '[object Array]'")
    items[:] = yield sorted_by(realm, items, function)
    return this


def sorted_by(realm: Realm, items: list[Any], function: Any) -> Steps:
    """In order: undefined and holes last; by their texts unless there is a function."""
    values = [one for one in items if one is not HOLE and one is not None]
    rest = [None] * items.count(None) + [HOLE] * sum(1 for one in items if one is HOLE)
    if function is None:
        return sorted(values, key=lambda one: text(realm, one)) + rest
    return (yield _merged(realm, values, function)) + rest


def _merged(realm: Realm, values: list[Any], function: JSFunction) -> Steps:
    """Merge sort, whose comparisons may have to run."""
    if len(values) < 2:
        return values
    middle = len(values) // 2
    left = yield _merged(realm, values[:middle], function)
    right = yield _merged(realm, values[middle:], function)
    found: list[Any] = []
    at = beside = 0
    while at < len(left) and beside < len(right):
        order = function.code(None, left[at], right[beside])
        order = (yield order) if type(order) is Running else order
        if number(realm, order) > 0:
            found.append(right[beside])
            beside += 1
        else:
            found.append(left[at])
            at += 1
    return found + left[at:] + right[beside:]


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
    return realm.array(list(_flat(items_of(realm, this), 1 if depth is None else integer(realm, depth))))


def _flat(items: list[Any], depth: float) -> Iterator[Any]:
    for one in items:
        if isinstance(one, JSArray) and depth >= 1:
            yield from _flat(one.items, depth - 1)
        elif one is not HOLE:
            yield one


# -- with a function


def _rounds(realm: Realm, this: Any, function: Any, receiver: Any, skip: bool = True) -> Iterator[tuple[int, Any, Any]]:
    """(index, element, what the function gives: a value, or a generator that has to run)"""
    code = function_of(realm, function).code
    items = items_of(realm, this)
    for index in range(len(items)):
        if index >= len(items):
            return
        one = items[index]
        if one is HOLE:
            if skip:
                continue
            one = None
        yield index, one, code(receiver, one, float(index), this)


def for_each(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
    for _, _, found in _rounds(realm, this, function, receiver):
        if type(found) is Running:
            yield found
    return None


def map_(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
    every: list[Any] = [HOLE] * len(items_of(realm, this))
    for index, _, found in _rounds(realm, this, function, receiver):
        every[index] = (yield found) if type(found) is Running else found
    return realm.array(every)


def filter_(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
    every = []
    for _, one, found in _rounds(realm, this, function, receiver):
        if truth((yield found) if type(found) is Running else found):
            every.append(one)
    return realm.array(every)


def _first(index: bool, backwards: bool = False) -> Any:
    def search(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
        items = items_of(realm, this)
        code = function_of(realm, function).code
        order = range(len(items) - 1, -1, -1) if backwards else range(len(items))
        for position in order:
            one = None if items[position] is HOLE else items[position]
            if truth((yield code(receiver, one, float(position), this))):
                return float(position) if index else one
        return -1.0 if index else None

    return search


def some(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
    for _, _, found in _rounds(realm, this, function, receiver):
        if truth((yield found) if type(found) is Running else found):
            return True
    return False


def every(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
    for _, _, found in _rounds(realm, this, function, receiver):
        if not truth((yield found) if type(found) is Running else found):
            return False
    return True


def _reduce(backwards: bool) -> Any:
    def reduce(realm: Realm, this: Any, function: Any, *first: Any) -> Steps:
        code = function_of(realm, function).code
        pairs = [(index, one) for index, one in enumerate(items_of(realm, this)) if one is not HOLE]
        if backwards:
            pairs.reverse()
        if first:
            held = first[0]
        elif pairs:
            held = pairs.pop(0)[1]
        else:
            raise realm.error("TypeError", "Reduce of empty array with no initial value")
        for index, one in pairs:
            held = code(None, held, one, float(index), this)
            held = (yield held) if type(held) is Running else held
        return held

    return reduce


def flat_map(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
    mapped = yield map_(realm, this, function, receiver)
    return realm.array(list(_flat(mapped.items, 1)))


# -- copies that are changed


def to_sorted(realm: Realm, this: Any, function: Any = None) -> Steps:
    return realm.array((yield sorted_by(realm, plain(realm, this), function)))


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
    made = realm.constructor("Array", realm.array_prototype, lambda realm, this, *args: _make(realm, made, args), _make, 1)
    realm.methods(made, {"isArray": lambda realm, this, value=None: isinstance(value, JSArray) and value.kind == "Array",
                         "of": _of, "from": _from})  # fmt: skip
    realm.methods(realm.array_prototype, {
        "push": push, "pop": pop, "shift": shift, "unshift": unshift, "splice": splice, "reverse": reverse, "fill": fill,
        "sort": sort, "concat": concat, "join": join, "slice": slice_, "indexOf": index_of, "includes": includes,
        "lastIndexOf": last_index_of, "at": at, "with": with_, "flat": flat, "forEach": for_each, "map": map_,
        "filter": filter_, "find": _first(False), "findIndex": _first(True), "findLast": _first(False, True),
        "findLastIndex": _first(True, True), "some": some, "every": every, "reduce": _reduce(False),
        "reduceRight": _reduce(True), "flatMap": flat_map, "toSorted": to_sorted, "toReversed": to_reversed,
        "toSpliced": to_spliced, "values": values, "keys": keys, "entries": entries,
        "toString": lambda realm, this: join(realm, this), "toLocaleString": lambda realm, this: join(realm, this),
    })  # fmt: skip
    realm.array_prototype.props[ITERATOR] = hidden(realm.array_prototype.props["values"].value)
    realm.arguments_prototype.props[ITERATOR] = realm.array_prototype.props[ITERATOR]


