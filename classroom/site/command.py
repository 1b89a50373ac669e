"""`glassdock site`: build the pages, or show them on loopback."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from markupsafe import Markup

from classroom.site.book import Book, Page, SiteError, bind
from classroom.texts import LANGUAGES

ADDRESS = re.compile(r'(?<= )(href|src)="([^"]+)"')


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("glassdock site", description=__doc__)
    commands = parser.add_subparsers(dest="action", required=True)
    build_it = commands.add_parser("build", help="run the lessons and write the pages")
    build_it.add_argument("folder", type=Path, help="where to; what is there already is replaced page by page")
    build_it.add_argument("--lang", default=",".join(LANGUAGES), help="languages, with commas: en,ko")
    build_it.add_argument("--only", default="", metavar="NUMBER", help="run this lesson; the others have no outputs")
    serve_it = commands.add_parser("serve", help="show them at http://127.0.0.1:PORT/")
    serve_it.add_argument("folder", type=Path)
    serve_it.add_argument("--port", type=int, default=8000)
    wanted = parser.parse_args(argv)
    try:
        if wanted.action == "serve":
            return serve(wanted.folder, wanted.port)
        langs = wanted.lang.split(",")
        if unknown := set(langs) - set(LANGUAGES):
            parser.error(f"no such language: {', '.join(sorted(unknown))}; there are {', '.join(LANGUAGES)}")
        build(bind(langs), wanted.folder, wanted.only)
    except ImportError as error:
        print(f"glassdock site: {error}; it needs the lab: python -m pip install 'glassdock[lab]'", file=sys.stderr)
        return 1
    except (SiteError, OSError) as error:
        print(f"glassdock site: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def build(book: Book, folder: Path, only: str = "") -> None:
    """Write the site, two or more lessons at a time. Raises SiteError, OSError."""
    from classroom.site import rendering

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "style.css").write_text(rendering.style(), "utf-8", newline="\n")
    for asset in book.assets:
        _place(folder, asset).write_bytes((book.root / asset).read_bytes())
    texts = [page for page in book.pages if not page.is_lesson]
    lessons = [page for page in book.pages if page.is_lesson]
    wanted = [page for page in lessons if Path(page.source).name.startswith(only)]
    if not wanted:
        raise SiteError(f"there is no lesson {only}")
    for page in lessons:
        if page not in wanted:
            _write(book, page, folder, rendering.lesson(rendering.read(book, page)))
    for page in texts:
        _write(book, page, folder, rendering.text((book.root / page.source).read_text("utf-8")))
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as workers:
        running = {page: workers.submit(rendering.run, book, page) for page in wanted}
        try:
            for number, (page, future) in enumerate(running.items(), 1):
                _write(book, page, folder, rendering.lesson(future.result()))
                print(f"{number}/{len(wanted)} {page.target}", file=sys.stderr)
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise


def _write(book: Book, page: Page, folder: Path, body: str) -> None:
    """One page, with the menu and its neighbours."""
    from classroom.site import rendering

    row = [other for other in book.pages if (other.lang, other.part) == (page.lang, page.part)]
    here = row.index(page)
    linked = ADDRESS.sub(lambda match: f'{match[1]}="{_link(book, page, match[2])}"', body)
    linked = linked.replace("<pre>", '<pre tabindex="0">')  # what is wider than the page is scrolled with keys, too
    html = rendering.templates().get_template("page.html").render(
        page=page, menu=book.menu(page.lang), twin=book.twin(page), body=Markup(linked), say=_words(page.lang),
        before=row[here - 1] if here else None, after=row[here + 1] if here + 1 < len(row) else None,
    )  # fmt: skip
    _place(folder, page.target).write_text(html, "utf-8", newline="\n")


def _link(book: Book, page: Page, address: str) -> str:
    return address if address.startswith("data:") else book.link(page, address)


def _words(lang: str) -> Callable[..., str]:
    from classroom.texts import tell

    return partial(tell, lang=lang)


def _place(folder: Path, path: str) -> Path:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


class Quiet(SimpleHTTPRequestHandler):
    """Files of one folder, without a line for each request."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(folder: Path, port: int) -> int:
    """Until Ctrl-C. Raises SiteError, OSError."""
    if not (folder / "index.html").is_file():
        raise SiteError(f"there is no site in {folder}; glassdock site build {folder}")
    with ThreadingHTTPServer(("127.0.0.1", port), partial(Quiet, directory=str(folder))) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
