"""Who runs where: programs on servers, each on one of its own, in virtual machines, or in containers.

A scheduler counts what is asked for, not what is used: a virtual machine has whole processors and its whole RAM, a
container the fraction that it asks for. Replicas of one program never share a server, so that one dead server takes
one of them at most. Packing is first fit, the biggest first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from sim.hypervisor import boot, memory, network
from sim.hypervisor.comparison import compressed
from sim.hypervisor.figures import Figure
from sim.hypervisor.machines import MACHINES, BadQuestion, Machine, program
from sim.hypervisor.parameters import Book

# way -> the machine that its instances are (sim/hypervisor/machines.py)
WAYS: Mapping[str, str] = {"servers": "bare", "machines": "type2", "containers": "container"}
IMAGES = ("redis", "httpd", "nginx")
CORES, MEMORY = 16, 65_536.0  # of a server: processors, MiB
DEMANDS = ((0.1, 128), (0.25, 256), (0.5, 512), (1, 1024), (2, 4096), (4, 8192))  # processors and MiB of a replica
RARE = (30, 25, 20, 15, 7, 3)  # how many in a hundred programs are so big
REPLICAS = (2, 2, 2, 3, 3, 5)


@dataclass(frozen=True, slots=True)
class Program:
    """`cpu` and `memory` (MiB) are what one replica asks for."""

    name: str
    image: str
    cpu: float
    memory: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Instance:
    """A replica with what its way adds."""

    program: str
    image: str
    cpu: float
    memory: float


@dataclass(slots=True)
class Server:
    """What is still free on it, and who is there."""

    number: int
    cpu: float
    memory: float
    instances: list[Instance] = field(default_factory=list)

    def fits(self, instance: Instance) -> bool:
        return (
            instance.cpu <= self.cpu + 1e-9
            and instance.memory <= self.memory + 1e-9
            and all(other.program != instance.program for other in self.instances)
        )

    def add(self, instance: Instance) -> None:
        self.cpu -= instance.cpu
        self.memory -= instance.memory
        self.instances.append(instance)


@dataclass(frozen=True, slots=True)
class Placement:
    """`left`: replicas that found no place."""

    way: str
    servers: Sequence[Server]
    left: Sequence[Instance]

    @property
    def used(self) -> int:
        return sum(bool(server.instances) for server in self.servers)

    @property
    def placed(self) -> int:
        return sum(len(server.instances) for server in self.servers)

    def watts(self, book: Book, work: float) -> Figure:
        """Of the servers that are on, when the programs keep `work` processors busy in all, whatever they asked for."""
        busy = book["fleet.busy_watts"] - book["fleet.idle_watts"]
        return self.used * book["fleet.idle_watts"] + busy * (work / CORES)


@dataclass(frozen=True, slots=True)
class Recovery:
    """After one server died: who moved, who found no place, and after how many seconds the last one answers."""

    server: int
    moved: int
    lost: int
    seconds: float


def programs(count: int, seed: int) -> list[Program]:
    """Programs as a fleet has them: many small, few big. The same seed gives the same."""
    if count < 1:
        raise BadQuestion("programs must be at least 1")
    random = Random(seed)
    found = []
    for number in range(count):
        cpu, size = random.choices(DEMANDS, RARE)[0]
        image, replicas = random.choice(IMAGES), random.choice(REPLICAS)
        found.append(Program(f"{image}-{number}", image, cpu, float(size), replicas))
    return found


def place(way: str, wanted: Iterable[Program], servers: int, book: Book) -> Placement:
    """Raises BadQuestion for an unknown way, or no servers."""
    if way not in WAYS:
        raise BadQuestion(f"unknown way {way!r}: {', '.join(WAYS)}")
    if servers < 1:
        raise BadQuestion("servers must be at least 1")
    machine = MACHINES[WAYS[way]]
    below = memory.memory(machine, program("busybox", 1, book), 1024, book).sum("fixed").value
    fleet = [Server(number, float(CORES), MEMORY - below) for number in range(servers)]
    instances = [each for one in wanted for each in _instances(way, one, machine, book)]
    instances.sort(key=lambda each: max(each.cpu / CORES, each.memory / MEMORY), reverse=True)
    return Placement(way, fleet, list(_fit(instances, fleet)))


def _instances(way: str, wanted: Program, machine: Machine, book: Book) -> Iterator[Instance]:
    cpu, size = wanted.cpu, wanted.memory
    if way == "servers":
        cpu = float(CORES)  # it has it for itself
    elif way == "machines":
        cpu, size = float(math.ceil(cpu)), _guest(size, book)
    else:
        size += book["host.shim"].value + book["host.port"].value
    for _ in range(wanted.replicas):
        yield Instance(wanted.name, wanted.image, cpu, size)


def _guest(size: float, book: Book) -> float:
    """What a guest costs that has `size` MiB left for its program: RAM in the usual powers of two, and the VMM."""
    ram = 512.0
    while ram - memory.kernel_tax(ram, book).value - book["guest.userland"].value < size:
        ram *= 2
    return ram + book["vmm.data_qemu"].value


def _fit(instances: Sequence[Instance], fleet: Sequence[Server]) -> Iterator[Instance]:
    """First fit; yields who found no place."""
    for instance in instances:
        server = next((server for server in fleet if server.fits(instance)), None)
        if server is None:
            yield instance
        else:
            server.add(instance)


def fail(before: Placement, number: int, book: Book, *, rate: float = 125.0) -> tuple[Placement, Recovery]:
    """One server dies; its instances are started where there is room. `rate`: MB/s that reach a server.

    Images, or the disk images of machines, have to come first. A program with a server of its own needs a spare one,
    and is installed there by a script. Raises BadQuestion for a server that is not there.
    """
    if not 0 <= number < len(before.servers):
        raise BadQuestion(f"no server {number}: there are {len(before.servers)}")
    rest = [
        Server(each.number, each.cpu, each.memory, list(each.instances))
        for each in before.servers
        if each.number != number
    ]
    moving = before.servers[number].instances
    lost = list(_fit(moving, rest))
    started = [instance for instance in moving if instance not in lost]
    times = [_again(before.way, image, book, rate) for image in {instance.image for instance in started}]
    seconds = book["fleet.detect"].value + max(times) if times else 0.0
    after = Placement(before.way, rest, [*before.left, *lost])
    return after, Recovery(number, len(started), len(lost), seconds)


def _again(way: str, image: str, book: Book, rate: float) -> float:
    """Seconds until an instance answers on a server that has never seen its image."""
    if way == "servers":
        return float(book["fleet.script"] + book["fleet.package"] / rate)
    machine, size = MACHINES[WAYS[way]], compressed(image)
    steps = boot.phases(machine, program(image, size, book), book)
    answer = boot.first_answer(steps, network.round_trip(machine, book)).value / 1000
    if machine.guest:
        return answer + memory.disk(machine, program(image, size, book), 1, book).value / rate
    return answer + size / rate + size / book["fleet.unpack_rate"].value
