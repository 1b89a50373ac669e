"""The processors: work takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.loop import Loop

if TYPE_CHECKING:
    from sim.processes import Process

GRAIN = 0.001  # seconds of work that a process may owe before it must wait for the processor


class Scheduler:
    """Every process has a processor of its own, for now."""

    def __init__(self, loop: Loop, processors: int) -> None:
        self._loop = loop

    async def work(self, process: Process, seconds: float) -> None:
        process.cpu_used += seconds
        await self._loop.sleep(seconds)

    def load(self) -> tuple[float, float, float]:
        return 0.0, 0.0, 0.0
