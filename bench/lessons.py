"""How long a learner waits: a lesson's first output, a docker cell, a picture of many containers, a whole lesson.

All on the simulated host, in a real Jupyter kernel where the figure is about one. A cell's time is the computer's; the
simulated time that its command takes costs next to nothing.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from classroom import Lab
from classroom.workbook import lab, pairs
from report import Report, quick, spread

CONTAINERS = 50


class Kernel:
    """As `glassdock lab` starts it."""

    def __init__(self) -> None:
        self._manager, self._client = start_new_kernel(kernel_name="python3")

    def run(self, code: str) -> float:
        """Seconds until a cell is done."""
        begin = time.perf_counter()
        self._client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
        return time.perf_counter() - begin

    def end(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def whole(path: Path) -> float:
    """A lesson from top to bottom in a kernel of its own, from the moment it is ready."""
    kernel = Kernel()
    try:
        return sum(kernel.run(cell.source) for cell in pairs.load(path).code)
    finally:
        kernel.end()


def cells(report: Report) -> None:
    kernel = Kernel()
    try:
        report.line("first output: %load_ext and docker run alpine", kernel.run(
            "%load_ext classroom\n!docker run --rm alpine echo hello"), "s", 3.0)  # fmt: skip
        times = [kernel.run("%docker run --rm alpine true") for _ in range(20)]
        print(f"%docker run --rm alpine true: {spread(times)}")
        report.line("a %docker cell, the longest kind", statistics.median(times) * 1e3, "ms", 50.0)
        report.line("%docker ps", statistics.median(kernel.run("%docker ps") for _ in range(20)) * 1e3, "ms", 50.0)
    finally:
        kernel.end()


def views(report: Report) -> None:
    """Each picture of a host with many containers."""
    host = Lab(seed=7)
    for number in range(CONTAINERS):
        host.docker(f"run -d --name c{number} alpine sleep 1000000")
    view = host.view
    for name, draw in {
        "layers": view.layers, "namespaces": view.namespaces, "network": view.network, "timeline": view.timeline,
        "lifecycle": lambda: view.lifecycle("c0"), "kernel": lambda: view.kernel("c0"), "flow": view.flow,
    }.items():  # fmt: skip
        begin = time.perf_counter()
        draw()
        took = time.perf_counter() - begin
        report.line(f"view.{name}() with {CONTAINERS} containers", took * 1e3, "ms", 300.0)


def main() -> int:
    report = Report()
    with tempfile.TemporaryDirectory(prefix="glassdock-bench-") as folder:
        os.environ |= lab.prepare(Path(folder), "en")
        os.chdir(folder)
        cells(report)
        views(report)
        lessons = [path for path in pairs.lessons() if path.parent.name == "en"]
        for path in lessons[:3] if quick() else lessons:
            report.line(f"lesson {path.stem}", whole(path), "s", 20.0)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
