"""Signals for a human: submissions that are more alike, or quicker, than chance would have it. Nothing here marks.

A signal is a question and no proof: two students may have worked side by side, and a clock may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from classroom.grading.results import Result, Trace

FEW = 5  # students of whom a task's usual time can be told
SHARE = 0.1  # of the usual time
LEAST = 20.0  # seconds: below that, no time is usual


@dataclass(frozen=True, slots=True)
class Signal:
    """`key`: a text of classroom/grading/words.py. `students`: whom it is about."""

    key: str
    task: str
    students: tuple[str, ...]
    seconds: float = 0.0
    usual: float = 0.0


def signals(results: Iterable[Result]) -> list[Signal]:
    """By task, then by kind."""
    of_task: dict[str, list[tuple[str, Trace]]] = {}
    for result in results:
        for trace in result.traces:
            of_task.setdefault(trace.task, []).append((result.student, trace))
    return [signal for task, found in of_task.items() for signal in (*_same(task, found), *_quick(task, found))]


def _same(task: str, found: list[tuple[str, Trace]]) -> Iterator[Signal]:
    """The same requests, names and all, although different names were asked for."""
    alike: dict[str, list[tuple[str, Trace]]] = {}
    for student, trace in found:
        if trace.fingerprint and trace.variant:
            alike.setdefault(trace.fingerprint, []).append((student, trace))
    for several in alike.values():
        if len({trace.variant for _, trace in several}) > 1:
            yield Signal("same requests", task, tuple(sorted(student for student, _ in several)))


def _quick(task: str, found: list[tuple[str, Trace]]) -> Iterator[Signal]:
    """A small part of the time that the others needed; by the students' own records."""
    times = [(student, trace.seconds) for student, trace in found if trace.seconds is not None and trace.requests]
    if len(times) < FEW:
        return
    usual = median(seconds for _, seconds in times)
    for student, seconds in sorted(times):
        if usual >= LEAST and seconds < usual * SHARE:
            yield Signal("quick", task, (student,), round(seconds, 1), round(usual, 1))
