"""Math. Source: ECMA-262, chapter 21.3."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.programs.node.numbers import to_int32
from sim.programs.node.operators import float_power, number
from sim.programs.node.values import TO_STRING_TAG, Property, hidden

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

CONSTANTS = {"PI": math.pi, "E": math.e, "LN2": math.log(2), "LN10": math.log(10), "LOG2E": 1 / math.log(2),
             "LOG10E": 1 / math.log(10), "SQRT2": math.sqrt(2), "SQRT1_2": math.sqrt(0.5)}  # fmt: skip


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """Infinities, NaN and the sign of zero stay."""

    def rounded(value: float) -> float:
        if not math.isfinite(value):
            return value
        return math.copysign(float(function(value)), value)

    return rounded


def _log(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: -math.inf if value == 0 else math.nan if value < 0 else function(value)


def _safe(function: Callable[[float], float]) -> Callable[[float], float]:
    def computed(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return computed


def _round(value: float) -> int:
    return math.floor(value + 0.5) if abs(value) < 2**52 else int(value)


def _round_signed(value: float) -> float:
    if not math.isfinite(value):
        return value
    found = float(_round(value))
    return math.copysign(found, value) if found == 0 else found


ONE: dict[str, Callable[[float], float]] = {
    "abs": abs, "floor": _whole(math.floor), "ceil": _whole(math.ceil), "trunc": _whole(math.trunc),
    "round": _round_signed, "sign": lambda value: value if value == 0 or value != value else math.copysign(1.0, value),
    "sqrt": _safe(math.sqrt), "cbrt": lambda value: math.copysign(_cube_root(abs(value)), value),
    "exp": _safe(math.exp),
    "expm1": _safe(math.expm1), "log": _log(math.log), "log2": _log(math.log2), "log10": _log(math.log10),
    "log1p": _safe(math.log1p), "sin": _safe(math.sin), "cos": _safe(math.cos), "tan": _safe(math.tan),
    "asin": _safe(math.asin), "acos": _safe(math.acos), "atan": math.atan, "sinh": _safe(math.sinh),
    "cosh": _safe(math.cosh), "tanh": math.tanh, "asinh": math.asinh, "acosh": _safe(math.acosh),
    "atanh": _safe(math.atanh), "fround": lambda value: float(struct.unpack("f", struct.pack("f", value))[0]),
    "clz32": lambda value: float(32 - (to_int32(value) & 0xFFFFFFFF).bit_length()),
}  # fmt: skip


def _cube_root(value: float) -> float:
    root = round(value ** (1 / 3)) if value < 1e300 else 0
    return float(root) if root**3 == value else value ** (1 / 3)


def _one(function: Callable[[float], float]) -> Callable[..., float]:
    return lambda realm, this, value: function(number(realm, value))


def _most(pick: Callable[..., float], empty: float) -> Callable[..., float]:
    def found(realm: Realm, this: Any, *values: Any) -> float:
        given = [number(realm, one) for one in values]
        return math.nan if any(one != one for one in given) else pick(given, default=empty)

    return found


def _random(realm: Realm, this: Any) -> float:
    return realm.machine.random.random()


def install(realm: Realm) -> None:
    made = realm.object()
    realm.methods(made, {name: _one(function) for name, function in ONE.items()})
    realm.methods(made, {
        "max": _most(max, -math.inf), "min": _most(min, math.inf), "random": _random,
        "pow": lambda realm, this, base, exponent: float_power(number(realm, base), number(realm, exponent)),
        "atan2": lambda realm, this, y, x: math.atan2(number(realm, y), number(realm, x)),
        "hypot": lambda realm, this, *values: math.hypot(*(number(realm, one) for one in values)),
        "imul": lambda realm, this, a, b: float(to_int32(float(
            to_int32(number(realm, a)) * to_int32(number(realm, b)) & 0xFFFFFFFF))),
    })  # fmt: skip
    made.props |= {name: Property(value) for name, value in CONSTANTS.items()}
    made.props[TO_STRING_TAG] = Property("Math", configurable=True)
    realm.global_object.props["Math"] = hidden(made)
