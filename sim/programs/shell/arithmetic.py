"""Arithmetic expansion: C's integer expressions with assignment, in 64 bits that wrap round (POSIX XCU 2.6.4).

An expression is compiled once into a function of the variables. A variable's value is itself an expression, as in ash:
after `a=1+2`, `$((a*2))` is 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol


class ArithmeticFailure(Exception):
    """The expression cannot be computed; the text is ash's."""


class Variables(Protocol):
    """What an expression needs of the shell."""

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, value: str) -> None: ...


Compute = Callable[[Variables], int]
Binary = Callable[[int, int], int]

_TOKEN = re.compile(
    r"\s*(?:([A-Za-z_]\w*)|(\d+#[0-9A-Za-z@_]+|0[xX][0-9A-Fa-f]+|\d+)(?!\w)"
    r"|(\*\*=?|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&^|]=|[-+*/%&^|<>=!~?:,()]))",
    re.ASCII,
)
_SYNTAX = "arithmetic syntax error"
_DIGITS = {char: value for value, char in enumerate("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_")}


def wrap(value: int) -> int:
    """`value` as a signed 64-bit number.

    >>> wrap(2**63)
    -9223372036854775808
    """
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise ArithmeticFailure("divide by zero")
    quotient = abs(left) // abs(right)  # C rounds towards zero
    return quotient if (left < 0) == (right < 0) else -quotient


def _power(left: int, right: int) -> int:
    if right < 0:
        raise ArithmeticFailure("exponent less than 0")
    return pow(left, right, 1 << 64)


# operator: (how strongly it binds, what it does); && and || are apart, as they may skip their right side
_BINARY: dict[str, tuple[int, Binary]] = {
    "|": (3, lambda a, b: a | b),
    "^": (4, lambda a, b: a ^ b),
    "&": (5, lambda a, b: a & b),
    "==": (6, lambda a, b: int(a == b)),
    "!=": (6, lambda a, b: int(a != b)),
    "<": (7, lambda a, b: int(a < b)),
    ">": (7, lambda a, b: int(a > b)),
    "<=": (7, lambda a, b: int(a <= b)),
    ">=": (7, lambda a, b: int(a >= b)),
    "<<": (8, lambda a, b: a << (b & 63)),
    ">>": (8, lambda a, b: a >> (b & 63)),
    "+": (9, lambda a, b: a + b),
    "-": (9, lambda a, b: a - b),
    "*": (10, lambda a, b: a * b),
    "/": (10, _divide),
    "%": (10, lambda a, b: a - _divide(a, b) * b),
    "**": (11, _power),
}
_BINDING = {"||": 1, "&&": 2} | {name: strength for name, (strength, _) in _BINARY.items()}
_ASSIGNMENTS = {"="} | {name + "=" for name in ("+", "-", "*", "/", "%", "**", "<<", ">>", "&", "^", "|")}
_UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: wrap(-a),
    "+": lambda a: a,
    "!": lambda a: int(not a),
    "~": lambda a: ~a,
}


def evaluate(text: str, variables: Variables) -> int:
    """The value of an expression. Raises ArithmeticFailure.

    >>> evaluate("(1 + 2) * 3", {})
    9
    """
    return compile_expression(text)(variables)


@lru_cache(maxsize=2048)
def compile_expression(text: str) -> Compute:
    """The expression as a function. Raises ArithmeticFailure for its syntax."""
    try:
        return _Expression(text).whole()
    except RecursionError:
        raise ArithmeticFailure(_SYNTAX) from None


