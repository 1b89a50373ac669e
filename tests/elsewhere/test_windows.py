"""What README promises to students with Windows, in a Python that pretends to be there (windows.py says how far)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the pretence looks into /proc")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KOREAN, WESTERN = "cp949", "cp1252"
EVERY_MODULE = """
import importlib, pkgutil
for room in ("engine", "sim", "classroom"):
    for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""
COMMANDS = """
import sys
from pathlib import Path
from engine.client.command import main
for line in Path("lines").read_text("utf-8").splitlines():
    print("$", ascii(line), main(line.split()), flush=True)
"""
CONTEXT = {
    "Dockerfile": "FROM alpine\r\nCOPY run.sh 한글.txt /\r\nRUN echo 안녕 \\\r\n && cat /한글.txt\r\nCMD /run.sh\r\n",
    ".dockerignore": "*.tmp\r\nnode_modules\r\n",
    "left.tmp": "out",
    "run.sh": "#!/bin/sh\nls /\n",
    "한글.txt": "가나다\r\n",
}


def windows(kind: str, *words: str, folder: Path, **more: str) -> subprocess.Popen[bytes]:
    """`python WORDS` there; `kind`: its encoding, and libraries that are not to know."""
    variables = {**os.environ, "PYTHONIOENCODING": kind.partition("+")[0], "PYTHONPATH": str(ROOT),
                 "TMPDIR": str(folder), **more}  # fmt: skip
    variables.pop("PRETENDED_PYTHON", None)
    command = [sys.executable, str(HERE / "windows.py"), kind, *words]
    return subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def said(kind: str, *words: str, folder: Path, status: int = 0, **more: str) -> str:
    """All that it said, in UTF-8 as docker's own command speaks, or else in the encoding of its country."""
    with windows(kind, *words, folder=folder, **more) as program:
        output = program.communicate()[0]
    try:
        text = output.decode()
    except UnicodeDecodeError:
        text = output.decode(kind.partition("+")[0], "replace")
    assert program.returncode == status, text
    return text


@contextmanager
def daemon(folder: Path, kill: bool = False) -> Iterator[str]:
    """`glassdock serve sim`; its address. Ended by Ctrl-C, or as Windows ends programs."""
    words = [
        "-m",
        "engine.cli",
        "serve",
        "sim",
        "-H",
        "tcp://127.0.0.1:0",
        "--data-root",
        "root",
        "--allow-bind",
        ".:rw",
    ]
    with windows(KOREAN, *words, folder=folder) as program:
        assert program.stdout is not None
        try:
            lines = [program.stdout.readline().decode(KOREAN) for _ in range(5)]
            assert lines[-1].startswith("  $env:DOCKER_HOST = 'tcp://127.0.0.1:"), lines
            yield re.findall(r"tcp://[\d.]+:\d+", lines[0])[0]
        finally:
            program.kill() if kill else program.send_signal(signal.SIGINT)
        assert kill or (program.communicate()[0], program.returncode) == (b"", 0)


def test_every_module_can_be_imported(tmp_path: Path) -> None:
    said(f"{KOREAN}+IPython+ipywidgets+nbconvert.exporters", "-c", EVERY_MODULE, folder=tmp_path)


def test_a_daemon_and_the_docker_command_do_what_they_do_elsewhere(tmp_path: Path) -> None:
    home = tmp_path / "길동의 폴더"
    (home / "context").mkdir(parents=True)
    for name, text in CONTEXT.items():
        (home / "context" / name).write_bytes(text.encode())
    lines = [
        "run --name web -d -p 127.0.0.1:0:80 nginx", "build -q --iidfile id -t mine context", "run --rm mine",
        "cp context/한글.txt web:/tmp/", "cp web:/tmp/한글.txt out.txt", "cp web:/etc/nginx conf", "cp conf web:/tmp",
        "exec web cat /tmp/한글.txt", "run --rm -v .:/data busybox sh -c cat</data/out.txt>/data/written", "ps",
        "save -o mine.tar mine", "rmi mine", "load -qi mine.tar", "rm -f web", "system prune -af", "images -q",
    ]  # fmt: skip
    (home / "lines").write_text("\n".join(lines), "utf-8")
    with daemon(home, kill=True) as address:
        text = said(KOREAN, "-c", COMMANDS, folder=home, DOCKER_HOST=address, USERPROFILE=str(home))
        assert [line for line in text.splitlines() if line.startswith("$") and not line.endswith(" 0")] == [], text
        assert "run.sh\n" in text and "한글.txt\n" in text, "a program of the context may be run"
        assert "left.tmp" not in text
        with windows(KOREAN, "-m", "engine.cli", "serve", "sim", "-H", "tcp://127.0.0.1:0", "--data-root", "root",
                     folder=home) as second:  # fmt: skip
            assert b"another daemon is using it" in second.communicate()[0]
    assert text.endswith("$ 'images -q' 0\n")
    assert (home / "out.txt").read_bytes() == (home / "written").read_bytes() == CONTEXT["한글.txt"].encode()
    with daemon(home) as address:
        (home / "lines").write_text("ps -aq", "utf-8")
        assert said(KOREAN, "-c", COMMANDS, folder=home, DOCKER_HOST=address) == "$ 'ps -aq' 0\n"


