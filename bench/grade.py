"""Grading a class: throughput beside a fresh kernel for each notebook, memory of the grader and all its helpers.

A fresh kernel for each, one notebook after the other, is what stock autograding does; both run the same files, and ours
are behind walls. As root: under tests/real/guarded.py --

Beside the times of the clock, which others on the computer spoil, it tells the processor's.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
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


def kernels(root: Path, students: list[str], release: str) -> tuple[float, float]:
    """Seconds for each notebook in a kernel of its own: of the clock, and of the processor."""
    import nbclient
    import nbformat

    began, spent = time.perf_counter(), _spent()
    for student in students:
        folder = root / "kernels" / student
        folder.mkdir(parents=True)
        (folder / f"{TOY}.json").write_text(release)
        os.environ |= {"GLASSDOCK_STUDENT": student, "GLASSDOCK_RECORD": str(folder / "work.json")}
        book = nbformat.read(root / "submitted" / student / TOY / f"{TOY}.ipynb", as_version=4)
        resources = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(book, kernel_name="python3", resources=resources).execute()
    return (time.perf_counter() - began) / len(students), (_spent() - spent) / len(students)


def ours(root: Path, course: Course) -> tuple[float, float, float, str]:
    """Seconds for each submission once the helpers are warm, of the clock and of the processor; megabytes at most; and
    what the walls were.
    """
    handed = [take(each) for each in find(root)]
    known = asked(course, TOY)
    store, _ = open_store(root / "grades.db")
    with Crew(course, {TOY: known}, JOBS) as crew, Memory() as memory:
        began, spent = time.perf_counter(), _spent()
        for result in crew.grade(handed):
            assert result.points == result.maximum - result.waits, result
            store.add(result, known.digest)
        seconds, spent = time.perf_counter() - began, _spent() - spent
    store.close()
    return seconds / len(handed), spent / len(handed), memory.most, crew.walls


class Memory:
    """The largest proportional set size of this process and all below it, MB, looked at every three seconds."""

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
        while not self._over.wait(3.0):
            self.most = max(self.most, sum(map(_megabytes, _family(os.getpid()))))


def _family(pid: int) -> list[int]:
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    except OSError:
        return []
    return [pid, *(each for child in below for each in _family(int(child)))]


def _spent() -> float:
    """Seconds of the processor that this process and all below it have used, with those that have ended."""
    ticks = 0
    for pid in _family(os.getpid()):
        with suppress(OSError):
            numbers = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            ticks += sum(map(int, numbers[11:15]))  # utime, stime, cutime, cstime: proc_pid_stat(5)
    return ticks / os.sysconf("SC_CLK_TCK")


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
        before, before_spent = kernels(root, students[:beside], release)
        each, spent, memory, walls = ours(root, course)
        print(f"{count} submissions of four tasks, {JOBS} jobs; isolation: {walls}")
        report.line("a notebook in a kernel of its own", before * 1e3, "ms")
        report.line("a submission graded", each * 1e3, "ms")
        report.line("throughput, beside a kernel for each", before / each, "x", 20, least=True)
        report.line("processor time of a notebook in a kernel of its own", before_spent * 1e3, "ms")
        report.line("processor time of a submission graded", spent * 1e3, "ms")
        report.line("throughput by processor time", JOBS * before_spent / spent, "x")
        report.line("memory of the grader and its helpers", memory, "MB", 1000)
        report.line("one self-check", self_check(root, release) * 1e3, "ms", 200)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
