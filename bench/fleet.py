"""A change on a modelled fleet: processor time and memory for 100,000 servers, cost for each beside a smaller fleet."""

from __future__ import annotations

import sys
import time

from report import Report, quick
from sim.fleet.rollout import Change, roll
from sim.hypervisor.parameters import book


def change(servers: int) -> float:
    """Seconds of ours for every server to pull the image and start it, 100 at once."""
    began = time.process_time()
    roll("container", Change(servers=servers, at_once=100, uplink=12_500, mirror=True), book())
    return time.process_time() - began


def main() -> int:
    report = Report()
    few, many = (100, 1000) if quick() else (10_000, 100_000)
    change(few)  # what is made once in a process
    small, large = (min(change(servers) for _ in range(3)) for servers in (few, many))
    report.line(f"{many:,} servers change their image", large, "s", 60)
    report.line(f"cost for each, beside {few:,} servers", (large / many) / (small / few), "x", 1.3)
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        report.line("memory", used / 1e9, "GB", 2)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
