"""Finding what was handed in, in nbgrader's folders or in one flat folder.

    submitted/<student>/<assignment>/<notebook>.ipynb      nbgrader; `submitted` itself may be given, too
    <student>.ipynb, <student>_<assignment>.ipynb          flat; `.json` session records likewise

Nothing is opened here. Of two files of one student the newer counts; the other is a row with that reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from classroom.grading.results import Reason

KINDS = (".ipynb", ".json")
SUBMITTED = "submitted"  # nbgrader's folder


@dataclass(frozen=True, slots=True)
class Submission:
    """`assignment` is "" where only the notebook itself says it. `folder`: what came with the file, for its cells."""

    student: str
    assignment: str
    path: Path
    file: str  # below the graded folder, with /
    folder: Path | None = None
    refused: Reason | None = None


def find(root: Path, assignment: str = "", skip: Path | None = None) -> list[Submission]:
    """All of them, by student. `assignment`: only this one, and what flat files are of. `skip`: our own results.

    Raises OSError if there is no such folder. What lies deeper, or has another ending, is not looked at.
    """
    top = root / SUBMITTED if (root / SUBMITTED).is_dir() else root
    found = [*_nested(root, top, assignment, skip), *_flat(root, top, assignment)]
    return sorted(_one_each(found), key=lambda each: (each.student, each.assignment, each.file))


def _nested(root: Path, top: Path, assignment: str, skip: Path | None) -> Iterator[Submission]:
    for student in _folders(top, skip):
        for folder in _folders(student, skip):
            if assignment and folder.name != assignment:
                continue
            files = _work(list(_files(folder)), folder.name)
            for path in files:
                yield _submission(student.name, folder.name, path, root, folder)
            if not files:
                empty = Reason("empty folder", {})
                yield replace(_submission(student.name, folder.name, folder, root, None), refused=empty)


def _work(files: list[Path], assignment: str) -> list[Path]:
    """Without what only lies beside the work: the released assignment, and the record that a notebook has kept."""
    notebooks = [path for path in files if path.suffix == ".ipynb"]
    return notebooks or [path for path in files if path.name != f"{assignment}.json"] or files


def _flat(root: Path, top: Path, assignment: str) -> Iterator[Submission]:
    for path in _files(top):
        student = path.stem
        for separator in "_-":
            student = student.removesuffix(f"{separator}{assignment}") if assignment else student
        yield _submission(student, assignment, path, root, None)


def _submission(student: str, assignment: str, path: Path, root: Path, folder: Path | None) -> Submission:
    file = os.fsencode(path.relative_to(root).as_posix()).decode(errors="replace")
    return Submission(student.encode(errors="replace").decode(), assignment, path, file, folder)


def _one_each(found: Iterable[Submission]) -> Iterator[Submission]:
    """The newest of each student and assignment as it is, the others refused."""
    of_one: dict[tuple[str, str], list[Submission]] = {}
    for each in found:
        of_one.setdefault((each.student, each.assignment), []).append(each)
    for several in of_one.values():
        *older, newest = sorted(several, key=lambda each: (each.path.stat().st_mtime_ns, each.file))
        yield newest
        for each in older:
            yield replace(each, refused=Reason("older", {"file": newest.file}))


def _folders(above: Path, skip: Path | None) -> Iterator[Path]:
    for path in sorted(above.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and path != skip:
            yield path


def _files(folder: Path) -> Iterator[Path]:
    """Links are not followed: one student's name must not lead to another's work."""
    for path in sorted(folder.iterdir()):
        if path.suffix in KINDS and path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield path
