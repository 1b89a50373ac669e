"""Notebooks are nbgrader's: its metadata, its folders, its rules for what is released; and they run."""

import hashlib
import io
import json
import os
import stat
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import jsonschema
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

from classroom.exercises import check
from classroom.exercises.course import main
from classroom.exercises.fill import filled
from classroom.exercises.load import load, names
from classroom.exercises.notebooks import BEGIN_HIDDEN, STUB, TEXT_STUB, checksum, released, source
from classroom.exercises.released import BadDocument, read
from classroom.exercises.replayed import evaluate_work
from classroom.exercises.sealed import unsealed
from classroom.exercises.variants import drawn
from engine.cli import ELSEWHERE

# nbgrader's cell metadata, version 3, as its documentation describes it
SCHEMA = {
    "type": "object",
    "properties": {
        "schema_version": {"const": 3},
        "grade": {"type": "boolean"},
        "locked": {"type": "boolean"},
        "solution": {"type": "boolean"},
        "task": {"type": "boolean"},
        "grade_id": {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$"},
        "points": {"type": "number", "minimum": 0},
        "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
        "cell_type": {"enum": ["code", "markdown"]},
    },
    "required": ["schema_version", "grade", "locked", "solution", "grade_id"],
    "additionalProperties": False,
}
each_assignment = pytest.mark.parametrize("name", names())


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLASSDOCK_LANG", "en")
    for name in ("GLASSDOCK_STUDENT", "GLASSDOCK_RECORD", "NBGRADER_EXECUTION", "JUPYTERHUB_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(check, "DESKS", [])
    return tmp_path


def graded(notebook):
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


@each_assignment
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_source_and_release_are_valid_notebooks_with_nbgraders_metadata(name, lang):
    teachers = source(load(name), lang, 1)
    for notebook in (teachers, released(teachers)):
        nbformat.validate(nbformat.from_dict(notebook))
        ids = []
        for cell in notebook["cells"]:
            if (about := cell["metadata"].get("nbgrader")) is None:
                continue
            jsonschema.validate(about, SCHEMA)
            ids.append(about["grade_id"])
            assert about["grade"] == ("points" in about)
            if cell["cell_type"] == "markdown":
                assert about["grade"] == about["solution"]  # a manual cell, or read-only
        assert len(set(ids)) == len(ids)
        assert sum(cell["metadata"]["nbgrader"]["points"] for cell in graded(notebook)) == load(name).points


@each_assignment
def test_what_is_released_follows_nbgraders_rules(name):
    teachers = source(load(name), "en", 1)
    for before, after in zip(teachers["cells"], released(teachers)["cells"], strict=True):
        about = after["metadata"].get("nbgrader")
        if about is None:
            assert after == before
            continue
        assert after["metadata"]["deletable"] is False
        assert ("editable" in after["metadata"]) != about["solution"]
        assert about["cell_type"] == after["cell_type"]
        if about["solution"]:
            assert (STUB if after["cell_type"] == "code" else TEXT_STUB) in after["source"]
        elif BEGIN_HIDDEN not in before["source"]:
            assert after["source"] == before["source"]
        else:
            assert after["source"] == before["source"].split("\n")[0]


def test_the_checksum_is_nbgraders():
    about = {"grade": True, "solution": False, "locked": False, "grade_id": "a", "points": 2}
    said = "classroom.marks('a')" + "code" + "True" + "False" + "True" + "a" + "2.0"
    assert checksum("classroom.marks('a')", "code", about) == hashlib.md5(said.encode()).hexdigest()


@contextmanager
def closing(shell):
    """The process has no shell afterwards."""
    try:
        yield
    finally:
        shell.reset(new_session=False)
        InteractiveShell.clear_instance()


def run(notebook, answers=()):
    """All code cells in a new shell, with answers for some; what each gave. Fails at the first error."""
    shell, given = InteractiveShell.instance(), {}
    with redirect_stdout(io.StringIO()) as said, redirect_stderr(said), closing(shell):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                result = shell.run_cell(dict(answers).get(cell["id"], cell["source"]))
                assert result.success, f"{cell['id']}: {result.error_in_exec!r}\n{said.getvalue()[-2000:]}"
                given[cell["id"]] = result.result
    return given


@each_assignment
def test_the_teachers_notebook_runs_and_has_full_marks(name):
    notebook = source(load(name), "ko", 1)
    given = run(notebook)
    for cell in graded(notebook):
        if cell["cell_type"] == "code":
            assert given[cell["id"]] == cell["metadata"]["nbgrader"]["points"], cell["id"]


@each_assignment
def test_the_released_notebook_runs_and_has_no_marks_yet(name):
    notebook = released(source(load(name), "en", 1))
    given = run(notebook, {"student": 'student = "ada"'})
    for cell in graded(notebook):
        if cell["cell_type"] == "code" and not cell["id"].endswith("-hidden"):
            assert given[cell["id"]] == 0


def test_what_is_done_after_the_last_check_is_kept_too(alone):
    """A student repairs something, sees that it runs, and hands in."""
    task = filled(load("04-images").task("other-command"), drawn_for("ada", "other-command"))
    cells = [
        "import classroom; classroom.begin('04-images', student='someone-else')",
        "classroom.begin('04-images', student='ada')",
        "classroom.task('other-command'); classroom.check()",
        f"!{task.solution[0]}",
        "1 + 1",
    ]
    run({"cells": [{"id": str(at), "cell_type": "code", "source": cell} for at, cell in enumerate(cells)]})
    desk = check.DESKS[-1]
    work, whole = unsealed((alone / "04-images.work.json").read_text("utf-8"), desk.key)
    assert whole and work.student == "ada"
    assert sum(each.points for each in evaluate_work(load("04-images"), work, "ada", 1)) == 4


def drawn_for(student, task):
    return drawn(load("04-images").task(task).draws, student, 1, f"04-images/{task}")


def test_a_course_is_built_and_released(alone, capsys):
    assert main(["build", "course", "04-images", "--seed", "7"]) == 0
    assert main(["release", "course", "04-images"]) == 0
    course = alone / "course"
    files = {path.relative_to(course).as_posix() for path in course.rglob("*") if path.is_file()}
    folders = ("release", "release-ko", "source")
    notebooks = [f"{folder}/04-images/04-images.{kind}" for folder in folders for kind in ("ipynb", "json")]
    assert files == {"course.key", "nbgrader_config.py", *notebooks}
    assert read(alone / "course/source/04-images/04-images.json").seed == 7
    assert read(alone / "course/release-ko/04-images/04-images.json").lang == "ko"
    assert "source/04-images/04-images.ipynb" in capsys.readouterr().out.replace(os.sep, "/")


def test_the_courses_key_stays_and_is_nobody_elses(alone):
    main(["build", "course", "02-hello-world"])
    key = (alone / "course/course.key").read_text()
    main(["build", "course", "04-images"])
    main(["release", "course", "04-images"])
    assert (alone / "course/course.key").read_text() == key
    if os.name == "posix":
        assert stat.S_IMODE((alone / "course/course.key").stat().st_mode) == 0o600
    for path in (alone / "course").rglob("*.*"):
        if path.is_file() and path.name != "course.key":
            assert key.strip() not in path.read_text("utf-8")


def test_nbgraders_settings_are_python_that_nbgrader_can_read(alone):
    main(["build", "course", "04-images"])
    from traitlets.config import PyFileConfigLoader

    settings = PyFileConfigLoader("nbgrader_config.py", "course").load_config()
    assert settings.ClearSolutions.code_stub == {"python": STUB}
    assert settings.ClearHiddenTests.begin_test_delimeter in BEGIN_HIDDEN


def test_students_work_from_what_was_released_alone(alone, monkeypatch):
    main(["build", "course", "04-images", "--seed", "7"])
    main(["release", "course", "04-images"])
    monkeypatch.chdir(alone / "course/release-ko/04-images")
    monkeypatch.delenv("GLASSDOCK_LANG")
    monkeypatch.setattr(check, "names", list)  # students have no folder exercises/
    notebook = json.loads((alone / "course/release-ko/04-images/04-images.ipynb").read_text("utf-8"))
    given = run(notebook, {"student": 'student = "ada"'})
    assert "학번 ada" in str(given["begin"])
    assert not any(criterion.hidden for criterion in check.DESKS[-1].assignment.task("two-of-one").criteria)


def test_the_list_and_a_rehearsal(capsys):
    assert main(["list"]) == 0
    assert "04-images                5 tasks" in capsys.readouterr().out
    assert main(["try", "02-hello-world"]) == 0
    assert ELSEWHERE["exercises"] == "classroom.exercises.course:main"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["build", "course", "99-none"], "no assignment 99-none"),
        (["release", "course", "04-images"], "has not been built"),
        (["try", "nothing"], "no assignment nothing"),
    ],
)
def test_words_that_make_no_sense_are_told(words, reason, capsys):
    assert main(words) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"glassdock-exercise": 9}', '{"glassdock-exercise": 1}', "\x00"])
def test_a_damaged_assignment_is_told(alone, text):
    (alone / "04-images.json").write_text(text)
    with pytest.raises(BadDocument, match=r"04-images\.json is no exercise"):
        read(alone / "04-images.json")
