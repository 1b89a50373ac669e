"""Grading a class: throughput beside a fresh kernel for each notebook, memory of the grader and all its helpers.

A fresh kernel for each, one notebook after the other, is what stock autograding does; both run the same files, and ours
are behind walls. As root: under tests/real/guarded.py --
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from report import Report, quick

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "grading"))

from handed import COURSE, TOY, hand_in, notebook, solved

from classroom.exercises.check import begin as sit_down
from classroom.exercises.check import check, task
from classroom.grading.grader import Course, Crew, asked, take
from classroom.grading.store import open_store
from classroom.grading.submissions import find

JOBS = 2


def kernels(root: Path, students: list[str], release: str) -> float:
    """Seconds for each notebook in a kernel of its own."""
    import nbclient
    import nbformat

    began = time.perf_counter()
    for student in students:
        folder = root / "kernels" / student
        folder.mkdir(parents=True)
        (folder / f"{TOY}.json").write_text(release)
        os.environ |= {"GLASSDOCK_STUDENT": student, "GLASSDOCK_RECORD": str(folder / "work.json")}
        book = nbformat.read(root / "submitted" / student / TOY / f"{TOY}.ipynb", as_version=4)
        resources = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(book, kernel_name="python3", resources=resources).execute()
    return (time.perf_counter() - began) / len(students)


def ours(root: Path, course: Course) -> tuple[float, float, str]:
    """Seconds for each submission once the helpers are warm, megabytes at most, and what the walls were."""
    handed = [take(each) for each in find(root)]
    known = asked(course, TOY)
    store, _ = open_store(root / "grades.db")
    with Crew(course, {TOY: known}, JOBS) as crew, Memory() as memory:
        began = time.perf_counter()
        for result in crew.grade(handed):
            assert result.points == result.maximum - result.waits, result
            store.add(result, known.digest)
        seconds = time.perf_counter() - began
    store.close()
    return seconds / len(handed), memory.most, crew.walls


class Memory:
    """The largest proportional set size of this process and all below it, MB, looked at every second."""

    def __init__(self) -> None:
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            self.most = max(self.most, sum(map(_megabytes, _family(os.getpid()))))


def _family(pid: int) -> list[int]:
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    except OSError:
        return []
    return [pid, *(each for child in below for each in _family(int(child)))]


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    except OSError:  # it has just ended
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def self_check(root: Path, release: str) -> float:
    """Seconds that a student waits for `classroom.check()`, when the task is done."""
    os.chdir(root)
    (root / f"{TOY}.json").write_text(release)
    os.environ |= {"GLASSDOCK_STUDENT": "ada", "GLASSDOCK_RECORD": str(root / "ada.work.json")}
    sit_down(TOY)
    task("kept")
    times = []
    for _ in range(5):
        began = time.perf_counter()
        check("kept")
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> int:
    report = Report()
    count, beside = (12, 2) if quick() else (300, 10)
    course = Course(COURSE)
    release = asked(course, TOY).release
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        students = [f"s{number:03}" for number in range(count)]
        for student in students:
            hand_in(root, student, notebook(solved(student)))
        before = kernels(root, students[:beside], release)
        each, memory, walls = ours(root, course)
        print(f"{count} submissions of four tasks, {JOBS} jobs; isolation: {walls}")
        report.line("a notebook in a kernel of its own", before * 1e3, "ms")
        report.line("a submission graded", each * 1e3, "ms")
        report.line("throughput, beside a kernel for each", before / each, "x", 20, least=True)
        report.line("memory of the grader and its helpers", memory, "MB", 1000)
        report.line("one self-check", self_check(root, release) * 1e3, "ms", 200)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
