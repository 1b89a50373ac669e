"""Options of `docker create` with values that are nearly right: whatever is typed, the answer is one of Docker's kinds.

The values are those of options.txt, mistyped: a letter more, less or another, two of them run together, or anything at
all. Our own command asks an engine in this process.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.console import BufferConsole
from sim.make import make_engine

RUNS = 2000 if "CI" in os.environ else 150
ROWS = [
    shlex.split(line)
    for line in (Path(__file__).parent / "options.txt").read_text().splitlines()
    if line[0] != "#" and len(shlex.split(line)) == 2
]
LETTERS = st.sampled_from(":=,/.-+0189abgkmxyz%[]{}\"' \n\u00e9\u2028")
# what a refusal looks like: from the command, before anything is sent, and from the daemon
BY_THE_COMMAND = re.compile(r".+\n\nRun 'docker create --help' for more information\n", re.DOTALL)
BY_THE_DAEMON = re.compile(
    r"Error response from daemon: .+\n"
    r'|"--[a-z-]+" is only supported on a Docker daemon running on windows, .+\n'
    r"|error parsing specified platform: .+\n"
    r"|Unable to find image .+\n",
    re.DOTALL,
)


@st.composite
def mistyped(draw: st.DrawFn) -> list[str]:
    """An option and its value."""
    option, value = draw(st.sampled_from(ROWS))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(value)))
        match draw(st.sampled_from(("more", "less", "other", "both", "any"))):
            case "more":
                value = value[:at] + draw(LETTERS) + value[at:]
            case "less":
                value = value[:at] + value[at + 1 :]
            case "other":
                value = value[:at] + draw(LETTERS) + value[at + 1 :]
            case "both":
                value += draw(st.sampled_from(ROWS))[1]
            case "any":
                value = draw(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12))
    return [option, value]


@cache
def connection() -> Connection:
    made = Connection(make_engine(seed=1))
    assert main(["pull", "-q", "alpine"], made, BufferConsole(b"")) == 0
    return made


@pytest.fixture
def complaints() -> Iterator[list[logging.LogRecord]]:
    """What the API has logged: it logs only what it did not expect."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logging.getLogger("glassdock").addHandler(handler)
    yield records
    logging.getLogger("glassdock").removeHandler(handler)


@settings(
    max_examples=RUNS, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mistyped())
def test_whatever_is_typed_the_answer_is_dockers(
    complaints: list[logging.LogRecord], tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    if words[0] == "--cidfile":
        return  # it would write a file of that name
    console = BufferConsole(b"")
    code = main(["create", *words, "alpine"], connection(), console)
    said = console.stderr.decode()
    assert not complaints, (words, complaints[0].getMessage())
    if code == 0:
        assert re.fullmatch(r"[0-9a-f]{64}\n", console.stdout.decode()), words
        main(["rm", "-f", "-v", console.stdout.decode().strip()], connection(), BufferConsole(b""))
    elif code == 125:
        assert BY_THE_COMMAND.fullmatch(said), (words, said)
    else:
        assert (code, bool(BY_THE_DAEMON.match(said))) == (1, True), (words, code, said)
