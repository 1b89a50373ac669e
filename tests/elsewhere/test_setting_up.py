"""`python3 start.py` on other people's computers: without a network, in a folder with spaces and Korean letters, with a
.venv whose Python is gone. Real venvs and a real pip; the project is a small one, whose packages the test makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the places of programs in a venv are POSIX's here")

START = Path(__file__).resolve().parents[2] / "start.py"
NOBODY = "http://127.0.0.1:9/simple"  # the discard port: no index there
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling"
[project]
name = "glassdock"
version = "1"
"""
# As hatchling does: a .pth file in UTF-8 that names the folder.
BACKEND = """
import os, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None, more={}):
    info = "glassdock-1.dist-info"
    metadata = "Metadata-Version: 2.1\\nName: glassdock\\nVersion: 1\\nRequires-Dist: leaf\\n"
    metadata += "Provides-Extra: lab\\nProvides-Extra: grading\\n"
    with zipfile.ZipFile(os.path.join(folder, "glassdock-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("_glassdock.pth", os.getcwd())
        wheel.writestr(info + "/METADATA", metadata)
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return "glassdock-1-py3-none-any.whl"
build_wheel = build_editable
"""
PACKAGES = {"leaf": "GREEN = True", "hatchling": BACKEND, "editables": ""}


def make_wheels(folder: Path, nested: bool = False) -> None:
    """The packages, ready made; `nested`: as an index has them."""
    for name, text in PACKAGES.items():
        place = folder / name if nested else folder
        place.mkdir(parents=True, exist_ok=True)
        info = f"{name}-1.dist-info"
        with zipfile.ZipFile(place / f"{name}-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", text)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        if nested:
            (place / "index.html").write_text(f'<a href="{name}-1-py3-none-any.whl">{name}</a>', "utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder as somebody has unpacked it."""
    folder = tmp_path / "길동의 폴더 (2)"
    (folder / "engine").mkdir(parents=True)
    shutil.copy(START, folder)
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    (folder / "engine/cli.py").write_text("import sys, leaf; print('ran', sys.argv[1:], leaf.GREEN)", "utf-8")
    return folder


def start(home: Path, *words: str, index: str = NOBODY, **more: str) -> tuple[int, str]:
    """(status, all that was said) of start.py."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "GLASSDOCK_", "LC_"))}
    environment = {**clean, "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index,
                   "PIP_RETRIES": "0", **more}  # fmt: skip
    ran = subprocess.run([sys.executable, str(home / "start.py"), *words], env=environment, capture_output=True,
                         encoding="utf-8", check=False)  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


def test_the_wheels_of_one_computer_set_up_another_without_a_network(home: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path / "simple", nested=True)
    status, said = start(home, "wheels", index=(tmp_path / "simple").as_uri())
    assert status == 0 and "3 packages. Copy" in said, said
    assert sorted(path.name[:4] for path in (home / "wheels").iterdir()) == ["edit", "hatc", "leaf"]

    other = tmp_path / "다른 컴퓨터"
    shutil.copytree(home, other, ignore=shutil.ignore_patterns(".venv"))
    status, said = start(other, "demo", "a b")
    assert (status, said.splitlines()[-1]) == (0, "ran ['demo', 'a b'] True"), said
    again = start(other, "demo")
    assert again == (0, "ran ['demo'] True\n"), "nothing is set up twice"

    [path] = (other / ".venv").glob("lib/*/site-packages/*glassdock*.pth")
    assert path.read_bytes().isascii(), "Windows reads it in the country's encoding before Python 3.13"
    run = [str(other / ".venv/bin/python"), "-m", "engine.cli"]
    assert subprocess.run(run, cwd="/", capture_output=True, check=True).stdout == b"ran [] True\n"


def test_a_venv_whose_python_is_gone_is_made_anew_and_what_is_missing_is_said(home: Path) -> None:
    python = home / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'No Python at /usr/bin/python3.9' >&2\nexit 103\n", "utf-8")
    python.chmod(0o755)
    status, said = start(home, "demo")
    assert status == 1 and "belongs to another Python: making it anew" in said, said
    assert "Is there a network?" in said and "start.py wheels" in said and str(home / "wheels") in said, said

    status, said = start(home, "demo", LANG="ko_KR.UTF-8")
    assert status == 1 and "네트워크에 연결되어 있나요?" in said, said
    (home / "wheels").mkdir()
    (home / "wheels/other-1-cp39-cp39-win32.whl").touch()
    assert "fit only the system and the Python that fetched them" in start(home, "demo")[1]
    make_wheels(home / "wheels")
    status, said = start(home, "demo")
    assert status == 0 and "anew" not in said and said.endswith("ran ['demo'] True\n"), said
