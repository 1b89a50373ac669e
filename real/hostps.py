"""What the host's /proc and its `ps` say of a container's processes. Twins: sim/hostps.py, sim/usage.py."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engine.host import RuntimeFailure, Stats
from real.cgroups import read

TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
NETWORK_COLUMNS = {0: "rx_bytes", 1: "rx_packets", 2: "rx_errors", 3: "rx_dropped", 8: "tx_bytes", 9: "tx_packets",
                   10: "tx_errors", 11: "tx_dropped"}  # fmt: skip  # of /proc/net/dev


def stats(used: dict[str, int], pid: int) -> Stats:
    """From a cgroup's account (real.cgroups.Driver.usage), the host's CPU time and the container's links."""
    limit = used.get("memory_limit", 0) or memory()
    known = {name: value for name, value in used.items() if name != "memory_limit"}
    return Stats(
        **known, memory_limit=limit, host_cpu_total=cpu_time(), online_cpus=os.cpu_count() or 1, networks=links(pid)
    )


def memory() -> int:
    """Bytes of the machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def cpu_time() -> int:
    """ns that all processors have spent on anything, idling too."""
    words = read("/proc/stat").partition("\n")[0].split()[1:8]
    return sum(map(int, words)) * TICK


def links(pid: int) -> dict[str, dict[str, int]]:
    """Counts of each link but lo, as /proc/PID/net/dev has them."""
    found = {}
    for line in read(f"/proc/{pid}/net/dev").splitlines()[2:] if pid else ():
        name, _, counts = line.partition(":")
        values = counts.split()
        if name.strip() != "lo":
            found[name.strip()] = {title: int(values[column]) for column, title in NETWORK_COLUMNS.items()}
    return found


def inner_number(pid: int) -> int:
    """Its number in its own PID namespace, the last of NSpid (proc_pid_status(5)); 0 if it is gone."""
    line = next((line for line in read(f"/proc/{pid}/status").splitlines() if line.startswith("NSpid:")), "NSpid: 0")
    return int(line.split()[-1])


def in_namespace_of(pid: int) -> list[int]:
    """Processes in the PID namespace of another, oldest first: where there is no cgroup to ask."""
    found = []
    with contextlib.suppress(OSError):
        wanted = os.readlink(f"/proc/{pid}/ns/pid")
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/ns/pid") == wanted:
                    found.append(int(name))
    return sorted(found)


def top(pids: Sequence[int], ps_args: str) -> tuple[list[str], list[list[str]]]:
    """Titles and rows (moby, daemon/top_unix.go). Raises RuntimeFailure with what ps says."""
    if shutil.which("ps") is None:
        raise RuntimeFailure('exec: "ps": executable file not found in $PATH')
    done = subprocess.run(
        ["ps", *(ps_args.split() or ["-ef"])],
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RuntimeFailure(f"ps: {said[0].removeprefix('error: ') if said else done.returncode}")
    titles, *lines = done.stdout.splitlines()
    columns = titles.split()
    if "PID" not in columns:
        raise RuntimeFailure("Couldn't find PID field in ps output")
    place, wanted = columns.index("PID"), set(map(str, pids))
    rows = [line.split(None, len(columns) - 1) for line in lines]
    return columns, [row for row in rows if len(row) > place and row[place] in wanted]


def name_of_system() -> tuple[str, str]:
    """PRETTY_NAME and VERSION_ID of os-release(5)."""
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        with contextlib.suppress(OSError):
            lines = (line.partition("=") for line in Path(path).read_text().splitlines())
            found = {name: value.strip("\"'") for name, _, value in lines}
            return found.get("PRETTY_NAME", "Linux"), found.get("VERSION_ID", "")
    return "Linux", ""
