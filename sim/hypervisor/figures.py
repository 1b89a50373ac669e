"""A number that knows what it rests on: arithmetic carries along the names of the parameters it was made from.

So whoever shows a result can say which published, measured or assumed figures it depends on, and nobody has to write
that list by hand.

>>> walk = Figure(3.5, frozenset({"cpu.walk"}))
>>> (2 * walk + 1).value, sorted((2 * walk + 1).rests_on)
(8.0, ['cpu.walk'])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import add, mul, sub, truediv


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in whatever unit the parameters have; `rests_on`: their names."""

    value: float
    rests_on: frozenset[str] = frozenset()

    def __add__(self, other: Figure | float) -> Figure:
        return _join(add, self, other)

    def __radd__(self, other: Figure | float) -> Figure:
        return _join(add, other, self)

    def __sub__(self, other: Figure | float) -> Figure:
        return _join(sub, self, other)

    def __rsub__(self, other: Figure | float) -> Figure:
        return _join(sub, other, self)

    def __mul__(self, other: Figure | float) -> Figure:
        return _join(mul, self, other)

    def __rmul__(self, other: Figure | float) -> Figure:
        return _join(mul, other, self)

    def __truediv__(self, other: Figure | float) -> Figure:
        return _join(truediv, self, other)

    def __rtruediv__(self, other: Figure | float) -> Figure:
        return _join(truediv, other, self)

    def __float__(self) -> float:
        return float(self.value)


def figure(number: Figure | float) -> Figure:
    """A plain number rests on nothing."""
    return number if isinstance(number, Figure) else Figure(float(number))


def total(numbers: Iterable[Figure | float]) -> Figure:
    """Their sum."""
    return sum((figure(number) for number in numbers), Figure(0.0))


def least(*numbers: Figure | float) -> Figure:
    """The smallest value. It rests on all of them: each could have been the one that limits."""
    return _chosen(min, numbers)


def most(*numbers: Figure | float) -> Figure:
    """The largest value; see `least`."""
    return _chosen(max, numbers)


def _chosen(choose: Callable[[Iterable[float]], float], numbers: Iterable[Figure | float]) -> Figure:
    figures = [figure(number) for number in numbers]
    return Figure(choose([each.value for each in figures]), frozenset().union(*(each.rests_on for each in figures)))


def _join(operator: Callable[[float, float], float], left: Figure | float, right: Figure | float) -> Figure:
    left, right = figure(left), figure(right)
    return Figure(operator(left.value, right.value), left.rests_on | right.rests_on)
