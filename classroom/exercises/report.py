"""What a student sees after asking: findings as a table, a goal, a hint; as HTML in a notebook, as text elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from classroom.exercises.task import Finding, Task
from classroom.exercises.words import tell
from classroom.texts import language

CODE = re.compile(r"`([^`]+)`")
WORK = "application/vnd.glassdock.work+json"  # the sealed record of attempts, kept with the output of a cell
SIGN = {True: "✔", False: "✘"}
EDGE = {True: "#1f9d55", False: "#d06a00"}  # beside the words; 3:1 on white and on JupyterLab's dark ground
HEAD = (
    '<tr><th style="text-align:left">{met}</th><th style="text-align:right">{points}</th>'
    '<th style="text-align:left">{message}</th></tr>'
)
ROW = (
    '<tr><td style="border-left:5px solid {edge};text-align:left;vertical-align:top;white-space:nowrap">{met}</td>'
    '<td style="text-align:right;vertical-align:top;white-space:nowrap">{points}</td>'
    '<td style="text-align:left">{message}</td></tr>'
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Words for a notebook (Markdown) and for a terminal."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/markdown": self.text, "text/plain": self.text}


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of some tasks. `work`: the sealed record of attempts, which a notebook keeps with the table.

    `lost`: names of tasks of which nothing can be handed in, for `limit` bytes were sent and more.
    """

    tasks: Sequence[Task]
    findings: Sequence[Finding]
    work: str = ""
    lost: Sequence[str] = ()
    limit: int = 0

    @property
    def points(self) -> int:
        return sum(each.points for each in self.findings)

    @property
    def maximum(self) -> int:
        return sum(each.maximum for each in self.findings)

    def of(self, task: Task) -> list[Finding]:
        return [each for each in self.findings if each.task == task.name]

    def notes(self, task: Task) -> list[str]:
        """What is not in the table."""
        said = [tell("too large", task=task.name, limit=self.limit >> 20)] if task.name in self.lost else []
        said += [tell("hidden points", hidden=task.hidden)] if task.hidden else []
        return said + ([tell("explained points", points=task.explain.points)] if task.explain else [])

    def __str__(self) -> str:
        lines: list[str] = []
        for task in self.tasks:
            found = self.of(task)
            lines.append(f"{task.name}: {_sum(found)}")
            lines += [f"  {SIGN[each.passed]} {each.points}/{each.maximum}  {_indented(each)}" for each in found]
            lines += [f"    {note}" for note in self.notes(task)]
        return "\n".join(lines)

    def html(self) -> str:
        return "".join(self._html(task) for task in self.tasks)

    def _html(self, task: Task) -> str:
        found = self.of(task)
        head = HEAD.format(met=tell("met?"), points=tell("marks"), message=tell("seen"))
        rows = "".join(
            ROW.format(
                edge=EDGE[each.passed], met=f"{SIGN[each.passed]} {tell('met' if each.passed else 'unmet')}",
                points=f"{each.points}/{each.maximum}", message=_marked(each.message),
            )
            for each in found
        )  # fmt: skip
        title = f"<p><b>{escape(task.name)}</b>: {escape(_sum(found))}</p>"
        notes = "".join(f"<p><small>{escape(note)}</small></p>" for note in self.notes(task))
        return f'<div lang="{language()}">{title}<table><thead>{head}</thead><tbody>{rows}</tbody></table>{notes}</div>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        bundle = {"text/html": self.html(), "text/plain": str(self)}
        return bundle | ({WORK: self.work} if self.work else {})


def _indented(finding: Finding) -> str:
    return finding.message.replace("\n", "\n         ")


def _marked(message: str) -> str:
    """`words` in Markdown's quotes are code, each line its own."""
    return CODE.sub(r"<code>\1</code>", escape(message)).replace("\n", "<br>")


def _sum(found: Sequence[Finding]) -> str:
    return tell("points", points=sum(each.points for each in found), maximum=sum(each.maximum for each in found))
