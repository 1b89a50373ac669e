"""Every lesson runs from top to bottom, and its two languages have the same cells."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from classroom.texts import LANGUAGES, TEXTS

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS = sorted(path.name for path in (NOTEBOOKS / "en").glob("*.md"))
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TAGS = re.compile(r"\A:tags: \[([^\]]*)\]\n+")


@dataclass(frozen=True)
class Cell:
    code: str
    tags: tuple[str, ...]


def cells(path: Path) -> list[Cell]:
    """The code cells of a MyST notebook."""
    found = []
    for match in CELL.finditer(path.read_text("utf-8")):
        tags = TAGS.match(match[1])
        code = match[1][tags.end() if tags else 0 :].strip("\n")
        found.append(Cell(code, tuple(tags[1].split(", ")) if tags else ()))
    return found


def run(lesson: Path) -> str:
    """Run all cells in a new shell; what they print. Fails at the first error that the lesson does not announce."""
    shell = InteractiveShell()
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        for cell in cells(lesson):
            result = shell.run_cell(cell.code)
            if "raises-exception" not in cell.tags:
                assert result.success, f"{lesson.name}: {cell.code}\n{result.error_in_exec!r}"
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
def test_both_languages_have_the_same_cells(lesson):
    english, korean = (cells(NOTEBOOKS / language / lesson) for language in ("en", "ko"))
    assert english == korean
    assert len(english) >= 10


def test_there_is_a_lesson_in_every_language():
    for language in LANGUAGES:
        assert sorted(path.name for path in (NOTEBOOKS / language).glob("*.md")) == LESSONS


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
