"""Programs do in the container what they do in CPython: the same file is run by both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from containers import Host

PROGRAMS = sorted((Path(__file__).parent / "language").glob("*.py"))


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_what_it_prints_in_cpython(host: Host, program: Path):
    wanted = subprocess.run([sys.executable, "-I", str(program)], capture_output=True, text=True, check=False)
    assert wanted.returncode == 0, wanted.stderr
    text = program.read_text("utf-8")
    found = host.run("python:3.12-slim", f"cat > /app.py << 'END'\n{text}\nEND\npython /app.py")
    assert (found.status, found.out, found.err) == (0, wanted.stdout, "")
