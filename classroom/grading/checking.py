"""The check: what a run said of itself becomes marks, in a process that never runs anything of the student's.

Nothing that comes from a run is believed but which requests were made: they are repeated on a fresh engine, and marks
are what that engine looks like (classroom/exercises/replayed.py). Whoever forges a record has still to find requests
that lead to what the task asks for. Records are data from a stranger, so this too happens in a copy of a warm process
with limits, and a task that cannot be repeated costs its own marks only.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from classroom.exercises.codec import to_data
from classroom.exercises.desk import LARGEST
from classroom.exercises.evaluate import evaluate_task
from classroom.exercises.fill import HOLE, filled
from classroom.exercises.load import load
from classroom.exercises.notebooks import EXPLAIN, HIDDEN
from classroom.exercises.replayed import replayed
from classroom.exercises.sealed import BadWork, Work, unsealed
from classroom.exercises.task import Assignment, Task
from classroom.exercises.variants import drawn, engine_seed
from classroom.exercises.world import World
from classroom.grading import ahead
from classroom.grading.results import LANGUAGES, Mark, Reason, Trace
from classroom.grading.words import say
from classroom.lab import Lab
from engine.api.inprocess import Connection

Job = Mapping[str, Any]
ID = re.compile("[0-9a-f]{64}|[0-9a-f]{12}")  # of a container: every engine has its own
END_OF_TIME = 1e11  # seconds since 1970: a record may say anything
WARMING = 60.0  # seconds
MOST_ERRORS = 10  # of cells that are told of


def ready(settings: Mapping[str, Any]) -> Callable[[Job, int], object]:
    """What checks one job and writes its answer to a descriptor.

    `settings`: where the `exercises` are, and of each of the `assignments` the seed and the key.
    """
    drawn_from: Mapping[str, tuple[int, str]] = settings["assignments"]
    assignments = {name: load(name, Path(settings["exercises"])) for name in drawn_from}
    seconds = settings["limits"]["checking"]
    ahead.prepare(())
    for name, assignment in assignments.items():
        _warm(assignment, drawn_from[name][0])

    def check(job: Job, answer: int) -> None:
        name = job["assignment"]
        seed, key = drawn_from[name]
        verdict = Check(assignments[name], job["student"], seed, key.encode(), seconds).of(job)
        with os.fdopen(answer, "w", encoding="utf-8") as file:
            json.dump(verdict, file)

    return check


def _warm(assignment: Assignment, seed: int) -> None:
    """Go the whole way once, with the reference solutions: what that imports and builds, copies have already."""
    sessions = {}
    for task in assignment.tasks:
        where = f"{assignment.name}/{task.name}"
        lab = Lab("sim", seed=engine_seed("", seed, where))
        values = drawn(task.draws, "", seed, where)
        for line in filled((*task.setup, *task.solution), values):
            if line.startswith("docker "):
                lab.run(line)
        assert isinstance(lab.connection, Connection) and lab.connection.engine.session is not None
        sessions[task.name] = lab.connection.engine.session.record()
    work = Work(assignment.name, "", seed, (), sessions)
    Check(assignment, "", seed, b"", WARMING).of({"record": work.to_json(b"")})


class TooSlow(BaseException):
    """A task's share of the time is over. No Exception: the engine's own handlers must not take it for theirs."""


class Check:
    """One submission. `seconds`: for all tasks together; `key`: what records of this assignment are sealed with."""

    def __init__(self, assignment: Assignment, student: str, seed: int, key: bytes, seconds: float) -> None:
        self._assignment, self._student, self._seed, self._key = assignment, student, seed, key
        self._share = seconds / max(1, len(assignment.tasks))
        self._notes: list[Reason] = []

    def of(self, job: Job) -> dict[str, Any]:
        """`{"reason": …, "marks": …, "traces": …, "notes": …}`, as JSON has them.

        `job`: `said` of a run, or a `record`; `record` beside `said` is the student's own, for attempts and times.
        """
        work, reason = self._run(job["said"]) if "said" in job else (None, None)
        own = self._own(job.get("record"))
        if isinstance(own, Reason):
            reason, own = reason or own, None
        if "said" not in job:
            work = own
        if work is None and reason is None:
            reason = Reason("nothing", {})
        marks, traces = self._tasks(work, own)
        return {
            "reason": asdict(reason) if reason else None, "marks": [asdict(mark) for mark in marks],
            "traces": [asdict(trace) for trace in traces], "notes": [asdict(note) for note in self._notes],
        }  # fmt: skip

    # -- what there is

    def _run(self, said: str) -> tuple[Work | None, Reason | None]:
        """The last work that a run told of; errors of its cells become notes. A line that makes no sense is skipped."""
        document: dict[str, Any] = {}
        errors: list[Reason] = []
        for number, line in enumerate(said.splitlines(), 1):
            try:
                told = json.loads(line)
                document = _newer(document, told["work"]) if "work" in told else document
                for output in told["outputs"]:
                    if output["output_type"] == "error":
                        what = f"{output['ename']}: {output['evalue']}"[:200]
                        errors.append(Reason("cell error", {"cell": number, "error": what}))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue
        self._notes += errors[:MOST_ERRORS]
        if not document:
            return None, None
        try:
            work, _ = unsealed(json.dumps(document), b"")  # its seal means nothing here: we know who made it
        except BadWork as error:
            return None, Reason("bad record", {"why": str(error)[:200]})
        self._note_student(work)
        return work, None

    def _own(self, text: str | None) -> Work | Reason | None:
        """The record that the student handed in, if it is one."""
        if text is None:
            return None
        try:
            work, whole = unsealed(text, self._key)
        except BadWork as error:
            return Reason("bad record", {"why": str(error)[:200]})
        if not whole:
            self._notes.append(Reason("seal", {}))
        self._note_student(work)
        return work

    def _note_student(self, work: Work) -> None:
        if work.student != self._student:
            note = Reason("other student", {"name": work.student[:80]})
            self._notes += [note] if note not in self._notes else []

    # -- what it comes to

    def _tasks(self, work: Work | None, own: Work | None) -> tuple[list[Mark], list[Trace]]:
        marks: list[Mark] = []
        traces: list[Trace] = []
        for task in self._assignment.tasks:
            why, world = self._world(task, work)
            self._notes += [why] if why else []
            marks += self._marks(task, world, why)
            marks += _manual(task)
            traces += self._trace(task, work, own)
        return marks, traces

    def _marks(self, task: Task, world: World | None, why: Reason | None) -> Iterator[Mark]:
        """`why`: there is no world although something was done."""
        values = _holes(task, drawn(task.draws, self._student, self._seed, f"{self._assignment.name}/{task.name}"))
        in_each = [evaluate_task(self._assignment, task, world, self._student, self._seed, lang) for lang in LANGUAGES]
        for same in zip(*in_each, strict=True):
            messages = {lang: finding.message for lang, finding in zip(LANGUAGES, same, strict=True)}
            messages = {lang: say(why.key, lang, **why.facts) for lang in LANGUAGES} if why else messages
            one = same[0]
            state = {} if one.passed else {lang: _anybodys(text, values) for lang, text in messages.items()}
            grade_id = task.name + (HIDDEN if one.hidden else "")
            yield Mark(one.task, one.criterion, grade_id, one.points, one.maximum, one.hidden, messages, state)

    def _world(self, task: Task, work: Work | None) -> tuple[Reason | None, World | None]:
        """What the student's requests lead to; without them neither, and a reason if they cannot be repeated."""
        if work is not None and work.too_large(task.name):
            return Reason("large task", {"task": task.name, "limit": LARGEST >> 20}), None
        if work is None or task.name not in work.sessions:
            return None, None
        try:
            with _at_most(self._share):
                return None, replayed(self._assignment, task, work, self._student, self._seed)
        except TooSlow:
            return Reason("slow task", {"task": task.name, "limit": round(self._share)}), None
        except (Exception, MemoryError) as error:  # whatever a request that no client makes brings an engine to
            why = f"{type(error).__name__}: {error}"[:200]
            return Reason("broken task", {"task": task.name, "why": why}), None

    def _trace(self, task: Task, work: Work | None, own: Work | None) -> Iterator[Trace]:
        if work is None or task.name not in work.sessions:
            return
        begun = [entry.at for entry in work.of(task.name) if entry.kind == "task"]
        steps = [
            [step.method, step.path, step.query, step.body.decode(errors="replace")]
            for step in work.sessions[task.name].requests
            if step.request > (begun[-1] if begun else 0)
        ]
        entries = (own or work).of(task.name)
        times = [entry.time for entry in entries if 0 <= entry.time < END_OF_TIME]
        variant = drawn(task.draws, self._student, self._seed, f"{self._assignment.name}/{task.name}")
        yield Trace(
            task.name,
            _digest(ID.sub("id", json.dumps(steps))) if steps else "",
            _digest(sorted(variant.items())) if variant else "",
            len(steps),
            sum(entry.kind == "check" for entry in entries),
            max(times) - min(times) if own is not None and len(times) > 1 else None,
        )


