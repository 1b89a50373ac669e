"""`glassdock grade`: marks for a folder of submissions, from what the students' commands did.

    glassdock grade COURSE                          nbgrader's course folder: submitted/STUDENT/ASSIGNMENT/…
    glassdock grade FOLDER --assignment 04-images   a flat folder: STUDENT.ipynb, STUDENT_04-images.ipynb, STUDENT.json

Notebooks run one by one in isolation; what may be used: see `--limits`. COURSE/grades (--out) gets grades.db, and for
each assignment moodle.csv, canvas.csv, marks.csv, a page for each student, index.html for the class, and manual.csv, in
which a person gives points and comments: the next run takes them in (see also `glassdock mark`). What is in grades.db
already is not graded again, so a run that was broken off goes on where it was; what was entered by hand stays.

The course's key is COURSE/course.key and its variants' seed that of COURSE/source or COURSE/release, unless told
otherwise.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classroom.commands import parser, told
from classroom.exercises.codec import BadDocument
from classroom.exercises.course import KEY
from classroom.exercises.load import EXERCISES, BadAssignment
from classroom.exercises.released import read
from classroom.grading.database import NotOurs
from classroom.grading.grader import Asked, Course, Crew, Handed, asked, take
from classroom.grading.limits import MB, Limits
from classroom.grading.publishing import DATABASE, WALLS, publish, take_in
from classroom.grading.store import Store, open_store
from classroom.grading.submissions import find
from classroom.grading.worksheet import BadWorksheet
from classroom.texts import LANGUAGES, language


def main(argv: Sequence[str]) -> int:
    """2: words that make no sense, or somebody else's database; 1: a folder that cannot be read or written."""
    words = parser("grade", __doc__)
    add = words.add_argument
    add("folder", metavar="DIR", type=Path, help="the course's folder, or one with the files that were handed in")
    add("--assignment", metavar="NAME", default="", help="only this one; for a flat folder, what the files are of")
    add("--jobs", metavar="N", type=_jobs, default=os.cpu_count() or 1, help="so many at once (default: all cores)")
    add("--key", metavar="FILE", type=Path, help="the course's key (default: DIR/course.key)")
    add("--seed", metavar="N", type=int, help="the class's variants (default: as DIR/source or DIR/release say, or 1)")
    add("--out", metavar="DIR", type=Path, help="where the results go (default: DIR/grades)")
    add("--lang", choices=LANGUAGES, default=language(), help="of the pages")
    add("--exercises", metavar="DIR", type=Path, default=EXERCISES, help="the assignments (default: Glassdock's own)")
    add("--limits", metavar="NAME=N,…", type=_limits, default=Limits(), help=_default_limits())
    add("--no-walls", action="store_true", help="only a limited process: for notebooks that you trust")
    options = words.parse_args(argv)
    return told(lambda: _run(options), BadAssignment, BadDocument, NotOurs, BadWorksheet)


def _jobs(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _limits(text: str) -> Limits:
    """ "cell=5,notebook=20,memory=256M" """
    numbers = dict(part.split("=", 1) for part in text.split(","))
    if unknown := numbers.keys() - asdict(Limits()).keys():
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    kinds = {name: type(value) for name, value in asdict(Limits()).items()}
    return replace(Limits(), **{name: kinds[name](_number(value)) for name, value in numbers.items()})


def _number(text: str) -> float:
    """
    >>> _number("20"), _number("512M")
    (20.0, 536870912.0)
    """
    return float(text.removesuffix("M")) * (MB if text.endswith("M") else 1)


def _default_limits() -> str:
    told = ", ".join(
        f"{name}={value:g}" if value < MB else f"{name}={value >> 20}M" for name, value in asdict(Limits()).items()
    )
    return f"seconds, megabytes and processes that a submission may use (default: {told})"


def _run(options: argparse.Namespace) -> int:
    folder: Path = options.folder
    out: Path = options.out or folder / "grades"
    screen = Console(highlight=False, soft_wrap=True)
    handed = [take(each) for each in find(folder, options.assignment, skip=out)]
    course = _course(options)
    found = {each.submission.assignment for each in handed}
    assignments = {name: asked(course, name) for name in sorted(found) if course.has(name)}
    out.mkdir(parents=True, exist_ok=True)
    store, aside = open_store(out / DATABASE)
    try:
        if aside is not None:
            screen.print(f"{out / DATABASE} was damaged; it is kept as {aside.name}, and all is graded again")
        take_in(out, store, screen)
        new = [each for each in handed if not _done(store, each, assignments)]
        if kept := len(handed) - len(new):
            screen.print(f"{kept} of {len(handed)} are graded already")
        if new:
            store.note(WALLS, _grade(course, assignments, new, store, options.jobs, screen))
            take_in(out, store, screen)  # once more: somebody may have gone on marking meanwhile
        publish(out, found, options.exercises, store, options.lang, screen)
    finally:
        store.close()
    if not handed:
        screen.print(f"nothing was handed in in {folder}")
    return 0


def _course(options: argparse.Namespace) -> Course:
    """Raises OSError for a key that cannot be read."""
    usual = options.folder / KEY
    file = options.key or (usual if usual.exists() else None)
    key = file.read_bytes().strip() if file is not None else b""
    seeds = {} if options.seed is not None else _seeds(options.folder)
    limits, walls = options.limits, not options.no_walls
    return Course(options.exercises.resolve(), key, seeds, options.seed or 1, options.lang, limits, walls)


def _seeds(folder: Path) -> Mapping[str, int]:
    """Of the assignments that were built or released in a course's folder. Raises BadDocument."""
    files = [path for step in ("release", "source") for path in (folder / step).glob("*/*.json")]
    return {path.stem: read(path).seed for path in files if path.stem == path.parent.name}


def _done(store: Store, handed: Handed, assignments: Mapping[str, Asked]) -> bool:
    submission = handed.submission
    known = assignments.get(submission.assignment)
    digest = known.digest if known else ""
    return store.done(submission.student, submission.assignment, submission.file, handed.digest, digest)


def _grade(
    course: Course, assignments: Mapping[str, Asked], handed: Sequence[Handed], store: Store, jobs: int, screen: Console
) -> str:
    """Grade these, each kept as soon as it is done. Returns what stood between the notebooks and this computer."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Crew(course, assignments, min(jobs, len(handed))) as crew:
        screen.print(f"isolation: {crew.walls}")
        with Progress(*columns, console=screen) as progress:
            bar = progress.add_task("grading", total=len(handed))
            for result in crew.grade(handed):
                known = assignments.get(result.assignment)
                store.add(result, known.digest if known else "")
                progress.advance(bar)
        return crew.walls
