"""`docker top`: what ps says on the host."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host import RuntimeFailure
from machine import machine
from sim.hostps import COLUMNS, parse, top

KERNEL = machine()


def titles(words: str) -> list[str]:
    return [title for title, _ in parse(words.split())]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-ef", "UID PID PPID C STIME TTY TIME CMD"),
        ("aux", "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"),
        ("-eo pid,comm", "PID COMMAND"),
        ("-o pid,ppid,pgid,user,%cpu,etime", "PID PPID PGID USER %CPU ELAPSED"),
        ("-o pid -o args", "PID COMMAND"),
        ("axo pid,cmd", "PID COMMAND"),
        ("-e", "PID TTY TIME CMD"),
        ("ax", "PID TTY STAT TIME COMMAND"),
        ("-o pid,args=WHAT", "PID WHAT"),
    ],
)
def test_formats_have_the_titles_of_ps(words: str, expected: str) -> None:
    assert titles(words) == expected.split()


def test_rows_are_in_order_of_their_numbers_and_say_the_same_as_the_table() -> None:
    processes = list(KERNEL.host.pid.table.values())
    names, rows = top(KERNEL, reversed(processes), "-o pid,ppid,user,stat,time,args")
    assert names == ["PID", "PPID", "USER", "STAT", "TIME", "COMMAND"]
    assert rows[0][:5] == ["1", "0", "root", "Ss", "00:00:00"]
    assert [int(row[0]) for row in rows] == sorted(process.host_pid for process in processes)
    assert {row[1] for row in rows[1:]} == {"1"}
    assert rows[-1][-1].startswith("/usr/bin/dockerd")


def test_without_a_column_of_numbers_docker_cannot_find_its_processes() -> None:
    with pytest.raises(RuntimeFailure, match=r"^Couldn't find PID field in ps output$"):
        top(KERNEL, (), "-o comm")


@pytest.mark.parametrize("words", ["-o nope", "-Z!", "nope"])
def test_ps_refuses_what_it_does_not_know(words: str) -> None:
    with pytest.raises(RuntimeFailure, match=r"^ps: error: "):
        parse(words.split())


@given(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=8))
def test_any_columns_can_be_combined(names: list[str]) -> None:
    found, rows = top(KERNEL, KERNEL.host.pid.table.values(), "-o pid," + ",".join(names))
    assert len(found) == len(names) + 1
    assert all(len(row) == len(found) and all(isinstance(cell, str) for cell in row) for row in rows)


@given(st.text(max_size=20))
def test_any_words_are_answered_or_refused(words: str) -> None:
    with contextlib.suppress(RuntimeFailure):
        top(KERNEL, KERNEL.host.pid.table.values(), words)
