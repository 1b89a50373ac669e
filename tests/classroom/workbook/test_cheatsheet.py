"""The cheat sheet tells only what works, and the pages in docs/ are today's."""

from pathlib import Path

import pytest

from classroom.texts import LANGUAGES
from classroom.workbook import cheatsheet

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_line_of_the_sheet_does_what_it_says():
    assert list(cheatsheet.wrong(cheatsheet.sections())) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_todays(language):
    """If this fails after a change that was meant: python -m classroom.workbook.cheatsheet docs"""
    page = cheatsheet.page(cheatsheet.sections(), language)
    assert page == (DOCS / f"cheatsheet-{language}.html").read_text("utf-8")


def test_a_line_that_does_not_work_is_found():
    found = [{"rows": [{"show": "docker stop nobody"}, {"show": "125", "run": "docker ps", "exit": 125}]}]
    first, second = cheatsheet.wrong(found)
    assert first.startswith("docker stop nobody: 1: Error response from daemon: No such container")
    assert second.startswith("125: 0")
