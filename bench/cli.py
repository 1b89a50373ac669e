"""The real docker CLI against a served simulator: `docker run --rm alpine true` beside the CLI's floor."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import Report, quick, spread


def timed(argv: list[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(argv, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> int:
    if shutil.which("docker") is None:
        print("no docker command here: nothing to measure", file=sys.stderr)
        return 1
    report = Report()
    with tempfile.TemporaryDirectory(prefix="glassdock-bench-") as folder:
        address = f"unix://{Path(folder) / 'sim.sock'}"
        daemon = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "serve", "sim", "-H", address], stdout=subprocess.PIPE, text=True
        )
        try:
            assert daemon.stdout is not None
            daemon.stdout.readline()
            environment = os.environ | {"DOCKER_HOST": address, "DOCKER_CONFIG": folder}
            subprocess.run(["docker", "pull", "-q", "alpine"], env=environment, check=True, capture_output=True)
            run, floor = [], []
            for _ in range(25 if quick() else 40):
                floor.append(timed(["docker", "version"], environment))
                run.append(timed(["docker", "run", "--rm", "alpine", "true"], environment))
        finally:
            daemon.terminate()
            daemon.wait()
    print(f"docker version: {spread(floor)}; docker run --rm alpine true: {spread(run)}")
    report.line(
        "docker run --rm alpine true / docker version", statistics.median(run) / statistics.median(floor), "×", 1.5
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