class _Expression:
    """One expression being compiled, by precedence climbing."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> Compute:
        if not self._tokens:
            return lambda _: 0
        compute = self._comma()
        if self._at < len(self._tokens):
            raise ArithmeticFailure(_SYNTAX)
        return compute

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _comma(self) -> Compute:
        left = self._assignment()
        while self._peek() == ",":
            self._take()
            left = _after(left, self._assignment())
        return left

    def _assignment(self) -> Compute:
        """`name = …`, `name += …`, …, or a conditional."""
        name, operator = self._peek(), self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        if _is_name(name) and operator in _ASSIGNMENTS:
            self._at += 2
            return _assign(name, operator[:-1], self._assignment())
        return self._conditional()

    def _conditional(self) -> Compute:
        condition = self._binary(1)
        if self._peek() != "?":
            return condition
        self._take()
        yes = self._comma()
        if self._take() != ":":
            raise ArithmeticFailure("malformed ?: operator")
        no = self._assignment()
        return lambda variables: yes(variables) if condition(variables) else no(variables)

    def _binary(self, least: int) -> Compute:
        left = self._unary()
        self._part_signs()
        while (strength := _BINDING.get(operator := self._peek(), 0)) >= least:
            self._take()
            right = self._binary(strength if operator == "**" else strength + 1)
            left = _combine(operator, left, right)
        return left

    def _part_signs(self) -> None:
        """Read `++` or `--` as two signs, where there is no variable to step: `1--1`, `--1`."""
        if (token := self._peek()) in ("++", "--"):
            self._tokens[self._at : self._at + 1] = token

    def _unary(self) -> Compute:
        token = self._take()
        if token in ("++", "--"):
            if _is_name(self._peek()):
                return _step(self._take(), 1 if token == "++" else -1, returns_old=False)
            self._at -= 1
            self._part_signs()
            token = self._take()
        if (apply := _UNARY.get(token)) is not None:
            operand = self._unary()
            return lambda variables: apply(operand(variables))
        return self._primary(token)

    def _primary(self, token: str) -> Compute:
        if token == "(":
            inner = self._comma()
            if self._take() != ")":
                raise ArithmeticFailure(_SYNTAX)
            return inner
        if _is_name(token):
            if self._peek() in ("++", "--"):
                return _step(token, 1 if self._take() == "++" else -1, returns_old=True)
            return lambda variables: _value(token, variables)
        if token[:1].isdigit():
            number = _number(token)
            return lambda _: number
        raise ArithmeticFailure(_SYNTAX)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            raise ArithmeticFailure(_SYNTAX)
        tokens.append(found[0].lstrip())
        position = found.end()
    return tokens


def _is_name(token: str) -> bool:
    return token[:1].isalpha() or token[:1] == "_"


def _number(token: str) -> int:
    """A constant: decimal, 0octal, 0xhexadecimal, base#digits. One that is too large is 0, as in ash."""
    try:
        if "#" in token:
            base, _, digits = token.partition("#")
            return _in_base(digits, int(base))
        value = int(token, 16) if token[:2] in ("0x", "0X") else int(token, 8 if token[0] == "0" else 10)
    except ValueError:
        raise ArithmeticFailure(_SYNTAX) from None
    return wrap(value) if value < 1 << 64 else 0


def _in_base(digits: str, base: int) -> int:
    if not 2 <= base <= 64:
        raise ValueError(base)
    value = 0
    for char in digits if base > 36 else digits.lower():
        if _DIGITS[char] >= base:
            raise ValueError(char)
        value = value * base + _DIGITS[char]
    return wrap(value)


def _value(name: str, variables: Variables) -> int:
    """A variable as a number: its text is computed in its turn; unset is 0."""
    text = variables.get(name)
    if not text:
        return 0
    if text.isdecimal() and text[0] != "0" and len(text) < 19:
        return int(text)
    try:
        return compile_expression(text)(variables)
    except RecursionError:
        raise ArithmeticFailure("expression recursion loop detected") from None


def _after(first: Compute, second: Compute) -> Compute:
    def compute(variables: Variables) -> int:
        first(variables)
        return second(variables)

    return compute


def _combine(operator: str, left: Compute, right: Compute) -> Compute:
    if operator == "&&":
        return lambda variables: int(bool(left(variables)) and bool(right(variables)))
    if operator == "||":
        return lambda variables: int(bool(left(variables)) or bool(right(variables)))
    apply = _BINARY[operator][1]
    return lambda variables: wrap(apply(left(variables), right(variables)))


def _assign(name: str, operator: str, right: Compute) -> Compute:
    apply = _BINARY[operator][1] if operator else None

    def compute(variables: Variables) -> int:
        value = right(variables)
        if apply is not None:
            value = wrap(apply(_value(name, variables), value))
        variables.set(name, str(value))
        return value

    return compute


def _step(name: str, by: int, returns_old: bool) -> Compute:
    def compute(variables: Variables) -> int:
        old = _value(name, variables)
        new = wrap(old + by)
        variables.set(name, str(new))
        return old if returns_old else new

    return compute
