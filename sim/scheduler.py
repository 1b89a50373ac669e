"""The processor: work takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.processes import Process

GRAIN = 0.001  # seconds of work that a process may owe before it must wait for the processor


class Scheduler:
    """Every process has a processor of its own, for now."""

    async def work(self, process: Process, seconds: float) -> None:
        process.cpu_used += seconds
        await process.kernel.loop.sleep(seconds)

    def forget(self, process: Process) -> None:
        """It is over."""
