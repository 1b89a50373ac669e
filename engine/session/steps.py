"""A recorded session as data, and as a JSON document.

A step is a request, or what a client did later on a connection that stayed open: sent bytes (an upload, a terminal),
ended its side, or went away. A "skip" is no client's: a busy computer let time jump. `at` is the engine's time;
`fired` is how many timers had gone off by then, which says exactly where among the events of the same moment the step
came.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

FORMAT = 1
Kind = Literal["request", "input", "end", "leave", "skip"]
# Headers that the engine reads; the rest would only tell of the client's computer.
HEADERS = (
    "connection", "content-encoding", "content-type", "upgrade", "x-registry-auth", "x-registry-config",
)  # fmt: skip


class BadRecord(ValueError):
    """The document is not a session's record; says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """`request`: its number, counted from 1; later steps of the same connection have the same.

    `streams`: the body comes later, by "input" steps.
    """

    kind: Kind
    request: int
    at: int  # ns since 1970
    fired: int
    method: str = ""
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    streams: bool = False

    @property
    def line(self) -> str:
        """For people: "POST /containers/create"."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Record:
    """A whole session. `seed`, `start` and `profile` are what the host is made from; `until` is its time at the end."""

    seed: int
    start: int  # ns since 1970
    until: int
    fired: int
    profile: str = "linux"
    steps: tuple[Step, ...] = ()

    @property
    def requests(self) -> list[Step]:
        return [step for step in self.steps if step.kind == "request"]

    def cut(self, requests: int) -> Record:
        """The session up to the `requests`-th request, and all that belongs to it until the next one began."""
        kept: list[Step] = []
        for step in self.steps:
            if step.kind == "request" and step.request > requests:
                return Record(self.seed, self.start, step.at, step.fired, self.profile, tuple(kept))
            kept.append(step)
        return self

    def to_json(self) -> str:
        return json.dumps(self.to_data(), indent=1) + "\n"

    def to_data(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "glassdock-session": FORMAT, "seed": self.seed, "start": self.start, "until": self.until,
            "fired": self.fired, "profile": self.profile, "steps": [_row(step) for step in self.steps],
        }  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Raises BadRecord."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise BadRecord(f"not a session: {type(error).__name__}: {error}") from None
        return cls.from_data(document)

    @classmethod
    def from_data(cls, document: Any) -> Record:
        """Raises BadRecord."""
        try:
            if document.get("glassdock-session") != FORMAT:
                raise BadRecord(f"this is no session of format {FORMAT}")
            steps = tuple(_step(row) for row in document["steps"])
            seed, start, until, fired = (int(document[name]) for name in ("seed", "start", "until", "fired"))
            return cls(seed, start, until, fired, str(document["profile"]), steps)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, BadRecord):
                raise
            raise BadRecord(f"not a session: {type(error).__name__}: {error}") from None


def _row(step: Step) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": step.kind, "request": step.request, "at": step.at, "fired": step.fired}
    if step.kind == "request":
        row |= {"method": step.method, "path": step.path}
        row |= {"query": [list(pair) for pair in step.query]} if step.query else {}
        row |= {"headers": dict(step.headers)} if step.headers else {}
        row |= {"streams": True} if step.streams else {}
    if step.body:
        try:
            row["text"] = step.body.decode()
        except UnicodeDecodeError:
            row["base64"] = base64.b64encode(step.body).decode()
    return row


def _step(row: Mapping[str, Any]) -> Step:
    if row["kind"] not in get_args(Kind):
        raise BadRecord(f"unknown kind of step: {row['kind']!r}")
    body = base64.b64decode(row["base64"], validate=True) if "base64" in row else str(row.get("text", "")).encode()
    return Step(
        row["kind"], int(row["request"]), int(row["at"]), int(row["fired"]), str(row.get("method", "")),
        str(row.get("path", "")), tuple((str(name), str(value)) for name, value in row.get("query", ())),
        dict(row.get("headers", {})), body, bool(row.get("streams", False)),
    )  # fmt: skip
