"""Programs do in the container what they do in node: what a real one printed is in recorded.json (node_recorder.py)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from containers import Host
from programs.node.node_recorder import PROGRAMS, RECORDED, plain, recorded

WANTED = json.loads(RECORDED.read_text("utf-8"))
VERSION = WANTED["version"]


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_what_it_prints_in_node(host: Host, program: Path):
    text = program.read_text("utf-8")
    found = host.run("node:slim", f"cat > /app.js << 'END'\n{text}END\nexport NODE_VERSION={VERSION[1:]}\nnode /app.js")
    assert [found.status, plain(found.out), plain(found.err)] == WANTED["programs"][program.stem]


def _has_the_recorded_node() -> bool:
    node = shutil.which("node")
    return node is not None and subprocess.run([node, "--version"], capture_output=True, text=True,
                                               check=False).stdout.strip() == VERSION  # fmt: skip


@pytest.mark.skipif(not _has_the_recorded_node(), reason="no node of the recorded version on this computer")
def test_what_is_recorded_is_what_node_prints():
    assert recorded() == WANTED
