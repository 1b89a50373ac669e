"""The cheat sheet fits on one sheet of paper."""

from pathlib import Path

import pytest

from classroom.texts import LANGUAGES

pytestmark = pytest.mark.browser
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_prints_on_two_sides(page, outside, keep, language):
    page.goto((DOCS / f"cheatsheet-{language}.html").as_uri())
    keep(f"cheatsheet-{language}.png")
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") in (1, 2)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert outside.asked == []
