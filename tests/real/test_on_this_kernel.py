"""The tests that need the kernel, in namespaces where they can do no harm; each file by a pytest of its own there.

They take two minutes, so they are asked for: pytest -m linux_root tests/real
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILES = ["tests/engine/test_host_conformance.py", *(f"tests/real/inside/{path.name}" for path in
         sorted((HERE / "inside").glob("test_*.py")))]  # fmt: skip

pytestmark = [
    pytest.mark.linux_root,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs Linux and root"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare(1)"),
    pytest.mark.skipif(shutil.which("busybox") is None, reason="needs a static busybox"),
]


@pytest.mark.parametrize("file", FILES)
def test_in_namespaces_of_their_own(file: str, request: pytest.FixtureRequest) -> None:
    if "linux_root" not in (request.config.option.markexpr or ""):
        pytest.skip("takes minutes: pytest -m linux_root tests/real")
    only = ["-k", "real"] if "conformance" in file else []
    command = [sys.executable, str(HERE / "guarded.py"), file, *only]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
