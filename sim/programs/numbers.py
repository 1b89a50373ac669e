"""factor, and a bc for simple sums: + - * / % ^, parentheses, comparisons, variables, scale, sqrt()."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal, getcontext

from sim.abi import Proc
from sim.programs.options import Failure, Options, Usage, command, complain, is_gnu

TOKEN = re.compile(r"\s*(\d*\.\d+|\d+\.?|[a-z][a-z0-9_]*|<=|>=|==|!=|[-+*/%^()=<>])")
LARGEST = 1 << 64


@command(synopsis="[NUMBER]...", about="Print prime factors")
async def factor(proc: Proc, options: Options, operands: list[str]) -> int:
    words = operands or (await proc.read_all()).decode(errors="replace").split()
    for word in words:
        if not word.isdigit() or int(word) >= LARGEST:
            if is_gnu(proc):
                raise Failure(f"'{word}' is not a valid positive integer")
            raise Usage()
        number, primes = int(word), []
        divisor = 2
        while divisor * divisor <= number:
            while number % divisor == 0:
                primes.append(divisor)
                number //= divisor
            divisor += 1 + (divisor > 2)
            if divisor % 65536 == 1:
                await proc.cpu(0.0005)
        primes += [number] if number > 1 else []
        await proc.out(" ".join([f"{word}:", *map(str, primes)]) + "\n")
    return 0


class _Calculator:
    """POSIX bc's expressions with its rule of scales; one per run, as variables stay."""

    def __init__(self) -> None:
        self.scale = 0
        self.names: dict[str, Decimal] = {}
        self.tokens: list[str] = []

    def line(self, text: str) -> Decimal | None:
        """The value, None for an assignment. Raises ValueError (syntax), ZeroDivisionError."""
        self.tokens = []
        place = 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            if not found:
                raise ValueError(text)
            self.tokens.append(found[1])
            place = found.end()
        if len(self.tokens) > 2 and self.tokens[1] == "=" and self.tokens[0][0].isalpha():
            name, _ = self._take(), self._take()
            value = self._comparison()
            if name == "scale":
                self.scale = int(value)
            else:
                self.names[name] = value
            result = None
        else:
            result = self._comparison()
        if self.tokens:
            raise ValueError(text)
        return result

    def _take(self) -> str:
        if not self.tokens:
            raise ValueError("end")
        return self.tokens.pop(0)

    def _peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def _comparison(self) -> Decimal:
        value = self._sum()
        while self._peek() in COMPARISONS:
            value = Decimal(int(COMPARISONS[self._take()](value, self._sum())))
        return value

    def _sum(self) -> Decimal:
        value = self._product()
        while self._peek() in ("+", "-"):
            value = value + self._product() if self._take() == "+" else value - self._product()
        return value

    def _product(self) -> Decimal:
        value = self._sign()
        while self._peek() in ("*", "/", "%"):
            value = self._times(value, self._take(), self._sign())
        return value

    def _times(self, left: Decimal, sign: str, right: Decimal) -> Decimal:
        if sign == "*":
            digits = min(_scale(left) + _scale(right), max(self.scale, _scale(left), _scale(right)))
            return _cut(left * right, digits)
        if not right:
            raise ZeroDivisionError
        quotient = _cut(left / right, self.scale)
        return quotient if sign == "/" else left - quotient * right

    def _sign(self) -> Decimal:
        if self._peek() == "-":
            self._take()
            return -self._sign()
        return self._power()

    def _power(self) -> Decimal:
        base = self._atom()
        if self._peek() != "^":
            return base
        self._take()
        exponent = int(self._sign())
        if abs(exponent) > 10000:
            raise ValueError("exponent too large")
        if exponent < 0:
            return _cut(1 / base**-exponent, self.scale)
        return _cut(base**exponent, min(_scale(base) * exponent, max(self.scale, _scale(base))))

    def _atom(self) -> Decimal:
        token = self._take()
        if token == "(":
            value = self._comparison()
        elif token in ("sqrt", "length") and self._peek() == "(":
            self._take()
            value = self._comparison()
            value = _cut(value.sqrt(), max(self.scale, _scale(value))) if token == "sqrt" else Decimal(len(str(value)))
        elif token[0].isalpha():
            return Decimal(self.scale) if token == "scale" else self.names.get(token, Decimal(0))
        elif token[0].isdigit() or token[0] == ".":
            return Decimal(token)
        else:
            raise ValueError(token)
        if self._take() != ")":
            raise ValueError("parenthesis")
        return value


COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _cut(value: Decimal, digits: int) -> Decimal:
    """Without rounding."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)


def shown(value: Decimal) -> str:
    """Bc writes no zero before the point."""
    text = f"{value:f}"
    if "." in text and abs(value) < 1:
        text = text.replace("0.", ".", 1) if value else "0"
    return text


@command(
    "lqiswv", synopsis="[-lqw] [FILE]...", about="Arbitrary precision calculator\n\n\t-l\tscale is 20\n\t-q\tQuiet"
)
async def bc(proc: Proc, options: Options, operands: list[str]) -> int:
    getcontext().prec = 1000
    calculator = _Calculator()
    calculator.scale = 20 if "l" in options else 0
    for fd in [proc.open(path) for path in operands] + [0]:
        async for line in proc.lines(fd):
            for statement in line.decode(errors="replace").partition("#")[0].split(";"):
                if statement.strip() in ("quit", "halt"):
                    return 0
                try:
                    value = calculator.line(statement) if statement.strip() else None
                except ZeroDivisionError:
                    await complain(proc, "divide by zero")
                except (ValueError, ArithmeticError):
                    await complain(proc, "syntax error" if is_gnu(proc) else "bad expression")
                else:
                    await proc.out("" if value is None else shown(value) + "\n")
    return 0
