"""Predict, then run, then compare: a guess that is kept before the experiment, and what the engine says afterwards.

predict("layers", ...)              # the learner puts a number in place of the dots
!docker pull redis
observe("layers", downloads())      # computed from the state that the learner's own commands produced
"""

from __future__ import annotations

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

    def predict(self, name: str, guess: object = ...) -> None:
        """Keep a guess; it may be changed until the truth has been seen."""
        question = self.questions.setdefault(name, Question())
        if question.truth is not ...:
            print(tell("too late", guess=_shown(question.guess)))
        elif guess is ...:
            print(tell("type a guess"))
        else:
            question.guess = guess
            print(tell("guess kept", guess=_shown(guess)))

    def observe(self, name: str, truth: object) -> None:
        """Say what is true, and what had been guessed."""
        question = self.questions.setdefault(name, Question())
        question.truth = truth
        kind = "no guess" if question.guess is ... else "right" if _same(question.guess, truth) else "wrong"
        print(tell(kind, guess=_shown(question.guess), truth=_shown(truth)))


def _same(guess: object, truth: object) -> bool:
    """Words are compared without regard to case and blanks."""
    if isinstance(guess, str) and isinstance(truth, str):
        return guess.strip().casefold() == truth.strip().casefold()
    return guess == truth


def _shown(value: object) -> str:
    return "…" if value is ... else str(value)
