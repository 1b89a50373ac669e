#!/usr/bin/env python3
"""The real docker CLI against the real host: `docker run --rm busybox true` beside the CLI's floor, `docker version`.

    python tests/real/guarded.py -- python bench/real_cli.py

Then the same requests without the CLI, one by one: where the daemon's time goes. Needs root; everything is made below a
temporary folder.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from real.busybox import archive
from report import Report, quick, spread

LIMIT = 25.0  # ms more than the CLI needs to say its version
ROUNDS = 10 if quick() else 60
NETWORKS = ("none", "bridge")


class Client(http.client.HTTPConnection):
    """The Engine API on a Unix socket, one connection for all."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)

    def ask(self, method: str, path: str, body: object = None, data: bytes | None = None) -> Any:
        content = data if data is not None else json.dumps(body).encode() if body is not None else None
        self.request(method, f"/v1.43{path}", content, {"Content-Type": "application/json"})
        with self.getresponse() as response:
            answer = response.read()
            assert response.status < 300, answer
        return json.loads(answer) if answer.startswith(b"{") and b"\n{" not in answer.strip() else None


def timed(argv: list[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(argv, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begin


def steps(client: Client, network: str, times: dict[str, list[float]]) -> None:
    """What `docker run` asks, but for `attach`; each request's seconds are added to `times`."""

    def step(name: str, *request: Any) -> Any:
        begin = time.perf_counter()
        answer = client.ask(*request)
        times.setdefault(f"{network}: {name}", []).append(time.perf_counter() - begin)
        return answer

    settings = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"NetworkMode": network}}
    id = step("create", "POST", "/containers/create", settings)["Id"]
    step("start", "POST", f"/containers/{id}/start")
    step("wait", "POST", f"/containers/{id}/wait")
    step("remove", "DELETE", f"/containers/{id}")


@contextmanager
def daemon(folder: Path) -> Iterator[Path]:
    """`glassdock serve real` with a busybox; its socket."""
    path = folder / "d.sock"
    command = [sys.executable, "-m", "engine.cli", "serve", "real", "-H", f"unix://{path}"]
    root = Path(__file__).resolve().parent.parent
    process = subprocess.Popen([*command, "--data-root", str(folder / "data")], cwd=root, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        Client(path).ask("POST", "/images/create?fromSrc=-&repo=busybox&tag=latest", data=archive(_busybox()))
        yield path
    finally:
        process.terminate()
        process.wait()


def _busybox() -> Path:
    return Path(shutil.which("busybox") or "/bin/busybox")


def main() -> int:
    if os.geteuid() != 0 or shutil.which("docker") is None:
        print("bench/real_cli.py: needs root and the docker command", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="glassdock-bench-"))
    floor: list[float] = []
    runs: dict[str, list[float]] = {network: [] for network in NETWORKS}
    times: dict[str, list[float]] = {}
    with daemon(folder) as path:
        environment = os.environ | {"DOCKER_HOST": f"unix://{path}", "DOCKER_CONFIG": str(folder)}
        client = Client(path)
        for _ in range(ROUNDS):
            floor.append(timed(["docker", "version"], environment))
            for network in NETWORKS:
                run = ["docker", "run", "--rm", "--network", network, "busybox", "true"]
                runs[network].append(timed(run, environment))
                steps(client, network, times)
    shutil.rmtree(folder)
    report = Report()
    print(f"docker version: {spread(floor)}")
    for network, seconds in runs.items():
        print(f"docker run --rm --network {network} busybox true: {spread(seconds)}")
        more = (statistics.median(seconds) - statistics.median(floor)) * 1e3
        report.line(f"more than docker version, network {network}", more, "ms", LIMIT)
    for name, seconds in times.items():
        report.line(f"request, {name}", statistics.median(seconds) * 1e3, "ms")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
