"""Our docker on an engine in the same process: what is typed is the first hop of the trace."""

from __future__ import annotations

from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.console import BufferConsole
from engine.loop import SECOND
from sim.make import make_engine


def test_every_hop_of_a_command_hangs_together() -> None:
    engine = make_engine(seed=3)
    console = BufferConsole()
    assert main(["run", "--rm", "alpine", "echo", "hello world"], Connection(engine), console) == 0
    assert bytes(console.stdout) == b"hello world\n"
    spans = {span["id"]: span for span in engine.trace.since()}
    assert {span["where"] for span in spans.values()} == {"client", "api", "daemon", "cache", "hub", "host"}
    (command,) = (span for span in spans.values() if span["where"] == "client")
    assert command["name"] == "docker run --rm alpine echo 'hello world'"
    assert all(span["parent"] == command["id"] for span in spans.values() if span["where"] == "api")
    for span in spans.values():
        if span["where"] in ("hub", "host") and span["parent"] is not None:
            assert spans[span["parent"]]["start"] <= span["start"]
            assert span["duration"] >= 0


def test_a_pipe_between_two_commands_needs_no_shell() -> None:
    engine = make_engine(seed=3)
    console = BufferConsole(b"one\ntwo\n")
    assert main(["run", "-i", "--rm", "alpine", "wc", "-l"], Connection(engine), console) == 0
    assert console.stdout.split() == [b"2"]


def test_ten_minutes_ago_is_meant_by_the_daemons_clock() -> None:
    engine = make_engine(seed=3, start=2_000_000_000 * SECOND)
    assert main(["run", "-d", "--name", "web", "alpine", "sleep", "60"], Connection(engine), BufferConsole()) == 0
    engine.loop.advance(engine.loop.time + 5 * SECOND)
    console = BufferConsole()
    assert main(["events", "--since", "10m", "--until", "1s"], Connection(engine), console) == 0
    assert b"container start" in console.stdout
