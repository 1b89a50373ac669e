"""Which pages the site has, in which order, and where a link on one of them leads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urldefrag, urlsplit

from classroom.texts import LANGUAGES, tell
from classroom.workbook import ipynb

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (
    "README.md", "docs/coverage.md", "docs/builder.md", "docs/registries.md", "docs/programs.md", "docs/glass.md",
    "docs/comparison.md", "docs/courses.md", "notebooks/README.md", "exercises/README.md", "ARCHITECTURE.md",
    "CONTRIBUTING.md", "CHANGELOG.md",
)  # fmt: skip
FRONT = "README.md"  # becomes index.html


class SiteError(Exception):
    """What the site is made from is not there, or a page has a link that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Page:
    """`source`: path in the repository; `part`: a key of classroom.texts, under which the menu lists it."""

    source: str
    lang: str
    part: str
    title: str

    @property
    def target(self) -> str:
        """Path on the site."""
        return "index.html" if self.source == FRONT else str(PurePosixPath(self.source).with_suffix(".html"))

    @property
    def is_lesson(self) -> bool:
        return self.source.endswith(".ipynb")

    def to(self, path: str) -> str:
        """A link from this page to a path on the site."""
        return posixpath.relpath(path, posixpath.dirname(self.target) or ".")


@dataclass(frozen=True, slots=True)
class Book:
    """All pages. `root`: a checkout of the repository; `targets`: where on the site what of it is.

    `assets`: files that are copied as they are, pictures and sheets to print.
    """

    root: Path
    pages: Sequence[Page]
    assets: Sequence[str]
    targets: Mapping[str, str]

    def menu(self, lang: str) -> dict[str, list[Page]]:
        """{title of a part: its pages}, in one language; what is written in English only is in every menu."""
        parts: dict[str, list[Page]] = {}
        for page in self.pages:
            if page.lang == lang or page.part == "reference":
                parts.setdefault(tell(page.part, lang=lang), []).append(page)
        return parts

    def twin(self, page: Page) -> Page | None:
        """The same page in another language, or else that language's first one; None if there is one language only."""
        others = [other for other in self.pages if other.lang != page.lang and other.part != "reference"]
        same = (other for other in others if _without_language(other) == _without_language(page))
        return next(same, others[0] if others else None)

    def link(self, page: Page, address: str) -> str:
        """An address on a page of the repository as it is on the site. Raises SiteError if nothing is there."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not parts.path:
            return address
        path, fragment = urldefrag(address)
        where = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), unquote(path)))
        target = self.targets.get(where)
        if target is None:
            raise SiteError(f"{page.source}: nothing is at {address}")
        return page.to(target) + (f"#{fragment}" if fragment else "")


def _without_language(page: Page) -> str:
    return page.source.replace(f"/{page.lang}/", "/*/").replace(f"-{page.lang}.", "-*.")


def bind(langs: Sequence[str] = LANGUAGES, root: Path = ROOT) -> Book:
    """Raises SiteError outside of a checkout: an installed package has no docs/."""
    if not (root / "docs").is_dir():
        raise SiteError(f"there is no docs/ in {root}: the site is made from a clone of the repository")
    pages = [page for lang in langs for page in _of(lang, root)]
    pages += [
        Page(source, "en", "reference", _title(root / source)) for source in REFERENCE if (root / source).exists()
    ]
    folder = root / "docs"
    files = [*folder.glob("pictures/*"), *folder.glob("cheatsheet-*")]
    assets = sorted(path.relative_to(root).as_posix() for path in files)
    targets = {asset: asset for asset in assets} | {page.source: page.target for page in pages}
    targets |= {page.source.replace(".ipynb", ".md"): page.target for page in pages if page.is_lesson}  # its other file
    return Book(root, pages, assets, targets)


def _of(lang: str, root: Path) -> Iterator[Page]:
    for path in sorted((root / "notebooks" / lang).glob("[0-9]*.ipynb")):
        yield Page(path.relative_to(root).as_posix(), lang, "lessons", ipynb.read(path.read_text("utf-8")).title)
    guide = root / "docs" / f"instructor-{lang}.md"
    yield Page(f"docs/{guide.name}", lang, "for teachers", _title(guide))


def _title(path: Path) -> str:
    lines = path.read_text("utf-8").splitlines()
    return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), path.stem)
