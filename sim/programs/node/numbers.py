"""Numbers as JavaScript writes and reads them. Source: ECMA-262, Number::toString and StringToNumber."""

from __future__ import annotations

import math
import re

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_WHITE = " \t\n\r\v\f\u00a0\ufeff\u2028\u2029"


def number_text(value: float) -> str:
    """As String(value) gives it.

    >>> number_text(1.0), number_text(1e21), number_text(-0.0), number_text(1.5e-7)
    ('1', '1e+21', '0', '1.5e-7')
    """
    if value != value:
        return "NaN"
    if value in (math.inf, -math.inf):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e21:
        return str(int(float(repr(value)))) if abs(value) < 2**53 else _large(value)
    return _shortest(value)


def _large(value: float) -> str:
    """An integer of more than 53 bits: the shortest digits, then zeros."""
    sign = "-" if value < 0 else ""
    digits, exponent = _parts(abs(value))
    return sign + digits + "0" * (exponent - len(digits))


def _parts(value: float) -> tuple[str, int]:
    """Shortest digits d and exponent e of 0.d × 10^e."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")))
    return digits.rstrip("0") or "0", point + int(exponent or 0)


def _shortest(value: float) -> str:
    sign = "-" if value < 0 else ""
    digits, point = _parts(abs(value))
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    exponent = point - 1
    mantissa = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{'+' if exponent >= 0 else '-'}{abs(exponent)}"


def text_number(text: str) -> float:
    """As Number(text) gives it: NaN for what is none.

    >>> text_number(" 12 "), text_number(""), text_number("0x10")
    (12.0, 0.0, 16.0)
    """
    text = text.strip(_WHITE)
    if not text:
        return 0.0
    if text[:2].lower() in ("0x", "0o", "0b"):
        try:
            return float(int(text, 0)) if "_" not in text else math.nan
        except ValueError:
            return math.nan
    if _DECIMAL.fullmatch(text):
        return float(text)
    return math.nan


def parse_float(text: str) -> float:
    match = _DECIMAL.match(text.lstrip(_WHITE))
    return float(match[0]) if match else math.nan


def parse_int(text: str, base: int) -> float:
    text = text.strip(_WHITE).lower()
    sign = -1.0 if text[:1] == "-" else 1.0
    text = text[1:] if text[:1] in ("+", "-") else text
    if text[:2] == "0x" and base in (0, 16):
        text, base = text[2:], 16
    base = base or 10
    if not 2 <= base <= 36:
        return math.nan
    allowed = DIGITS[:base]
    count = next((at for at, letter in enumerate(text) if letter not in allowed), len(text))
    return sign * float(int(text[:count], base)) if count else math.nan


def in_base(value: float, base: int) -> str:
    """value.toString(base)."""
    if base == 10 or value != value or value in (math.inf, -math.inf):
        return number_text(value)
    sign, value = ("-" if value < 0 else ""), abs(value)
    whole, fraction = int(value), value - int(value)
    digits = ""
    while whole:
        whole, digit = divmod(whole, base)
        digits = DIGITS[digit] + digits
    if not fraction:
        return sign + (digits or "0")
    tail = ""
    smallest = max(math.ulp(value) / 2, 5e-324)
    while fraction >= smallest and len(tail) < 1100:
        fraction, smallest = fraction * base, smallest * base
        digit = int(fraction)
        fraction -= digit
        if fraction > 0.5 and fraction + smallest > 1:
            digit, fraction = digit + 1, 0.0
        tail += DIGITS[min(digit, base - 1)]
    return f"{sign}{digits or '0'}.{tail}"


def to_int32(value: float) -> int:
    """The 32 bits of a number, with sign."""
    if value != value or value in (math.inf, -math.inf):
        return 0
    bits = int(value) & 0xFFFFFFFF
    return bits - 0x100000000 if bits & 0x80000000 else bits
