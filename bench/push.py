"""docker push onto a registry that has the layers already: it costs what the layers are in number, not in bytes."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Coroutine
from random import Random
from typing import Any

from engine.daemon.commit import new_image
from engine.daemon.engine import Engine
from engine.distribution.auth import Credentials
from engine.image.reference import Reference
from report import Report, quick
from sim.hub.tarball import END, FILE, Entry, archived
from sim.make import make_engine

ANN = Credentials("ann", "pw")
LAYERS = 20


def image(engine: Engine, name: str, layers: int, size: int) -> None:
    """An image of so many layers, each with a file of `size` bytes that do not compress."""
    random, made = Random(size), None

    def run(coro: Coroutine[Any, Any, Any]) -> Any:
        return engine.loop.run(coro)

    for number in range(layers):
        tar = archived(Entry(f"file{number}", FILE, 0o644, data=random.randbytes(size))) + END
        layer = run(engine.images.layers.register(made.chain if made else None, [tar]))
        made = run(new_image(engine.images, made, layer, {}, created_by=f"step {number}"))
    assert made is not None
    engine.images.tag(made.id, Reference.parse(name))


def push(engine: Engine, name: str) -> float:
    """Seconds of ours."""

    async def go() -> None:
        async for _ in engine.images.push(Reference.parse(name), ANN):
            pass

    began = time.process_time()
    engine.loop.run(go())
    return time.process_time() - began


def again(layers: int, size: int, rounds: int) -> tuple[float, float]:
    """The first push, and the median of those after it, in seconds."""
    engine = make_engine(seed=1)
    image(engine, "ann/app:1", layers, size)
    first = push(engine, "ann/app:1")
    return first, statistics.median(push(engine, "ann/app:1") for _ in range(rounds))


def main() -> int:
    report = Report()
    rounds, large = (3, 100_000) if quick() else (9, 1_000_000)
    _, small_again = again(LAYERS, 1000, rounds)
    first, large_again = again(LAYERS, large, rounds)
    _, half_again = again(LAYERS // 2, 1000, rounds)
    report.line(f"first push of {LAYERS} layers of {large // 1000} kB", first * 1e3, "ms")
    report.line("the second", large_again * 1e3, "ms")
    report.line("the second, against layers of 1 kB", large_again / small_again, "times", 1.5)
    report.line("the second, against half as many layers", small_again / half_again, "times", 2.5)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
