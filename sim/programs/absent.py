"""Programs that a package lays down and the simulation does not have.

They are there (`which git`), weigh what they should, and tell their version, as the second line of their file says it.
What they would do, nobody does: that is said instead of pretended.
"""

from __future__ import annotations

from sim.abi import O_RDONLY, Proc
from sim.programs.options import name

VERSIONS = ("--version", "-version", "-V", "-v", "version")
HEAD = 512  # bytes in which the second line lies
FAILED = 1


async def absent(proc: Proc) -> int:
    version = await said(proc)
    if version and len(proc.argv) == 2 and proc.argv[1] in VERSIONS:
        await proc.out(version + "\n")
        return 0
    await proc.err(f"{name(proc)}: installed, but this simulated machine cannot run it\n")
    return FAILED


async def said(proc: Proc) -> str:
    """What the program's own file says of its version; "" for nothing (images of the shelf have it in a variable)."""
    path = proc.which(proc.argv[0])
    if path is None:
        return ""
    fd = proc.open(path, O_RDONLY)
    try:
        head = await proc.read(fd, HEAD)
    finally:
        proc.close(fd)
    return head.partition(b"\n")[2].partition(b"\n")[0].partition(b"\0")[0].decode(errors="replace")
