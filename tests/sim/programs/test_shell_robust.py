"""Whatever is typed, the shell ends as a shell does: with a status, and never with an error of its own making."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machine import machine, run

WORDS = [
    "a", "'q'", '"d $x"', "$y", "${z:-w}", "${z##*/}", "$(echo a)", "`echo b`", "$((1+2))", "x=1", "*", "~",
    '"$@"', "$#", "$?", "-1", "1", "INT", "/tmp/f", "/etc/*", "${x%", "${x/", "${x:", "$((", "))", "[ ", "]",
    "[[ ", "]]",
]  # fmt: skip
OPERATORS = [
    " ", "\n", ";", "&", "&&", "|", "||", "(", ")", "{ ", "}", "! ", "<", ">", "2>&1", ">&9", "<<E\nh $x\nE\n",
    "#",
]  # fmt: skip
KEYWORDS = [
    "if ", "then ", "else ", "fi", "for i in ", "; do ", "; done", "while ", "case ", " in ", "a) ", ";;",
    "esac", "f() ",
]  # fmt: skip
COMMANDS = [
    "f ", "echo ", "cat ", "read x ", "true ", "false ", "test ", "set -e ", "set -u ", "set -x ", "set -- ",
    "shift ", "break ", "continue ", "return ", "exit ", "eval ", "exec ", "export ", "local ", "readonly ",
    "unset ", "trap ", "wait ", "kill ", "jobs ", "alias a=", "cd ", "umask ", "printf %s ", "getopts a: o ",
    "type ", "command ", "let ", ". /etc/passwd ", "sleep 0 ",
]  # fmt: skip
scripts = st.lists(st.sampled_from(WORDS + OPERATORS * 2 + KEYWORDS + COMMANDS), max_size=14).map("".join)


@given(scripts)
@settings(max_examples=150, deadline=None)
def test_no_script_breaks_the_shell(script: str) -> None:
    kernel = machine()
    broken: list[BaseException] = []

    def note(task: Any, error: BaseException) -> None:
        broken.append(error)

    kernel.loop.on_unhandled = note
    with contextlib.suppress(TimeoutError):  # an endless loop is a good script, too
        run(kernel, ["sh", "-c", script], b"one\ntwo\n", limit=2)
    assert not broken, script


def test_endless_recursion_is_a_segmentation_fault() -> None:
    status, out, err = run(machine(), ["sh", "-c", "f() { f; }; (f); echo $?"])
    assert (status, out, err) == (0, b"139\n", b"Segmentation fault\n")


def test_an_endless_loop_lets_time_pass() -> None:
    kernel = machine()
    status, out, _ = run(kernel, ["sh", "-c", "(while :; do :; done) & sleep 0.05; kill $!; echo awake"])
    assert (status, out) == (0, b"awake\n")


@pytest.mark.parametrize("count", [10, 70000])
def test_a_here_document_may_be_larger_than_a_pipe(count: int) -> None:
    script = "read -r x <<E\n" + "y" * count + "\nE\necho ${#x}"
    assert run(machine(), ["sh", "-c", script])[1] == b"%d\n" % count


def test_a_script_reads_its_commands_as_they_come() -> None:
    assert run(machine(), ["sh"], b"echo one\nexit 4\necho two\n") == (4, b"one\n", b"")


def test_the_last_command_takes_the_place_of_the_shell() -> None:
    first, last = run(machine(), ["sh", "-c", "echo $$; sh -c 'echo $$'"])[1].split()
    assert first == last
    first, other, _ = run(machine(), ["sh", "-c", "echo $$; sh -c 'echo $$'; echo end"])[1].split()
    assert first != other
