"""The same commands on the simulated host and on this machine's kernel: output, events, fields, kernel operations.

The third side, Docker itself, is recorded: tests/golden. These take two minutes, so they are asked for:
pytest -m linux_root tests/parity
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
GUARDED = [str(ROOT / "tests/real/guarded.py"), "--", sys.executable]
SCENARIOS: Mapping[str, Any] = tomllib.loads((HERE / "scenarios.toml").read_text())

pytestmark = [
    pytest.mark.linux_root,
    pytest.mark.slow,
    pytest.mark.docker_cli,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs Linux and root"),
    pytest.mark.skipif(
        not all(map(shutil.which, ("unshare", "busybox", "docker", "curl"))), reason="a program is missing"
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def differing(request: pytest.FixtureRequest) -> list[str]:
    """All lines in which the two hosts differ."""
    if "linux_root" not in (request.config.option.markexpr or ""):
        pytest.skip("takes minutes: pytest -m linux_root tests/parity")
    from compare import differences

    sides = [
        subprocess.Popen([sys.executable, *before, str(HERE / "play.py"), host], stdout=subprocess.PIPE, cwd=ROOT)
        for host, before in (("sim", []), ("real", GUARDED))
    ]
    sim, real = (json.loads(side.communicate(timeout=550)[0]) for side in sides)
    assert all(len(seen["said"]) == len(SCENARIOS[name]["steps"]) for name, seen in sim.items())
    assert sum(len(seen["operations"]) for seen in real.values()) > 1000
    return [
        line for name in SCENARIOS for line in differences(name, SCENARIOS[name]["steps"], sim[name], real[name])
    ]  # fmt: skip


def test_both_hosts_do_and_say_the_same_but_for_what_is_listed_with_a_reason(differing: list[str]) -> None:
    from compare import tolerated

    rows = [re.compile(row["like"]) for row in tolerated()]
    assert [line for line in differing if not any(row.search(line) for row in rows)] == []


def test_nothing_is_listed_that_agrees_here(differing: list[str]) -> None:
    from compare import tolerated

    of_this_machine = [
        row["like"] for row in tolerated() if not any(re.search(row["like"], line) for line in differing)
    ]
    assert len(of_this_machine) <= 3, of_this_machine  # machines differ in their devices and in /proc
