"""awk's values: numbers, strings, and strings from the input that count as numbers if they look like one ("strnum")."""

from __future__ import annotations

import re

Value = float | str

_NUMBER = re.compile(r"[ \t\n\r\f\v]*([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?))")


class Strnum(str):
    """Text that came from the input."""

    __slots__ = ()


class Uninitialised(str):
    """A variable that was never set: "" and 0 at once."""

    __slots__ = ()


NOTHING = Uninitialised("")


def number(value: Value) -> float:
    """Its beginning as a number; 0 if there is none."""
    if isinstance(value, float):
        return value
    match = _NUMBER.match(value)
    return float(match[1]) if match else 0.0


def string(value: Value, form: str = "%.6g") -> str:
    """Integers without a point, others by CONVFMT or OFMT."""
    if isinstance(value, str):
        return value
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else form % value


def truth(value: Value) -> bool:
    if isinstance(value, Strnum) and looks_numeric(value):
        return number(value) != 0
    return value != 0 if isinstance(value, float) else value != ""


def looks_numeric(text: str) -> bool:
    match = _NUMBER.match(text)
    return match is not None and not text[match.end() :].strip(" \t\n\r\f\v")


def compare(left: Value, right: Value) -> int:
    """-1, 0, 1: as numbers if both are numbers or look like them, else as strings."""
    if _numeric(left) and _numeric(right):
        a, b = number(left), number(right)
        return (a > b) - (a < b)
    first, second = string(left), string(right)
    return (first > second) - (first < second)


def _numeric(value: Value) -> bool:
    return isinstance(value, float | Uninitialised) or (isinstance(value, Strnum) and looks_numeric(value))


def formatted(form: str, values: list[Value]) -> str:
    """printf's conversions: %d %i %s %c %f %e %g %x %o %u %%, with flags, width, precision and *.

    >>> formatted("%-5s|%03d", ["ab", 7.0])
    'ab   |007'
    """
    left = list(values)

    def take() -> Value:
        return left.pop(0) if left else ""

    def one(match: re.Match[str]) -> str:
        flags, width, precision, verb = match[1], match[2], match[3] or "", match[4]
        if verb == "%":
            return "%"
        if width == "*":
            width = str(int(number(take())))
        if precision == ".*":
            precision = f".{int(number(take()))}"
        spec = f"%{flags}{width}{precision}"
        value = take()
        if verb == "c":
            return f"{spec}s" % (chr(int(value)) if isinstance(value, float) else value[:1])
        if verb == "s":
            return f"{spec}s" % string(value)
        if verb in "diuxXo":
            return f"{spec}{'d' if verb in 'iu' else verb}" % int(number(value))
        return f"{spec}{verb}" % number(value)

    return re.sub(r"%([-+ #0]*)(\d*|\*)(\.\d*|\.\*)?([a-zA-Z%])", one, form)
