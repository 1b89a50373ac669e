"""`glassdock grade` from end to end, on notebooks that mean no harm: a limited process is enough for them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from handed import COURSE, TOY, as_released, begun, hand_in, notebook, solved

from classroom.exercises.sealed import Entry, Work, assignment_key
from classroom.exercises.variants import engine_seed
from classroom.grading.command import main
from classroom.grading.crew import Helper
from classroom.grading.limits import Limits
from classroom.grading.results import Result
from classroom.grading.store import open_store
from classroom.lab import Lab
from engine.api.inprocess import Connection

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are copied")
WORDS = [
    "--exercises",
    str(COURSE),
    "--no-walls",
    "--jobs",
    "1",
    "--limits",
    "cell=10,notebook=30,memory=600M",
    "--lang",
    "en",
]


def grade(root: Path, *words: str) -> dict[str, Result]:
    """By file: a student may have handed in several."""
    assert main([str(root), *WORDS, *words]) == 0
    store, _ = open_store(root / "grades" / "grades.db")
    try:
        names = [path.name for path in COURSE.iterdir()] + ["", "07-none"]
        return {each.file.removeprefix("submitted/"): each for name in names for each in store.results(name)}
    finally:
        store.close()


def of(results: dict[str, Result], student: str) -> Result:
    [one] = [each for each in results.values() if each.student == student]
    return one


def lines(student: str, task: str) -> list[str]:
    """Of the reference solution, for this student."""
    return [line.removeprefix("!") for line in solved(student, tasks=[task])[-1].splitlines()]


def record(student: str, key: bytes) -> str:
    """A session as a student's own computer has recorded it: one task solved, sealed."""
    lab = Lab("sim", seed=engine_seed(student, 1, f"{TOY}/named"))
    for line in lines(student, "named"):
        lab.run(line)
    assert isinstance(lab.connection, Connection)
    assert lab.connection.engine.session is not None
    entries = (Entry("task", "named", 0, 100.0, "", "0"), Entry("check", "named", 5, 160.0, "", "2/2"))
    work = Work(TOY, student, 1, entries, {"named": lab.connection.engine.session.record()})
    return work.to_json(assignment_key(key, TOY).encode())


def test_a_class_with_all_that_can_be_odd_is_graded_row_by_row(tmp_path: Path):
    whole = {task: lines("full", task) for task in ("named", "kept", "limited", "tidy")}
    hand_in(tmp_path, "full", as_released("full", whole))
    hand_in(tmp_path, "half", as_released("half", {"named": lines("half", "named")}, "ko"))
    hand_in(tmp_path, "copied", as_released("copied", whole))
    hand_in(tmp_path, "empty", notebook([]))
    hand_in(tmp_path, "zeros", bytes(100))
    hand_in(tmp_path, "r", notebook(["1"], {"kernelspec": {"name": "ir", "language": "R"}}))
    hand_in(tmp_path, "korean", notebook([*solved("korean", tasks=["named"]), "# 한국어"]).encode("cp949"))
    hand_in(tmp_path, "stray", notebook(["1"]), assignment="07-none")
    hand_in(tmp_path, "twice", notebook(["1"]), "older.ipynb")
    os.utime(tmp_path / "submitted" / "twice" / TOY / "older.ipynb", (1, 1))
    hand_in(tmp_path, "twice", as_released("twice", {"named": lines("twice", "named")}))
    hand_in(tmp_path, "files", notebook([*begun(), "classroom.task('named')", "!cat beside.txt", "open('beside.txt')"]))
    hand_in(tmp_path, "files", "here", "beside.txt")
    hand_in(tmp_path, "breaks", notebook([*solved("breaks", tasks=["named"]), "1/0", "raise SystemExit", "def"]))
    (tmp_path / "submitted" / "nothing" / TOY).mkdir(parents=True)
    found = grade(tmp_path)
    marks = {name: of(found, name).points for name in ("full", "half", "copied", "korean", "files", "breaks")}
    assert marks == {"full": 9, "half": 2, "copied": 0, "korean": 2, "files": 0, "breaks": 2}
    assert of(found, "full").waits == 0  # nothing was written for a person to read
    assert of(found, "full").notes == of(found, "files").notes[1:] == ()
    errors = [note.facts["error"] for note in of(found, "breaks").notes if note.key == "cell error"]
    assert [error.partition(":")[0] for error in errors] == ["ZeroDivisionError", "SystemExit", "SyntaxError"]
    reasons = {name: of(found, name).reason for name in ("empty", "zeros", "r", "stray", "nothing")}
    assert {name: reason and reason.key for name, reason in reasons.items()} == {
        "empty": "nothing", "zeros": "no JSON", "r": "other kernel", "stray": "no assignment",
        "nothing": "empty folder",
    }  # fmt: skip
    assert found[f"twice/{TOY}/{TOY}.ipynb"].points == 2
    assert (older := found[f"twice/{TOY}/older.ipynb"].reason) is not None
    assert older.key == "older"
    assert "full" in (tmp_path / "grades" / TOY / "moodle.csv").read_text("utf-8-sig")
    index = (tmp_path / "grades" / TOY / "index.html").read_text("utf-8")
    assert "limited subprocess" in index
    assert "full, copied" in index or "copied, full" in index


