"""`python -m`: modules that are programs by themselves here, and those of the container's files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sim.abi import Proc
from sim.programs.packages.pip import pip
from sim.programs.packages.pip_environment import Environment
from sim.programs.packages.venv import venv
from sim.programs.python.command import Arguments, machine_of, python_version, run_source
from sim.programs.services.http_server import http_server


async def run_module(proc: Proc, found: Arguments, version: str) -> int:
    """`python -m NAME`."""
    program = PROGRAMS.get(found.what)
    if program is not None:
        return await program(proc, found.rest)
    machine = machine_of(proc, found, version, "")
    relative = found.what.replace(".", "/")
    for place in machine.path:
        stem = f"{(place or proc.cwd).rstrip('/')}/{relative}"
        for file in (f"{stem}/__main__.py", f"{stem}.py"):
            if proc.access(file, 4):
                machine.argv[0] = file
                names = vars(machine.main)
                names["__file__"] = file
                package = found.what if file.endswith("__main__.py") else found.what.rpartition(".")[0]
                names["__package__"] = package
                return await run_source(machine, proc.read_file(file), file)
    await proc.err(f"{proc.which(proc.argv[0]) or proc.argv[0]}: No module named {found.what}\n")
    return 1


async def _serve(proc: Proc, words: list[str]) -> int:
    return await http_server(proc, words, (await python_version(proc)).replace(" ", "/"))


async def _pip(proc: Proc, words: list[str]) -> int:
    environment = Environment.of(proc)
    if "pip" not in environment.installed(proc) and not proc.access(f"{environment.site}/pip", 0):
        await proc.err(f"{proc.which(proc.argv[0])}: No module named pip\n")
        return 1
    proc.argv = [proc.which(proc.argv[0]) or proc.argv[0], *words]
    return await pip(proc)


PROGRAMS: Mapping[str, Callable[[Proc, list[str]], Awaitable[int]]] = {
    "http.server": _serve, "pip": _pip, "venv": venv,
}  # fmt: skip
