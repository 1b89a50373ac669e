"""A learner types lines as in a terminal: pipes, $(…), loops and files work around docker commands."""

import sys
from collections.abc import Sequence

import pytest

from classroom.shell import STDOUT, Shell, Write, concerns_us

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="wc and cat are commands of a POSIX computer")


class Recorder:
    """Stands where docker stands: says what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], bytes]] = []
        self.answers = {"ps": b"one\ntwo\n", "false": b""}
        self.slept = 0.0

    def docker(self, words: Sequence[str], stdin: bytes, write: Write) -> int:
        self.calls.append((list(words), stdin))
        write(STDOUT, self.answers.get(words[0], b"done\n"))
        return 1 if words[0] == "false" else 0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def run(recorder: Recorder, text: str, stdin: bytes = b"") -> tuple[int, str]:
    out = bytearray()
    shell = Shell(recorder.docker, recorder.sleep)
    return shell.run(text, lambda _, data: out.extend(data), stdin), out.decode()


def words(recorder: Recorder) -> list[list[str]]:
    return [call[0] for call in recorder.calls]


def test_the_output_of_one_command_becomes_the_words_of_another(recorder):
    run(recorder, "docker rm -f $(docker ps -aq)")
    assert words(recorder) == [["ps", "-aq"], ["rm", "-f", "one", "two"]]


def test_quotes_keep_words_together(recorder):
    run(recorder, """docker run alpine sh -c 'echo $HOME; ls' "a b" """)
    assert words(recorder) == [["run", "alpine", "sh", "-c", "echo $HOME; ls", "a b"]]


@POSIX
def test_a_pipe_goes_on_in_the_computers_own_shell(recorder):
    assert run(recorder, "docker ps -q | wc -l | tr -d ' '") == (0, "2\n")


def test_a_pipe_into_docker_is_its_standard_input(recorder):
    run(recorder, "echo FROM scratch | docker build -")
    assert recorder.calls == [(["build", "-"], b"FROM scratch\n")]


def test_a_here_document_is_standard_input(recorder):
    run(recorder, "docker build - <<END\nFROM alpine\nRUN true\nEND\n")
    assert recorder.calls == [(["build", "-"], b"FROM alpine\nRUN true\n")]


def test_loops_and_conditions(recorder):
    run(recorder, "for i in 1 2; do docker run --name web$i nginx; done")
    run(recorder, "if docker false; then docker a; else docker b; fi; docker false || docker c && docker d")
    assert [call[-1] for call in words(recorder)] == ["nginx", "nginx", "false", "b", "false", "c", "d"]


def test_variables_last_from_line_to_line(recorder):
    shell = Shell(recorder.docker, recorder.sleep)
    shell.run("ID=$(docker ps)\nNAME='my web'", lambda *_: None)
    shell.run('docker rename $ID "$NAME"; docker inspect $?', lambda *_: None)
    assert words(recorder)[1:] == [["rename", "one", "two", "my web"], ["inspect", "0"]]


def test_output_can_go_to_a_file_and_errors_away(recorder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(recorder, "docker ps > list.txt 2>&1; docker ps >> list.txt") == (0, "")
    assert (tmp_path / "list.txt").read_bytes() == b"one\ntwo\n" * 2
    (tmp_path / "in.txt").write_text("hello")
    run(recorder, "docker load < in.txt")
    assert recorder.calls[-1] == (["load"], b"hello")


def test_a_file_that_is_not_there_is_said_and_fails(recorder):
    assert run(recorder, "docker load < nothing-here.tar") == (
        1,
        "sh: can't open nothing-here.tar: No such file or directory\n",
    )
    assert recorder.calls == []


def test_sleep_lets_the_engines_time_pass(recorder):
    run(recorder, "docker start web; sleep 2.5; docker ps")
    assert recorder.slept == 2.5


def test_an_error_of_syntax_is_said_as_sh_says_it(recorder):
    status, said = run(recorder, "docker ps |")
    assert (status, said) == (2, "sh: unexpected end of file\n")


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("docker ps", True),
        ("ls | grep docker", False),
        ("echo $(docker ps)", True),
        ("echo docker", False),
        ("for i in 1; do docker ps; done", True),
        ("ls /etc/docker", False),
        ("sudo docker ps", True),
        ("sudo ls docker", False),
        ("sleep 3", True),
        ("sleep 1; sleep 2", True),
        ("sleep 3; make", False),
        ("", False),
    ],
)
def test_lines_with_a_docker_command_are_ours_and_those_that_only_wait(line, ours):
    assert concerns_us(line) is ours


def test_sudo_changes_nothing_for_docker(recorder):
    run(recorder, "sudo docker ps")
    assert recorder.calls == [(["ps"], b"")]


def test_a_command_in_the_background_is_refused_and_not_sent_elsewhere(recorder):
    status, said = run(recorder, "docker run alpine sleep 5 &")
    assert (status, recorder.calls) == (1, [])
    assert "docker run -d" in said


@pytest.mark.parametrize("text", ["docker run -v $PWD:/src alpine", 'docker run -v "$(pwd)":/src alpine'])
def test_the_current_folder_has_a_name_wherever_the_notebook_has_gone(recorder, tmp_path, monkeypatch, text):
    folder = tmp_path / "my notes"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PWD", raising=False)  # as on Windows
    run(recorder, text.replace("$PWD", '"$PWD"'))
    assert words(recorder) == [["run", "-v", f"{folder}:/src", "alpine"]]


def test_a_folder_keeps_the_name_by_which_one_came(recorder, tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "real")
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    run(recorder, "docker run -v $PWD:/src alpine; cd ..; docker run -v $PWD:/src alpine")
    assert [call[2] for call in words(recorder)] == [f"{tmp_path}/link:/src", f"{tmp_path}:/src"]
