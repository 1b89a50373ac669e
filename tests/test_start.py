"""`python3 start.py`: the right things are installed, once, and what goes wrong is said in words."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

ROOT = Path(__file__).resolve().parent.parent


def loaded():
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def start(tmp_path, monkeypatch):
    """start.py for a folder of its own, with a Python in it; `asked` has what it would have installed and run."""
    module = loaded()
    module.asked = []
    (tmp_path / "pyproject.toml").write_text("[project]")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "PYTHON": python,
                        "STAMP": tmp_path / ".venv" / "stamp", "install": module.asked.append,
                        "become": module.asked.append, "have_venv": lambda: None}.items():  # fmt: skip
        monkeypatch.setattr(module, name, value)
    return module


def test_without_words_it_opens_the_lessons(start):
    start.main([])
    assert start.asked == [f"{start.ROOT}[lab]", ["engine.cli", "lab"]]


@pytest.mark.parametrize(
    ("words", "extra", "command"),
    [
        (["demo"], "", ["engine.cli", "demo"]),
        (["test", "-x"], "[dev]", ["pytest", "-x"]),
        (["lab", "--lang", "ko"], "[lab]", ["engine.cli", "lab", "--lang", "ko"]),
        (["grade", "my-course"], "[grading]", ["engine.cli", "grade", "my-course"]),
        (["serve", "sim"], "", ["engine.cli", "serve", "sim"]),
    ],
)
def test_each_command_installs_only_what_it_needs(start, words, extra, command):
    start.main(words)
    assert start.asked == [f"{start.ROOT}{extra}", command]


def test_what_is_installed_is_not_installed_again_until_pyproject_changes(start):
    start.main(["lab"])
    start.main(["lab"])
    start.main(["demo"])
    assert [each for each in start.asked if isinstance(each, str)] == [f"{start.ROOT}[lab]"]
    (start.ROOT / "pyproject.toml").write_text("[project]\n")
    start.main(["lab"])
    assert start.asked.count(f"{start.ROOT}[lab]") == 2


def test_an_old_python_is_told_plainly(start, monkeypatch, capsys):
    monkeypatch.setattr(start, "OLDEST", (9, 9))
    assert start.main([]) == 1
    assert "newer is needed; this is" in capsys.readouterr().err
    assert start.asked == []


def test_the_file_can_be_read_by_an_old_python():
    """No syntax newer than 3.7, so that the answer above is seen."""
    program = f"import ast; ast.parse(open({str(ROOT / 'start.py')!r}).read(), feature_version=(3, 7))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="the pip of this test is a shell script")
@pytest.mark.parametrize(("all_is_here", "times"), [(True, 1), (False, 2)])
def test_no_index_is_asked_for_what_is_here_already(tmp_path, monkeypatch, all_is_here, times):
    start = loaded()
    pip = tmp_path / "python"
    pip.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncase "$*" in *--no-index*) exit {int(not all_is_here)};; esac\n'
    )
    pip.chmod(0o755)
    monkeypatch.setattr(start, "PYTHON", pip)
    start.install("here[dev]")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert ["--no-index" in words for words in asked] == [True, False][:times]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (["NewConnectionError('…')", "ERROR: No matching distribution"], "Is there a network?"),
        (["OSError: [Errno 28] No space left on device"], "the disk is full"),
        (["SSLError(SSLCertVerificationError(1, '…')", "ERROR: No matching distribution"], "PIP_CERT"),
        (["ERROR: Could not install packages: [WinError 5] 액세스가 거부되었습니다: '…'"], "still run"),
        (["OSError: [Errno 2] …", "HINT: … Windows Long Path support enabled. …"], "nearer to the top"),
        (["error: Microsoft Visual C++ 14.0 or greater is required."], "An older Python may do"),
        (["ERROR: something else"], "ERROR: something else"),
    ],
)
def test_why_pip_failed_is_said_with_what_to_do(start, monkeypatch, said, answer):
    monkeypatch.setenv("GLASSDOCK_LANG", "en")
    assert answer in start.diagnosis(said)


def test_what_is_said_is_said_in_korean_too(start, monkeypatch):
    facts = {"version": "3.9", "path": "py", "name": "x", "where": "here", "why": "so", "last": "end", "count": 7}
    for key, (english, korean) in start.TEXTS.items():
        assert fields(english) == fields(korean), key
        monkeypatch.setenv("GLASSDOCK_LANG", "ko")
        assert re.search("[가-힣]", start.text(key, **facts)), key


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_folder_that_cannot_be_written_is_told_plainly(monkeypatch, capsys):
    start = loaded()
    monkeypatch.setenv("GLASSDOCK_LANG", "en")
    for name in ("VENV", "PYTHON", "STAMP"):
        monkeypatch.setattr(start, name, Path(os.devnull) / name)
    assert start.main([]) == 1
    assert "cannot write to" in capsys.readouterr().err
