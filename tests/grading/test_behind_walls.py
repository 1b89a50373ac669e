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


def test_a_hostile_class_is_graded_without_root(tmp_path: Path):
    """In a user namespace; root becomes an ordinary user first, in namespaces of the tests' own."""
    if os.geteuid() != 0:
        tried = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False)
        if tried.returncode:
            pytest.skip("this kernel gives no user namespaces to ordinary users")
        run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", FILE])
        return
    if shutil.which("setpriv") is None or not reachable_by_anybody():
        pytest.skip("nobody but root may read this Python")
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]
    pytest_ = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", FILE]
    run([sys.executable, str(ROOT / "tests/real/guarded.py"), "--", *user, *pytest_])


def reachable_by_anybody() -> bool:
    """May others walk to the interpreter and to this folder?"""
    paths = [Path(sys.executable).resolve(), Path(sys.prefix), ROOT]
    return all(each.stat().st_mode & 0o005 == 0o005 for path in paths for each in (path, *path.parents))
