"""A student's desk: the engine of each task that was begun, hints that were asked for, predictions, the record.

It does, `check` speaks. A task has an engine of its own, made from the student's own seed; beginning it again clears
the desk. On a real host there is one engine for all, and only what bears the student's own names is cleared away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from classroom.exercises.evaluate import evaluate_task
from classroom.exercises.fill import filled
from classroom.exercises.released import Release
from classroom.exercises.sealed import BadWork, Entry, Kind, Work, unsealed
from classroom.exercises.setup import prepare
from classroom.exercises.task import Assignment, Criterion, Finding, Task, Text
from classroom.exercises.variants import Name, drawn, engine_seed
from classroom.exercises.world import World, asked
from classroom.lab import Lab
from engine.api.inprocess import Connection
from engine.client.connection import ApiError
from engine.session.recorder import Recorder

LARGEST = 2 << 20  # bytes that a task's engine may be sent, all in all: they are handed in with the notebook
CLEARED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/containers/{}", {"force": "1", "v": "1"}),
    ("/volumes/{}", {}),
    ("/networks/{}", {}),
)


@dataclass(slots=True)
class Place:
    """Where a task is worked on. `setup`: how many requests the engine had been asked when the student began."""

    lab: Lab
    setup: int

    @property
    def session(self) -> Recorder | None:
        """What keeps the requests; None on a real host."""
        connection = self.lab.connection
        return connection.engine.session if isinstance(connection, Connection) else None


@dataclass(slots=True)
class Desk:
    """`host`: "sim", or what `Lab` takes. `record`: the file that keeps the work; None keeps nothing.

    `grading`: the work is looked at by a grader, not made by the student.
    """

    release: Release
    student: str
    lang: str = "en"
    record: Path | None = None
    host: Callable[[], str] = lambda: "sim"
    grading: bool = False
    places: dict[str, Place] = field(default_factory=dict)
    current: str = ""
    work: Work = field(init=False)
    _saved: Work | None = None

    def __post_init__(self) -> None:
        self.work = Work(self.assignment.name, self.student, self.release.seed)

    @property
    def assignment(self) -> Assignment:
        return self.release.assignment

    @property
    def key(self) -> bytes:
        return self.release.key.encode()

    def task(self, name: str) -> Task:
        """A task with the student's own names in it. Raises KeyError."""
        task = self.assignment.task(name)
        return filled(task, self.values(task))

    def values(self, task: Task) -> dict[str, str]:
        return drawn(task.draws, self.student, self.release.seed, f"{self.assignment.name}/{task.name}")

    def begin(self, name: str) -> Place:
        """A clean engine with the task's set-up; what was done for this task before is cleared away."""
        task = self.task(name)
        host = self.host()
        seed = engine_seed(self.student, self.release.seed, f"{self.assignment.name}/{name}")
        lab = Lab(host, seed=seed, profile=task.profile)
        if host != "sim":
            _clear(lab, task, self.values(task))
        _lay_out(task)
        place = self.places[name] = Place(lab, prepare(lab, task.setup))
        self.current = name
        self._note("task", name)
        return place

    def lab(self, name: str = "") -> Lab:
        """The engine of a task, or of the one that was begun last. Raises KeyError."""
        return self.places[name or self.current].lab

    def world(self, name: str) -> World:
        """A task's engine, to be looked at. Raises KeyError if the task was not begun."""
        place = self.places[name]
        self.noted()
        return World(place.lab.connection, place.setup, self.work.predictions(name))

    def look(self, name: str, criteria: Sequence[Criterion] | None = None) -> tuple[Finding, ...]:
        """What the criteria of a task find now; `criteria`: others than the task's own."""
        task = self.assignment.task(name)
        if criteria is not None:
            task = replace(task, criteria=tuple(criteria))
        world = self.world(name) if name in self.places else None
        return evaluate_task(self.assignment, task, world, self.student, self.release.seed, self.lang)

    def check(self, name: str) -> tuple[Finding, ...]:
        """As `look`, and it is kept that the student asked."""
        found = [each for each in self.look(name) if not each.hidden]
        points = sum(each.points for each in found)
        self._note("check", name, value=f"{points}/{sum(each.maximum for each in found)}")
        return tuple(found)

    def graded(self, name: str) -> None:
        """A test cell looks: what a replay must look at is the engine as it is now."""
        if self.grading and name in self.places:
            self._note("graded", name)

    def hint(self, name: str) -> tuple[int, Text] | None:
        """The next hint and its number; None after the last one."""
        task = self.task(name)
        given = sum(entry.kind == "hint" for entry in self.work.of(name))
        if given >= len(task.hints):
            return None
        self._note("hint", name, str(given + 1))
        return given + 1, task.hints[given]

    def predict(self, name: str, guess: str) -> bool:
        """Keep a prediction for the task that was begun last; False if its experiment has begun already."""
        self.noted()
        if any(entry.kind == "run" for entry in self.work.of(self.current)):
            return False
        self._note("predict", self.current, name, guess)
        return True

    # -- the record

    def noted(self) -> None:
        """Has an experiment begun since this was last asked, or become too large? Then it is kept that it has."""
        for name, place in self.places.items():
            now = asked(place.lab.connection)
            last = next((entry for entry in reversed(self.work.of(name)) if entry.kind in ("task", "run")), None)
            if now > place.setup and last is not None and last.kind == "task":
                self._note("run", name)
            if (session := place.session) is not None and session.size > LARGEST and not self.work.too_large(name):
                self._note("large", name)

    def _note(self, kind: Kind, task: str, name: str = "", value: str = "") -> None:
        at = asked(self.places[task].lab.connection) if task in self.places else 0
        entry = Entry(kind, task, at, round(time.time(), 3), name, value)
        self.work = replace(self.work, entries=(*self.work.entries, entry))

    def finished(self) -> Work:
        """The work as it is now, with the sessions of the tasks that were begun on simulated hosts."""
        self.noted()
        sessions = dict(self.work.sessions)
        for name, place in self.places.items():
            sessions.pop(name, None)  # of an earlier attempt
            if (session := place.session) is not None and session.size <= LARGEST:
                sessions[name] = session.record()
        return replace(self.work, sessions=sessions)

    def save(self) -> None:
        """Keep the work in its file, if there is news. Raises OSError."""
        now = self.finished()
        if self.record is not None and now != self._saved:
            self.record.write_text(now.to_json(self.key), "utf-8")
            self._saved = now

    def resume(self, file: Path) -> Path | None:
        """Go on with a work that was kept. One that is not this student's, or was edited, is set aside: where to."""
        try:
            work, whole = unsealed(file.read_text("utf-8"), self.key)
        except FileNotFoundError:
            return None
        except (BadWork, UnicodeDecodeError):
            work, whole = self.work, False
        mine = (self.work.assignment, self.student, self.work.seed)
        if whole and (work.assignment, work.student, work.seed) == mine:
            self.work = work
            return None
        return None if self.grading else file.replace(file.with_suffix(".aside.json"))


def _clear(lab: Lab, task: Task, values: Mapping[str, str]) -> None:
    """Away with what an earlier attempt has left on a real host: things of the names that were drawn for this task."""
    for hole, draw in task.draws.items():
        for path in CLEARED if isinstance(draw, Name) else ():
            with suppress(ApiError):  # most often there is none
                lab.api.call("DELETE", path[0].format(values[hole]), path[1])


def _lay_out(task: Task) -> None:
    """The task's files, in a folder of its name."""
    for path, content in task.files.items():
        file = Path(task.name) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
