"""A learner's own copy of lessons and exercises: written once, brought up to date, never at the cost of the work in it.

For each file that was delivered its digest is kept (`.glassdock/delivered.json`). A file that is still as it was
delivered may be replaced by a newer version; to any other the new version is laid beside, as `NAME-new.ipynb`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import cast

from classroom.texts import LANGUAGES
from classroom.workbook import contents
from classroom.workbook.pairs import LESSONS
from classroom.workbook.practice import exercises

PRIVATE = ".glassdock"  # what this program keeps in the folder, out of the learner's way
LEDGER = "delivered.json"


@dataclass(slots=True)
class Delivery:
    """What was done, as paths in the folder. `beside`: the learner's file -> where its new version lies."""

    written: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)


def deliver(folder: Path, lessons: Path = LESSONS) -> Delivery:
    """Make the copy, or bring it up to date. Raises OSError, as for a folder that cannot be written."""
    ledger = folder / PRIVATE / LEDGER
    ledger.parent.mkdir(parents=True, exist_ok=True)
    known = _known(ledger)
    done = Delivery()
    for name, data in sorted(offered(lessons).items()):
        if place := _place(folder, name, _digest(data), known):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(data)
            known[place] = _digest(data)
            done.written.append(place)
            if place != name:
                done.beside[name] = place
    ledger.write_text(json.dumps(known, indent=1, sort_keys=True), "utf-8")
    return done


def offered(lessons: Path = LESSONS) -> dict[str, bytes]:
    """{path in the copy: content}."""
    found: dict[str, bytes] = {}
    for lang in LANGUAGES:
        notebooks = sorted((lessons / lang).glob("[0-9]*.ipynb"))
        found |= {f"{lang}/{path.name}": path.read_bytes() for path in notebooks}
        practice = list(exercises(lang))
        found |= {f"{lang}/{path}": data for each in practice for path, data in each.files.items()}
        found[f"{lang}/{contents.NAME}"] = contents.page(lang, notebooks, practice).encode()
    return found


def _known(ledger: Path) -> dict[str, str]:
    """{path: digest of what was delivered}; a ledger that is lost makes every file the learner's."""
    try:
        return cast("dict[str, str]", json.loads(ledger.read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return {}


def _place(folder: Path, name: str, digest: str, known: Mapping[str, str]) -> str | None:
    """Where a version goes: the first name that does not hold a learner's work; None if it was delivered before."""
    for place in _names(name):
        path = folder / place
        if not path.exists():
            return place
        if known.get(place) == digest:
            return None
        if _digest(path.read_bytes()) in (known.get(place), digest):
            return place
    raise AssertionError("there are names without end")


def _names(name: str) -> Iterator[str]:
    stem, dot, suffix = name.rpartition(".")
    yield name
    yield f"{stem}-new{dot}{suffix}"
    yield from (f"{stem}-new-{number}{dot}{suffix}" for number in count(2))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
