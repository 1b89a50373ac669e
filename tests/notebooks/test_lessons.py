"""Every lesson runs from top to bottom, in every language."""

import re

import pytest

from classroom.texts import LANGUAGES, TEXTS
from classroom.workbook.execute import run
from classroom.workbook.pairs import LESSONS as NOTEBOOKS
from classroom.workbook.pairs import lessons, load

LESSONS = sorted({path.name for path in lessons()})


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lesson_runs_to_its_end(language, lesson):
    said = run(load(NOTEBOOKS / language / lesson), f"{language}/{lesson}").said
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
