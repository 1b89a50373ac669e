"""`glassdock demo`: five minutes behind the glass. Each step runs a true docker command and is explained by its trace.

Everything printed is what the engine did in this very run: the commands go through the API, the pictures are drawn from
the trace and from the lifecycle's table. Time is simulated, so nobody waits for a download.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.views.flow import count, draw
from engine import lifecycle
from engine.api.inprocess import Connection
from engine.client.command import main as docker
from engine.client.console import BufferConsole
from engine.daemon.engine import Engine
from engine.loop import SECOND
from sim.make import make_engine

RULE = "─" * 78


@dataclass
class Stage:
    """The engine under glass, and what the last command left in its trace."""

    engine: Engine
    seen: int = 0

    def run(self, line: str) -> list[dict[str, Any]]:
        """Type a line; print what docker prints; give back its spans."""
        print(f"\n$ {line}")
        begin = self.engine.loop.time
        console = BufferConsole()
        words = shlex.split(line)[1:]
        code = docker(words, Connection(self.engine), console)
        print("\n".join("  " + part for part in console.both.decode().strip("\n").split("\n")))
        spans = self.engine.trace.since(self.seen)
        self.seen = max([self.seen, *(span["id"] for span in spans)])
        passed = (self.engine.loop.time - begin) / SECOND
        print(f"  (exit {code}, {passed:.2f} simulated seconds)")
        return spans

    def state(self, name: str) -> None:
        """The lifecycle's table as text, the container's present state in brackets."""
        container = self.engine.containers.get(name)
        print(lifecycle.drawing(container.state))


def first_run(stage: Stage) -> None:
    """You ask for an image that this machine does not have. Watch the request go all the way to the hub."""
    print(draw(stage.run("docker run hello-world")))


def second_run(stage: Stage) -> None:
    """The same command again. What does it not do this time?"""
    spans = stage.run("docker run hello-world")
    print(draw(spans))
    print(f"\n  Requests to the hub this time: {count(spans, 'hub')}. The cache had it.")


def another_command(stage: Stage) -> None:
    """An image brings files and a default command; you may give another command."""
    stage.run("docker run alpine ls")
    stage.run("docker run alpine nosuchcommand")


def shared_layers(stage: Stage) -> None:
    """httpd and redis stand on the same base layer. What is fetched when the second one comes?"""
    stage.run("docker pull httpd")
    stage.run("docker pull redis")
    stage.run("docker system df")


def one_life(stage: Stage) -> None:
    """A container's life: each command moves it along one arrow of the table."""
    stage.run("docker run -d --name walker alpine sleep 1000")
    stage.state("walker")
    for verb in ("pause", "unpause", "stop"):
        stage.run(f"docker {verb} walker")
        stage.run("docker ps -a --filter name=walker")
    stage.state("walker")
    print("  stop took ten seconds: sleep is PID 1, and PID 1 ignores a SIGTERM that it has no handler for.")
    stage.run("docker rm walker")


def kernel_operations(stage: Stage) -> None:
    """A container is a list of kernel operations. These are all of them, as you could type them."""
    spans = stage.run("docker run --rm alpine true")
    for span in spans:
        if span["where"] == "host":
            print(f"  {span['name'][:100]}")


STEPS: tuple[Callable[[Stage], None], ...] = (
    first_run,
    second_run,
    another_command,
    shared_layers,
    one_life,
    kernel_operations,
)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="glassdock demo", description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same names, ids and times")
    parser.add_argument("--no-pause", action="store_true", help="do not wait for Enter between the steps")
    options = parser.parse_args(argv)
    stage = Stage(make_engine(seed=options.seed))
    for number, step in enumerate(STEPS, 1):
        title = step.__name__.replace("_", " ")
        print(f"\n{RULE}\n{number}/{len(STEPS)}  {title}\n{RULE}\n{step.__doc__}")
        step(stage)
        if sys.stdin.isatty() and not options.no_pause and number < len(STEPS):
            try:
                input("\nEnter for the next step, Ctrl-C to leave. ")
            except (KeyboardInterrupt, EOFError):
                print()
                return 0
    print(f"\n{RULE}\nNow you: glassdock shell\n{RULE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
