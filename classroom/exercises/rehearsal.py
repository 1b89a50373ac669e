"""A rehearsal: each solution of a task, right or wrong, worked on an engine as a student would, and judged.

`glassdock exercises try` tells authors what came out; the tests hold every assignment to `problems` being empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import chdir
from tempfile import TemporaryDirectory

from classroom.exercises.desk import Desk
from classroom.exercises.released import Release
from classroom.exercises.replayed import evaluate_work
from classroom.exercises.setup import run
from classroom.exercises.task import Assignment, Finding, Task, Wrong
from engine.api.inprocess import Connection

KEY = "rehearsal"
STUDENTS = ("ada", "grace")


def worked(assignment: Assignment, name: str, lines: Sequence[str], student: str = "ada", seed: int = 1) -> Desk:
    """A desk on which these lines were worked for a task. The lines have no holes any more. Raises KeyError."""
    desk = Desk(Release(assignment, seed, KEY), student)
    desk.begin(name)
    for line in lines:
        if line.startswith("predict "):
            _, prediction, guess = line.split(" ", 2)
            desk.predict(prediction, guess)
        else:
            run(desk.lab(), line)
        desk.noted()
    return desk


def problems(assignment: Assignment, task: Task, student: str = "ada") -> Iterator[str]:
    """What is not as the author says, in sentences; nothing if all is well. Files are laid into a folder that goes."""
    with TemporaryDirectory() as folder, chdir(folder):
        yield from _problems(assignment, task, student)


def _problems(assignment: Assignment, task: Task, student: str) -> Iterator[str]:
    here = Desk(Release(assignment, 1, KEY), student).task(task.name)  # with this student's names
    if points := sum(each.points for each in _judged(worked(assignment, task.name, (), student), task.name)):
        yield f"{task.name}: doing nothing earns {points} points"
    desk = worked(assignment, task.name, here.solution, student)
    found = desk.look(task.name)
    for each in found:
        if not each.passed:
            yield f"{task.name}: the solution does not meet {each.criterion!r}. {each.message}"
    work = desk.finished()
    _end(desk)
    again = [each for each in evaluate_work(assignment, work, student, 1) if each.task == task.name]
    if again != list(found):
        yield f"{task.name}: the solution's record gives other marks: {_failed(again)}"
    for number, wrong in enumerate(here.wrong, 1):
        judged = _judged(worked(assignment, task.name, wrong.commands, student), task.name)
        yield from (f"{task.name}: wrong solution {number} {problem}" for problem in _misjudged(judged, wrong))


def _judged(desk: Desk, name: str) -> Sequence[Finding]:
    found = desk.look(name)
    _end(desk)
    return found


def _end(desk: Desk) -> None:
    """End the containers of its hosts: their programs' memory is this computer's, and the next desk needs it."""
    for place in desk.places.values():
        if isinstance(place.lab.connection, Connection):
            engine = place.lab.connection.engine
            engine.loop.run(engine.close())


def _misjudged(found: Sequence[Finding], wrong: Wrong) -> Iterator[str]:
    failed = _failed(found)
    if failed != wrong.fails:
        said = " ".join(each.message for each in found if not each.passed)
        yield f"fails {', '.join(failed) or 'nothing'} instead of {', '.join(wrong.fails)}. {said}"
    if not any(wrong.says in each.message for each in found if each.criterion in wrong.fails):
        yield f"is not told {wrong.says!r}, but: {' '.join(each.message for each in found if not each.passed)}"


def _failed(found: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(each.criterion for each in found if not each.passed)