def _newer(before: Mapping[str, Any], told: Any) -> dict[str, Any]:
    """A run's work as it is now: a session that has not changed since it was told last is told as null."""
    if not isinstance(told, dict) or not isinstance(told.get("sessions"), dict):
        return {"glassdock-work": told}  # which is no work, and will be found to be none
    known = before.get("sessions", {})
    return {**told, "sessions": {name: row or known.get(name) for name, row in told["sessions"].items()}}


def _anybodys(message: str, values: Mapping[str, str]) -> str:
    """A message without the student's own words: the holes stand for them."""
    for hole, value in sorted(values.items(), key=lambda item: -len(item[1])):
        message = re.sub(rf"(?<![A-Za-z0-9-]){re.escape(value)}(?![A-Za-z0-9-])", hole, message)
    return message


def _holes(task: Task, values: Mapping[str, str]) -> dict[str, str]:
    """What stands in the task's holes, `{box}` and `{mib*1048576}`, for this student."""
    found = {match[0] for match in HOLE.finditer(json.dumps(to_data(task)))}
    return {hole: filled(hole, values) for hole in found if filled(hole, values) != hole}


def _manual(task: Task) -> Iterator[Mark]:
    """What a person has to mark."""
    if task.explain is not None:
        messages = {lang: task.explain.rubric.of(lang) for lang in LANGUAGES}
        yield Mark(task.name, "explain", task.name + EXPLAIN, 0, task.explain.points, False, messages, manual=True)


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raises TooSlow in the middle of whatever takes longer; where there is no such clock, the whole check has one."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(number: int, frame: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