def test_the_real_host_says_where_it_is_to_be_had(tmp_path: Path) -> None:
    assert "on Windows use WSL 2" in said(KOREAN, "-m", "engine.cli", "check", folder=tmp_path, status=2)


@pytest.mark.parametrize("encoding", [KOREAN, WESTERN])
def test_a_letter_that_a_pipe_cannot_carry_is_no_reason_to_stop(tmp_path: Path, encoding: str) -> None:
    text = said(encoding, "-m", "engine.cli", "demo", "--no-pause", folder=tmp_path, GLASSDOCK_LANG="ko")
    assert "Hello from Docker!" in text and "?" in text


def test_a_lesson_runs_to_its_end(tmp_path: Path) -> None:
    program = """
from classroom.workbook.execute import run
from classroom.workbook.pairs import LESSONS, load
print(run(load(LESSONS / "ko" / "04-image-and-container.md"), "ko/04-image-and-container.md").said)
"""
    text = said(f"{KOREAN}+IPython", "-c", program, folder=tmp_path, PYTHONIOENCODING="utf-8")
    assert "엔진의 답은" in text and "Traceback" not in text


def test_an_author_can_try_an_assignment(tmp_path: Path) -> None:
    text = said(KOREAN, "-m", "engine.cli", "exercises", "try", "04-images", folder=tmp_path, GLASSDOCK_LANG="ko")
    assert text.count("\n") == 1, "no problems"


def test_a_class_is_graded_with_a_process_for_each(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "tests/grading"))
    from handed import COURSE, TOY, hand_in, notebook, solved

    hand_in(tmp_path, "길동", notebook(solved("길동")))
    text = said(
        f"{KOREAN}+IPython+rich.console+rich.progress", "-m", "engine.cli", "grade", str(tmp_path), "--exercises",
        str(COURSE), "--jobs", "1", "--limits", "cell=60,notebook=120,memory=600M", folder=tmp_path,
    )  # fmt: skip
    assert "a process for each, without walls" in text and "1 graded, 0 stopped" in text
    assert "길동" in (tmp_path / "grades" / TOY / "marks.csv").read_text("utf-8-sig")


def test_the_pretence_refuses_what_windows_refuses(tmp_path: Path) -> None:
    program = """
import os, signal, socket, sys
from pathlib import Path
assert (sys.platform, os.name) == ("win32", "nt")
def refuses(act):
    try:
        act()
    except (OSError, AttributeError, ImportError):
        return
    raise SystemExit("not refused")
refuses(lambda: __import__("fcntl"))
for module, name in ((os, "fork"), (os, "getuid"), (os, "O_NOFOLLOW"), (signal, "SIGKILL"), (socket, "AF_UNIX")):
    refuses(lambda: getattr(module, name))
for name in ("a:b", "con.txt", "dot.", "what?", "long" * 70):
    refuses(lambda: Path(name).write_bytes(b""))
Path("file").write_text("가")
assert Path("file").read_bytes() == "가".encode("cp949")
refuses(lambda: Path("FILE").write_bytes(b""))
refuses(lambda: Path("link").symlink_to("file"))
with open("file"):
    refuses(Path("file").unlink)
    refuses(lambda: Path("file").replace("other"))
Path("file").chmod(0o444)
refuses(Path("file").unlink)
"""
    said(KOREAN, "-c", program, folder=tmp_path)
