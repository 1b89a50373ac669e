"""Number, Boolean, BigInt and their prototypes. Source: ECMA-262, chapters 20.3, 21.1 and 21.2."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from sim.programs.node.calling import prototype_for
from sim.programs.node.numbers import in_base, number_text, parse_float, parse_int
from sim.programs.node.operators import integer, number, numeric, text, to_primitive, truth
from sim.programs.node.values import TO_STRING_TAG, JSFunction, JSObject, Property

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

LARGEST_SAFE = 2.0**53 - 1


def _number(realm: Realm, this: Any, *args: Any) -> float:
    if not args:
        return 0.0
    value = to_primitive(realm, args[0], "number")
    return float(value) if type(value) is int else number(realm, value)


def _make(realm: Realm, target: JSFunction, args: Any) -> JSObject:
    return JSObject(prototype_for(realm, target, realm.number_prototype), None, "Number", _number(realm, None, *args))


def _plain(realm: Realm, this: Any) -> float:
    if type(this) is float:
        return this
    if isinstance(this, JSObject) and this.kind == "Number":
        return float(this.data)
    raise realm.error("TypeError", "Number.prototype.valueOf requires that 'this' be a Number")


def _to_string(realm: Realm, this: Any, base: Any = None) -> str:
    where = integer(realm, base, 10)
    if not 2 <= where <= 36:
        raise realm.error("RangeError", "toString() radix must be between 2 and 36")
    return in_base(_plain(realm, this), int(where))


def _digits(realm: Realm, given: Any, least: int, method: str) -> int:
    count = integer(realm, given)
    if not least <= count <= 100:
        raise realm.error("RangeError", f"{method}() argument must be between {least} and 100" if method != "toFixed"
                          else "toFixed() digits argument must be between 0 and 100")  # fmt: skip
    return int(count)


def to_fixed(realm: Realm, this: Any, digits: Any = None) -> str:
    value, count = _plain(realm, this), _digits(realm, digits, 0, "toFixed")
    if not math.isfinite(value) or abs(value) >= 1e21:
        return number_text(value)
    found = format(Decimal(value).quantize(Decimal(1).scaleb(-count), ROUND_HALF_UP), "f")
    return found if value >= 0 or float(found) != 0 or value == 0 else found if found.startswith("-") else f"-{found}"


def to_precision(realm: Realm, this: Any, digits: Any = None) -> str:
    value = _plain(realm, this)
    if digits is None or not math.isfinite(value):
        return number_text(value)
    count = _digits(realm, digits, 1, "toPrecision")
    if value == 0:
        return "0" if count == 1 else "0." + "0" * (count - 1)
    exact = Decimal(value)
    exponent = exact.adjusted()
    rounded = exact.quantize(Decimal(1).scaleb(exponent - count + 1), ROUND_HALF_UP)
    exponent = rounded.adjusted()
    if exponent < -6 or exponent >= count:
        sign, figures, _ = rounded.as_tuple()
        said = "".join(map(str, figures))[:count].ljust(count, "0")
        said = said[0] + (f".{said[1:]}" if count > 1 else "")
        return f"{'-' if sign else ''}{said}e{'+' if exponent >= 0 else '-'}{abs(exponent)}"
    return format(rounded.quantize(Decimal(1).scaleb(exponent - count + 1)), "f")


def to_exponential(realm: Realm, this: Any, digits: Any = None) -> str:
    value = _plain(realm, this)
    if not math.isfinite(value):
        return number_text(value)
    if digits is None:
        shortest = repr(value)
        found = f"{Decimal(shortest).normalize():e}"
    else:
        found = f"{Decimal(value):.{_digits(realm, digits, 0, 'toExponential')}e}"
    mantissa, _, exponent = found.partition("e")
    return f"{mantissa}e{'-' if exponent.startswith('-') else '+'}{exponent.lstrip('+-0') or '0'}"


def to_locale(realm: Realm, this: Any, locale: Any = None, options: Any = None) -> str:
    """In English: thousands with commas, three digits after the point at most."""
    value = _plain(realm, this)
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "NaN"
    least, most, prefix, suffix = 0, 3, "", ""
    if isinstance(options, JSObject):
        least = int(integer(realm, realm.value_of(options, "minimumFractionDigits"), 0))
        style = realm.value_of(options, "style")
        if style == "currency":
            least, most, prefix = 2, 2, _CURRENCIES.get(str(realm.value_of(options, "currency")), "¤")
        if style == "percent":
            value, most, suffix = value * 100, 0, "%"
        most = int(integer(realm, realm.value_of(options, "maximumFractionDigits"), max(most, least)))
    found = format(Decimal(repr(value)).quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP), ",f")
    whole, point, fraction = found.partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0") if point else ""
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{prefix}{whole.lstrip('-')}{'.' + fraction if fraction else ''}{suffix}"


_CURRENCIES = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩"}


def _is_integer(value: Any) -> bool:
    return type(value) is float and math.isfinite(value) and value == int(value)


# -- BigInt


def _bigint(realm: Realm, this: Any, value: Any = None) -> int:
    value = to_primitive(realm, value, "number")
    if type(value) is float:
        if not _is_integer(value):
            what = f"The number {number_text(value)} cannot be converted to a BigInt because it is not an integer"
            raise realm.error("RangeError", what)
        return int(value)
    if type(value) is str:
        try:
            return int(value.strip() or "0", 0)
        except ValueError:
            raise realm.error("SyntaxError", f"Cannot convert {value} to a BigInt") from None
    if type(value) in (bool, int):
        return int(value)
    raise realm.error("TypeError", f"Cannot convert {text(realm, value)} to a BigInt")


def _bigint_text(realm: Realm, this: Any, base: Any = None) -> str:
    from sim.programs.node.numbers import DIGITS

    value, by = this if type(this) is int else this.data, int(integer(realm, base, 10))
    if by == 10:
        return str(value)
    sign, left, found = "-" if value < 0 else "", abs(value), ""
    while left:
        left, digit = divmod(left, by)
        found = DIGITS[digit] + found
    return sign + (found or "0")


def _boolean(realm: Realm, this: Any) -> bool:
    return this if type(this) is bool else bool(this.data)


def install(realm: Realm) -> None:
    made = realm.constructor("Number", realm.number_prototype, _number, _make, 1)
    constants = {"MAX_SAFE_INTEGER": LARGEST_SAFE, "MIN_SAFE_INTEGER": -LARGEST_SAFE,
        "MAX_VALUE": 1.7976931348623157e308,
                 "MIN_VALUE": 5e-324, "EPSILON": 2.0**-52, "POSITIVE_INFINITY": math.inf,
                 "NEGATIVE_INFINITY": -math.inf,
                 "NaN": math.nan}  # fmt: skip
    made.props |= {name: Property(value) for name, value in constants.items()}
    realm.methods(made, {
        "isInteger": lambda realm, this, value=None: _is_integer(value),
        "isSafeInteger": lambda realm, this, value=None: _is_integer(value) and abs(value) <= LARGEST_SAFE,
        "isFinite": lambda realm, this, value=None: type(value) is float and math.isfinite(value),
        "isNaN": lambda realm, this, value=None: type(value) is float and value != value,
        "parseFloat": lambda realm, this, value=None: parse_float(text(realm, value)),
        "parseInt": lambda realm, this, value=None, base=None: parse_int(text(realm, value), int(integer(realm, base))),
    })  # fmt: skip
    realm.methods(realm.number_prototype, {
        "toString": _to_string, "toFixed": to_fixed, "toPrecision": to_precision, "toExponential": to_exponential,
        "toLocaleString": to_locale, "valueOf": lambda realm, this: _plain(realm, this),
    })  # fmt: skip
    realm.constructor("Boolean", realm.boolean_prototype, lambda realm, this, value=None: truth(value),
                      lambda realm, target, args: JSObject(prototype_for(realm, target, realm.boolean_prototype), None,
                                                           "Boolean", bool(args and truth(args[0]))), 1)  # fmt: skip
    realm.methods(realm.boolean_prototype, {
        "toString": lambda realm, this: "true" if _boolean(realm, this) else "false", "valueOf": _boolean,
    })  # fmt: skip
    big = realm.constructor("BigInt", realm.bigint_prototype, _bigint, None, 1)
    realm.methods(big, {"asIntN": lambda realm, this, bits, value: _signed(int(bits), value),
                        "asUintN": lambda realm, this, bits, value: value & ((1 << int(bits)) - 1)})  # fmt: skip
    realm.methods(realm.bigint_prototype, {
        "toString": _bigint_text, "toLocaleString": lambda realm, this, *_: f"{this:,}",
        "valueOf": lambda realm, this: numeric(realm, this),
    })  # fmt: skip
    realm.bigint_prototype.props[TO_STRING_TAG] = Property("BigInt", configurable=True)


def _signed(bits: int, value: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if bits and value >> (bits - 1) else value
