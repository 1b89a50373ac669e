"""A student's work lived through again: marks from what was asked of the engines, outside of the student's process.

Each task's host is made anew from the student's own seed, the set-up is done by us, and only then the student's
requests are repeated. So a work of somebody else's meets other ids and names, and a set-up that was left out is there.
"""

from __future__ import annotations

from dataclasses import replace

from classroom.exercises.evaluate import evaluate
from classroom.exercises.fill import filled
from classroom.exercises.sealed import Work
from classroom.exercises.setup import prepare
from classroom.exercises.task import Assignment, Finding, Task
from classroom.exercises.variants import drawn, engine_seed
from classroom.exercises.world import World
from classroom.lab import Lab
from engine.api.inprocess import Connection
from engine.api.router import split_version
from engine.session.replay import Replay
from engine.session.steps import Record

OURS = "/glassdock/"  # requests that break and mend the host: not for students


def evaluate_work(assignment: Assignment, work: Work, student: str, seed: int, lang: str = "en") -> tuple[Finding, ...]:
    """All findings. Raises BadRecord, and what a request that no client would make brings the engine to."""
    worlds = {
        task.name: replayed(assignment, task, work, student, seed)
        for task in assignment.tasks
        if task.name in work.sessions
    }
    return evaluate(assignment, worlds, student, seed, lang)


def replayed(assignment: Assignment, task: Task, work: Work, student: str, seed: int) -> World:
    """The world as a student left it, or as the test cell saw it."""
    where = f"{assignment.name}/{task.name}"
    values = drawn(task.draws, student, seed, where)
    lab = Lab("sim", seed=engine_seed(student, seed, where), profile=filled(task.profile, values))
    setup = prepare(lab, filled(task.setup, values))
    assert isinstance(lab.connection, Connection)
    record = work.sessions[task.name]
    if (graded := work.graded_at(task.name)) is not None:
        record = record.cut(graded)
    engine = lab.connection.engine
    Replay(engine, _students(record, setup)).run()
    engine.loop.advance(engine.loop.time)  # a record cannot hold back what is due
    return World(lab.connection, setup, work.predictions(task.name))


def _students(record: Record, setup: int) -> Record:
    """Without the set-up, and without what students may not ask."""
    numbers = {
        step.request
        for step in record.requests
        if step.request > setup and not split_version(step.path)[1].startswith(OURS)
    }
    return replace(record, steps=tuple(step for step in record.steps if step.request in numbers or step.kind == "skip"))
