#!/usr/bin/env python3
"""A container on this machine's kernel, beside unshare(1), and where its time goes.

    python tests/real/guarded.py -- python bench/real.py

Start to exit of `busybox true`: in a container (own pid, mount, uts, ipc, network and cgroup namespaces, overlay,
limits of memory, CPU and processes), by `unshare -fpmnui --mount-proc chroot`, and bare, one after the other in each
round. The container's operations are listed with their times, beside those that the simulated host takes for them.
Then many containers that stay: the last start against the first, sixteen at once, and what one costs in memory on our
side. Needs root; everything is made below a temporary folder.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine import plan
from engine.daemon.specs import NAMESPACES
from engine.host import Exited
from engine.loop import Future, Loop, WallClock
from engine.spec import BridgeNetwork, Link, Mount, Namespace, Process, Resources, Spec
from real.host import RealHost
from sim.performing import DURATIONS

LIMIT = 1.5  # times unshare(1), or the first start
MOUNTS = (
    Mount("/proc", "proc", "proc", ("nosuid", "noexec", "nodev")),
    Mount("/dev", "tmpfs", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k")),
    Mount("/dev/pts", "devpts", "devpts", ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")),
    Mount("/sys", "sysfs", "sysfs", ("nosuid", "noexec", "nodev", "ro")),
)
RESOURCES = Resources(memory=64 << 20, cpu_quota=50_000, cpu_period=100_000, pids=50)
ENV = ("PATH=/bin",)
NETWORK = BridgeNetwork("bench", "bench", "br-bench", "172.31.0.0/16", "172.31.0.1")
LINK = Link("br-bench", "", "eth0", "02:42:ac:1f:00:02", "172.31.0.2/16", "172.31.0.1")


class Bench:
    """A host with a busybox on it."""

    def __init__(self, folder: Path) -> None:
        self.loop = Loop(WallClock(lead=0.0))
        self.host = RealHost(self.loop, folder)
        self.host.listen(self._hear)
        self.over: Future[None] | None = None
        self.number = time.time_ns()
        self.performed: list[Any] = []
        self.loop.run(self.host.apply("base", None, io.BytesIO(_layer())))
        self.loop.run(self.host.create_network(NETWORK, plan.network(NETWORK)))

    def _hear(self, news: Any) -> None:
        if isinstance(news, Exited) and self.over is not None:
            self.over.set_result(None)

    def container(self, secure: bool, bridged: bool = False) -> float:
        """Seconds from the request to the exit; what is before and after is not counted."""
        self.number += 1
        id = f"{self.number:064x}"
        spec = _spec(id, "true")
        if secure:
            spec = replace(spec, seccomp="default", masked_paths=MASKED, readonly_paths=READONLY)
        if bridged:
            link = replace(LINK, host_name=f"veth{self.number % 0x1000000:06x}")
            spec = replace(spec, links=(link,))
            self.loop.run(self.host.join(NETWORK.id, id, link))
        operations = plan.plan(spec, ("base",))
        self.loop.run(self.host.prepare(id, "base"))
        self.over = self.loop.future()
        begin = time.perf_counter()
        self.loop.run(self._run(spec, operations))
        end = time.perf_counter()
        self.loop.run(self.host.delete(id))
        self.loop.run(self.host.leave(NETWORK.id, id))
        self.loop.run(self.host.remove(id))
        return end - begin

    def sleepers(self, count: int) -> tuple[list[float], float]:
        """Start containers that stay: seconds of each start, and bytes of the daemon and its zygote for each."""
        before, times = self._memory(), []
        for _ in range(count):
            begin = time.perf_counter()
            self.loop.run(self._start_sleeper())
            times.append(time.perf_counter() - begin)
        return times, (self._memory() - before) / count

    def at_once(self, count: int) -> float:
        """Seconds for so many starts, asked for at the same time."""

        async def all_of_them() -> None:
            for task in [self.loop.spawn(self._start_sleeper(), "start") for _ in range(count)]:
                await task

        begin = time.perf_counter()
        self.loop.run(all_of_them())
        return time.perf_counter() - begin

    async def _start_sleeper(self) -> None:
        self.number += 1
        id = f"{self.number:064x}"
        await self.host.prepare(id, "base")
        operations = plan.plan(_spec(id, "sleep", "1000"), ("base",))
        await self.host.create(_spec(id, "sleep", "1000"), operations, lambda stream, data: None, hold=False)
        await self.host.start(id)

    def _memory(self) -> int:
        return sum(_private(pid) for pid in (os.getpid(), self.host.zygote.pid))

    async def _run(self, spec: Spec, operations: Any) -> None:
        started = await self.host.create(spec, operations, lambda stream, data: None, hold=False)
        last = await self.host.start(spec.id)
        self.performed += [*started.performed, *last]
        assert self.over is not None
        await self.over
        started.input.close()


MASKED = ("/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
          "/sys/devices/virtual/powercap")  # fmt: skip
READONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def _spec(id: str, *command: str) -> Spec:
    return Spec(
        id, Process(command, ENV), id, hostname="bench", mounts=MOUNTS, resources=RESOURCES,
        namespaces=tuple(Namespace(type) for type in NAMESPACES), cgroups_path=f"/glassdock-bench/{id}",
    )  # fmt: skip


def _private(pid: int) -> int:
    """Bytes of memory that are this process's alone (proc_pid_smaps(5))."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8")
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_")) * 1024


