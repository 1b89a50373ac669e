"""Conversions and operators. Source: ECMA-262, chapter 7 and 13.5-13.15."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.programs.node.numbers import number_text, text_number, to_int32
from sim.programs.node.values import (
    TO_PRIMITIVE,
    JSFunction,
    JSObject,
    PrivateName,
    Symbol,
    null,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

MIXED = "Cannot mix BigInt and other types, use explicit conversions"
LARGEST_TEXT = 0x1FFFFFE8  # units of a string
MEBIBYTE = 1 << 20


def truth(value: Any) -> bool:
    return bool(value) and value == value


def nullish(value: Any) -> bool:
    return value is None or value is null


def type_of(value: Any) -> str:
    kind = type(value)
    if kind in _TYPES:
        return _TYPES[kind]
    return "function" if isinstance(value, JSFunction) else "object"


_TYPES = {float: "number", str: "string", bool: "boolean", int: "bigint", type(None): "undefined", Symbol: "symbol"}


# -- conversions


def to_primitive(realm: Realm, value: Any, hint: str = "default") -> Any:
    """Raises Thrown."""
    if not isinstance(value, JSObject):
        return value
    special = realm.value_of(value, TO_PRIMITIVE)
    if not nullish(special):
        return realm.run(special, value, hint)
    for name in ("toString", "valueOf") if hint == "string" else ("valueOf", "toString"):
        function = realm.value_of(value, name)
        if isinstance(function, JSFunction):
            found = realm.run(function, value)
            if not isinstance(found, JSObject):
                return found
    raise realm.error("TypeError", "Cannot convert object to primitive value")


def text(realm: Realm, value: Any) -> str:
    """String(value), as templates and `+` do it. Raises Thrown."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return number_text(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "undefined"
    if value is null or kind is int:
        return str(value)
    if kind is Symbol:
        raise realm.error("TypeError", "Cannot convert a Symbol value to a string")
    return text(realm, to_primitive(realm, value, "string"))


