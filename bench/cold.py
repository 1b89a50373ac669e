"""What a student waits for: importing the package, and our own docker from a cold process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import Report, quick, spread


def timed(argv: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> int:
    report = Report()
    python = sys.executable
    with tempfile.TemporaryDirectory(prefix="glassdock-bench-") as folder:
        address = f"unix://{Path(folder) / 'sim.sock'}"
        daemon = subprocess.Popen(
            [python, "-m", "engine.cli", "serve", "sim", "-H", address], stdout=subprocess.PIPE, text=True
        )
        try:
            assert daemon.stdout is not None
            daemon.stdout.readline()
            bare, imports, ps = [], [], []
            for _ in range(5 if quick() else 15):
                bare.append(timed([python, "-c", "pass"]))
                imports.append(timed([python, "-c", "import sim, engine, sim.make, engine.api.inprocess"]))
                ps.append(timed([python, "-m", "engine.cli", "docker", "-H", address, "ps"]))
        finally:
            daemon.terminate()
            daemon.wait()
    print(f"python -c pass: {spread(bare)}; with the imports: {spread(imports)}; glassdock docker ps: {spread(ps)}")
    report.line(
        "import sim, engine and all they need", (statistics.median(imports) - statistics.median(bare)) * 1e3, "ms", 150
    )
    report.line("glassdock docker ps", statistics.median(ps) * 1e3, "ms", 300)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
