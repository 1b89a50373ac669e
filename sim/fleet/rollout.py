"""A change on every server: Apache becomes nginx, by hand, by a script, by a machine's image, by a container's image.

The fleet shares one clock (engine/loop.py) and one wire from the registry or archive (sim/net/bandwidth.py). A change
has a part that disturbs nobody (fetch, unpack) and one during which the server does not serve (stop, start, be
healthy). By hand and by script, the program is edited where it runs: all of it disturbs. Images replace it, and can
be put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from engine.loop import SECOND, Loop
from sim.hypervisor import boot, network
from sim.hypervisor.comparison import compressed
from sim.hypervisor.machines import MACHINES, BadQuestion, Machine, program
from sim.hypervisor.parameters import Book
from sim.net.bandwidth import Wire

WAYS = ("hand", "script", "machine", "container")
IMAGES: Mapping[str, str] = {"machine": "type2", "container": "container"}  # way -> machine that starts again


@dataclass(frozen=True, slots=True)
class Change:
    """`at_once`: servers that may be out of service together; by hand, `people` limit it, too.

    `uplink` and `link`: MB/s to all servers together and to one. `mirror`: registries in the house, fed once over the
    uplink, for which no link has to wait. `bad`: the new version does not work; who has a health gate stops there and
    puts the old one back.
    """

    old: str = "httpd"
    new: str = "nginx"
    servers: int = 100
    at_once: int = 10
    people: int = 3
    uplink: float = 125.0
    link: float = 125.0
    mirror: bool = False
    bad: bool = False
    seed: int = 1

    def check(self) -> None:
        """Raises BadQuestion."""
        for name in ("servers", "at_once", "people", "uplink", "link"):
            if getattr(self, name) <= 0:
                raise BadQuestion(f"{name.replace('_', ' ')} must be more than 0")


@dataclass(frozen=True, slots=True)
class Steps:
    """What one server needs: bytes over the wire, seconds of work before and while it does not serve."""

    moved: int
    before: float
    down: float
    gate: bool


@dataclass(slots=True)
class Rollout:
    """How it went. `states`: (second, servers that serve, servers changed so far); `drift`: servers unlike the rest."""

    way: str
    seconds: float = 0.0
    moved: int = 0
    down: float = 0.0  # server-seconds
    lowest: int = 0
    manual: int = 0
    drift: int = 0
    changed: int = 0
    broken: int = 0
    stopped: bool = False
    states: list[tuple[float, int, int]] = field(default_factory=list)


def missing(old: str, new: str) -> tuple[float, int, int]:
    """MB of layers that a server with `old` lacks for `new`; how many of how many layers. Raises BadQuestion."""
    compressed(old), compressed(new)  # both must be on the shelf
    there = {layer["published"] for layer in _layers(old)}
    wanted = _layers(new)
    lacking = [layer for layer in wanted if layer["published"] not in there]
    return sum(layer["size"] for layer in lacking) / 1e6, len(lacking), len(wanted)


def _layers(image: str) -> Sequence[Mapping[str, int]]:
    from sim.hub import shelf

    name, _, tag = image.partition(":")
    like = next(each.like for each in shelf.repository(name).versions if (tag or "latest") in each.tags)
    layers: Sequence[Mapping[str, int]] = shelf.catalogue()[like]["layers"]
    return layers


def steps(way: str, change: Change, book: Book) -> Steps:
    """Raises BadQuestion for an unknown way or image."""
    if way not in WAYS:
        raise BadQuestion(f"unknown way {way!r}: {', '.join(WAYS)}")
    stop, health = book["fleet.stop"].value, book["fleet.health"].value
    if way in ("hand", "script"):
        work = book["fleet.by_hand" if way == "hand" else "fleet.script"].value
        return Steps(int(book["fleet.package"].value * 1e6), 0.0, work, gate=False)
    started = _start(MACHINES[IMAGES[way]], change.new, book)
    if way == "machine":
        image = book["disk.guest"].value + compressed(change.new) * book["disk.unpacked"].value
        return Steps(int(image * 1e6), 0.0, stop + started + health, gate=True)
    fetched, _, _ = missing(change.old, change.new)
    unpack = fetched / book["fleet.unpack_rate"].value
    return Steps(int(fetched * 1e6), unpack, stop + started + health, gate=True)


def _start(machine: Machine, image: str, book: Book) -> float:
    phases = boot.phases(machine, program(image, compressed(image), book), book)
    return boot.first_answer(phases, network.round_trip(machine, book)).value / 1000


def roll(way: str, change: Change, book: Book) -> Rollout:
    """Change the whole fleet, in virtual time. Raises BadQuestion."""
    change.check()
    fleet = _Fleet(way, change, steps(way, change, book), book)
    fleet.loop.run(fleet.go())
    return fleet.told


class _Fleet:
    """All servers while they change."""

    def __init__(self, way: str, change: Change, needed: Steps, book: Book) -> None:
        self.change, self.needed, self.book = change, needed, book
        self.loop = Loop(start=0)
        self.hands = min(change.at_once, change.people if way == "hand" else change.at_once, change.servers)
        rate = self.hands * change.link if change.mirror else min(change.uplink, self.hands * change.link)
        self.wire = Wire(self.loop, lambda: rate * 1e6)
        self.told = Rollout(way, lowest=change.servers)
        self.serving = change.servers
        self.queue: Iterator[int] = iter(range(change.servers))

    async def go(self) -> None:
        told, change = self.told, self.change
        self.note()
        if change.mirror:  # it fetches once what all want
            told.moved += self.needed.moved
            await self.loop.sleep(self.needed.moved / (change.uplink * 1e6))
        for task in [self.loop.spawn(self.worker()) for _ in range(self.hands)]:
            await task
        told.seconds = self.loop.time / SECOND
        told.drift = self.drifted()
        told.manual = change.servers * 5 if told.way == "hand" else 1  # log in, install, edit, restart, look

    async def worker(self) -> None:
        """A pair of hands: one server after the other."""
        for _ in self.queue:
            await self.server()
            if self.told.stopped:
                return

    async def server(self) -> None:
        told, needed = self.told, self.needed
        if needed.gate:
            await self.fetch()
            await self.loop.sleep(needed.before)
        if told.stopped:
            return
        began = self.loop.time
        self.serving -= 1
        self.note()
        if not needed.gate:
            await self.fetch()
        await self.loop.sleep(needed.down)
        if self.change.bad and needed.gate:
            told.stopped = True
            await self.loop.sleep(needed.down)  # the old image is still there: put it back
        else:
            told.changed += 1
            told.broken += self.change.bad
        self.serving += not (self.change.bad and not needed.gate)
        told.down += (self.loop.time - began) / SECOND
        self.note()

    async def fetch(self) -> None:
        """Over the shared wire, and no faster than the server's own link."""
        began = self.loop.time
        if not self.change.mirror:
            self.told.moved += self.needed.moved
        await self.wire.carry(self.needed.moved)
        rest = self.needed.moved / (self.change.link * 1e6) - (self.loop.time - began) / SECOND
        if rest > 0:
            await self.loop.sleep(rest)

    def note(self) -> None:
        self.told.lowest = min(self.told.lowest, self.serving)
        self.told.states.append((self.loop.time / SECOND, self.serving, self.told.changed))

    def drifted(self) -> int:
        """Servers unlike the rest in the end: edited by hand, some are."""
        if self.told.way != "hand":
            return 0
        random = Random(self.change.seed)
        return sum(random.random() < self.book["fleet.slip"].value for _ in range(self.change.servers))