def number(realm: Realm, value: Any) -> float:
    """Raises Thrown."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return text_number(value)
    if value is None:
        return math.nan
    if value is null:
        return 0.0
    if kind is bool:
        return 1.0 if value else 0.0
    if kind is int:
        raise realm.error("TypeError", "Cannot convert a BigInt value to a number")
    if kind is Symbol:
        raise realm.error("TypeError", "Cannot convert a Symbol value to a number")
    return number(realm, to_primitive(realm, value, "number"))


def numeric(realm: Realm, value: Any) -> Any:
    """A number or a BigInt."""
    if type(value) in (float, int):
        return value
    value = to_primitive(realm, value, "number")
    return value if type(value) is int else number(realm, value)


def integer(realm: Realm, value: Any, default: float = 0) -> float:
    """Without its fraction; infinities stay."""
    if value is None:
        return default
    found = number(realm, value)
    if found != found:
        return 0
    return found if math.isinf(found) else math.trunc(found)


def property_key(realm: Realm, value: Any) -> Any:
    kind = type(value)
    if kind in (str, Symbol, PrivateName):
        return value
    value = to_primitive(realm, value, "string")
    return value if type(value) is Symbol else text(realm, value)


def held_key(realm: Realm, value: Any) -> Any:
    """A key that is needed twice; numbers stay, for arrays."""
    return value if type(value) is float else property_key(realm, value)


def joined(realm: Realm, *parts: Any) -> str:
    return realm.held("".join([part if type(part) is str else text(realm, part) for part in parts]))


# -- arithmetic


def add(realm: Realm, left: Any, right: Any) -> Any:
    if type(left) is float is type(right):
        return left + right
    if type(left) is not str or type(right) is not str:
        left, right = to_primitive(realm, left), to_primitive(realm, right)
    if type(left) is str or type(right) is str:
        found = text(realm, left) + text(realm, right)
        return found if len(found) < MEBIBYTE else realm.held(found)
    return _arithmetic(realm, left, right, lambda a, b: a + b)


def _arithmetic(realm: Realm, left: Any, right: Any, operation: Any) -> Any:
    left, right = numeric(realm, left), numeric(realm, right)
    if type(left) is not type(right):
        raise realm.error("TypeError", MIXED)
    return operation(left, right)


def subtract(realm: Realm, left: Any, right: Any) -> Any:
    if type(left) is float is type(right):
        return left - right
    return _arithmetic(realm, left, right, lambda a, b: a - b)


def multiply(realm: Realm, left: Any, right: Any) -> Any:
    if type(left) is float is type(right):
        return left * right
    return _arithmetic(realm, left, right, lambda a, b: a * b)


def divide(realm: Realm, left: Any, right: Any) -> Any:
    if type(left) is float is type(right):
        return left / right if right else _by_zero(left, right)
    return _arithmetic(realm, left, right, lambda a, b: _divided(realm, a, b))


def _by_zero(left: float, right: float) -> float:
    if left == 0 or left != left:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _divided(realm: Realm, left: Any, right: Any) -> Any:
    if type(left) is float:
        return divide(realm, left, right)
    if not right:
        raise realm.error("RangeError", "Division by zero")
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def remainder(realm: Realm, left: Any, right: Any) -> Any:
    if type(left) is float is type(right):
        if not right or math.isinf(left):
            return math.nan
        return math.fmod(left, right)
    return _arithmetic(realm, left, right, lambda a, b: _rest(realm, a, b))


def _rest(realm: Realm, left: Any, right: Any) -> Any:
    if type(left) is float:
        return remainder(realm, left, right)
    return left - right * _divided(realm, left, right)


def power(realm: Realm, left: Any, right: Any) -> Any:
    def raised(base: Any, exponent: Any) -> Any:
        if type(base) is int:
            if exponent < 0:
                raise realm.error("RangeError", "Exponent must be non-negative")
            if base.bit_length() * exponent > 1 << 30:
                raise realm.error("RangeError", "Maximum BigInt size exceeded")
            return base**exponent
        return float_power(base, exponent)

    return _arithmetic(realm, left, right, raised)


def float_power(base: float, exponent: float) -> float:
    if exponent != exponent or (abs(base) == 1 and math.isinf(exponent)):
        return math.nan
    try:
        found = math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan
    return found


def increment(realm: Realm, value: Any) -> Any:
    if type(value) is float:
        return value + 1.0
    value = numeric(realm, value)
    return value + (1 if type(value) is int else 1.0)


def decrement(realm: Realm, value: Any) -> Any:
    if type(value) is float:
        return value - 1.0
    value = numeric(realm, value)
    return value - (1 if type(value) is int else 1.0)


def negative(realm: Realm, value: Any) -> Any:
    return -numeric(realm, value)


def bit_not(realm: Realm, value: Any) -> Any:
    value = numeric(realm, value)
    return ~value if type(value) is int else float(~to_int32(value))


def _bits(realm: Realm, left: Any, right: Any, operation: Any) -> Any:
    def both(a: Any, b: Any) -> Any:
        if type(a) is int:
            return operation(a, b)
        return float(to_int32(float(operation(to_int32(a), to_int32(b)))))

    return _arithmetic(realm, left, right, both)


def bit_and(realm: Realm, left: Any, right: Any) -> Any:
    return _bits(realm, left, right, lambda a, b: a & b)


def bit_or(realm: Realm, left: Any, right: Any) -> Any:
    return _bits(realm, left, right, lambda a, b: a | b)


def bit_xor(realm: Realm, left: Any, right: Any) -> Any:
    return _bits(realm, left, right, lambda a, b: a ^ b)


def shift_left(realm: Realm, left: Any, right: Any) -> Any:
    def shifted(a: Any, b: Any) -> Any:
        if type(a) is int:
            return a << b if b >= 0 else a >> -b
        return float(to_int32(float((to_int32(a) << (to_int32(b) & 31)) & 0xFFFFFFFF)))

    return _arithmetic(realm, left, right, shifted)


def shift_right(realm: Realm, left: Any, right: Any) -> Any:
    def shifted(a: Any, b: Any) -> Any:
        if type(a) is int:
            return a >> b if b >= 0 else a << -b
        return float(to_int32(a) >> (to_int32(b) & 31))

    return _arithmetic(realm, left, right, shifted)


def shift_unsigned(realm: Realm, left: Any, right: Any) -> Any:
    bits = to_int32(number(realm, left)) & 0xFFFFFFFF
    return float(bits >> (to_int32(number(realm, right)) & 31))
