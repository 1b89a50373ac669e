"""What students get of an assignment: all but its solutions, its hidden criteria and the words for those who mark.

The document lies beside the notebook, "04-images.json", and holds what the cells need: goals, set-ups, hints, visible
criteria. It is data; nothing in it is run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from classroom.exercises.codec import BadDocument, from_data, to_data
from classroom.exercises.task import UNSAID, Assignment, Task

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Release:
    """`seed`: the course's, for the variants. `key` seals the students' records (classroom/exercises/sealed.py)."""

    assignment: Assignment
    seed: int = 1
    key: str = ""
    lang: str = "en"

    def to_json(self) -> str:
        document = {
            "glassdock-exercise": FORMAT, "seed": self.seed, "key": self.key, "language": self.lang,
            "assignment": to_data(public(self.assignment)),
        }  # fmt: skip
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read(path: Path) -> Release:
    """Raises BadDocument, OSError."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if document.get("glassdock-exercise") != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        assignment = from_data(document["assignment"])
        return Release(assignment, int(document["seed"]), str(document["key"]), str(document["language"]))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadDocument(f"{path.name} is no exercise: {error}") from None


def public(assignment: Assignment) -> Assignment:
    """Without what only teachers know."""
    return replace(assignment, tasks=tuple(_public(task) for task in assignment.tasks))


def _public(task: Task) -> Task:
    explain = task.explain and replace(task.explain, answer=UNSAID, rubric=UNSAID)
    visible = tuple(each for each in task.criteria if not each.hidden)
    return replace(task, criteria=visible, solution=(), wrong=(), explain=explain, withheld=task.hidden)
