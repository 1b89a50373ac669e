"""Marks: what a student's engine looks like against what the tasks ask for.

Every task is worked on an engine of its own, so each has a world of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from classroom.exercises.expectations import shown
from classroom.exercises.fill import filled
from classroom.exercises.looks import Predicted
from classroom.exercises.task import Assignment, Criterion, Finding, Task
from classroom.exercises.variants import drawn
from classroom.exercises.world import World

WORDS = {
    "met": {"en": "{subject}: {seen}.", "ko": "{subject}: {seen}."},
    "nothing": {
        "en": "Observed: nothing has been done for this task yet. Expected: {subject}: {expected}.\nNext step: {next}",
        "ko": "지금: 이 문제에서 아직 아무것도 하지 않았어요. 목표: {subject}: {expected}.\n다음에 할 일: {next}",
    },
    "missed": {
        "en": "Observed: {subject}: {seen}. Expected: {expected}.\nNext step: {next}",
        "ko": "지금: {subject}: {seen}. 목표: {expected}.\n다음에 할 일: {next}",
    },
}


def evaluate(
    assignment: Assignment, worlds: Mapping[str, World], student: str, seed: int, lang: str = "en"
) -> tuple[Finding, ...]:
    """All findings of all tasks, in their order. `worlds`: one for each task that was begun; the others have nothing.

    `student` and `seed` (the course's) say which variant is asked for, whatever the student believed to be.
    """
    return tuple(
        finding
        for task in assignment.tasks
        for finding in evaluate_task(assignment, task, worlds.get(task.name), student, seed, lang)
    )


def evaluate_task(
    assignment: Assignment, task: Task, world: World | None, student: str, seed: int, lang: str = "en"
) -> tuple[Finding, ...]:
    """One task's findings; without a `world`, nothing was done. Time: milliseconds."""
    values = drawn(task.draws, student, seed, f"{assignment.name}/{task.name}")
    return tuple(judge(task.name, filled(each, values), world, lang) for each in task.criteria)


def judge(task: str, criterion: Criterion, world: World | None, lang: str) -> Finding:
    """Look once. `criterion` has no holes any more. What was so before the student did anything earns nothing."""
    if world is None or (world.idle and not isinstance(criterion.look, Predicted)):
        outcome, seen = "nothing", None
    else:
        seen = criterion.look.see(world)
        outcome = "met" if criterion.expects.met(seen, world) else "missed"
    message = WORDS[outcome][lang].format(
        subject=criterion.look.subject.of(lang),
        seen=shown(seen, lang),
        expected=criterion.expects.words.of(lang),
        next=criterion.next.of(lang),
    )
    points = criterion.points if outcome == "met" else 0
    return Finding(task, criterion.name, points, criterion.points, criterion.hidden, message)
