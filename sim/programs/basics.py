"""The smallest programs of all."""

from __future__ import annotations

from sim.abi import Proc


async def true(proc: Proc) -> int:
    return 0


async def false(proc: Proc) -> int:
    return 1


async def echo(proc: Proc) -> int:
    await proc.out(" ".join(proc.argv[1:]) + "\n")
    return 0


async def cat(proc: Proc) -> int:
    while data := await proc.read(0):
        await proc.write(1, data)
    return 0


async def sleep(proc: Proc) -> int:
    await proc.sleep(float(proc.argv[1]))
    return 0


async def test(proc: Proc) -> int:
    return int(len(proc.argv) < 3)
