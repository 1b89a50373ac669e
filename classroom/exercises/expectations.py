"""Expectations: what a look should have seen. Data, with words in both languages.

Numbers and words are compared as they are written: `Is("8080")` is met by 8080, since variants are words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from classroom.exercises.looks import Look
from classroom.exercises.task import Text
from classroom.exercises.world import World
from classroom.words import short_ids

LONGEST = 120  # characters of a value that are shown


class Expectation(Protocol):
    """What is expected. Its strings may have holes until it is used."""

    def met(self, seen: Any, world: World) -> bool: ...

    @property
    def words(self) -> Text: ...


def plain(value: Any) -> str:
    """A value as it is compared: true, 8080, exited; a list's parts with blanks between them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return " ".join(plain(each) for each in value)  # as the words of a command
    return "" if value is None else str(value)


def shown(value: Any, lang: str) -> str:
    """A value as it is told."""
    if value is None:
        return {"en": "not there", "ko": "없음"}[lang]
    if isinstance(value, int | float):
        return plain(value)
    text = short_ids(plain(value)).replace("\n", " ⏎ ")
    if not text:
        return {"en": "empty", "ko": "비어 있음"}[lang]
    return f"“{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}”"


@dataclass(frozen=True, slots=True)
class Is:
    value: Any

    def met(self, seen: Any, world: World) -> bool:
        return seen is not None and plain(seen) == plain(self.value)

    @property
    def words(self) -> Text:
        return Text(shown(self.value, "en"), shown(self.value, "ko"))


@dataclass(frozen=True, slots=True)
class IsNot:
    """Something is there, and it is something else."""

    value: Any

    def met(self, seen: Any, world: World) -> bool:
        return seen is not None and plain(seen) != plain(self.value)

    @property
    def words(self) -> Text:
        return Text(f"anything but {shown(self.value, 'en')}", f"{shown(self.value, 'ko')}이(가) 아닌 값")


@dataclass(frozen=True, slots=True)
class Among:
    """One of several values."""

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)

    def met(self, seen: Any, world: World) -> bool:
        return seen is not None and plain(seen) in self.values

    @property
    def words(self) -> Text:
        listed = ", ".join(shown(value, "en") for value in self.values)
        return Text(f"one of {listed}", f"{listed} 가운데 하나")


@dataclass(frozen=True, slots=True)
class Contains:
    text: str

    def met(self, seen: Any, world: World) -> bool:
        return seen is not None and self.text in plain(seen)

    @property
    def words(self) -> Text:
        return Text(f"something with “{self.text}” in it", f"“{self.text}”이(가) 들어 있는 값")


@dataclass(frozen=True, slots=True)
class Has:
    """A list with this among its parts: `Has("D /etc/passwd")` of `Changes`."""

    part: str

    def met(self, seen: Any, world: World) -> bool:
        return isinstance(seen, list | tuple) and self.part in map(plain, seen)

    @property
    def words(self) -> Text:
        return Text(f"“{self.part}” among it", f"“{self.part}” 포함")


@dataclass(frozen=True, slots=True)
class Lacks:
    """A list that is there, without this among its parts."""

    part: str

    def met(self, seen: Any, world: World) -> bool:
        return isinstance(seen, list | tuple) and self.part not in map(plain, seen)

    @property
    def words(self) -> Text:
        return Text(f"no “{self.part}” among it", f"“{self.part}” 없음")


@dataclass(frozen=True, slots=True)
class Matches:
    """A regular expression for the whole value; `means` says it to people."""

    pattern: str
    means: Text

    def met(self, seen: Any, world: World) -> bool:
        return seen is not None and re.fullmatch(self.pattern, plain(seen)) is not None

    @property
    def words(self) -> Text:
        return self.means


@dataclass(frozen=True, slots=True)
class AtLeast:
    number: str | int

    def met(self, seen: Any, world: World) -> bool:
        return isinstance(seen, int | float) and seen >= int(self.number)

    @property
    def words(self) -> Text:
        return Text(f"{self.number} or more", f"{self.number} 이상")


@dataclass(frozen=True, slots=True)
class AtMost:
    number: str | int

    def met(self, seen: Any, world: World) -> bool:
        return isinstance(seen, int | float) and seen <= int(self.number)

    @property
    def words(self) -> Text:
        return Text(f"{self.number} or less", f"{self.number} 이하")


@dataclass(frozen=True, slots=True)
class There:
    """Anything at all."""

    def met(self, seen: Any, world: World) -> bool:
        return seen is not None

    @property
    def words(self) -> Text:
        return Text("something", "있음")


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing. With `beside`, something else must be there: who has done nothing has removed nothing."""

    beside: Look | None = None

    def met(self, seen: Any, world: World) -> bool:
        return seen is None and (self.beside is None or self.beside.see(world) is not None)

    @property
    def words(self) -> Text:
        if self.beside is None:
            return Text("nothing", "없음")
        other = self.beside.subject
        return Text(f"nothing, while there is {other.en}", f"없음, 다만 다음은 있음: {other.ko}")


@dataclass(frozen=True, slots=True)
class Same:
    """The same as another look sees."""

    other: Look

    def met(self, seen: Any, world: World) -> bool:
        return seen is not None and plain(seen) == plain(self.other.see(world))

    @property
    def words(self) -> Text:
        return Text(f"the same as {self.other.subject.en}", f"다음과 같은 값: {self.other.subject.ko}")


@dataclass(frozen=True, slots=True)
class Differs:
    """Another look sees something else."""

    other: Look

    def met(self, seen: Any, world: World) -> bool:
        there = self.other.see(world)
        return seen is not None and there is not None and plain(seen) != plain(there)

    @property
    def words(self) -> Text:
        return Text(f"other than {self.other.subject.en}", f"다음과 다른 값: {self.other.subject.ko}")


EXPECTATIONS = (Is, IsNot, Among, Contains, Has, Lacks, Matches, AtLeast, AtMost, There, Gone, Same, Differs)
