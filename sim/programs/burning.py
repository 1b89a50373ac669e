"""stress: use the processor, memory, the disk, so that limits can be seen at work. Source: stress(1)."""

from __future__ import annotations

from sim.abi import SIG_DFL, Proc
from sim.programs.options import Failure, Options, command
from sim.programs.text.parts import amount

SIGTERM, SIGKILL = 15, 9
SLICE = 0.1  # seconds
BLOCK = 256 << 20  # bytes of memory that a worker takes if nothing else is said
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONG = {"cpu:": "c", "io:": "i", "vm:": "m", "vm-bytes:": "vm-bytes", "vm-hang:": "vm-hang", "vm-keep": "vm-keep",
        "timeout:": "t", "verbose": "v", "quiet": "q", "hdd:": "d", "hdd-bytes:": "hdd-bytes"}  # fmt: skip


@command("c:i:m:t:vqd:", synopsis="[OPTION [ARG]] ...", about="Impose certain types of compute stress on your system",
         long=LONG)  # fmt: skip
async def stress(proc: Proc, options: Options, operands: list[str]) -> int:
    counts = {letter: amount(options.get(letter, "0")) for letter in "cimd"}
    if not sum(counts.values()):
        raise Failure("FAIL: no workers were asked for: --cpu N, --io N, --vm N")
    limit = _seconds(options["t"]) if "t" in options else None
    began = proc.now()
    await _say(proc, options, f"info: [{proc.pid}] dispatching hogs: {counts['c']} cpu, {counts['i']} io, "
                              f"{counts['m']} vm, {counts['d']} hdd")  # fmt: skip
    workers = {proc.fork(Worker(letter, options, limit)) for letter, count in counts.items() for _ in range(count)}
    failed = False
    while workers:
        pid, status = await proc.wait()
        workers.discard(pid)
        if status < 0:
            failed = True
            await _say(proc, options, f"FAIL: [{proc.pid}] (416) <-- worker {pid} got signal {-status}")
            await _say(proc, options, f"WARN: [{proc.pid}] (418) now reaping child worker processes")
            for other in workers:
                proc.kill(other, SIGTERM)
    spent = (proc.now() - began) // 10**9
    if failed:
        await _say(proc, options, f"FAIL: [{proc.pid}] (452) failed run completed in {spent}s")
        return 1
    await _say(proc, options, f"info: [{proc.pid}] successful run completed in {spent}s")
    return 0


async def _say(proc: Proc, options: Options, text: str) -> None:
    if "q" not in options or not text.startswith("info"):
        await proc.out(f"stress: {text}\n")


def _seconds(text: str) -> float:
    """ "30", "2m". Raises Failure."""
    unit = UNITS.get(text[-1:], 0)
    number = text[:-1] if unit else text
    if not number.isdigit():
        raise Failure(f"FAIL: invalid argument: {text}")
    return float(int(number) * (unit or 1))


class Worker:
    """A child that does one thing until its time is over."""

    def __init__(self, letter: str, options: Options, limit: float | None) -> None:
        self._letter, self._options, self._limit = letter, options, limit

    async def __call__(self, proc: Proc) -> int:
        proc.signal(SIGTERM, SIG_DFL)
        end = proc.now() + int(self._limit * 1e9) if self._limit is not None else None
        size = amount(self._options.get("vm-bytes", str(BLOCK)))
        if self._letter == "m":
            await proc.allocate(size)
        while end is None or proc.now() < end:
            await proc.cpu(SLICE)
            if self._letter == "m" and self._options.get("vm-hang", "x").isdigit():
                await proc.sleep(float(self._options["vm-hang"] or 1))
            elif self._letter in "id":
                await proc.sleep(SLICE)
        return 0
