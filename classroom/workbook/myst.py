"""MyST Markdown notebooks, in the form that jupytext writes (https://mystmd.org/guide/notebooks-with-markdown).

---
jupytext: {formats: "md:myst,ipynb", ...}       the header: YAML
---

Words.

```{code-cell} ipython3
:tags: [raises-exception]

print("code")
```

What is between two code cells is one Markdown cell, unless a line `+++`, with metadata or without, parts it in two. All
else of MyST is the reader's business, not ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from classroom.workbook.cells import Cell, Kind, Notebook, NotebookError

LANGUAGE = "ipython3"  # what colours the code
DIRECTIVES: dict[str, Kind] = {"{code-cell}": "code", "{raw-cell}": "raw"}
WORDS = {kind: word for word, kind in DIRECTIVES.items()}
HEADER = re.compile(r"\A---\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})[ \t]*(.*)")  # CommonMark 4.5
BREAK = re.compile(r"\+\+\+[ \t]*(\{.*\})?[ \t]*")
OPTIONS = re.compile(r"(?::[A-Za-z][^\n]*\n)+\n?")
BLOCK = re.compile(r"---\n(.*?)^---[ \t]*\n", re.DOTALL | re.MULTILINE)


def read(text: str) -> Notebook:
    """Raises NotebookError."""
    header = HEADER.match(text)
    body = text[header.end() if header else 0 :]
    return Notebook(_mapping(header[1], "the header") if header else {}, tuple(_cells(body.split("\n"))))


def write(notebook: Notebook) -> str:
    """Raises NotebookError for a cell that would not be the same when it is read again."""
    parts = [f"---\n{_yaml(notebook.metadata)}---\n"] if notebook.metadata else []
    before: Kind | None = None
    for cell in notebook.cells:
        parts.append(_written(cell, before))
        before = cell.kind
    text = ("\n".join(parts).strip("\n") + "\n") if parts else ""
    for number, (cell, again) in enumerate(zip(notebook.cells, _again(text, notebook), strict=True), 1):
        if cell != again:
            raise NotebookError(f"cell {number} would be read as another one: {_shortened(cell)} → {_shortened(again)}")
    return text


def tidy(notebook: Notebook) -> Notebook:
    """Without what the text form does not keep: empty lines around a cell, blanks after code, cells with nothing."""
    cells = [replace(cell, source=_trimmed(cell.source)) for cell in notebook.cells]
    return replace(notebook, cells=tuple(cell for cell in cells if cell.source or cell.kind != "markdown"))


def _trimmed(source: str) -> str:
    return re.sub(r"\A(?:[ \t]*\n)+|\s+\Z", "", source.replace("\r\n", "\n").replace("\r", "\n"))


def _again(text: str, notebook: Notebook) -> tuple[Cell, ...]:
    found = read(text)
    if len(found.cells) != len(notebook.cells):
        raise NotebookError(f"{len(notebook.cells)} cells would be read as {len(found.cells)}: is a fence left open?")
    return found.cells


# -- reading


def _cells(lines: Sequence[str]) -> Iterator[Cell]:
    words: list[str] = []  # lines of the Markdown cell that goes on
    metadata: Mapping[str, Any] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        fence, parted = FENCE.fullmatch(line), BREAK.fullmatch(line)
        end = _end(lines, at, fence[1]) if fence else at + 1
        kind = DIRECTIVES.get(fence[2].split()[0]) if fence and fence[2] else None
        if kind or parted:
            yield from _markdown(words, metadata)
            words = []
            metadata = _mapping(parted[1], "the metadata of a cell") if parted and parted[1] else {}
        if kind:
            if end == at + 1 or not _closes(lines[end - 1], fence[1] if fence else ""):
                raise NotebookError(f"line {at + 1} of the text: the fence of a cell is left open")
            yield _directive(kind, "\n".join(lines[at + 1 : end - 1]))
        elif not parted:
            words += lines[at:end]
        at = end
    yield from _markdown(words, metadata)


def _end(lines: Sequence[str], at: int, mark: str) -> int:
    """The line after the one that closes a fence; if none does, the fence goes on to the end (CommonMark 4.5)."""
    return next((end + 1 for end in range(at + 1, len(lines)) if _closes(lines[end], mark)), len(lines))


def _closes(line: str, mark: str) -> bool:
    bare = line.strip(" \t")
    return len(bare) >= len(mark) and not bare.strip(mark[0]) and len(line) - len(line.lstrip(" ")) <= 3


def _markdown(lines: Sequence[str], metadata: Mapping[str, Any]) -> Iterator[Cell]:
    source = _trimmed("\n".join(lines))
    if source:
        yield Cell("markdown", source, metadata)


def _directive(kind: Kind, text: str) -> Cell:
    """Options are lines `:key: value`, or a block of YAML between `---`."""
    text += "\n"
    if block := BLOCK.match(text):
        found, rest = block[1], text[block.end() :]
    elif options := OPTIONS.match(text):
        found, rest = re.sub(r"^:", "", options[0], flags=re.MULTILINE), text[options.end() :]
    else:
        found, rest = "", text
    return Cell(kind, _trimmed(rest), _mapping(found, "the options of a cell") if found else {})


def _mapping(text: str, what: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise NotebookError(f"{what}: {error}") from None
    if not isinstance(found, dict):
        raise NotebookError(f"{what}: not YAML's `key: value`")
    return found


# -- writing


def _written(cell: Cell, before: Kind | None) -> str:
    if cell.kind == "markdown":
        parted = f"+++ {json.dumps(cell.metadata, ensure_ascii=False)}" if cell.metadata else "+++"
        return f"{parted}\n\n{cell.source}\n" if cell.metadata or before == "markdown" else f"{cell.source}\n"
    longest = max((len(run) for run in re.findall(r"^ *(`{3,})", cell.source, re.MULTILINE)), default=2)
    fence = "`" * (longest + 1)
    language = f" {LANGUAGE}" if cell.kind == "code" else ""
    source = f"{cell.source}\n" if cell.source else ""
    return f"{fence}{WORDS[cell.kind]}{language}\n{_options(cell.metadata)}{source}{fence}\n"


def _options(metadata: Mapping[str, Any]) -> str:
    """One line for each, or a block if one of them is nested."""
    if not metadata:
        return ""
    text = _yaml(metadata)
    lines = text.splitlines()
    if all(line[:1].isalpha() for line in lines):
        return "".join(f":{line}\n" for line in lines) + "\n"
    return f"---\n{text}---\n"


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Lists of plain values stand on one line: `tags: [one, two]`."""

    def represent_list(self, data: list[Any]) -> yaml.Node:
        flat = all(not isinstance(each, dict | list) for each in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(list, _Dumper.represent_list)


def _yaml(metadata: Mapping[str, Any]) -> str:
    text: str = yaml.dump(dict(metadata), Dumper=_Dumper, sort_keys=True, allow_unicode=True, default_flow_style=False,
                          width=1000)  # fmt: skip
    return text


def _shortened(cell: Cell) -> str:
    return f"{cell.kind} {cell.source[:60]!r}"
