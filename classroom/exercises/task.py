"""What an exercise is made of: an assignment has tasks, a task has criteria, and each that was looked at is a finding.

All of it is data. Every string but a name may have holes, `{first}`, which the student's own variant fills
(classroom/exercises/variants.py); a hole that no draw names stays as it is, as Docker's `{{.Names}}` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classroom.exercises.expectations import Expectation
    from classroom.exercises.looks import Look
    from classroom.exercises.variants import Draw

MOST_HINTS = 3


class Level(StrEnum):
    """What a task asks of a student: to follow steps, to apply an idea, to find out what is wrong."""

    FOLLOW = "follow"
    APPLY = "apply"
    DIAGNOSE = "diagnose"


@dataclass(frozen=True, slots=True)
class Text:
    """Words in both languages."""

    en: str
    ko: str

    def of(self, lang: str) -> str:
        return self.ko if lang == "ko" else self.en


UNSAID = Text("", "")  # until `load` has read the prose


@dataclass(frozen=True, slots=True)
class Criterion:
    """`points` for a `look` that is as it `expects`; `next` is what to do if it does not. All or nothing.

    `hidden`: only the grader looks; a released file does not have it.
    """

    name: str
    points: int
    look: Look
    expects: Expectation
    hidden: bool = False
    next: Text = UNSAID


@dataclass(frozen=True, slots=True)
class Explain:
    """An answer in the student's own words, which a person marks. `rubric` says for what."""

    points: int
    question: Text = UNSAID
    answer: Text = UNSAID
    rubric: Text = UNSAID


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mistake to make: the lines typed, the criteria that see it (`fails`), and a part of what one of them `says`."""

    commands: tuple[str, ...]
    fails: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Task:
    """`setup`, `solution` and `wrong` are lines as they are typed: `docker run …`; `fault NAME=VALUE` in a set-up
    breaks something (sim/board.py), and `predict NAME WORDS` in a solution locks an answer.
    """

    name: str
    level: Level
    misconceptions: tuple[int, ...]  # numbers of classroom/exercises/misconceptions.py
    criteria: tuple[Criterion, ...]
    draws: Mapping[str, Draw] = field(default_factory=dict)
    setup: tuple[str, ...] = ()
    profile: str = "linux"  # the machine (sim/profiles.py)
    real: bool = False  # the solution works on a real host as well
    files: Mapping[str, str] = field(default_factory=dict)  # path in a folder of the task's name: content
    predictions: tuple[str, ...] = ()  # names; the goal asks for them
    explain: Explain | None = None
    solution: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    title: Text = UNSAID
    goal: Text = UNSAID
    hints: tuple[Text, ...] = ()
    withheld: int = 0  # points of hidden criteria that a released task does not have

    @property
    def visible(self) -> int:
        """Points that a student can see."""
        return sum(each.points for each in self.criteria if not each.hidden)

    @property
    def hidden(self) -> int:
        return self.withheld + sum(each.points for each in self.criteria if each.hidden)

    @property
    def points(self) -> int:
        """All, with what a person marks."""
        return self.visible + self.hidden + (self.explain.points if self.explain else 0)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name`, as "04-images", begins with the number of its `lesson`."""

    name: str
    lesson: int
    title: Text
    intro: Text
    tasks: tuple[Task, ...]

    def task(self, name: str) -> Task:
        """Raises KeyError."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(name)

    @property
    def points(self) -> int:
        return sum(task.points for task in self.tasks)


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion, looked at. `message`: what was observed, what was expected, and the next step."""

    task: str
    criterion: str
    points: int
    maximum: int
    hidden: bool
    message: str

    @property
    def passed(self) -> bool:
        return self.points == self.maximum
