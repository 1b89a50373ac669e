"""A session as a notebook (nbformat 4.5): the same lines, to go on with in Jupyter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from classroom.faultline import value
from classroom.playground.entries import Entry, Story
from classroom.playground.workbench import FAULT

Cell = dict[str, Any]
WORDS = {
    "en": (
        "# My playground session\n\nThe same commands, in a notebook. Run each cell with Shift+Enter.",
        "Typed into the program of the cell above: {keys}",
    ),
    "ko": (
        "# 놀이터에서 해 본 것\n\n같은 명령을 노트북으로 옮겼어요. 셀마다 Shift+Enter를 눌러 실행해 보세요.",
        "위 셀의 프로그램에 입력한 것: {keys}",
    ),
}
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(story: Story, files: dict[str, str], lang: str) -> str:
    """As JSON. `files`: what lay in the learner's folder at the beginning, by path."""
    cells = [_cell("markdown", WORDS[lang][0]), _cell("code", "%load_ext classroom")]
    cells += [_cell("code", f"%%writefile {path}\n{text.rstrip()}") for path, text in files.items()]
    cells += _cells(story.entries, WORDS[lang][1])
    for at, cell in enumerate(cells):
        cell["id"] = f"cell-{at}"
    return json.dumps({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _cells(entries: Iterable[Entry], typed: str) -> Iterator[Cell]:
    keys = ""
    for entry in entries:
        if entry.kind != "keys" and keys:
            yield _cell("markdown", typed.format(keys=_readable(keys)))
            keys = ""
        message = entry.message
        if entry.kind == "line":
            yield _cell("code", _line(message["text"]))
        elif entry.kind == "keys":
            keys += message["text"]
        elif entry.kind == "save":
            yield _cell("code", f"%%writefile {message['path']}\n{message['text'].rstrip()}")
        elif entry.kind == "fault":
            yield _cell("code", f"lab.fault({message['name']!r}, {message['value']!r})")
        elif entry.kind == "heal":
            yield _cell("code", "lab.heal()")
    if keys:
        yield _cell("markdown", typed.format(keys=_readable(keys)))


def _line(text: str) -> str:
    """One line is run as it is; more need a cell of their own. In a notebook the lab has the switches of the faults."""
    if text.split()[:2] == FAULT:
        words = text.split()[2:]
        if "--heal" in words:
            return "lab.heal()"
        if words and all("=" in word for word in words):
            changes = (word.partition("=")[::2] for word in words)
            return "\n".join(f"lab.fault({name!r}, {value(shown)!r})" for name, shown in changes)
    return f"!{text}" if "\n" not in text else f"lab.run({text!r}, write=lambda _, data: print(data.decode(), end=''))"


def _readable(keys: str) -> str:
    shown = "".join(key if key.isprintable() else " ⏎ " if key in "\r\n" else " ␣" for key in keys)
    return "`" + " ".join(shown.split()).replace("`", "'") + "`"


def _cell(kind: str, source: str) -> Cell:
    cell: Cell = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
