"""What people read of a graded assignment: a page for each student, one for the class, and the tables.

The pages stand alone: no script, nothing from the network, light or dark as the reader's computer is. What comes from a
submission is text in them and never markup.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from statistics import mean, median
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from classroom.drawing import FONT, MONO, STYLE, Picture
from classroom.exercises.task import Assignment
from classroom.grading import worksheet
from classroom.grading.results import Grade, Mark, Reason, Result, State
from classroom.grading.signals import Signal, signals
from classroom.grading.tables import TABLES, counted, number
from classroom.grading.words import say, word
from classroom.views.charts import Piece, bars, ticks

PALETTE = STYLE.replace("svg{", ":root{")  # the pictures' colours, for the page around them
MOST_WRONG = 3  # states shown of each task
STEPS = 5  # bars of the distribution


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task on the class's page. `mean`: percent of the points that machines give; `wrong`: the most common states."""

    title: str
    mean: int
    full: int
    students: int
    attempts: str
    wrong: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A graded cell: the machine's marks, and what a person made of it. `again`: of another file than this one."""

    marks: Sequence[Mark]
    grade: Grade
    maximum: float
    again: bool


@dataclass(frozen=True, slots=True)
class TaskPart:
    """A task on a student's page."""

    title: str
    cells: Sequence[Cell]
    points: float
    maximum: float


def write(folder: Path, assignment: Assignment | None, results: Sequence[Result], lang: str, walls: str) -> None:
    """All pages and tables, in `folder`. `assignment`: None for what belongs to none. Raises OSError."""
    (folder / "feedback").mkdir(parents=True, exist_ok=True)
    name, maximum = (assignment.name, float(assignment.points)) if assignment else ("", 0.0)
    for file, table in TABLES.items():
        _write(folder / file, table(name, maximum, results, lang), "utf-8-sig")  # so that Excel reads Hangul
    _write(folder / worksheet.NAME, worksheet.write(results, lang), "utf-8-sig")
    links = {each.file: f"feedback/{_file(each)}" for each in results}
    for result in results:
        _write(folder / links[result.file], student_page(assignment, result, lang))
    _write(folder / "index.html", class_page(assignment, results, lang, walls, links))


def student_page(assignment: Assignment | None, result: Result, lang: str) -> str:
    """One submission's marks, what was seen, and what to do next."""
    tasks = [
        TaskPart(_title(assignment, name, lang), _cells(result, name), result.points_of(marks),
                 sum(mark.maximum for mark in marks))
        for name, marks in result.tasks().items()
    ]  # fmt: skip
    title = assignment.title.of(lang) if assignment else result.assignment
    percent = min(100, round(100 * result.points / result.maximum)) if result.maximum else 0
    return _page("student.html", lang, result=result, title=title, tasks=tasks, percent=percent)


def _cells(result: Result, task: str) -> list[Cell]:
    return [
        Cell(
            marks, result.grade(grade_id), sum(mark.maximum for mark in marks),
            result.is_marked(grade_id) and result.needs_manual_grade(grade_id),
        )
        for grade_id, marks in result.cells().items() if marks[0].task == task
    ]  # fmt: skip


def class_page(
    assignment: Assignment | None, results: Sequence[Result], lang: str, walls: str,
    links: Mapping[str, str],
) -> str:  # fmt: skip
    """How the class did, what most went wrong, whom to ask, and each submission's row."""
    marked = [each for each in counted(results) if each.marks]
    rows = _tasks(assignment, marked, lang)
    found = [_told(signal, assignment, lang) for signal in signals(counted(results))]
    return _page(
        "class.html", lang, title=assignment.title.of(lang) if assignment else word("no assignment", lang),
        facts=_facts(marked, results, lang), pictures=_pictures(rows, marked, lang), tasks=rows, signals=found,
        results=[(each, quote(links[each.file])) for each in results], walls=walls,
    )  # fmt: skip


# -- the class


