"""What a student's cells call: `classroom.begin`, `task`, `check`, `hint` and `marks`; and `predict`, in the notebook.

    import classroom
    classroom.begin("04-images", student="ada")     # a desk, with this student's own names and numbers
    classroom.task("copies")                        # a clean engine, the set-up, and the goal
    !docker run …
    classroom.check("copies")                       # the visible part, at once; without a name: all that was begun
    classroom.hint("copies")                        # up to three, one at a time

Under nbgrader and `glassdock grade` the same cells run; then `marks` gives the number that a test cell returns.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classroom.exercises.codec import from_data
from classroom.exercises.desk import LARGEST, Desk
from classroom.exercises.load import load, names
from classroom.exercises.released import Release, read
from classroom.exercises.report import Report, Shown
from classroom.exercises.sealed import assignment_key
from classroom.exercises.task import Task
from classroom.exercises.words import tell
from classroom.texts import language

if TYPE_CHECKING:
    from classroom.magics import Classroom

DESKS: list[Desk] = []  # of this process; the last one is used
STUDENT, RECORD = "GLASSDOCK_STUDENT", "GLASSDOCK_RECORD"  # set by a grader: who it is, and where the work goes


class NotBegun(LookupError):
    """Cells were run in another order; says which one comes first."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a page of this program's insides."""
        return [str(self)]


def begin(name: str, student: str = "", host: str = "") -> Shown:
    """Sit down at an assignment. `host`: as `Lab` takes it; by default the context that the notebook uses.

    Raises NotBegun if nobody says who the student is, LookupError for an assignment that is not here.
    """
    release, who, beside = find(name), whoever(student), Path(f"{name}.work.json")
    if not who:
        raise NotBegun(tell("who are you"))
    os.environ.setdefault("GLASSDOCK_LANG", release.lang)
    room = _room()
    place = (lambda: host or "sim") if host or room is None else (lambda: room.context)
    desk = Desk(release, who, language(), _record(beside), place, RECORD in os.environ or _nbgrader() == "autograde")
    aside = desk.resume(beside)
    DESKS.append(desk)
    if room is not None:
        room.ipython.push({"predict": predict}, interactive=False)
        room.ipython.events.register("post_run_cell", _after_cell)
    all_ = desk.assignment
    title = all_.title.of(desk.lang)
    said = tell("welcome", title=title, tasks=len(all_.tasks), points=all_.points, student=who)
    return Shown(said + (f"\n\n{tell('record set aside', file=beside, kept=aside)}" if aside else ""))


def find(name: str) -> Release:
    """What was released beside the notebook, else the folder in exercises/ of a checkout. Raises LookupError."""
    if (beside := Path(f"{name}.json")).exists():
        return read(beside)
    if name in names():
        return Release(load(name), key=assignment_key(b"", name))
    raise LookupError(tell("no such assignment", name=name, names=", ".join(names()) or "–"))


def whoever(typed: str) -> str:
    """The student: as a grader or a hub knows them, else as they say themselves."""
    if STUDENT in os.environ:
        return os.environ[STUDENT]
    if _nbgrader() == "autograde":  # in autograded/STUDENT/ASSIGNMENT
        return Path.cwd().parent.name
    return os.environ.get("JUPYTERHUB_USER", "") or typed.strip()


def task(name: str) -> Shown:
    """Begin a task, or begin it again: a clean engine, the set-up; shows the goal. Raises NotBegun, LookupError."""
    desk = _desk()
    this = _task(desk, name)
    place = desk.begin(name)
    if (room := _room()) is not None:
        room.enter(place.lab)
    _kept(desk)
    return Shown(f"**{this.title.of(desk.lang)}**\n\n{this.goal.of(desk.lang)}")


def check(name: str = "") -> Report:
    """What is there already and what is missing, for one task or for all that were begun. Raises as `task`."""
    desk = _desk()
    tasks = [_task(desk, each) for each in ([name] if name else desk.places)]
    for each in tasks:
        if each.name not in desk.places:
            raise NotBegun(tell("task not begun", task=each.name))
    found = [finding for each in tasks for finding in desk.check(each.name)]
    _kept(desk)
    lost = [each.name for each in tasks if desk.work.too_large(each.name)]
    return Report(tasks, found, replace(desk.work, sessions={}).to_json(desk.key), lost, LARGEST)


def hint(name: str = "") -> Shown:
    """The next hint of a task, by default of the one that was begun last. Raises as `task`."""
    desk = _desk()
    this = _task(desk, name or desk.current)
    given = desk.hint(this.name)
    _kept(desk)
    if given is None:
        return Shown(tell("no more hints"))
    number, text = given
    return Shown(f"**{tell('hint', number=number, all=len(this.hints))}** {text.of(desk.lang)}")


def predict(name: str, guess: object = ...) -> Shown:
    """Lock an answer before the experiment of the task that was begun last."""
    desk = _desk()
    if guess is ...:
        return Shown(tell("type a guess"))
    in_time = desk.predict(name, str(guess))
    _kept(desk)
    kept = desk.work.predictions(desk.current).get(name)
    if in_time:
        return Shown(tell("guess kept", guess=kept))
    return Shown(tell("guess too late") if kept is None else tell("guess locked", guess=kept))


def marks(name: str, hidden: Sequence[Mapping[str, Any]] | None = None) -> int:
    """The points of a task's visible criteria, or of these hidden ones: what a test cell returns."""
    desk = _desk()
    this = _task(desk, name)
    desk.graded(name)
    visible = [each for each in desk.assignment.task(name).criteria if not each.hidden]
    found = desk.look(name, visible if hidden is None else from_data(hidden))
    if desk.grading or _nbgrader():  # a student has seen it in check()
        _display(Report([replace(this, explain=None, criteria=(), withheld=0)], found))
    _kept(desk)
    return sum(each.points for each in found)


def _desk() -> Desk:
    if not DESKS:
        raise NotBegun(tell("not begun", name="…"))
    return DESKS[-1]


def _task(desk: Desk, name: str) -> Task:
    try:
        return desk.task(name)
    except KeyError:
        known = ", ".join(task.name for task in desk.assignment.tasks)
        raise LookupError(tell("no such task", task=name, tasks=known)) from None


def _room() -> Classroom | None:
    """The notebook's classroom; None outside of IPython."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    if shell is None:
        return None
    from classroom.magics import load as hook

    return hook(shell)


def _display(report: Report) -> None:
    if _room() is None:
        print(report)
    else:
        from IPython.display import display

        display(report)  # type: ignore[no-untyped-call]


def _nbgrader() -> str:
    """Which of nbgrader's runs this is: "autograde", "validate", or none."""
    return os.environ.get("NBGRADER_EXECUTION", "").lower()


def _record(beside: Path) -> Path | None:
    """Where the work is kept. nbgrader has the students' own already, and looks at it only."""
    return Path(os.environ[RECORD]) if RECORD in os.environ else None if _nbgrader() else beside


def _after_cell(*_: object) -> None:
    if DESKS:
        _kept(DESKS[-1])


def _kept(desk: Desk) -> None:
    with suppress(OSError):  # a folder that cannot be written to keeps nobody from working
        desk.save()
