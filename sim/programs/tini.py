"""tini and dumb-init as programs of an image: the first process that `docker run --init` puts there (sim/init.py)."""

from __future__ import annotations

from sim import init
from sim.abi import Proc
from sim.programs.options import name

VERSION = "tini version 0.19.0"


async def tini(proc: Proc) -> int:
    words = proc.argv[1:]
    while words[:1] and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--":
            break
        if option == "--version":
            await proc.out(f"{VERSION}\n")
            return 0
    if not words:
        await proc.err(f"{name(proc)} ({VERSION})\nUsage: {name(proc)} [OPTIONS] PROGRAM -- [ARGS] | --version\n")
        return 1
    proc.argv = [proc.argv[0], "--", *words]
    return await init.main(proc)
