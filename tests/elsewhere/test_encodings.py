"""No file is read or written in the encoding of somebody's country by accident. (ruff's PLW1514 sees literals only.)"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BEFORE_THE_ENCODING = {"read_text": 0, "write_text": 1}  # words of pathlib.Path's methods


def without_encoding(tree: ast.Module) -> Iterator[int]:
    """Lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            words = BEFORE_THE_ENCODING.get(node.func.attr)
            named = any(keyword.arg == "encoding" for keyword in node.keywords)
            if words is not None and len(node.args) <= words and not named:
                yield node.lineno


@pytest.mark.parametrize("room", ["engine", "sim", "classroom", "start.py"])
def test_who_reads_or_writes_a_text_says_its_encoding(room: str) -> None:
    files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    installed = ROOT / "sim/packages/files"  # on the simulated machine
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        if not path.is_relative_to(installed)
        for line in without_encoding(ast.parse(path.read_bytes()))
    ]
    assert found == []


def test_the_rule_sees_what_it_forbids() -> None:
    text = "path.read_text()\npath.write_text(text)\npath.read_text('utf-8')\npath.write_text(text, encoding='ascii')\n"
    assert list(without_encoding(ast.parse(text))) == [1, 2]
