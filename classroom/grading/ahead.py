"""What is done once, before any copy is made: a copy that imports a module or compiles a pattern does so for itself.

Nothing here knows of an assignment but the names of its images.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages

from classroom.lab import Lab

# whose modules are imported when they are first needed: the client's commands, what runs inside of containers
LATE = ("engine.client", "engine.builder", "sim.programs")
LINES = (
    "volume create v", "network create n", "run --rm -v v:/v alpine sh -c 'echo x > /v/x; cat /v/x | wc -l'",
    "run -d --name a -p 8123:80 --network n -m 32m -e A=b alpine sleep 100", "exec a ls -l /", "logs a", "ps -a",
    "inspect a", "images", "stop -t 1 a", "rm -f a", "volume rm v", "network rm n", "rmi alpine", "system df",
)  # fmt: skip


def prepare(images: Iterable[str]) -> None:
    """Import what commands and programs need, build these images' layers, and go the ways that most commands go."""
    for name in LATE:
        package = import_module(name)
        for module in walk_packages(package.__path__, f"{name}.", onerror=lambda _: None):
            with suppress(Exception):  # one that cannot be imported here is missed when it is needed, and only then
                import_module(module.name)
    lab = Lab("sim", seed=1)
    for line in (*LINES, *(f"pull {image}" for image in images)):
        lab.docker(line)
