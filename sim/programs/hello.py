"""The program of the image hello-world."""

from __future__ import annotations

from sim.abi import Proc

GREETING = """
Hello from Docker!
This message shows that your installation appears to be working correctly.

"""


async def main(proc: Proc) -> int:
    await proc.out(GREETING)
    return 0
