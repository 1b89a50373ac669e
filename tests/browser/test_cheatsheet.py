"""The cheat sheet fits on one side of paper, and docs/ has that sheet as PDF."""

import io
import os
from pathlib import Path

import pytest
from pypdf import PdfReader

from classroom.texts import LANGUAGES

pytestmark = pytest.mark.browser
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_prints_on_one_side(page, outside, keep, language):
    page.goto((DOCS / f"cheatsheet-{language}.html").as_uri())
    keep(f"cheatsheet-{language}.png")
    printed = page.pdf(prefer_css_page_size=True)
    if folder := os.environ.get("GLASSDOCK_PICTURES"):
        (Path(folder) / f"cheatsheet-{language}.pdf").write_bytes(printed)
    assert len(PdfReader(io.BytesIO(printed)).pages) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert _words(io.BytesIO(printed)) == _words(DOCS / f"cheatsheet-{language}.pdf"), "print it again for docs/"
    assert outside.asked == []


def _words(file) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(file).pages).split())
