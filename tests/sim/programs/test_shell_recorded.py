"""The shell answers as busybox ash does: lines and what a real one said to them (record_shell.py recorded it)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from machine import machine, run

RECORDED = [json.loads(line) for line in Path(__file__).with_name("shell_recorded.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("row", RECORDED, ids=[row["script"][:60] for row in RECORDED])
def test_a_script_prints_and_returns_what_busybox_does(row: dict[str, object]) -> None:
    status, out, err = run(machine(), ["sh", "-c", str(row["script"])])
    answer = {"status": status, "out": _text(out), "err": _text(err)}
    assert answer == {key: row[key] for key in ("status", "out", "err")}


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
