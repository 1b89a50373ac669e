"""ping, as BusyBox has it. Source: ping(8), networking/ping.c's texts."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field

from sim.abi import Proc
from sim.programs.options import Failure, Options, command

SIGINT = 2
TTL = 64
LONGEST = 65507  # bytes of data in one packet


@dataclass(slots=True)
class Pinging:
    """One run: what was sent and what came back. Times in seconds."""

    host: str
    size: int
    quiet: bool
    sent: int = 0
    trips: list[float] = field(default_factory=list)
    stopped: bool = False

    def stop(self, signal: int) -> None:
        self.stopped = True

    def statistics(self) -> str:
        received = len(self.trips)
        lost = 100 * (self.sent - received) // self.sent if self.sent else 0
        text = f"\n--- {self.host} ping statistics ---\n{self.sent} packets transmitted, {received} packets received, "
        if self.sent:
            text += f"{lost}% packet loss"
        if received:
            least, mean, most = min(self.trips), sum(self.trips) / received, max(self.trips)
            text += f"\nround-trip min/avg/max = {_ms(least)}/{_ms(mean)}/{_ms(most)} ms"
        return text + "\n"


@command(
    "46qAc:s:t:w:W:i:I:p:",
    synopsis="[OPTIONS] HOST",
    about="Send ICMP ECHO_REQUESTs to HOST",
    least=1,
    most=1,
)
async def ping(proc: Proc, options: Options, operands: list[str]) -> int:
    host = operands[0]
    count, interval = _number(options, "c", 0), _seconds(options, "i", 1.0)
    limit, patience = _seconds(options, "w", 0.0), _seconds(options, "W", 10.0)
    run = Pinging(host, _number(options, "s", 56), "q" in options)
    if run.size > LONGEST:
        raise Failure(f"number {run.size} is not in 0..{LONGEST} range")
    try:
        address = (await proc.net.resolve(host, 6 if "6" in options else 4 if "4" in options else 0))[0]
    except OSError:
        raise Failure(f"bad address '{host}'") from None
    proc.signal(SIGINT, run.stop)
    await proc.out(f"PING {host} ({address}): {run.size} data bytes\n")
    end = proc.now() + int(limit * 1e9) if limit else None
    while not run.stopped and (not count or run.sent < count) and (end is None or proc.now() < end):
        last = run.sent + 1 == count
        wait = patience if last else interval
        if end is not None:
            wait = min(wait, (end - proc.now()) / 1e9)
        await _one(proc, run, address, wait, _number(options, "t", TTL), rest=not last)
    await proc.out(run.statistics())
    return 0 if run.trips else 1


async def _one(proc: Proc, run: Pinging, address: str, wait: float, ttl: int, rest: bool) -> None:
    """Send one packet and wait for its answer; with `rest`, until the next is due."""
    began, sequence = proc.now(), run.sent
    run.sent += 1
    try:
        trip = await proc.net.ping(address, run.size, ttl, wait)
        run.trips.append(trip)
        if not run.quiet:
            answer = f"{run.size + 8} bytes from {address}: seq={sequence} ttl={TTL} time={_ms(trip)} ms\n"
            await proc.out(answer)
        if rest:
            await proc.sleep(max(0.0, wait - (proc.now() - began) / 1e9))
    except (InterruptedError, TimeoutError):
        return
    except OSError as error:
        if error.errno == errno.EHOSTUNREACH and error.strerror == "Time to live exceeded":
            await proc.sleep(max(0.0, wait - (proc.now() - began) / 1e9))
            return
        raise Failure(f"sendto: {error.strerror}") from None


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3f}"


def _number(options: Options, letter: str, default: int) -> int:
    text = options.get(letter, str(default))
    if not text.isdigit():
        raise Failure(f"invalid number '{text}'")
    return int(text)


def _seconds(options: Options, letter: str, default: float) -> float:
    text = options.get(letter, str(default))
    try:
        return float(text)
    except ValueError:
        raise Failure(f"invalid number '{text}'") from None
