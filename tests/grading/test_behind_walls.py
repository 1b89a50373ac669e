"""The hostile class, graded where it does no harm: in namespaces of the tests' own, with root and without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILE = "tests/grading/inside/test_hostile.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="walls are Linux's"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare(1)"),
]


def run(words: list[str], **environment: str) -> None:
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
        env=os.environ | {"GLASSDOCK_HOSTILE": "1"} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.skipif(sys.platform == "linux" and os.geteuid() != 0, reason="needs root")
def test_a_hostile_class_is_graded_by_root():
    run([sys.executable, str(ROOT / "tests/real/guarded.py"), FILE])


def test_a_hostile_class_is_graded_without_root():
    """In a user namespace that has one user."""
    alone = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel gives no user namespaces to ordinary users")
    pytest_ = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", FILE]
    if os.geteuid() == 0:  # as if an ordinary user had done it, in namespaces of the tests' own
        run([sys.executable, str(ROOT / "tests/real/guarded.py"), "--", *alone, *pytest_])
    else:
        run(pytest_)
