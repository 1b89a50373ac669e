"""An assignment from its folder in exercises/: `tasks.py` has what is data, `en.md` and `ko.md` have the words.

exercises/README.md says how to write one. Mistakes in a folder are told with the file and what is missing.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from classroom.exercises.task import MOST_HINTS, Assignment, Criterion, Explain, Task, Text

EXERCISES = Path(__file__).resolve().parents[2] / "exercises"
HEADING = re.compile(r"(#{1,3}) (.+)")


class BadAssignment(ValueError):
    """The folder is not a whole assignment; says what is missing."""


@dataclass(slots=True)
class Prose:
    """What one language says about a task: its `title` and `goal`, and parts with a heading of their own."""

    title: str
    goal: str
    hints: list[str] = field(default_factory=list)
    next: dict[str, str] = field(default_factory=dict)  # criterion: next step
    parts: dict[str, str] = field(default_factory=dict)  # Question, Answer, Rubric


@dataclass(slots=True)
class Page:
    """What one language says about an assignment."""

    title: str = ""
    intro: str = ""
    tasks: dict[str, Prose] = field(default_factory=dict)


def names(folder: Path = EXERCISES) -> list[str]:
    """The assignments that there are, in the order of their lessons."""
    return sorted(path.parent.name for path in folder.glob("*/tasks.py"))


def load(name: str, folder: Path = EXERCISES) -> Assignment:
    """Raises BadAssignment; FileNotFoundError if there is no such folder."""
    where = folder / name
    module = _module(where / "tasks.py")
    en, ko = (page((where / f"{lang}.md").read_text("utf-8"), f"{name}/{lang}.md") for lang in ("en", "ko"))
    for lang, written in (("en", en), ("ko", ko)):
        if [task.name for task in module.TASKS] != list(written.tasks):
            raise BadAssignment(f"{name}/{lang}.md has the tasks {list(written.tasks)}, in another order than tasks.py")
    tasks = tuple(_told(task, en.tasks[task.name], ko.tasks[task.name], name) for task in module.TASKS)
    return Assignment(name, int(name[:2]), Text(en.title, ko.title), Text(en.intro, ko.intro), tasks)


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"exercises_{path.parent.name.replace('-', '_')}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(text: str, where: str) -> Page:
    """A page of words. `# Title`, then for each task `## name: Title` and its parts (`### Hint`, `### Next: …`)."""
    written = Page()
    task: Prose | None = None
    for level, heading, body in _sections(text):
        if level == "#":
            written.title, written.intro = heading, body
        elif level == "##":
            name, _, title = heading.partition(": ")
            task = written.tasks[name] = Prose(title, body)
        elif task is None:
            raise BadAssignment(f"{where}: ### {heading} belongs to no task")
        else:
            _part(task, heading, body, where)
    return written


def _sections(text: str) -> Iterator[tuple[str, str, str]]:
    """(level, heading, body) of each heading that is not in a block of code."""
    found: list[tuple[str, str, list[str]]] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and (heading := HEADING.fullmatch(line)):
            found.append((heading[1], heading[2], []))
        elif found:
            found[-1][2].append(line)
    for level, title, body in found:
        yield level, title, "\n".join(body).strip()


def _part(task: Prose, heading: str, body: str, where: str) -> None:
    kind, _, name = heading.partition(": ")
    if kind == "Hint":
        task.hints.append(body)
    elif kind == "Next":
        task.next[name] = body
    elif kind in ("Question", "Answer", "Rubric"):
        task.parts[kind] = body
    else:
        raise BadAssignment(f"{where}: ### {heading}: Hint, Next: CRITERION, Question, Answer or Rubric")


def _told(task: Task, en: Prose, ko: Prose, where: str) -> Task:
    """A task with its words."""
    if len(en.hints) != len(ko.hints) or len(en.hints) > MOST_HINTS:
        raise BadAssignment(f"{where}: {task.name} has {len(en.hints)} hints in en.md and {len(ko.hints)} in ko.md")
    criteria = tuple(_with_next(each, task, en.next, ko.next, where) for each in task.criteria)
    if spare := sorted((set(en.next) | set(ko.next)) - {each.name for each in criteria}):
        raise BadAssignment(f"{where}: {task.name} has no criterion {', '.join(spare)}")
    return replace(
        task,
        title=Text(en.title, ko.title),
        goal=Text(en.goal, ko.goal),
        hints=tuple(Text(*pair) for pair in zip(en.hints, ko.hints, strict=True)),
        criteria=criteria,
        explain=task.explain and _explained(task.explain, task, en.parts, ko.parts, where),
    )


def _with_next(criterion: Criterion, task: Task, en: Mapping[str, str], ko: Mapping[str, str], where: str) -> Criterion:
    return replace(criterion, next=_both(criterion.name, en, ko, f"{where}: {task.name}: ### Next: {criterion.name}"))


def _explained(explain: Explain, task: Task, en: Mapping[str, str], ko: Mapping[str, str], where: str) -> Explain:
    question, answer, rubric = (
        _both(part, en, ko, f"{where}: {task.name}: ### {part}") for part in ("Question", "Answer", "Rubric")
    )
    return replace(explain, question=question, answer=answer, rubric=rubric)


def _both(name: str, en: Mapping[str, str], ko: Mapping[str, str], where: str) -> Text:
    if not en.get(name) or not ko.get(name):
        raise BadAssignment(f"{where} is missing in {'en' if not en.get(name) else 'ko'}.md")
    return Text(en[name], ko[name])
