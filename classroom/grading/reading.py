"""From a file that was handed in to what can be run: a notebook's cells, or the sessions of a record.

Everything may be wrong with such a file. What cannot be graded is Unreadable, with a reason; what is only odd is a
note.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classroom.exercises.report import WORK
from classroom.grading.results import Reason

LARGEST = 32 << 20  # bytes of a file
LONGEST = 20_000  # characters of an answer that a person is to read
ENCODINGS = ("utf-8-sig", "utf-16", "cp949")  # as Jupyter, as PowerShell, as Korean Windows write


class Unreadable(ValueError):
    """`reason` says why, for people."""

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key)
        self.reason = Reason(key, facts)


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell. `grade_id`: nbgrader's, "" for a cell of the student's own."""

    source: str
    grade_id: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """As it was handed in, unchecked."""

    cells: tuple[Cell, ...]
    graded: Mapping[str, Mapping[str, Any]]  # nbgrader's metadata of cells of all kinds, by grade_id
    notes: tuple[Reason, ...]
    record: str = ""  # the student's own, of attempts and times, as the last self-check left it
    answers: Mapping[str, str] = field(default_factory=dict)  # sources of nbgrader's cells of all kinds, by grade_id


def read_bytes(path: Path) -> bytes:
    """Raises Unreadable."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(fd, "rb") as file:
            if os.fstat(fd).st_size > LARGEST:
                raise Unreadable("too large", size=os.fstat(fd).st_size >> 20, limit=LARGEST >> 20)
            return file.read(LARGEST)
    except OSError as error:
        raise Unreadable("cannot be read", why=error.strerror or str(error)) from None


def read_json(data: bytes) -> tuple[Mapping[str, Any], tuple[Reason, ...]]:
    """The document, an object. Raises Unreadable."""
    if not data.strip():
        raise Unreadable("empty file")
    text, notes = decoded(data)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON", begins=text[:40].strip()) from None
    if not isinstance(document, Mapping):
        raise Unreadable("no notebook")
    return document, notes


def decoded(data: bytes) -> tuple[str, tuple[Reason, ...]]:
    """A text, and a note if it is not in UTF-8. Raises Unreadable."""
    for encoding in ENCODINGS:
        if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, () if encoding == "utf-8-sig" else (Reason("other encoding", {"encoding": encoding}),)
    raise Unreadable("no text")


def read_notebook(document: Mapping[str, Any], notes: Sequence[Reason] = ()) -> Notebook:
    """Its cells, whatever else of it is broken. Raises Unreadable."""
    cells = document.get("cells")
    if not isinstance(cells, list) or not isinstance(document.get("nbformat"), int):
        raise Unreadable("no notebook")
    metadata = _mapping(document.get("metadata"))
    if (language := _language(metadata)) != "python":
        raise Unreadable("other kernel", language=language)
    names = [(_grade_id(cell), cell) for cell in map(_mapping, cells) if _grade_id(cell)]
    twice = sorted(name for name, count in Counter(name for name, _ in names).items() if count > 1)
    odd = [Reason("twice", {"cells": ", ".join(twice)})] if twice else []
    graded = {name: _mapping(cell["metadata"])["nbgrader"] for name, cell in names}
    answers = {name: _source(cell)[:LONGEST] for name, cell in names}
    return Notebook(tuple(_code(cells)), graded, (*notes, *odd), _record(cells), answers)


def _record(cells: Sequence[Any]) -> str:
    found = ""
    for cell in map(_mapping, cells):
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            text = _mapping(_mapping(output).get("data")).get(WORK, "")
            found = (text if isinstance(text, str) else json.dumps(text)) or found
    return found


def _code(cells: Sequence[Any]) -> Iterator[Cell]:
    for cell in map(_mapping, cells):
        source = _source(cell)
        if cell.get("cell_type") == "code" and source.strip():
            yield Cell(source, _grade_id(cell))


def _source(cell: Mapping[str, Any]) -> str:
    """A cell's text, as one string that can be encoded; "" for what is none."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source.encode(errors="replace").decode() if isinstance(source, str) else ""


def _grade_id(cell: Mapping[str, Any]) -> str:
    name = _mapping(_mapping(cell.get("metadata")).get("nbgrader")).get("grade_id", "")
    return name if isinstance(name, str) else ""


def _language(metadata: Mapping[str, Any]) -> str:
    """As Jupyter knows it; a notebook that says nothing is Python's."""
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        found = _mapping(metadata.get(key)).get(name)
        if isinstance(found, str) and found:
            return found.lower()
    kernel = _mapping(metadata.get("kernelspec")).get("name", "")
    return "python" if not kernel or "python" in str(kernel).lower() else str(kernel)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
