"""A lesson run from top to bottom without Jupyter: what it prints, what it asks, and what the engine answers."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classroom.workbook.cells import Notebook


class LessonError(Exception):
    """A cell has failed, and the lesson had not announced it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`answers`: what the engine says to each question, in the order in which they are answered."""

    said: str
    answers: Mapping[str, object]


def run(lesson: Notebook, name: str) -> Outcome:
    """In a folder of its own and a shell of its own. `name` tells the language: "en/02-hello-world". LessonError."""
    from IPython.core.interactiveshell import InteractiveShell

    make: Any = InteractiveShell
    shell = make()
    said = io.StringIO()
    with _somewhere(name), redirect_stdout(said), redirect_stderr(said):
        for cell in lesson.code:
            result = shell.run_cell(cell.source)
            if not result.success and "raises-exception" not in cell.tags:
                error = result.error_before_exec or result.error_in_exec
                raise LessonError(f"{name}: {cell.source}\n{error!r}")
    observe = shell.user_ns.get("observe")
    questions = observe.__self__.questions if observe else {}
    return Outcome(said.getvalue(), {name: question.truth for name, question in questions.items()})


@contextmanager
def _somewhere(name: str) -> Iterator[None]:
    """As if Jupyter had opened the notebook, in a folder that is gone afterwards."""
    before, session = Path.cwd(), os.environ.get("JPY_SESSION_NAME")
    with tempfile.TemporaryDirectory(prefix="glassdock-lesson-") as folder:
        os.chdir(folder)
        os.environ["JPY_SESSION_NAME"] = f"{name}.ipynb"
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.pop("JPY_SESSION_NAME")
            if session is not None:
                os.environ["JPY_SESSION_NAME"] = session
