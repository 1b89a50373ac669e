"""The guided tour for a first visit: ten steps from hello-world to a shared session, each checked on what there is.

The words are in guide_words.py. A step that was done once stays done, also when its container is gone again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classroom.playground.desk import Desk
from classroom.playground.guide_words import WORDS
from classroom.playground.moments import Seen

OK = 200


@dataclass(slots=True)
class Progress:
    """What the steps ask about and the engine does not know; `pages`: (port, status, body) of what was looked at."""

    looked: bool = False
    undone: bool = False
    shared: bool = False
    opened: bool = False
    pages: list[tuple[int, int, bytes]] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    _told: tuple[str, frozenset[str]] = ("", frozenset())

    def steps(self, seen: Sequence[Seen], desk: Desk, lang: str) -> list[dict[str, Any]] | None:
        """All steps, for the page; None if nothing has changed since they were told."""
        for key, check in CHECKS.items():
            if key not in self.done and check(self, seen, desk):
                self.done.add(key)
        now = (lang, frozenset(self.done))
        if now == self._told:
            return None
        self._told = now
        return [_step(key, lang) | {"done": key in self.done} for key in CHECKS]


def _step(key: str, lang: str) -> dict[str, Any]:
    words = WORDS[key]
    title, text = words[lang]
    return {"key": key, "title": title, "text": text, "example": words["example"][0]}


Check = Callable[[Progress, Sequence[Seen], Desk], bool]


def _running(seen: Sequence[Seen], image: str, *, published: bool = False) -> bool:
    return any(
        each["Image"] == image and each["State"] == "running" and (not published or _ports(each))
        for each in seen[-1].containers
    )


def _ports(container: Mapping[str, Any]) -> bool:
    return any("PublicPort" in port for port in container.get("Ports") or ())


def _said_hello(progress: Progress, seen: Sequence[Seen], desk: Desk) -> bool:
    return any(each["Image"] == "hello-world" and each["State"] == "exited" for each in seen[-1].containers)


def _went_inside(progress: Progress, seen: Sequence[Seen], desk: Desk) -> bool:
    """Something was executed in a container: the API says so in the steps."""
    return any("/exec/" in span["name"] and span["where"] == "api" for span in seen[-1].spans)


def _dockerfile(progress: Progress, seen: Sequence[Seen], desk: Desk) -> bool:
    try:
        lines = desk.read("Dockerfile").upper().splitlines()
    except (OSError, ValueError):
        return False
    return any(line.split()[:2] == ["COPY", "INDEX.HTML"] for line in lines)


def _changed_page(progress: Progress, seen: Sequence[Seen], desk: Desk) -> bool:
    """Two pages of one port differ, and the newest came after a `docker cp`."""
    copied = any(each.line.startswith("docker cp ") and each.exit == 0 for each in seen)
    bodies = {(port, body) for port, status, body in progress.pages if status == OK}
    return copied and len(bodies) > len({port for port, _ in bodies})


CHECKS: Mapping[str, Check] = {
    "hello": _said_hello,
    "run": lambda progress, seen, desk: _running(seen, "nginx"),
    "exec": _went_inside,
    "layers": lambda progress, seen, desk: progress.looked and "nginx:latest" in seen[-1].tags,
    "dockerfile": _dockerfile,
    "build": lambda progress, seen, desk: "mysite:latest" in seen[-1].tags,
    "publish": lambda progress, seen, desk: (
        _running(seen, "mysite", published=True) and any(status == OK for _, status, _ in progress.pages)
    ),
    "copy": _changed_page,
    "undo": lambda progress, seen, desk: progress.undone,
    "share": lambda progress, seen, desk: progress.shared or progress.opened,
}
