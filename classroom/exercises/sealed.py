"""A student's work on an assignment, as a sealed document: what was asked of each task's engine, and what was tried.

The seal is HMAC-SHA256 (RFC 2104) with a key of the course: whoever edits the document without it is noticed. It is a
seal and no lock. On the student's own computer the key can be found; marks therefore rest on the replay alone.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Literal, get_args

from engine.session.steps import BadRecord, Record

FORMAT = 1
Kind = Literal["task", "run", "predict", "check", "hint", "graded", "large"]


class BadWork(ValueError):
    """The document is no student's work; says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done about a task when its engine had been asked `at` times.

    "task": begun (again) and set up. "run": the first request after that, the experiment. "predict": `name` and
    `value`. "check": `value` is "3/5", points. "hint": `name` is its number. "graded": the test cell looked at it.
    "large": its engine was sent more than a record holds, so that it has no session.
    """

    kind: Kind
    task: str
    at: int
    time: float  # seconds since 1970, by the student's clock
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """`sessions`: for each task what was asked of its engine, set-up included, since it was last begun."""

    assignment: str
    student: str
    seed: int
    entries: tuple[Entry, ...] = ()
    sessions: Mapping[str, Record] = field(default_factory=dict)

    def predictions(self, task: str) -> dict[str, str]:
        """Those that were locked in time: before the first experiment, in whichever attempt."""
        found: dict[str, str] = {}
        for entry in self.of(task):
            if entry.kind == "run":
                break
            if entry.kind == "predict":
                found[entry.name] = entry.value
        return found

    def of(self, task: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.task == task]

    def too_large(self, task: str) -> bool:
        """Was the engine of the last attempt sent more than a record holds?"""
        last = [entry.kind for entry in self.of(task) if entry.kind in ("task", "large")]
        return last[-1:] == ["large"]

    def graded_at(self, task: str) -> int | None:
        """How many requests the task's engine had been asked when its test cell looked; None: it did not."""
        at = None
        for entry in self.of(task):
            at = {"task": None, "graded": entry.at}.get(entry.kind, at)
        return at

    def to_json(self, key: bytes) -> str:
        """Sealed."""
        document = {
            "glassdock-work": FORMAT, "assignment": self.assignment, "student": self.student, "seed": self.seed,
            "entries": [asdict(entry) for entry in self.entries],
            "sessions": {name: record.to_data() for name, record in self.sessions.items()},
        }  # fmt: skip
        return json.dumps(document | {"seal": _seal(document, key)}, ensure_ascii=False) + "\n"


def unsealed(text: str, key: bytes) -> tuple[Work, bool]:
    """The work, and whether its seal is whole. Raises BadWork."""
    try:
        document = json.loads(text)
        seal = document.pop("seal", "")
        if document.pop("glassdock-work", None) != FORMAT:
            raise BadWork(f"this is no student's work of format {FORMAT}")
        entries = tuple(_entry(row) for row in document["entries"])
        sessions = {str(name): Record.from_data(row) for name, row in document["sessions"].items()}
        work = Work(str(document["assignment"]), str(document["student"]), int(document["seed"]), entries, sessions)
        whole = hmac.compare_digest(str(seal), _seal({"glassdock-work": FORMAT} | document, key))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, BadWork):
            raise
        kind = "" if isinstance(error, BadRecord) else f"{type(error).__name__}: "
        raise BadWork(f"not a student's work: {kind}{error}") from None
    return work, whole


def _entry(row: Mapping[str, Any]) -> Entry:
    if row["kind"] not in get_args(Kind):
        raise BadWork(f"unknown kind of entry: {row['kind']!r}")
    return Entry(row["kind"], str(row["task"]), int(row["at"]), float(row["time"]), str(row["name"]), str(row["value"]))


def _seal(document: Mapping[str, Any], key: bytes) -> str:
    """Of the document written in one way: keys in order, no blanks."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, text.encode(), sha256).hexdigest()


def assignment_key(course: bytes, assignment: str) -> str:
    """What an assignment is sealed with, from the course's key, which the students never get. Hexadecimal."""
    return hmac.new(course, assignment.encode(), sha256).hexdigest()
