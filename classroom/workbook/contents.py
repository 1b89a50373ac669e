"""The page that the workbook opens with: a table of the lessons and their exercises, made from these themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from classroom.texts import tell
from classroom.workbook import ipynb
from classroom.workbook.practice import Exercise

NAME = "contents.md"
LASTS = re.compile(r"^\*\D*(\d+)[^\n]*\*$", re.MULTILINE)  # the line on which a lesson says how long it takes
TITLE = re.compile(r"(\d+)\.\s+(.*)")


def page(lang: str, lessons: Sequence[Path], exercises: Sequence[Exercise] = ()) -> str:
    """Markdown. `lessons`: notebooks in the folder in which the page will lie."""
    of_lesson = {str(each.lesson): each for each in exercises}
    rows = [_row(path, of_lesson, lang) for path in lessons]
    table = [f"| | {tell('lesson', lang=lang)} | | {tell('exercises', lang=lang)} |", "|---:|:---|---:|:---|", *rows]
    parts = [f"# {tell('workbook', lang=lang)}", tell("how to begin", lang=lang), "\n".join(table)]
    parts += [tell("how to practise", lang=lang)] if exercises else []
    return "\n\n".join([*parts, tell("yours", lang=lang), tell("other language", lang=lang)]) + "\n"


def _row(path: Path, exercises: Mapping[str, Exercise], lang: str) -> str:
    notebook = ipynb.read(path.read_text("utf-8"))
    title = TITLE.fullmatch(notebook.title)
    number, words = title.groups() if title else ("", notebook.title)
    lasts = next(iter(LASTS.findall("\n".join(cell.source for cell in notebook.cells[:1]))), "")
    minutes = tell("minutes", lang=lang, count=lasts) if lasts else ""
    exercise = exercises.get(number)
    link = f"[{tell('exercise', lang=lang, count=exercise.tasks)}]({exercise.path})" if exercise else ""
    return f"| {number} | [{words}]({path.name}) | {minutes} | {link} |"
