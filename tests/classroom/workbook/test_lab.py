"""`glassdock lab`: a kernel in which docker is there from the first cell on, and a server for this computer only."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel

from classroom.workbook import lab


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """As JupyterLab would find it."""
    for name, value in lab.prepare(tmp_path, "ko").items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_docker_is_there_in_a_new_notebook_and_loading_it_again_says_nothing(folder):
    manager, client = start_new_kernel(kernel_name="python3")
    said = []

    def listen(message):
        said.append(message["content"].get("text", ""))

    try:
        for code in ("!docker run --rm alpine echo hello", "%load_ext classroom", "predict('a', ...)"):
            said.append("|")
            assert client.execute_interactive(code, timeout=60, output_hook=listen)["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    _, hello, loading, guess = "".join(said).split("|")
    assert hello.endswith("hello\n")
    assert loading == ""
    assert guess == "점 세 개(...) 자리에 예상을 적고 셀을 다시 실행하세요.\n"


def test_the_lessons_kernel_is_this_python_and_needs_no_installation(folder):
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert spec.argv[0] == sys.executable
    assert spec.resource_dir.startswith(str(folder))


def test_what_a_learner_has_set_stays(folder):
    theme = next((folder / ".glassdock/settings").rglob("plugin.jupyterlab-settings"))
    theme.write_text("{}")
    lab.prepare(folder, "en")
    assert theme.read_text() == "{}"


def test_a_terminal_in_jupyterlab_finds_glassdock(folder):
    assert shutil.which("glassdock") == str(Path(sys.executable).parent / Path(shutil.which("glassdock")).name)


def test_tables_keep_their_columns(tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTER_CONFIG_DIR", raising=False)
    found = Path(lab.prepare(tmp_path, "en")["JUPYTER_CONFIG_DIR"]) / "custom/custom.css"
    assert "white-space: pre;" in found.read_text()
    assert "--LabApp.custom_css=True" in lab.words(tmp_path, "/lab", browser=False, port=8888)


def test_the_server_is_for_this_computer_only_and_has_a_new_secret_each_time(tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTER_TOKEN", raising=False)
    words = lab.words(tmp_path, "/lab", browser=False, port=8888)
    assert "--ServerApp.ip=127.0.0.1" in words
    assert "--no-browser" in words
    first, second = (lab.prepare(tmp_path, "en")["JUPYTER_TOKEN"] for _ in range(2))
    assert first != second
    assert len(first) == 32


def test_a_port_that_is_taken_is_passed_over_or_refused():
    with socket.socket() as taken:
        taken.bind((lab.ADDRESS, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="Address already in use"):
            lab.free([port])
        assert lab.free([port, 0]) == 0


def test_without_jupyterlab_it_says_what_to_do(tmp_path):
    program = "import sys; sys.modules['jupyterlab'] = None; from engine.cli import main; sys.exit(main(['lab', 'x']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("glassdock: JupyterLab is not installed here: `python3 start.py` does it")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("said", "chosen"), [("ko_KR.UTF-8", "ko"), ("de_DE.UTF-8", "en"), ("Korean_Korea.949", "ko")])
def test_the_computers_language_chooses_the_table_of_contents(said, chosen, monkeypatch):
    for name in ("GLASSDOCK_LANG", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", said)
    assert lab.preferred() == chosen
