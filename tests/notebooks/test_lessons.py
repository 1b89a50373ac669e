"""Every lesson runs from top to bottom, in every language."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from classroom.texts import LANGUAGES, TEXTS
from classroom.workbook.pairs import LESSONS as NOTEBOOKS
from classroom.workbook.pairs import lessons, load

LESSONS = sorted({path.name for path in lessons()})


def run(lesson: Path) -> str:
    """Run all cells in a new shell; what they print. Fails at the first error that the lesson does not announce."""
    shell = InteractiveShell()
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        for cell in load(lesson).code:
            result = shell.run_cell(cell.source)
            if "raises-exception" not in cell.tags:
                assert result.success, f"{lesson.name}: {cell.source}\n{result.error_in_exec!r}"
    return said.getvalue()


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lesson_runs_to_its_end(language, lesson, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", f"/home/ada/notebooks/{language}/{lesson}")
    said = run(NOTEBOOKS / language / lesson)
    assert "Traceback" not in said
    assert "unknown command" not in said
    assert "unknown flag" not in said
    assert ("The engine says" if language == "en" else "엔진의 답은") in said


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_things_to_run(lesson):
    assert len(load(NOTEBOOKS / "en" / lesson).code) >= 10


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_says_what_it_is_for_and_asks_before_it_shows(lesson):
    text = (NOTEBOOKS / "en" / lesson).read_text("utf-8")
    for part in (
        "**You will be able to**",
        "predict(",
        "observe(",
        "view.",
        "## Try to break it",
        "## Summary",
        "real host",
    ):
        assert part in text, part
    names = re.findall(r'(predict|observe)\("([^"]+)"', text)
    asked = [name for kind, name in names if kind == "predict"]
    assert asked == [name for kind, name in names if kind == "observe"]
    assert len(set(asked)) == len(asked)


def test_every_text_is_there_in_every_language():
    for key, texts in TEXTS.items():
        assert set(texts) == set(LANGUAGES), key
        holes = [set(re.findall(r"{(\w+)}", text)) for text in texts.values()]
        assert holes[0] == holes[1], key
