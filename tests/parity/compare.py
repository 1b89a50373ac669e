"""Where two hosts differ in what they said, told, left and did, as lines; and the list of what is tolerated."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOLERATED = Path(__file__).with_name("tolerated.toml")
STREAMS = ("standard output", "standard error", "exit status")


def differences(scenario: str, steps: list[str], one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    """`one` is what the simulated host did, `other` the kernel."""
    for number, (here, there) in enumerate(zip(one["said"], other["said"], strict=True), 1):
        for stream, mine, yours in zip(STREAMS, here, there, strict=True):
            if mine != yours:
                yield f"{scenario}: step {number}, {stream}: {mine!r} | {yours!r}"
    for what in ("events", "operations"):
        yield from (f"{scenario}: {what}: {line}" for line in _changed(one[what], other[what]))
    for name in sorted({*one["fields"], *other["fields"]}):
        mine, yours = one["fields"].get(name, {}), other["fields"].get(name, {})
        for path in {**mine, **yours}:
            if mine.get(path) != yours.get(path):
                yield f"{scenario}: {name} {path}: {mine.get(path)!r} | {yours.get(path)!r}"


def _changed(one: list[str], other: list[str]) -> Iterator[str]:
    for line in difflib.ndiff(one, other):
        if line[0] in "-+":
            yield line


def tolerated() -> list[dict[str, str]]:
    """Rows of the table: `like`, a regular expression for a difference's line, and `why`."""
    rows: list[dict[str, str]] = tomllib.loads(TOLERATED.read_text())["difference"]
    return rows
