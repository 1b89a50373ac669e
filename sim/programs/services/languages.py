"""python3 and node: the images are on the shelf for their layers; the languages themselves are not simulated."""

from __future__ import annotations

from sim.abi import Proc


async def python3(proc: Proc) -> int:
    if proc.argv[1:] in (["--version"], ["-V"]):
        await proc.out(f"Python {proc.env.get('PYTHON_VERSION', '3.14.7')}\n")
        return 0
    return await _cannot(proc, "Python")


async def node(proc: Proc) -> int:
    if proc.argv[1:] in (["--version"], ["-v"]):
        await proc.out(f"v{proc.env.get('NODE_VERSION', '24.21.0')}\n")
        return 0
    return await _cannot(proc, "JavaScript")


async def _cannot(proc: Proc, language: str) -> int:
    await proc.err(f"{proc.argv[0]}: this simulated machine runs no {language} programs; only --version is answered\n")
    return 1