def test_what_was_too_large_to_be_recorded_is_said_and_costs_no_other_task(tmp_path: Path):
    def sends(student: str, size: int) -> list[str]:
        """Twice as much as a grader hears, if it were told anew after each cell."""
        return [
            *solved(student, tasks=["named"]), "classroom.task('kept')", f"open('big', 'wb').write(os.urandom({size}))",
            "!docker create --name box alpine", "!docker cp big box:/big", *(["1"] * 12),
            *solved(student, tasks=["kept", "limited"])[3:],
        ]  # fmt: skip

    for student, size in (("large", 3_000_000), ("fits", 1_900_000)):
        hand_in(tmp_path, student, notebook(["import os", *sends(student, size)]))
    found = grade(tmp_path)
    assert {name: of(found, name).points for name in ("large", "fits")} == {"large": 4, "fits": 7}
    assert [note.key for note in of(found, "large").notes if note.key != "own notebook"] == ["large task"]
    unmet = [each for each in of(found, "large").marks if each.task == "kept"]
    assert all("more than 2 MB and was not recorded" in each.messages["en"] for each in unmet)


def test_session_records_and_their_seals(tmp_path: Path):
    (tmp_path / "course.key").write_text("of this course\n")
    for student, key in (("ada", b"of this course"), ("bob", b"forged")):
        (tmp_path / f"{student}.json").write_text(record(student, key))
    (tmp_path / "eve.json").write_text(record("ada", b"of this course"))
    (tmp_path / "bad.json").write_text('{"glassdock-work": 1, "assignment": "05-toy"}')
    found = grade(tmp_path)
    assert {name: of(found, name).points for name in ("ada", "bob", "eve", "bad")} == {
        "ada": 2,
        "bob": 2,
        "eve": 0,
        "bad": 0,
    }
    assert of(found, "ada").notes == ()
    assert [note.key for note in of(found, "bob").notes] == ["seal"]
    assert [note.key for note in of(found, "eve").notes] == ["other student"]
    assert (reason := of(found, "bad").reason) is not None
    assert reason.key == "bad record"
    [trace] = of(found, "ada").traces
    assert (trace.attempts, trace.seconds) == (1, 60.0)


def test_what_is_graded_is_not_graded_again_unless_it_has_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for student in ("ada", "bob"):
        hand_in(tmp_path, student, notebook(["1"]))
    grade(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in [tmp_path / "grades" / "grades.db"]}
    capsys.readouterr()
    grade(tmp_path)
    assert "2 of 2 are graded already" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before
    hand_in(tmp_path, "bob", notebook(solved("bob", tasks=["named"])))
    assert of(grade(tmp_path), "bob").points == 2
    assert "1 of 2 are graded already" in capsys.readouterr().out


def test_a_grader_that_is_killed_loses_no_mark_that_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for number in range(8):
        hand_in(
            tmp_path, f"s{number}", notebook([*solved(f"s{number}", tasks=["named"]), "import time", "time.sleep(1)"])
        )
    command = [sys.executable, "-m", "engine.cli", "grade", str(tmp_path), *WORDS]
    grader = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[2])
    try:
        path = tmp_path / "grades" / "grades.db"
        written = _wait_for(path, 2)
    finally:
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    written = _rows(path)
    assert 2 <= len(written) < 8
    found = grade(tmp_path)
    assert f"{len(written)} of 8 are graded already" in capsys.readouterr().out
    assert [each.points for each in found.values()] == [2] * 8
    assert written <= _rows(path)


def _rows(path: Path) -> set[tuple[str, float]]:
    """How long each took: no two runs take the same."""
    with closing(sqlite3.connect(path)) as database:
        return set(database.execute("SELECT student, seconds FROM submission"))


def _wait_for(path: Path, count: int) -> set[tuple[str, float]]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(sqlite3.Error):
            if path.exists() and len(rows := _rows(path)) >= count:
                return rows
        time.sleep(0.05)
    raise AssertionError("nothing was graded in a minute")


def test_where_processes_cannot_be_copied_each_job_has_its_own(tmp_path: Path):
    limits = Limits(notebook=20)
    asks = {"student": "ada", "lang": "en", "folder": None, "files": {}}
    helper = Helper("classroom.grading.running", limits, False, {"images": []}, cold=True)
    helper.start()
    helper.ready()
    try:
        first = helper.do(asks | {"cells": ["x = 6 * 7", "x"]})
        second = helper.do(asks | {"cells": ["x", "import os\nos._exit(3)"]})
    finally:
        helper.close()
    assert (first["end"], first["said"].count("\n")) == ("ok", 2)
    assert "42" in first["said"]
    assert (second["end"], second["said"].count("\n")) == ("died", 1)
    assert "NameError" in second["said"]


def test_a_damaged_file_of_marks_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    hand_in(tmp_path, "ada", notebook(["1"]))
    (tmp_path / "grades").mkdir()
    (tmp_path / "grades" / "grades.db").write_bytes(b"not a database at all, but long enough to be looked at" * 9)
    assert of(grade(tmp_path), "ada").points == 0
    assert "grades.db.damaged-1" in capsys.readouterr().out


def test_questions_that_make_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path), *WORDS]) == 0
    assert "nothing was handed in" in capsys.readouterr().out
    assert main([str(tmp_path / "none"), *WORDS]) == 1
    for words in (["--jobs", "0"], ["--limits", "cells=3"], ["--limits", "cell"]):
        with pytest.raises(SystemExit) as error:
            main([str(tmp_path), *words])
        assert error.value.code == 2
