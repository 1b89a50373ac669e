"""`glassdock exercises`: the assignments that come with Glassdock, as a course for nbgrader.

glassdock exercises list                    what there is: lessons, tasks, points
glassdock exercises try [NAME …]            for authors: work all solutions, and say what is not as it should be
glassdock exercises build DIR               the teacher's notebooks, with solutions: DIR/source/…
glassdock exercises release DIR             what students get, in both languages: DIR/release/…, DIR/release-ko/…

`build` makes DIR/course.key, the secret that seals the students' records, and DIR/nbgrader_config.py; both stay as they
are when they are there already. A class of its own has a seed of its own (--seed), and so other variants.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classroom.commands import parser, told
from classroom.exercises.codec import BadDocument
from classroom.exercises.load import BadAssignment, load, names
from classroom.exercises.notebooks import STUB, TEXT_STUB, released, source
from classroom.exercises.rehearsal import problems
from classroom.exercises.released import Release, read
from classroom.exercises.sealed import assignment_key
from classroom.exercises.task import Assignment
from classroom.texts import LANGUAGES, language

KEY, CONFIG = "course.key", "nbgrader_config.py"
SETTINGS = f'''"""nbgrader for Glassdock's exercises: https://nbgrader.readthedocs.io/en/stable/configuration/"""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "glassdock"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
c.ClearSolutions.text_stub = {TEXT_STUB!r}
c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "END SOLUTION"
c.ClearHiddenTests.begin_test_delimeter = "BEGIN HIDDEN TESTS"
c.ClearHiddenTests.end_test_delimeter = "END HIDDEN TESTS"
'''


def main(argv: Sequence[str]) -> int:
    """2: words that make no sense, or an assignment that is not whole; 1: what cannot be written, or problems."""
    words = parser("exercises", __doc__)
    commands = words.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("list", help="what there is")
    trying = commands.add_parser("try", help="work all solutions and judge them")
    trying.add_argument("assignments", metavar="NAME", nargs="*", help="only these (default: all)")
    for name, text in (("build", "the teacher's notebooks"), ("release", "what students get")):
        command = commands.add_parser(name, help=text)
        command.add_argument("course", metavar="DIR", type=Path, help="the course's folder, as nbgrader has it")
        command.add_argument("assignments", metavar="NAME", nargs="*", help="only these (default: all)")
        if name == "build":
            command.add_argument("--lang", choices=LANGUAGES, default=language(), help="of the teacher's notebooks")
            command.add_argument(
                "--seed", type=int, default=1, metavar="N", help="the class's own variants (default: 1)"
            )
    options = words.parse_args(argv)
    return told(lambda: _run(options), BadAssignment, BadDocument, LookupError)


def _run(options: argparse.Namespace) -> int:
    if options.command == "list":
        for name in names():
            print(_line(load(name)))
        return 0
    for name in options.assignments:
        if name not in names():
            raise LookupError(f"there is no assignment {name}; there are {', '.join(names())}")
    wanted = options.assignments or names()
    if options.command == "try":
        return max([_try(load(name)) for name in wanted], default=0)
    for name in wanted:
        if options.command == "build":
            print(*build(options.course, name, options.lang, options.seed), sep="\n")
        else:
            print(*release(options.course, name), sep="\n")
    return 0


def _try(assignment: Assignment) -> int:
    """1 if something is not as the author says."""
    found = [problem for task in assignment.tasks for problem in problems(assignment, task)]
    print(_line(assignment), *found, sep="\n  ")
    return int(bool(found))


def _line(assignment: Assignment) -> str:
    beliefs = sorted({number for task in assignment.tasks for number in task.misconceptions})
    return (
        f"{assignment.name:<24} {len(assignment.tasks)} tasks {assignment.points:>3} points  "
        f"beliefs {', '.join(map(str, beliefs))}  {assignment.title.of(language())}"
    )


def build(course: Path, name: str, lang: str = "en", seed: int = 1) -> list[Path]:
    """An assignment's source, what lies beside it, and what the course needs. Returns the files. Raises OSError."""
    assignment = load(name)
    course.mkdir(parents=True, exist_ok=True)
    kept = Release(assignment, seed, assignment_key(course_key(course), name), lang)
    if not (settings := course / CONFIG).exists():
        settings.write_text(SETTINGS, "utf-8")
    return _write(course / "source" / name, kept, source(assignment, lang, seed))


def release(course: Path, name: str) -> list[Path]:
    """What students get of an assignment that was built, in each language. Raises LookupError if it was not."""
    beside = course / "source" / name / f"{name}.json"
    if not beside.exists():
        raise LookupError(f"{name} has not been built in {course}: glassdock exercises build {course} {name}")
    built, assignment, wrote = read(beside), load(name), []
    for lang in LANGUAGES:
        step = "release" if lang == built.lang else f"release-{lang}"
        notebook = released(source(assignment, lang, built.seed))
        wrote += _write(course / step / name, Release(assignment, built.seed, built.key, lang), notebook)
    return wrote


def course_key(course: Path) -> bytes:
    """The course's secret; made, and readable by its owner only, if there is none yet. Raises OSError."""
    file = course / KEY
    if not file.exists():
        file.touch(0o600)
        file.write_text(secrets.token_hex(32) + "\n", "ascii")
    return file.read_bytes().strip()


def _write(folder: Path, kept: Release, notebook: dict[str, Any]) -> list[Path]:
    name = kept.assignment.name
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{name}.ipynb": json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", f"{name}.json": kept.to_json()}
    for file, text in files.items():
        (folder / file).write_text(text, "utf-8")
    return [folder / file for file in files]
