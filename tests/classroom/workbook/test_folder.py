"""A learner's copy: complete at once, up to date later, and never at the cost of the learner's work."""

import json
import shutil

import nbformat
import pytest

from classroom.exercises import notebooks
from classroom.exercises.load import names
from classroom.exercises.released import read
from classroom.texts import LANGUAGES
from classroom.workbook import contents, pairs
from classroom.workbook.folder import PRIVATE, deliver

NAME = "en/02-hello-world.ipynb"


@pytest.fixture
def lessons(tmp_path):
    """What an update can change."""
    for language in LANGUAGES:
        (tmp_path / "lessons" / language).mkdir(parents=True)
        for name in ("02-hello-world", "03-engine"):
            shutil.copy(pairs.LESSONS / language / f"{name}.ipynb", tmp_path / "lessons" / language)
    return tmp_path / "lessons"


@pytest.fixture
def copy(tmp_path, lessons):
    deliver(tmp_path / "copy", lessons)
    return tmp_path / "copy"


def publish(lessons, what):
    """A new version of lesson 2."""
    notebook = json.loads((lessons / NAME).read_text("utf-8"))
    notebook["cells"][0]["source"] = [what]
    (lessons / NAME).write_text(json.dumps(notebook), "utf-8")


def test_the_copy_has_every_lesson_and_a_table_of_contents_that_leads_to_each(tmp_path):
    done = deliver(tmp_path)
    assert len(done.written) == len(list(pairs.lessons())) + (1 + 2 * len(names())) * len(LANGUAGES)
    for language in LANGUAGES:
        page = (tmp_path / language / contents.NAME).read_text("utf-8")
        for path in (tmp_path / language).glob("*.ipynb"):
            nbformat.validate(nbformat.read(path, as_version=4))
            assert f"]({path.name})" in page
        assert page.count("분쯤" if language == "ko" else "about ") >= 16


def test_each_lessons_row_leads_to_its_exercise_which_has_no_solution_in_it(tmp_path):
    deliver(tmp_path)
    for language in LANGUAGES:
        rows = (tmp_path / language / contents.NAME).read_text("utf-8").splitlines()
        for name in names():
            path = tmp_path / language / "exercises" / name / f"{name}.ipynb"
            nbformat.validate(nbformat.read(path, as_version=4))
            [row] = [row for row in rows if f"(exercises/{name}/{name}.ipynb)" in row]
            assert row.startswith(f"| {int(name[:2])} |")
            assert "BEGIN SOLUTION" not in path.read_text("utf-8")
            assert read(path.with_suffix(".json")).assignment.tasks[0].solution == ()


def test_what_was_done_in_an_exercise_is_never_written_over(copy, lessons, monkeypatch):
    """Nor is the record of it, which no update knows."""
    work = copy / "en/exercises/02-hello-world/02-hello-world.ipynb"
    work.write_text("my work", "utf-8")
    beside = work.with_stem("02-hello-world-new")
    record = work.with_suffix(".work.json")
    record.write_text("my record", "utf-8")
    monkeypatch.setattr(notebooks, "STUB", "# a new version of all")
    done = deliver(copy, lessons)
    assert done.beside == {work.relative_to(copy).as_posix(): beside.relative_to(copy).as_posix()}
    assert (work.read_text("utf-8"), record.read_text("utf-8")) == ("my work", "my record")
    assert deliver(copy, lessons).written == []


def test_a_second_time_writes_nothing(copy, lessons):
    assert deliver(copy, lessons).written == []


def test_an_untouched_lesson_is_brought_up_to_date(copy, lessons):
    publish(lessons, "new")
    done = deliver(copy, lessons)
    assert NAME in done.written
    assert not done.beside
    assert (copy / NAME).read_bytes() == (lessons / NAME).read_bytes()


def test_a_changed_lesson_stays_and_the_new_one_lies_beside(copy, lessons):
    (copy / NAME).write_text("my work", "utf-8")
    publish(lessons, "new")
    done = deliver(copy, lessons)
    assert done.beside == {NAME: "en/02-hello-world-new.ipynb"}
    assert (copy / NAME).read_text("utf-8") == "my work"
    assert (copy / done.beside[NAME]).read_bytes() == (lessons / NAME).read_bytes()
    assert deliver(copy, lessons).written == []


def test_a_new_version_that_was_changed_too_stays_as_well(copy, lessons):
    (copy / NAME).write_text("my work", "utf-8")
    publish(lessons, "new")
    second = copy / deliver(copy, lessons).beside[NAME]
    second.write_text("my second work", "utf-8")
    assert deliver(copy, lessons).written == []
    publish(lessons, "newer")
    assert deliver(copy, lessons).beside == {NAME: "en/02-hello-world-new-2.ipynb"}
    assert second.read_text("utf-8") == "my second work"


def test_without_a_ledger_every_file_is_the_learners(copy, lessons):
    (copy / NAME).write_text("my work", "utf-8")
    (copy / PRIVATE / "delivered.json").write_text("half a led", "utf-8")
    deliver(copy, lessons)
    assert (copy / NAME).read_text("utf-8") == "my work"


def test_a_lesson_that_was_thrown_away_comes_back(copy, lessons):
    (copy / NAME).unlink()
    assert deliver(copy, lessons).written == [NAME]
