"""`glassdock trace` and `glassdock replay`: look back on a session, save it, and live through it again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from classroom.views.flow import draw
from engine.addresses import default_address
from engine.client.command import main as docker
from engine.client.connection import Api, ApiError, CannotConnect, SocketConnection
from engine.loop import WallClock
from engine.session.replay import Replay
from engine.session.steps import BadRecord, Record, Step
from engine.timestamps import rfc3339


def trace(argv: Sequence[str]) -> int:
    """Ask a daemon what it did. 1: it cannot be asked."""
    parser = argparse.ArgumentParser(prog="glassdock trace", description="What the last requests did, hop by hop.")
    parser.add_argument("-H", dest="host", metavar="ADDRESS", default=default_address("sim"), help="of the daemon")
    parser.add_argument("--last", metavar="N", type=int, default=3, help="how many requests to show (default: 3)")
    parser.add_argument("--save", metavar="FILE", type=Path, help="save the whole session, for glassdock replay")
    options = parser.parse_args(argv)
    try:
        api = Api(SocketConnection(options.host))
        if options.save is not None:
            data = api.call("GET", "/glassdock/session").read()
            options.save.write_bytes(data)
            print(f"{len(Record.from_json(data.decode()).requests)} requests saved in {options.save}")
        else:
            print(draw(_last(api.get("/glassdock/trace"), options.last)))
    except (CannotConnect, ApiError, OSError) as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 1
    return 0


def _last(spans: list[dict[str, Any]], requests: int) -> list[dict[str, Any]]:
    """The spans of the last requests: from each root to the next."""
    roots = [span["id"] for span in spans if span["parent"] is None]
    first = roots[-requests] if len(roots) >= requests > 0 else 0
    return [span for span in spans if span["id"] >= first]


def replay(argv: Sequence[str]) -> int:
    """Live through a saved session again. 1: the file cannot be read; 2: it is no session."""
    parser = argparse.ArgumentParser(
        prog="glassdock replay", description="Make the engine of a saved session again: same ids, times and states."
    )
    parser.add_argument("file", type=Path, help="saved by glassdock trace --save")
    parser.add_argument("--until", metavar="N", type=int, help="only the first N requests")
    parser.add_argument("--step", action="store_true", help="wait for Enter after each request, and show what is there")
    parser.add_argument("-H", dest="listen", metavar="ADDRESS", action="append", help="then serve it there, to go on")
    options = parser.parse_args(argv)
    from sim.make import remake

    try:
        record = Record.from_json(options.file.read_text("utf-8"))
        if options.until is not None:
            record = record.cut(options.until)
        travel = Replay(remake(record), record)
    except BadRecord as error:
        print(f"glassdock: {options.file}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"glassdock: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    _through(travel, options.step)
    if options.listen:
        from engine.serve import run

        travel.engine.loop.clock = WallClock()
        return run("sim", lambda: travel.engine, options.listen)
    return 0


def _through(travel: Replay, stop: bool) -> None:
    """All steps, told as they happen; in the end what is there."""
    from engine.api.inprocess import Connection

    connection = Connection(travel.engine)
    for number, steps in groupby(travel, key=lambda step: step.request):
        for step in steps:
            if step.kind == "request":
                print(_told(number, step))
        if stop:
            docker(["ps", "-a"], connection)
            if sys.stdin.isatty() and input("Enter for the next step, q to leave: ").strip() == "q":
                return
    docker(["ps", "-a"], connection)


def _told(number: int, step: Step) -> str:
    query = "&".join(f"{name}={value}" for name, value in step.query)
    return f"{number:>4}  {rfc3339(step.at)}  {step.line}{'?' + query if query else ''}"
