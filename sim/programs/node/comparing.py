"""Comparisons: `===`, `==`, `<`, `instanceof`, `in`. Source: ECMA-262, chapter 7.2, 13.10 and 13.11."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.programs.node.numbers import text_number
from sim.programs.node.operators import nullish, number, property_key, text, to_primitive, truth
from sim.programs.node.values import HAS_INSTANCE, JSFunction, JSObject, PrivateName, Symbol

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm


def same(left: Any, right: Any) -> bool:
    """`===`"""
    return type(left) is type(right) and bool(left == right)


def different(left: Any, right: Any) -> bool:
    return type(left) is not type(right) or bool(left != right)


def equal(realm: Realm, left: Any, right: Any) -> bool:
    """`==`"""
    if type(left) is type(right):
        return bool(left == right)
    if nullish(left) or nullish(right):
        return nullish(left) and nullish(right)
    if isinstance(left, JSObject) and isinstance(right, JSObject):
        return left is right
    if isinstance(left, JSObject):
        return equal(realm, to_primitive(realm, left), right)
    if isinstance(right, JSObject):
        return equal(realm, left, to_primitive(realm, right))
    if type(left) is Symbol or type(right) is Symbol:
        return False
    return _plain(left) == _plain(right)


def _plain(value: Any) -> float | int:
    """A number to compare by; BigInts stay exact."""
    if type(value) is str:
        return text_number(value)
    return value if type(value) is int else float(value)


def unequal(realm: Realm, left: Any, right: Any) -> bool:
    return not equal(realm, left, right)


def _pair(realm: Realm, left: Any, right: Any) -> tuple[Any, Any]:
    left, right = to_primitive(realm, left, "number"), to_primitive(realm, right, "number")
    if type(left) is str is type(right):
        return left, right
    return (left if type(left) is int else number(realm, left)), (right if type(right) is int else number(realm, right))


def less(realm: Realm, left: Any, right: Any) -> bool:
    if type(left) is not float or type(right) is not float:
        left, right = _pair(realm, left, right)
    return bool(left < right)


def greater(realm: Realm, left: Any, right: Any) -> bool:
    if type(left) is not float or type(right) is not float:
        left, right = _pair(realm, left, right)
    return bool(left > right)


def at_most(realm: Realm, left: Any, right: Any) -> bool:
    if type(left) is not float or type(right) is not float:
        left, right = _pair(realm, left, right)
    return bool(left <= right)


def at_least(realm: Realm, left: Any, right: Any) -> bool:
    if type(left) is not float or type(right) is not float:
        left, right = _pair(realm, left, right)
    return bool(left >= right)


def same_value(left: Any, right: Any) -> bool:
    """Object.is"""
    if type(left) is float is type(right):
        return (left != left and right != right) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    return same(left, right)


def same_or_nan(left: Any, right: Any) -> bool:
    """As includes() and Map compare."""
    return same(left, right) or (type(left) is float is type(right) and left != left and right != right)


def instance_of(realm: Realm, value: Any, kind: Any) -> bool:
    if not isinstance(kind, JSObject):
        raise realm.error("TypeError", "Right-hand side of 'instanceof' is not an object")
    special = realm.value_of(kind, HAS_INSTANCE)
    if not nullish(special):
        return truth(realm.run(special, kind, value))
    if not isinstance(kind, JSFunction):
        raise realm.error("TypeError", "Right-hand side of 'instanceof' is not callable")
    return ordinary_instance(realm, value, kind)


def ordinary_instance(realm: Realm, value: Any, kind: JSFunction) -> bool:
    while kind.bound is not None:
        kind = kind.bound
    wanted = realm.value_of(kind, "prototype")
    proto = value.proto if isinstance(value, JSObject) else None
    while proto is not None:
        if proto is wanted:
            return True
        proto = proto.proto
    return False


def has_property(realm: Realm, key: Any, owner: Any) -> bool:
    if not isinstance(owner, JSObject):
        from sim.programs.node.inspecting import brief

        raise realm.error("TypeError", f"Cannot use 'in' operator to search for '{text(realm, key)}' in {brief(owner)}")
    return realm.has(owner, key if type(key) is PrivateName else property_key(realm, key))
