"""From a notebook or a text to the middle of a page; a notebook is run first, in a kernel and a folder of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import markdown2html
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from classroom.site.book import Book, Page, SiteError

SHOWN = ["text/html", "image/svg+xml", "image/png", "text/plain"]  # no widgets: nothing runs on a page
SECONDS = 300  # for one cell
VIEW, STATES = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"
QUIET = ["--log-level=ERROR"]
LIGHT, DARK = "default", "github-dark"


def read(book: Book, page: Page) -> Any:
    """The lesson as it lies in the repository: without outputs."""
    load: Any = nbformat.read
    return load(book.root / page.source, as_version=4)


def run(book: Book, page: Page) -> Any:
    """The lesson with its outputs. Raises SiteError if a cell fails that has not announced it."""
    notebook = read(book, page)
    environment = os.environ | {"JPY_SESSION_NAME": page.source}  # its folder is its language
    with tempfile.TemporaryDirectory(prefix="glassdock-site-") as folder:
        client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", extra_arguments=QUIET,
                                resources={"metadata": {"path": folder}})  # fmt: skip
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise SiteError(f"{page.source}: {error}") from None
    return notebook


def lesson(notebook: Any) -> str:
    """HTML of a notebook with its outputs."""
    _still(notebook)
    html, _ = _exporter().from_notebook_node(notebook)
    return str(html)


def _still(notebook: Any) -> None:
    """A widget becomes the picture that it showed last: its model's state is kept in the notebook."""
    states = notebook.metadata.pop("widgets", {}).get(STATES, {}).get("state", {})
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    for data in (output.data for output in outputs if VIEW in output.get("data", {})):
        data["text/html"] = "".join(_pictures(states, data[VIEW]["model_id"]))


def _pictures(states: Mapping[str, Any], model: str) -> Iterator[str]:
    """Values of the HTML widgets in a tree of widgets."""
    state = states.get(model, {}).get("state", {})
    if state.get("_model_name") == "HTMLModel":
        yield state.get("value", "")
    for child in state.get("children", ()):
        yield from _pictures(states, child.removeprefix("IPY_MODEL_"))


def text(source: str) -> str:
    """HTML of a Markdown text. A table may be wider than the page: the keyboard scrolls what it can reach."""
    return str(markdown2html(source)).replace("<table>", '<table tabindex="0">')


@cache
def _exporter() -> HTMLExporter:
    wanted = Config()
    wanted.HTMLExporter.preprocessors = ["nbconvert.preprocessors.CoalesceStreamsPreprocessor"]
    wanted.NbConvertBase.display_data_priority = SHOWN
    make: Any = HTMLExporter
    options = {"template_name": "basic", "exclude_input_prompt": True, "exclude_output_prompt": True}
    return cast("HTMLExporter", make(**options, config=wanted))


@cache
def templates() -> Environment:
    return Environment(loader=PackageLoader("classroom.site"), undefined=StrictUndefined, autoescape=True)


def style() -> str:
    """The style sheet of all pages: ours, and the colours of code by light and by dark."""
    light = HtmlFormatter(style=LIGHT).get_style_defs(".highlight")
    dark = HtmlFormatter(style=DARK).get_style_defs(".highlight")
    ours = templates().get_template("style.css").render()
    return f"{ours}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