def _layer() -> bytes:
    stream = io.BytesIO()
    program = Path(shutil.which("busybox") or "/bin/busybox").read_bytes()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in ("bin/busybox", "bin/true", "bin/sleep"):
            member = tarfile.TarInfo(name)
            member.mode, member.size = 0o755, len(program)
            tar.addfile(member, io.BytesIO(program))
    return stream.getvalue()


def command(*words: str) -> float:
    begin = time.perf_counter()
    pid = os.posix_spawn(words[0], words, os.environ)
    os.waitpid(pid, 0)
    return time.perf_counter() - begin


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="few rounds, no verdict")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("bench/real.py: needs root", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="glassdock-bench-"))
    bench = Bench(folder)
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "proc").mkdir()
    shutil.copy(shutil.which("busybox") or "/bin/busybox", root / "bin" / "busybox")
    unshare, busybox = shutil.which("unshare") or "", shutil.which("busybox") or ""
    chroot = (unshare, "-fpmnui", f"--mount-proc={root}/proc", "chroot", str(root), "/bin/busybox", "true")
    ways: dict[str, Callable[[], float]] = {
        "posix_spawn, execve": lambda: command(busybox, "true"),
        "unshare -fpmnui chroot": lambda: command(*chroot),
        "container": lambda: bench.container(secure=False),
        "container, as docker run": lambda: bench.container(secure=True),
        "the same, on a bridge": lambda: bench.container(secure=True, bridged=True),
    }
    times = measure(ways, 5 if options.quick else options.rounds)
    missed = report(times, bench, options.quick)
    missed |= report_many(bench, 40 if options.quick else 500, options.quick)
    bench.loop.run(bench.host.close())
    shutil.rmtree(folder)
    return missed


def measure(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(way() * 1000)
    return times


def report(times: dict[str, list[float]], bench: Bench, quick: bool) -> int:
    print(f"{'start to exit of busybox true':<32}{'p50 ms':>8}{'p90 ms':>8}   of {len(times['container'])}")
    for name, each in times.items():
        print(f"{name:<32}{statistics.median(each):>8.2f}{sorted(each)[len(each) * 9 // 10]:>8.2f}")
    operations: dict[str, list[int]] = {}
    for performed in bench.performed:
        operations.setdefault(type(performed.operation).__name__, []).append(performed.duration)
    count = len(times["container"]) + len(times["container, as docker run"]) + len(times["the same, on a bridge"])
    print(f"\n{'where it goes, µs a container (of all kinds)':<46}simulated")
    simulated = {kind.__name__: length for kind, length in DURATIONS.items()}
    for name, lengths in sorted(operations.items(), key=lambda item: -sum(item[1])):
        each = len(lengths) / count
        print(
            f"  {name:<20}{sum(lengths) / count / 1000:>8.0f}   {each:.1f} times{simulated[name] * each / 1000:>16.0f}"
        )
    ratio = statistics.median(times["container"]) / statistics.median(times["unshare -fpmnui chroot"])
    print(f"\ncontainer : unshare = {ratio:.2f}, limit {LIMIT}")
    return 0 if quick or ratio <= LIMIT else 1


def report_many(bench: Bench, count: int, quick: bool) -> int:
    times, memory = bench.sleepers(count)
    few = max(count // 25, 5)
    first, last = (statistics.median(some) * 1000 for some in (times[few : 2 * few], times[-few:]))
    together = bench.at_once(16)
    print(f"\nstart of a container that stays: {first:.2f} ms; with {count} running: {last:.2f} ms")
    print(f"last : first = {last / first:.2f}, limit {LIMIT}")
    print(f"16 at once: {together * 1000:.0f} ms, {16 / together:.0f} a second")
    print(f"memory of daemon and zygote for each: {memory / 1e6:.3f} MB, limit 0.2")
    return 0 if quick or (last / first <= LIMIT and memory <= 0.2e6) else 1


if __name__ == "__main__":
    sys.exit(main())
