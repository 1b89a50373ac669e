"""Grading one submission, and many at once: from a file that was handed in to a result.

Reading, running and checking are three places. Here is only their order, and what becomes of each one's end: whatever
happens to a submission, it has a result, and the others do not notice.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from classroom.exercises.codec import to_data
from classroom.exercises.load import load, names
from classroom.exercises.released import Release
from classroom.exercises.sealed import assignment_key
from classroom.exercises.task import Assignment
from classroom.grading import reading
from classroom.grading.crew import Helper, room
from classroom.grading.expected import Wanted, answers, prepare, wanted
from classroom.grading.limits import Limits
from classroom.grading.reading import Notebook, Unreadable
from classroom.grading.results import LANGUAGES, Mark, Reason, Result, State, Trace
from classroom.grading.submissions import Submission
from classroom.grading.words import word

STOPS = {"time", "memory", "output", "died", "walls", "lost"}  # ends of a run, as classroom/grading/words.py knows them
BEGIN = re.compile(r"""\bbegin\(\s*["']([\w.-]+)["']""")


@dataclass(frozen=True, slots=True)
class Course:
    """What marks depend on. `key`: the course's, that records are sealed with; `seed`: what variants are drawn from."""

    exercises: Path
    key: bytes = b""
    seeds: Mapping[str, int] = field(default_factory=dict)  # of assignments that have one of their own
    seed: int = 1
    lang: str = "en"
    limits: Limits = field(default_factory=Limits)
    walls: bool = True

    def has(self, name: str) -> bool:
        """Is there an assignment of this name?"""
        return name in names(self.exercises)

    def seed_of(self, name: str) -> int:
        return self.seeds.get(name, self.seed)


@dataclass(frozen=True, slots=True)
class Asked:
    """An assignment of a course, with what is made of it once for all who hand it in.

    `release`: what lies beside the notebook while it runs, never the student's own copy. `digest` changes when marks
    could. `images`: of the pretended hub's, those that its tasks name.
    """

    assignment: Assignment
    release: str
    wanted: Mapping[str, Wanted]
    digest: str
    images: frozenset[str]


def asked(course: Course, name: str) -> Asked:
    """Raises what `load` does."""
    assignment, seed = load(name, course.exercises), course.seed_of(name)
    release = Release(assignment, seed, assignment_key(course.key, name), course.lang).to_json()
    depends = [to_data(assignment), seed, course.key.hex(), asdict(course.limits)]
    digest = sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
    typed = " ".join(line for task in assignment.tasks for line in (*task.setup, *task.solution))
    named = set(re.findall(r"[a-z][a-z0-9-]*", typed))
    images = named & {path.name for path in (room() / "images").iterdir() if path.is_dir()}
    return Asked(assignment, release, wanted(assignment, course.lang, seed), digest, frozenset(images))


@dataclass(frozen=True, slots=True)
class Handed:
    """A submission, read. `document` is None if `refused` says why."""

    submission: Submission
    digest: str = ""
    document: Mapping[str, Any] | None = None
    refused: Reason | None = None
    notes: tuple[Reason, ...] = ()


def take(submission: Submission) -> Handed:
    """Read a file, whatever it is; and find out which assignment it is of, if only it itself says so."""
    if submission.refused is not None:
        return Handed(submission, refused=submission.refused)
    digest = ""
    try:
        data = reading.read_bytes(submission.path)
        digest = sha256(data).hexdigest()
        document, notes = reading.read_json(data)
    except Unreadable as error:
        return Handed(submission, digest, refused=error.reason)
    if not submission.assignment:
        submission = replace(submission, assignment=_named(document))
    return Handed(submission, digest, document, None, notes)


def _named(document: Mapping[str, Any]) -> str:
    """The assignment that a record or a notebook's own cells name; "" if none does."""
    if isinstance(document.get("assignment"), str):
        return str(document["assignment"])
    try:
        found = (BEGIN.search(cell.source) for cell in reading.read_notebook(document).cells)
        return next((match[1] for match in found if match), "")
    except Unreadable:
        return ""


class Pool:
    """Helpers of one kind; a job takes whichever is free."""

    def __init__(self, helpers: Sequence[Helper]) -> None:
        self.helpers = helpers
        self._free: SimpleQueue[Helper] = SimpleQueue()

    def start(self) -> None:
        for helper in self.helpers:
            helper.start()

    def ready(self) -> None:
        """Raises OSError."""
        for helper in self.helpers:
            helper.ready()
            self._free.put(helper)

    def do(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """See Helper.do; waits until one is free."""
        helper = self._free.get()
        try:
            return helper.do(job)
        finally:
            self._free.put(helper)

    def close(self) -> None:
        for helper in self.helpers:
            helper.close()


class Crew:
    """Who grades: `jobs` helpers that run notebooks, as many that check, and what they need for these assignments.

    Twice as many submissions are on their way at once: while one waits for the kernel, another computes.
    """

    def __init__(self, course: Course, assignments: Mapping[str, Asked], jobs: int) -> None:
        self._course, self._assignments = course, assignments
        told = {
            "exercises": str(course.exercises),
            "assignments": {name: [course.seed_of(name), assignment_key(course.key, name)] for name in assignments},
        }
        calm = replace(course.limits, notebook=course.limits.checking * 2)  # the end; each task has its own time
        running, checking = "classroom.grading.running", "classroom.grading.checking"
        images = {"images": sorted({name for asked in assignments.values() for name in asked.images})}
        self.runners = Pool([Helper(running, course.limits, course.walls, images) for _ in range(jobs)])
        self.checkers = Pool([Helper(checking, calm, False, told) for _ in range(jobs)])

    def __enter__(self) -> Crew:
        try:
            for pool in (self.runners, self.checkers):
                pool.start()
            for pool in (self.runners, self.checkers):
                pool.ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.runners.close()
        self.checkers.close()

    @property
    def walls(self) -> str:
        """For people: what stands between a notebook and this computer."""
        return self.runners.helpers[0].words

    def grade(self, handed: Sequence[Handed]) -> Iterator[Result]:
        """As they are done, in no order."""
        with ThreadPoolExecutor(2 * len(self.runners.helpers)) as threads:
            waiting = [threads.submit(self._one, each) for each in handed]
            try:
                for done in as_completed(waiting):
                    yield done.result()
            finally:
                threads.shutdown(cancel_futures=True)

    def _one(self, handed: Handed) -> Result:
        began = time.monotonic()
        asked = self._assignments.get(handed.submission.assignment)
        result = Grading(self._course, self.runners, self.checkers, handed, asked).result()
        return replace(result, seconds=round(time.monotonic() - began, 3))


@dataclass(slots=True)
class Grading:
    """One submission on its way. `asked`: None for an assignment that there is not."""

    course: Course
    runners: Pool
    checkers: Pool
    handed: Handed
    asked: Asked | None

    def result(self) -> Result:
        """Always one."""
        submission = self.handed.submission
        if self.handed.document is None:
            return self._refused(self.handed.refused)
        if self.asked is None:
            return self._refused(Reason("no assignment", {"name": submission.assignment[:80]}))
        if "glassdock-work" in self.handed.document:
            return self._checked(self.asked, None, {"record": json.dumps(self.handed.document)}, self.handed.notes)
        try:
            notebook = reading.read_notebook(self.handed.document, self.handed.notes)
        except Unreadable as error:
            return self._refused(error.reason)
        return self._run(self.asked, notebook)

    def _run(self, asked: Asked, notebook: Notebook) -> Result:
        submission, limits = self.handed.submission, self.course.limits
        ready, name = prepare(asked.wanted, notebook), asked.assignment.name
        job = {
            "student": submission.student, "lang": self.course.lang,
            "cells": ready.sources,
            "folder": str(submission.folder) if submission.folder else None,
            "files": {f"{name}.json": asked.release},
        }  # fmt: skip
        ran = self.runners.do(job)
        sizes = {"time": round(limits.notebook), "memory": limits.memory >> 20, "output": limits.said >> 20}
        end = "died" if ran["end"] == "ok" and ran["said"].count("\n") < len(ready.sources) else ran["end"]
        stop = Reason(end, {"limit": sizes.get(end, 0)}) if end in STOPS else None
        what = {"said": ran["said"]} | ({"record": notebook.record} if notebook.record else {})
        result = self._checked(asked, stop, what, (*notebook.notes, *ready.notes))
        given = answers(asked.wanted, notebook)
        return replace(result, marks=tuple(_with_answer(mark, given) for mark in result.marks))

    def _checked(self, asked: Asked, stop: Reason | None, what: Mapping[str, str], notes: Sequence[Reason]) -> Result:
        job = {"assignment": asked.assignment.name, "student": self.handed.submission.student}
        verdict = _parsed(self.checkers.do(job | dict(what)))
        if verdict is None:  # of nothing there is always a verdict
            verdict = _parsed(self.checkers.do(job | {"said": ""})) or {}
            verdict["reason"] = asdict(Reason("check", {}))
        reason = stop or (_reason(verdict["reason"]) if verdict.get("reason") else None)
        submission = self.handed.submission
        return Result(
            submission.student, asked.assignment.name, submission.file, self.handed.digest,
            State.STOPPED if stop else State.GRADED, reason,
            tuple(Mark(**mark) for mark in verdict.get("marks", ())),
            tuple(Trace(**trace) for trace in verdict.get("traces", ())),
            (*notes, *map(_reason, verdict.get("notes", ()))),
        )  # fmt: skip

    def _refused(self, reason: Reason | None) -> Result:
        submission = self.handed.submission
        return Result(
            submission.student, submission.assignment, submission.file, self.handed.digest, State.REFUSED, reason
        )


def _with_answer(mark: Mark, given: Mapping[str, str]) -> Mark:
    """For a person to read. As in nbgrader, there is nothing to be marked where nothing was written."""
    if not mark.manual or mark.grade_id not in given:
        return mark
    if answer := given[mark.grade_id]:
        return replace(mark, answer=answer)
    unanswered = {lang: word("no answer", lang) for lang in LANGUAGES}
    return replace(mark, manual=False, messages=unanswered, state=unanswered)


def _parsed(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """A checker's verdict; None if it did not come to one."""
    if answer["end"] != "ok":
        return None
    verdict: dict[str, Any] = json.loads(answer["said"])
    return verdict


def _reason(data: Mapping[str, Any]) -> Reason:
    return Reason(data["key"], data["facts"])
