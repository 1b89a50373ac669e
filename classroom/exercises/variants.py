"""Each student's own names, ports, images, sizes and faults, drawn from who asks for what.

The same student, course and task give the same variant on every computer and in every version of Python: all is taken
from SHA-256, nothing from `hash` or `random`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

ANIMALS = (
    "otter", "heron", "lynx", "badger", "magpie", "falcon", "marten", "salmon", "turtle", "weasel",
    "crane", "tiger", "rabbit", "sparrow", "dolphin", "beetle", "gecko", "moose", "panda", "raven",
)  # fmt: skip
SALTS = 64  # draws are tried again so often until they differ from the others of their task


class Draw(Protocol):
    """What can be drawn. Different numbers give different values, as far as there are any."""

    def take(self, number: int) -> str: ...


@dataclass(frozen=True, slots=True)
class Name:
    """A name for a container, a volume, a network: "otter-417"."""

    def take(self, number: int) -> str:
        return f"{ANIMALS[number % len(ANIMALS)]}-{100 + number // len(ANIMALS) % 900}"


@dataclass(frozen=True, slots=True)
class Number:
    """From `low` to `high`, both included, in steps of `step`: a size, a count."""

    low: int
    high: int
    step: int = 1

    def take(self, number: int) -> str:
        return str(self.low + number % ((self.high - self.low) // self.step + 1) * self.step)


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the host that no service uses by custom."""

    def take(self, number: int) -> str:
        return str(8100 + number % 800)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these words: an image, a fault, an exit code."""

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    def take(self, number: int) -> str:
        return self.words[number % len(self.words)]


DRAWS = (Name, Number, Port, OneOf)


def number(*words: object) -> int:
    """64 bits that these words stand for."""
    return int.from_bytes(sha256("\0".join(str(word) for word in words).encode()).digest()[:8], "big")


def drawn(draws: Mapping[str, Draw], student: str, seed: int, task: str) -> dict[str, str]:
    """The variant. `seed` is the course's; `task` as "04-images/copies". No two values are the same if it can be."""
    values: dict[str, str] = {}
    for name, draw in draws.items():
        tries = (draw.take(number(seed, task, name, student, salt)) for salt in range(SALTS))
        values[name] = next((value for value in tries if value not in values.values()), draw.take(0))
    return values


def engine_seed(student: str, seed: int, task: str) -> int:
    """What a student's simulated host for a task is made from: 53 bits."""
    return number(seed, task, "engine", student) >> 11
