"""A whole simulated Docker in one call: loop, host, hub and engine, wired together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random, SystemRandom

from engine.daemon.engine import Engine
from engine.loop import SECOND, Clock, Loop, SteppedClock, WallClock
from engine.session.recorder import Recorder
from engine.session.steps import BadRecord, Record
from sim.board import Board
from sim.host import SimHost
from sim.hub.hub import Hub, HubTransport
from sim.net.abroad import Abroad
from sim.net.ways import Ways
from sim.profiles import PROFILES
from sim.shares import Share

EPOCH = 1_800_000_000 * SECOND  # where time begins when chance is fixed: in January 2027, after the newest image


def make_engine(
    *,
    seed: int | None = None,
    clock: str = "stepped",
    speed: float = 1.0,
    data_root: Path | None = None,
    profile: str = "linux",
    shares: Iterable[Share] = (),
    start: int | None = None,
    record: bool = False,
    hub: str = "sim",
    internet: bool = False,
) -> Engine:
    """An engine on a simulated host.

    `seed`: the same seed and the same requests give the same ids, names and (with a stepped clock) times. `clock`:
    "stepped" lets time pass only while somebody waits, "wall" ties it to the world's, `speed` times as fast.
    `shares`: the folders of this computer that `docker run -v` can reach; without them it reaches none.
    `start`: when its time begins, ns since 1970. `record`: keep what clients ask, so that it can be replayed.
    `hub` "docker.io": the real one, and `internet`: registries of other names are real (if served: sim/net/ways.py).
    Raises ValueError for an unknown clock or profile, OSError for a share that is not there.
    """
    if clock not in ("stepped", "wall"):
        raise ValueError(f"unknown clock {clock!r}: stepped or wall")
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}: {', '.join(PROFILES)}")
    tick: Clock = WallClock(speed) if clock == "wall" else SteppedClock()
    loop = Loop(tick, EPOCH if start is None and seed is not None and clock == "stepped" else start)
    seed = SystemRandom().getrandbits(53) if seed is None else seed
    host = SimHost(loop, Random(seed), PROFILES[profile], shares)
    pretended = Hub(loop)
    abroad = Abroad(host.kernel.network)
    ways = Ways(pretended, HubTransport(pretended, loop), host, internet=internet, pretend=hub == "sim", abroad=abroad)
    engine = Engine(host, ways, seed=seed, data_root=data_root)
    engine.faults = Board(engine, host, pretended.faults)
    if record:
        engine.session = Recorder(loop, seed, profile)
    return engine


def remake(record: Record) -> Engine:
    """A new engine, as the one of a recorded session was at its beginning. Raises BadRecord."""
    if record.profile not in PROFILES:
        raise BadRecord(f"unknown profile: {record.profile}")
    return make_engine(seed=record.seed, start=record.start, profile=record.profile, record=True)
