"""In a notebook `!docker …` reaches the engine, `%docker` and `%%docker` too; other commands stay the computer's."""

import sys
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from classroom.screen import QUICK

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell's words")


@pytest.fixture(scope="module")
def notebook() -> InteractiveShell:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "classroom")
    return shell


def test_a_tutorials_line_works(notebook, capsys):
    notebook.run_cell("!docker run --rm alpine echo hello").raise_error()
    said = capsys.readouterr()
    assert said.out.endswith("hello\n")
    assert said.err == "", "a notebook paints it red, as if a download were a failure"
    assert notebook.user_ns["_exit_code"] == 0


def test_output_can_be_kept_in_a_variable(notebook):
    notebook.run_cell("!docker run -d --name web alpine sleep 1000").raise_error()
    notebook.run_cell("x = !docker ps -q").raise_error()
    assert len(notebook.user_ns["x"]) == 1
    notebook.run_cell("name = 'web'\ny = !docker inspect -f '{{.State.Status}}' {name}").raise_error()
    assert list(notebook.user_ns["y"]) == ["running"]


def test_expressions_in_braces_are_expanded_and_other_braces_stay(notebook, capsys):
    notebook.run_cell("ids = ['web', 'none']").raise_error()
    notebook.run_cell("!docker inspect -f '{{.State.Status}}' {ids[0]}; echo ${HOME:+home} x{1..3}").raise_error()
    assert capsys.readouterr().out == "running\nhome x{1..3}\n"


def test_many_lines_in_one_cell(notebook, capsys):
    notebook.run_cell(
        "%%docker\n# two ways to say it\nps -q --filter name=nothing\ndocker version -f hello\n"
    ).raise_error()
    assert capsys.readouterr().out == "hello\n"


def test_one_line_by_magic(notebook, capsys):
    notebook.run_cell("%docker images --format '{{.Repository}}'").raise_error()
    assert capsys.readouterr().out == "alpine\n"


@POSIX
def test_other_commands_go_to_the_computers_shell(notebook, capfd):
    notebook.run_cell("z = !echo $((1+1))").raise_error()
    assert list(notebook.user_ns["z"]) == ["2"]


def test_python_sees_the_same_engine(notebook):
    notebook.run_cell("n = len(lab.containers)").raise_error()
    assert notebook.user_ns["n"] == 1
    notebook.run_cell("picture = view.flow()").raise_error()
    assert notebook.user_ns["picture"].svg.startswith("<svg")


def test_loading_twice_changes_nothing(notebook):
    room = notebook.glassdock
    notebook.run_line_magic("load_ext", "classroom")
    notebook.run_line_magic("reload_ext", "classroom")
    assert notebook.glassdock is room


def test_a_context_can_be_chosen_for_good(notebook, capsys):
    notebook.run_cell("%docker context use sim").raise_error()
    assert capsys.readouterr().out == 'sim\nCurrent context is now "sim"\n'


def test_a_context_of_ones_own_is_made_used_and_removed(notebook, capsys, monkeypatch):
    monkeypatch.delenv("DOCKER_HOST", raising=False)

    def run(line):
        notebook.run_cell(line).raise_error()
        return capsys.readouterr().out

    run("!docker context create far --docker host=tcp://127.0.0.1:1 --description 'a far one'")
    assert run("!docker context show") == "sim\n"
    run("!docker context use far")
    assert run("!docker context show") == "far\n"
    assert "far *" in run("!docker context ls")
    assert "is in use" in run("!docker context rm far")
    assert notebook.user_ns["lab"].connection.where == "tcp://127.0.0.1:1"
    run("!docker context use sim")
    assert "sim *" in run("!docker context ls")
    assert run("!docker context rm far") == "far\n"
    assert "context not found" in run("!docker context use far")
    assert run("!docker context show") == "sim\n"


def test_waiting_between_two_commands_is_on_the_machines_clock(notebook):
    notebook.run_cell("before = lab.moment()\n!sleep 30\npassed = lab.moment() - before").raise_error()
    assert notebook.user_ns["passed"] // 10**9 == 30


def test_a_stream_without_end_is_braked_so_that_it_can_be_stopped(notebook, capsys, monkeypatch):
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("classroom.screen.time", SimpleNamespace(sleep=wait))  # this brake's only
    notebook.run_cell("!docker run alpine sh -c 'while :; do date; sleep 1; done'").raise_error()
    assert notebook.user_ns["_exit_code"] == 130
    assert QUICK < len(capsys.readouterr().out.splitlines()) < QUICK + 5


def test_a_refusal_is_shown_in_dockers_words_and_not_as_a_page_of_insides(notebook, capsys):
    assert not notebook.run_cell("lab.inspect('nobody')").success
    said = capsys.readouterr().out
    assert said.startswith("Error response from daemon: No such container: nobody\n")
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize(("cell", "hint"), [("predict('x', yes)", "needs quotes"), ("pid + 1", "skipped")])
def test_what_a_beginner_forgot_is_named(notebook, capsys, cell, hint):
    assert not notebook.run_cell(cell).success
    assert hint in capsys.readouterr().out.splitlines()[-1]


def test_a_cell_is_no_terminal_and_says_where_there_is_one(notebook, capsys):
    notebook.run_cell("!docker run -it alpine sh").raise_error()
    assert capsys.readouterr().out.splitlines()[0] == "the input device is not a TTY"
