"""docs/coverage.md has a row for every option that docker's help page shows, and names tests that are there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPTION = re.compile(r"^ {2,6}(?:-\w, )?--([a-z0-9-]+)", re.MULTILINE)
ROW = re.compile(r"^\| `--([a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "coverage.md").read_text())


def test_every_option_of_the_help_page_has_a_row() -> None:
    page = (ROOT / "engine" / "client" / "help" / "run.txt").read_text()
    assert [row[0] for row in ROWS] == OPTION.findall(page)


def test_our_help_page_is_dockers() -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker command on the PATH")
    said = subprocess.run(["docker", "run", "--help"], capture_output=True, text=True, check=True).stdout
    assert OPTION.findall(said) == [row[0] for row in ROWS]


def test_the_tests_that_are_named_are_there() -> None:
    for option, _, _, tested in ROWS:
        for name in re.findall(r"`([^`]+)`", tested):
            assert (ROOT / name).exists(), (option, name)
        if tested.startswith("golden "):
            for name in tested.removeprefix("golden ").split(", "):
                assert (ROOT / "tests" / "golden" / f"{name}.json").exists(), (option, name)
