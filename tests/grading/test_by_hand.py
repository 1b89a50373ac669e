"""Points and comments that a person enters: by command or in the worksheet, for every reader, and for good."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from handed import COURSE, TOY, as_released, hand_in, notebook, solved
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.grading import worksheet
from classroom.grading.command import main as grade
from classroom.grading.database import SCHEMA
from classroom.grading.marking import main as mark
from classroom.grading.results import Grade, Mark, Result, State
from classroom.grading.store import open_store

GRADING = ["--exercises", str(COURSE), "--no-walls", "--jobs", "1", "--lang", "en"]
MARKING = ["--exercises", str(COURSE), "--lang", "en"]
EXPLAIN = "limited-explain"
ROOT = Path(__file__).resolve().parents[2]
ANSWER = "The kernel ended it: more memory than it may have.\n\n=1+1"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are copied")


def explained(student: str, answer: str = ANSWER, work: bool = True) -> str:
    """A notebook with an answer to be read, and one task solved."""
    lines = solved(student, tasks=["named"])[-1].splitlines() if work else []
    document = json.loads(as_released(student, {"named": [line.removeprefix("!") for line in lines]}))
    for cell in document["cells"]:
        if cell["id"] == EXPLAIN and answer:
            cell["source"] = answer
    return json.dumps(document)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    for student, answer in (("ada", ANSWER), ("bob", ""), ("cho", "Because.")):
        hand_in(root, student, explained(student, answer))
    assert grade([str(root), *GRADING]) == 0
    return root


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(graded, tmp_path / "course")


def results(course: Path) -> Mapping[str, Result]:
    store, _ = open_store(course / "grades" / "grades.db")
    with closing(store):
        return {each.student: each for each in store.results(TOY)}


def sheet(course: Path) -> Path:
    return course / "grades" / TOY / worksheet.NAME


def rows(course: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet(course).read_text("utf-8-sig"), newline="")))


def fill_in(course: Path, delimiter: str = ",", encoding: str = "utf-8-sig", **fields: str) -> None:
    """As a spreadsheet would, in the row of ada's answer."""
    changed = [row | (fields if row["student_id"] == "ada" else {}) for row in rows(course)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, worksheet.COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(changed)
    sheet(course).write_bytes(text.getvalue().encode(encoding))


def feedback(course: Path, student: str = "ada") -> str:
    return (course / "grades" / TOY / "feedback" / f"{student}.html").read_text("utf-8")


def test_the_worksheet_has_what_waits_for_a_person_and_the_answer_to_be_read(course: Path):
    ada, cho = rows(course)
    assert (ada["student_id"], ada["grade_id"], ada["max_score"]) == ("ada", EXPLAIN, "2")
    assert (ada["answer"], ada["manual_score"], ada["needs_manual_grade"]) == (ANSWER, "", "1")
    assert ada["rubric"].startswith("Two points for")
    assert cho["student_id"] == "cho"


def test_where_nothing_was_written_nobody_has_to_mark(course: Path):
    assert results(course)["bob"].waits == 0
    assert "Nothing was written here." in feedback(course, "bob")


def test_a_mark_by_command_is_in_the_page_the_tables_and_the_worksheet(
    course: Path, capsys: pytest.CaptureFixture[str]
):
    assert mark([str(course), "ada", "limited", "1.5", "--comment", "Why <then>?", *MARKING]) == 0
    assert "manual_score: 1.5" in capsys.readouterr().out
    assert (results(course)["ada"].points, results(course)["ada"].waits) == (3.5, 0)
    assert "Comment: Why &lt;then&gt;?" in feedback(course)
    assert "1.5 / 2" in feedback(course)
    assert "ada,3.5," in (course / "grades" / TOY / "moodle.csv").read_text("utf-8-sig")
    assert "ada,,ada,ada,,3.5" in (course / "grades" / TOY / "canvas.csv").read_text("utf-8-sig")
    assert "1,1.5,,Why <then>?" in (course / "grades" / TOY / "marks.csv").read_text("utf-8-sig")
    assert [rows(course)[0][name] for name in ("manual_score", "comment", "needs_manual_grade")] == [
        "1.5", "Why <then>?", "0",
    ]  # fmt: skip
    assert mark([str(course), *MARKING]) == 0
    waiting = capsys.readouterr().out
    assert f"cho  {EXPLAIN}" in waiting
    assert f"ada  {EXPLAIN}" not in waiting


def test_a_person_can_overrule_the_machine_give_extra_credit_and_take_it_back(course: Path):
    words = [str(course), "ada", "named", "--tests", *MARKING]
    assert mark([*words, "0.5", "--extra-credit", "1"]) == 0
    assert results(course)["ada"].points == 1.5
    assert "A person has looked at this and gave 0.5 of 2 points." in feedback(course)
    assert mark([*words, "0.25"]) == 0
    assert results(course)["ada"].points == 1.25
    assert mark([*words, "--clear"]) == 0
    assert results(course)["ada"].points == 2
    assert "A person has looked" not in feedback(course)


@pytest.mark.parametrize(
    ("delimiter", "encoding", "score"), [(",", "utf-8-sig", "1.5"), (";", "cp949", "1,5"), ("\t", "utf-16", "1.50")]
)
def test_a_worksheet_is_taken_in_however_a_spreadsheet_has_saved_it(
    course: Path, delimiter: str, encoding: str, score: str
):
    fill_in(course, delimiter, encoding, manual_score=score, comment="좋아요")
    assert mark([str(course), *MARKING]) == 0
    assert results(course)["ada"].grade(EXPLAIN).manual_score == 1.5
    assert "좋아요" in feedback(course)
    assert rows(course)[0]["answer"] == ANSWER


def test_what_was_entered_stays_when_the_work_is_graded_again(course: Path, capsys: pytest.CaptureFixture[str]):
    assert mark([str(course), "ada", "limited", "2", "--comment", "Well seen.", *MARKING]) == 0
    hand_in(course, "ada", explained("ada", "A new answer.", work=False))
    assert grade([str(course), *GRADING]) == 0
    ada = results(course)["ada"]
    assert (ada.points, ada.waits, ada.needs_manual_grade(EXPLAIN)) == (2, 0, True)
    assert "Another file was handed in since." in feedback(course)
    assert (rows(course)[0]["answer"], rows(course)[0]["needs_manual_grade"]) == ("A new answer.", "1")
    capsys.readouterr()
    assert mark([str(course), *MARKING]) == 0
    assert f"ada  {EXPLAIN} (handed in again since)" in capsys.readouterr().out


def test_a_worksheet_filled_in_meanwhile_is_taken_in_and_not_written_over(course: Path):
    fill_in(course, manual_score="2", comment="by hand")
    hand_in(course, "dan", explained("dan"))
    assert grade([str(course), *GRADING]) == 0
    assert results(course)["ada"].grade(EXPLAIN).comment == "by hand"
    assert [row["comment"] for row in rows(course)] == ["by hand", "", ""]


def test_empty_fields_take_nothing_back(course: Path):
    assert mark([str(course), "ada", "limited", "2", "--comment", "kept", *MARKING]) == 0
    fill_in(course, manual_score="", comment="", extra_credit="0.5")
    assert mark([str(course), *MARKING]) == 0
    assert results(course)["ada"].grade(EXPLAIN).manual_score == 2
    assert [rows(course)[0][name] for name in ("manual_score", "extra_credit", "comment")] == ["2", "0.5", "kept"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"manual_score": "3"}, "3 is not between 0 and 2"),
        ({"manual_score": "-1"}, "-1 is not between 0 and 2"),
        ({"manual_score": "two"}, "'two' is no number of points"),
        ({"extra_credit": "nan"}, "'nan' is no number of points"),
        ({"student_id": "eve", "manual_score": "1"}, "nobody called 'eve' has handed in"),
        ({"grade_id": "other", "manual_score": "1"}, "there is no cell 'other'"),
    ],
)
def test_what_cannot_be_meant_stops_before_anything_is_written(
    course: Path, capsys: pytest.CaptureFixture[str], fields: dict[str, str], said: str
):
    fill_in(course, **fields)
    before = sheet(course).read_bytes()
    for command in (grade, mark):
        assert command([str(course), *(GRADING if command is grade else MARKING)]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert "manual.csv, line 4" in error
    assert sheet(course).read_bytes() == before
    assert results(course)["ada"].grades == {}


@pytest.mark.parametrize("data", [b"\xff\xfe\xff", b"a,b\n1,2\n", b""])
def test_a_file_that_is_no_worksheet_is_not_written_over(course: Path, capsys: pytest.CaptureFixture[str], data: bytes):
    sheet(course).write_bytes(data)
    assert mark([str(course), *MARKING]) == 2
    assert "manual.csv" in capsys.readouterr().err
    assert sheet(course).read_bytes() == data


def test_what_is_not_there_cannot_be_marked(course: Path, capsys: pytest.CaptureFixture[str]):
    for words in (["eve", "limited", "1"], ["ada", "none", "1"], ["ada", "limited", "9"], ["ada", "limited", "x"]):
        assert mark([str(course), *words, *MARKING]) == 2
        assert capsys.readouterr().err.startswith("glassdock: ")
    assert mark([str(course / "none"), *MARKING]) == 1
    assert results(course)["ada"].grades == {}


def test_marks_by_hand_outlive_a_grader_that_is_killed_and_a_database_that_is_damaged(course: Path):
    fill_in(course, manual_score="2", comment="kept")
    hand_in(course, "late", notebook(["import time", "time.sleep(9)"]))
    grader = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "grade", str(course), *GRADING], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert grader.stdout is not None
    assert b"1 entered by hand" in grader.stdout.readline()
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    assert results(course)["ada"].grade(EXPLAIN) == Grade(EXPLAIN, 2, 0, "kept", digest=results(course)["ada"].digest)
    (course / "submitted" / "late" / TOY / f"{TOY}.ipynb").unlink()
    (course / "grades" / "grades.db").write_bytes(b"rubbish" * 99)
    assert grade([str(course), *GRADING]) == 0
    assert results(course)["ada"].grade(EXPLAIN).comment == "kept"


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path):
    path = tmp_path / "grades.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(f"{SCHEMA} PRAGMA user_version = 1;")
        old.execute("INSERT INTO submission VALUES (1, 'ada', 't', 'f', 'd', 'c', 'graded', NULL, '{}', '[]', 1)")
        old.execute("INSERT INTO mark VALUES (1, 0, 'one', 'x', 'one', 1, 2, 0, 0, '{}', '{}')")
        old.commit()
    store, aside = open_store(path)
    with closing(store):
        assert aside is None
        assert not store.done("ada", "t", "f", "d", "c")  # its answers were not kept
        store.enter("t", [("ada", Grade("one", 1.5))])
        [ada] = store.results("t")
    assert (ada.points, ada.marks[0].points) == (1.5, 1)


texts = st.text("aé한\n,;\"'=-", max_size=9)
grades = st.builds(
    Grade,
    st.just("one-explain"),
    st.none() | st.floats(0, 2),
    st.sampled_from([0.0, 1.0, -0.5]),
    texts.map(str.strip),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entered=st.lists(grades, max_size=3), answer=texts)
def test_a_worksheet_that_nobody_touched_says_nothing_new(tmp_path: Path, entered: list[Grade], answer: str):
    asked = Mark("one", "explain", "one-explain", 0, 2, False, {"en": "rubric"}, manual=True, answer=answer)
    class_ = [
        Result(f"s{number}", "t", "f", "d", State.GRADED, None, (asked,), grades={grade.grade_id: grade})
        for number, grade in enumerate(entered)
    ]
    path = tmp_path / worksheet.NAME
    path.write_text(worksheet.write(class_, "en"), "utf-8-sig", newline="")
    assert worksheet.read(path, class_) == []
