"""The site: lessons with what their cells gave, the reference, and no link that leads nowhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from classroom.site.book import SiteError, bind
from classroom.site.command import main
from classroom.texts import LANGUAGES


class Addresses(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.names |= {found["id"]} if "id" in found else set()
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif found.get("src") or found.get("href"):
            self.loaded.append(found.get("src") or found["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert main(["build", str(folder), "--only", "02"]) == 0
    return folder


def test_every_link_leads_somewhere(site: Path) -> None:
    pages = {path: Addresses(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 2 * 16
    for path, found in pages.items():
        for address in found.links:
            parts = urlsplit(address)
            if parts.scheme in ("http", "https"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), (path, address)
            if parts.fragment and target in pages:
                assert {parts.fragment, unquote(parts.fragment)} & pages[target].names, (path, address)


def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        assert "<script" not in text
        for address in Addresses(text).loaded:
            assert urlsplit(address).scheme in ("", "data"), (path, address)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lesson_shows_what_its_cells_gave(site: Path, lang: str) -> None:
    page = (site / f"notebooks/{lang}/02-hello-world.html").read_text("utf-8")
    assert f'<html lang="{lang}">' in page
    assert "Hello from Docker!" in page and "data:image/svg+xml;base64," in page
    assert ("The engine says" if lang == "en" else "엔진의 답은") in page
    assert f"../{'ko' if lang == 'en' else 'en'}/02-hello-world.html" in page, "the same lesson in the other language"
    assert "Hello from Docker!" not in (site / f"notebooks/{lang}/03-engine.html").read_text("utf-8"), "not run"


def test_a_widget_is_there_as_the_picture_that_it_showed_last() -> None:
    from classroom.site import rendering

    state = {
        "box": {"state": {"_model_name": "VBoxModel", "children": ["IPY_MODEL_button", "IPY_MODEL_picture"]}},
        "button": {"state": {"_model_name": "ButtonModel", "description": "on"}},
        "picture": {"state": {"_model_name": "HTMLModel", "value": "<figure>shown last</figure>"}},
    }
    output = nbformat.v4.new_output("display_data", {"text/plain": "VBox(…)", rendering.VIEW: {"model_id": "box"}})
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("view.timeline()", outputs=[output])],
        metadata={"widgets": {rendering.STATES: {"state": state}}},
    )
    page = rendering.lesson(notebook)
    assert "<figure>shown last</figure>" in page and "VBox" not in page


def test_one_language_is_a_site_as_well(tmp_path: Path) -> None:
    book = bind(["ko"])
    assert {page.lang for page in book.pages if page.part != "reference"} == {"ko"}
    assert {book.twin(page) for page in book.pages if page.lang == "ko"} == {None}


def test_a_link_that_leads_nowhere_ends_the_building(tmp_path: Path) -> None:
    book = bind()
    page = next(page for page in book.pages if page.source == "docs/coverage.md")
    assert book.link(page, "../README.md#top") == "../index.html#top"
    assert book.link(page, "../notebooks/ko/02-hello-world.md") == "../notebooks/ko/02-hello-world.html"
    assert book.link(page, "https://docs.docker.com/") == "https://docs.docker.com/"
    for nowhere in ("nothing.md", "../../etc/passwd", "../pyproject.toml"):
        with pytest.raises(SiteError, match="nothing is at"):
            book.link(page, nowhere)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "{folder}", "--only", "99"], "there is no lesson 99"),
        (["serve", "{folder}"], "there is no site in"),
        (["build", "{file}", "--only", "02"], "File exists"),
    ],
)
def test_a_mistake_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    filled = [word.format(folder=tmp_path / "folder", file=tmp_path / "file") for word in words]
    assert main(filled) == 1
    heard = capsys.readouterr().err
    assert said in heard and heard.startswith("glassdock site: ") and "Traceback" not in heard


def test_what_is_installed_without_its_docs_says_so(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="from a clone"):
        bind(root=tmp_path)
