"""node: JavaScript is not simulated; `node --version` and npm work.

A student's program is never run by the machine underneath: it would not be in the container.
"""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.absent import said

CANNOT = "this simulated machine runs no JavaScript programs; --version works, and npm"


async def node(proc: Proc) -> int:
    if proc.argv[1:] in (["--version"], ["-v"]):
        await proc.out(f"{await said(proc) or 'v' + proc.env.get('NODE_VERSION', '24.21.0')}\n")
        return 0
    await proc.err(f"{proc.argv[0]}: {CANNOT}\n")
    return 1
