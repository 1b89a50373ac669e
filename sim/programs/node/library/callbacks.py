"""Methods of arrays that call a function, which may have to run: map, sort. Source: ECMA-262, chapter 23.1.3."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from sim.programs.node.library.arrays import flattened, function_of, items_of, plain
from sim.programs.node.operators import number, text, truth
from sim.programs.node.values import HOLE, JSArray, JSFunction, Running

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]


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
    return realm.array(list(flattened(mapped.items, 1)))


def to_sorted(realm: Realm, this: Any, function: Any = None) -> Steps:
    return realm.array((yield sorted_by(realm, plain(realm, this), function)))


METHODS = {
    "sort": sort, "toSorted": to_sorted, "forEach": for_each, "map": map_, "filter": filter_, "find": _first(False),
    "findIndex": _first(True), "findLast": _first(False, True), "findLastIndex": _first(True, True), "some": some,
    "every": every, "reduce": _reduce(False), "reduceRight": _reduce(True), "flatMap": flat_map,
}  # fmt: skip
