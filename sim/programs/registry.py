"""Which coroutine is behind an executable file: a table for programs, and one for the applets of busybox.

An executable begins with the ELF magic and `glassdock:NAME` (sim/loader.py reads that). Rows are "module:function";
modules are imported when a program is first run, so that starting the simulated host stays quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module

from sim.abi import Main, Proc

PROGRAMS: dict[str, str] = {
    "hello": "sim.programs.hello:main",
}

APPLETS: dict[str, str] = {
    "[": "sim.programs.basics:test",
    "cat": "sim.programs.basics:cat",
    "echo": "sim.programs.basics:echo",
    "false": "sim.programs.basics:false",
    "sleep": "sim.programs.basics:sleep",
    "true": "sim.programs.basics:true",
}


def find(name: str, argv: Sequence[str]) -> Main | None:
    """The program behind `glassdock:NAME`, run as `argv`; None if there is no such program."""
    if name == "busybox":
        applet = argv[0].rpartition("/")[2].removeprefix("-") if argv else "busybox"
        return busybox if applet == "busybox" else _load(APPLETS.get(applet, "")) or not_found
    return _load(PROGRAMS.get(name, ""))


@cache
def _load(row: str) -> Main | None:
    module, _, function = row.partition(":")
    if not function:
        return None
    main: Main = getattr(import_module(module), function)
    return main


async def busybox(proc: Proc) -> int:
    """`busybox NAME ARGS…`, or the list of applets."""
    if len(proc.argv) > 1 and not proc.argv[1].startswith("-"):
        proc.argv = proc.argv[1:]
        return await (_load(APPLETS.get(proc.argv[0], "")) or not_found)(proc)
    names = sorted(APPLETS)
    if "--list" in proc.argv[1:2]:
        await proc.out("".join(f"{name}\n" for name in names))
        return 0
    await proc.out(
        "BusyBox v1.37.0 multi-call binary.\n\n"
        "Usage: busybox [function [arguments]...]\n   or: busybox --list\n   or: function [arguments]...\n\n"
        "Currently defined functions:\n\t" + ", ".join(names) + "\n"
    )
    return 0


async def not_found(proc: Proc) -> int:
    await proc.err(f"{proc.argv[0].rpartition('/')[2]}: applet not found\n")
    return 127
