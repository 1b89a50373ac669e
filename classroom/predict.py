"""Predict, then run, then compare: a guess that is kept before the experiment, and what the engine says afterwards.

predict("layers", ...)              # the learner puts a number in place of the dots
!docker pull redis
observe("layers", downloads())      # computed from the state that the learner's own commands produced

predict("who", ..., choices=["client", "daemon"])     # any other guess is not taken
observe("percent", 32, within=2)                      # 30 to 34 is near enough
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classroom.texts import tell


@dataclass(slots=True)
class Question:
    """`guess` and `truth`; Ellipsis while there is none."""

    guess: object = ...
    truth: object = ...


class Predictions:
    """The questions of one notebook. A guess counts only before its truth is known."""

    def __init__(self) -> None:
        self.questions: dict[str, Question] = {}

    def predict(self, name: str, guess: object = ..., *, choices: Sequence[str] = ()) -> None:
        """Keep a guess; it may be changed until the truth has been seen. `choices`: one of these, or it is not kept."""
        question = self.questions.setdefault(name, Question())
        if question.truth is not ...:
            print(tell("too late", guess=_shown(question.guess)))
        elif guess is ...:
            print(tell("type a guess"))
        elif choices and not any(_same(guess, choice) for choice in choices):
            print(tell("not a choice", guess=_shown(guess), choices=", ".join(f'"{choice}"' for choice in choices)))
        else:
            question.guess = guess
            print(tell("guess kept", guess=_shown(guess)))

    def observe(self, name: str, truth: object, *, within: float = 0) -> None:
        """Say what is true, and what had been guessed. `within`: how far from it a number may be and still be right."""
        question = self.questions.setdefault(name, Question())
        question.truth = truth
        print(tell(_verdict(question, within), guess=_shown(question.guess), truth=_shown(truth)))


def _verdict(question: Question, within: float) -> str:
    guess, truth = question.guess, question.truth
    if guess is ...:
        return "no guess"
    if _same(guess, truth):
        return "right"
    near = isinstance(guess, int | float) and isinstance(truth, int | float) and abs(guess - truth) <= within
    return "near" if near else "wrong"


def _same(guess: object, truth: object) -> bool:
    """Words are compared without regard to case and blanks, and "2" is 2."""
    return guess == truth or str(guess).strip().casefold() == str(truth).strip().casefold()


def _shown(value: object) -> str:
    return "…" if value is ... else f"“{value}”" if isinstance(value, str) else str(value)
