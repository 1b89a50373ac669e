"""Memory of many running containers: resident size of the process that holds them all."""

from __future__ import annotations

import json
import resource
import sys
import time

from containers import Client
from report import Report, quick

ON_THE_BRIDGE = 65_000  # 172.17.0.0/16 has no more addresses


def resident() -> int:
    """Bytes; the highest so far (Linux: kibibytes, macOS: bytes; getrusage(2))."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> int:
    report = Report()
    count = 10_000 if quick() else 100_000
    client = Client()
    before = resident()
    settings = {"Image": "alpine", "Cmd": ["sleep", "100000"]}
    bridged = json.dumps(settings).encode()
    alone = json.dumps(settings | {"HostConfig": {"NetworkMode": "none"}}).encode()
    begin = time.perf_counter()
    for number in range(count):
        body = bridged if number < ON_THE_BRIDGE else alone
        id = json.loads(client.call("POST", "/containers/create", body))["Id"]
        client.call("POST", f"/containers/{id}/start")
    took = time.perf_counter() - begin
    running = json.loads(client.call("GET", "/info"))["ContainersRunning"]
    assert running == count, running
    report.line(
        f"{count:,} running containers", resident() / 1e9, "GB", 1.5 * count / 100_000 + 0.1 * (count < 100_000)
    )
    report.line("each", (resident() - before) / count / 1e3, "kB")
    report.line("create + start", took / count * 1e3, "ms")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
