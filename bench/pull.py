"""docker pull from the simulated hub, in process: processor time of ours, and the virtual time that students see."""

from __future__ import annotations

import statistics
import sys
import time

from engine.image.reference import Reference
from report import Report, quick
from sim.make import make_engine

IMAGES = (
    ("hello-world", 15.0),
    ("busybox", 15.0),
    ("alpine", 15.0),
    ("nginx", None),
    ("mysql", 1500.0),
    ("node", 1500.0),
)


def pull(name: str) -> tuple[float, float]:
    """One pull on a new machine: (seconds of ours, seconds of the machine's)."""
    engine = make_engine(seed=1)

    async def go() -> None:
        async for _ in engine.images.pull(Reference.parse(name).with_default_tag()):
            pass

    began, virtual = time.process_time(), engine.loop.time
    engine.loop.run(go())
    return time.process_time() - began, (engine.loop.time - virtual) / 1e9


def main() -> int:
    report = Report()
    for name, limit in IMAGES[:3] if quick() else IMAGES:
        pull(name)  # what is made once in a process: imports, the layer's archive
        times = [pull(name) for _ in range(3)]
        report.line(f"pull {name}", statistics.median(real for real, _ in times) * 1e3, "ms", limit)
        report.line(f"pull {name}, as the student sees it", times[0][1], "s")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