def _facts(marked: Sequence[Result], results: Sequence[Result], lang: str) -> list[str]:
    states = Counter(each.state for each in results)
    facts = [word(f"so many {state.value}", lang, n=states[state]) for state in State if states[state]]
    if marked:
        points, maximum = [each.points for each in marked], marked[0].maximum
        values = {"mean": number(mean(points)), "median": number(median(points)), "maximum": number(maximum)}
        facts.append(word("average", lang, **values))
    if waits := sum(each.waits for each in marked):
        facts.append(word("waits in all", lang, points=number(waits)))
    return facts


def _tasks(assignment: Assignment | None, marked: Sequence[Result], lang: str) -> list[TaskRow]:
    names = [task.name for task in assignment.tasks] if assignment else []
    return [_task(assignment, name, marked, lang) for name in names if marked]


def _task(assignment: Assignment | None, name: str, marked: Sequence[Result], lang: str) -> TaskRow:
    of_each = [[mark for mark in result.tasks().get(name, ()) if not mark.manual] for result in marked]
    maximum = sum(mark.maximum for mark in of_each[0])
    shares = [sum(mark.points for mark in marks) / maximum if maximum else 1.0 for marks in of_each]
    wrong = Counter(mark.state.get(lang, "") for marks in of_each for mark in marks if not mark.passed)
    tries = [trace.attempts for result in marked for trace in result.traces if trace.task == name and trace.attempts]
    return TaskRow(
        _title(assignment, name, lang), round(100 * mean(shares)), sum(share >= 1 for share in shares), len(marked),
        f"{mean(tries):.1f}" if tries else "–", wrong.most_common(MOST_WRONG),
    )  # fmt: skip


def _pictures(rows: Sequence[TaskRow], marked: Sequence[Result], lang: str) -> list[Picture]:
    if not rows:
        return []
    tasks = {row.title: [Piece(word("mean", lang), row.mean)] for row in rows}
    spread = _spread(marked, lang)
    most = max(piece.value for pieces in spread.values() for piece in pieces)
    whole = [tick for tick in ticks(most) if tick % 1 == 0]  # there are no half students
    return [
        bars(word("success", lang), "%", tasks, axis=(0, 25, 50, 75, 100)),
        bars(word("spread", lang), word("students", lang), spread, axis=whole),
    ]


def _spread(marked: Sequence[Result], lang: str) -> dict[str, list[Piece]]:
    """How many students have how much of the points that machines give."""
    counts = [0] * STEPS
    for result in marked:
        most = result.maximum - result.waits
        counts[min(STEPS - 1, int(STEPS * result.points / most)) if most else STEPS - 1] += 1
    width = 100 // STEPS
    return {
        f"{place * width}–{(place + 1) * width} %": [Piece(word("students", lang), count, "orange-soft", "orange")]
        for place, count in enumerate(counts)
    }


def _told(signal: Signal, assignment: Assignment | None, lang: str) -> str:
    facts = {"students": ", ".join(signal.students), "seconds": number(signal.seconds), "usual": number(signal.usual)}
    return word(signal.key, lang, task=_title(assignment, signal.task, lang), **facts)


# -- pages


def _title(assignment: Assignment | None, task: str, lang: str) -> str:
    """A task's title, of which the student's own names are left as they are drawn: `{box}`."""
    return assignment.task(task).title.of(lang) if assignment else task


def _file(result: Result) -> str:
    """A name for a page that any file system takes; two students never have the same."""
    plain = re.sub(r"[^\w.@-]", "_", result.student)[:80]
    newest = result.reason is None or result.reason.key != "older"
    return f"{plain}.html" if plain == result.student and newest else f"{plain}-{_short(result)}.html"


def _short(result: Result) -> str:
    return sha256(f"{result.student}\0{result.file}".encode()).hexdigest()[:8]


def _page(template: str, lang: str, **values: Any) -> str:
    def told(reason: Reason) -> str:
        return say(reason.key, lang, **reason.facts)

    def words(key: str, **facts: object) -> str:
        return word(key, lang, **facts)

    page = _environment().get_template(template)
    fonts = {"font": FONT, "mono": MONO}
    return page.render(lang=lang, palette=PALETTE, **fonts, number=number, say=told, word=words, **values) + "\n"


@cache
def _environment() -> Environment:
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    made = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["coded"] = _coded
    return made


def _coded(text: str) -> Markup:
    """`docker start` between backticks, as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding, newline="")
    fresh.replace(path)
