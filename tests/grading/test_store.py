"""Results on disk survive what happens to computers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from classroom.grading.database import NotOurs
from classroom.grading.results import Mark, Reason, Result, State, Trace
from classroom.grading.store import open_store

MARK = Mark("one", "there", "one-hidden", 1.5, 2, True, {"en": "x", "ko": "예"}, {"en": "{box}", "ko": "{box}"})
RESULT = Result(
    "김민수", "05-toy", "submitted/a.ipynb", "d1", State.STOPPED, Reason("time", {"limit": 60}), (MARK,),
    (Trace("one", "f", "v", 3, 2, 1.5), Trace("two", "", "", 0)), (Reason("seal", {}),), 0.25,
)  # fmt: skip


def test_a_result_comes_back_as_it_was(tmp_path: Path):
    store, aside = open_store(tmp_path / "grades.db")
    store.add(RESULT, "course")
    store.close()
    again, _ = open_store(tmp_path / "grades.db")
    assert aside is None
    assert again.results("05-toy") == (RESULT,)
    assert again.results("other") == ()


def test_only_the_same_file_under_the_same_course_is_done(tmp_path: Path):
    store, _ = open_store(tmp_path / "grades.db")
    store.add(RESULT, "course")
    key = (RESULT.student, RESULT.assignment, RESULT.file)
    assert store.done(*key, "d1", "course")
    assert not store.done(*key, "d2", "course")
    assert not store.done(*key, "d1", "another seed")
    store.add(RESULT, "another seed")
    assert len(store.results("05-toy")) == 1


def test_a_result_is_there_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "grades.db"
    store, _ = open_store(path)
    broken = Result("b", "05-toy", "b", "d", State.GRADED, None, (MARK,), (RESULT.traces[0], RESULT.traces[0]))
    with pytest.raises(sqlite3.IntegrityError):
        store.add(broken, "course")
    assert store.results("05-toy") == ()
    store.add(RESULT, "course")
    assert store.results("05-toy") == (RESULT,)


@pytest.mark.parametrize("where", [0, 100, 4096])
def test_a_damaged_file_is_set_aside_and_nothing_is_written_over(tmp_path: Path, where: int):
    path = tmp_path / "grades.db"
    store, _ = open_store(path)
    store.add(RESULT, "course")
    store.close()
    data = bytearray(path.read_bytes())
    data[where : where + 3000] = b"\xa5" * 3000
    path.write_bytes(data)
    (tmp_path / "grades.db.damaged-1").write_text("from last time")
    fresh, aside = open_store(path)
    assert aside == tmp_path / "grades.db.damaged-2"
    assert aside.read_bytes() == bytes(data)
    assert (tmp_path / "grades.db.damaged-1").read_text() == "from last time"
    assert fresh.results("05-toy") == ()


def test_somebody_elses_database_is_left_alone(tmp_path: Path):
    path = tmp_path / "grades.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(NotOurs):
        open_store(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path):
    (tmp_path / "grades.db").mkdir()
    with pytest.raises(OSError, match=r"grades\.db"):
        open_store(tmp_path / "grades.db")
