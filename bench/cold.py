"""What a student waits for: importing the package, and our own docker from a cold process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import Report, quick, spread

# A user's second command: what Python has compiled is kept
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def timed(argv: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, env=ENVIRONMENT)
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
            bare, imports, whole, ps = [], [], [], []
            timed([python, "-c", "import sim.make, engine.api.inprocess, engine.client.commands.lists"])
            for _ in range(5 if quick() else 15):
                bare.append(timed([python, "-c", "pass"]))
                imports.append(timed([python, "-c", "import sim, engine"]))
                whole.append(timed([python, "-c", "import sim.make, engine.api.inprocess"]))
                ps.append(timed([python, "-m", "engine.cli", "docker", "-H", address, "ps"]))
        finally:
            daemon.terminate()
            daemon.wait()
    print(f"python -c pass: {spread(bare)}; import sim, engine: {spread(imports)}; all of it: {spread(whole)}; "
          f"glassdock docker ps: {spread(ps)}")  # fmt: skip
    floor = statistics.median(bare)
    report.line("import sim, engine", (statistics.median(imports) - floor) * 1e3, "ms", 150)
    report.line("everything a simulated engine needs, imported", (statistics.median(whole) - floor) * 1e3, "ms")
    report.line("glassdock docker ps", statistics.median(ps) * 1e3, "ms", 300)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
