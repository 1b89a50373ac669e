"""The model against published results: one row for each, with its error. The results are in published.toml.

A row is "fitted" (used to choose a parameter), "held" (the model has to come within `TOLERANCE`), "excepted" (it does
not, and the row says why) or "shown" (nobody here has read the source itself, so it proves nothing).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sim.hypervisor import boot, cpu, io, memory, network
from sim.hypervisor.figures import Figure, least, total
from sim.hypervisor.machines import MACHINES, program
from sim.hypervisor.parameters import FOLDER, Book

TOLERANCE = 0.25
READ = ("read_primary_data", "read_abstract")
METAL_ALONE, METAL_DEEP = 16_473, 301_182  # 4 KiB reads a second of the Firecracker paper's disk: one at a time, many
MYSQL_PACKETS, MYSQL_CORES = 32, 32  # 16 statements of a read-only transaction; hardware threads of the server


@dataclass(frozen=True, slots=True)
class Row:
    """`error`: of the model, as a part of what is published. `why`: of an exception."""

    what: str
    at: str
    unit: str
    model: Figure
    published: float
    kind: str
    source: str
    status: str
    why: str = ""

    @property
    def error(self) -> float:
        return self.model.value / self.published - 1


def rows(book: Book) -> Iterator[Row]:
    """Every published result, in the order of the file."""
    document = _document()
    for series in document["series"]:
        source = document["sources"][series["source"]]
        status = series.get("status", source["status"])
        why = {entry["at"]: entry["why"] for entry in series.get("except", ())}
        for at, published in zip(series.get("at", [""]), series["published"], strict=True):
            asked = {**series.get("with", {}), **({series["over"]: at} if "over" in series else {})}
            kind = "fitted" if at in series.get("fitted", ()) else "excepted" if at in why else "held"
            kind = kind if status in READ else "shown"
            answer = MODEL[series["model"]](book, **asked)
            yield Row(
                series["what"],
                str(at),
                series["unit"],
                answer,
                published,
                kind,
                source["cite"],
                status,
                why.get(at, ""),
            )


@lru_cache
def _document() -> Mapping[str, Any]:
    series = tomllib.loads((FOLDER / "published.toml").read_text("utf-8"))["series"]
    sources = tomllib.loads((FOLDER / "parameters.toml").read_text("utf-8"))["sources"]
    return {"series": series, "sources": sources}


def table(found: Sequence[Row]) -> Iterator[str]:
    """Lines: what, model, published, error, and how it was used."""
    yield f"{'what':<62} {'at':>10} {'model':>11} {'published':>11} {'error':>7}  used"
    for row in found:
        yield (
            f"{row.what:<62.62} {row.at:>10} {row.model.value:>11.5g} {row.published:>11.5g} {row.error:>+7.1%}"
            f"  {row.kind}{': ' + row.why if row.why else ''}"
        )


# -- what the series ask ------------------------------------------------------------------------------------------
def _redis(book: Book, machine: str, command: str, connections: int) -> Figure:
    return network.served(MACHINES[machine], book[f"redis.{command}"], book["redis.away"], connections, book)


def _crossing(book: Book, command: str) -> Figure:
    """The first number of connections, 1 to 1000, with which a guest serves more than a container behind NAT."""
    for connections in range(1, 1000):
        guest, nat = (_redis(book, name, command, connections) for name in ("type2", "container"))
        if guest.value > nat.value:
            return Figure(connections, guest.rests_on | nat.rests_on)
    return Figure(1000.0)


def _mysql(book: Book, machine: str, threads: int) -> Figure:
    """Share of native: NAT's work for a transaction's packets, beside the 2.4 ms of processor it takes natively."""
    transaction = MYSQL_CORES / 13_340 * 1e6  # us, saturated, native
    more = MYSQL_PACKETS * book["net.nat_packet"] if "nat" in MACHINES[machine].hops else Figure(0)
    return transaction / (transaction + more)


def _vm_boot(
    book: Book, vmm: str, *, configured: bool = False, network: bool = False, compressed: bool = False
) -> Figure:
    """As the Firecracker paper boots: a small guest, its kernel handed over by the VMM or by a firmware."""
    name, _, firmware = vmm.partition("+")
    steps = [boot.kernel_init(name, book)]
    if not configured:
        steps.append(boot.vmm_start(name, book))
    if name == "qemu":
        steps.append(book["boot.qboot" if firmware else "boot.seabios"])
    if network:
        steps.append(book["boot.net_device"])
    if compressed:
        steps.append(book["boot.decompress"])
    return total(steps)


def _disk_alone(book: Book, vmm: str) -> Figure:
    return io.requests(MACHINES["type2"], METAL_ALONE, 1, book)


def _disk_deep(book: Book, vmm: str) -> Figure:
    """Cloud Hypervisor of that time did its requests as Firecracker does: one after the other."""
    machine = MACHINES["type2" if vmm == "qemu" else "microvm"]
    return least(
        METAL_DEEP, io.requests(machine, METAL_DEEP, 1024, book, jobs=64, alone=1e6 / METAL_ALONE)
    )  # fmt: skip


def _container_start(book: Book) -> Figure:
    steps = boot.phases(MACHINES["container"], program("busybox", 2.2, book), book)
    return boot.first_line(steps)


def _containers_memory(book: Book, instances: int) -> Figure:
    found = memory.memory(MACHINES["container"], program("busybox", 2.2, book), 128, book).at(instances)
    assert found is not None  # a container on the host itself has no ceiling
    return found


MODEL: Mapping[str, Callable[..., Figure]] = {
    "redis": _redis,
    "crossing": _crossing,
    "round_trip": lambda book, machine: network.round_trip(MACHINES[machine], book),
    "throughput": lambda book, machine: network.throughput(MACHINES[machine], book),
    "stream": lambda book, machine, native, sockets=1: cpu.stream(MACHINES[machine], native, book, sockets=sockets),
    "random_access": lambda book, machine, native: cpu.random_access(MACHINES[machine], native, book),
    "compute": lambda book, machine, native: cpu.compute(MACHINES[machine], native, book),
    "disk": lambda book, machine, native, depth, jobs: io.requests(MACHINES[machine], native, depth, book, jobs=jobs),
    "mysql": _mysql,
    "vm_boot": _vm_boot,
    "kernel_tax": lambda book, ram: memory.kernel_tax(ram, book),
    "resident": lambda book, vmm, ram: memory.resident(vmm, ram, book),
    "disk_alone": _disk_alone,
    "disk_deep": _disk_deep,
    "against_unikernel": lambda book: _container_start(book) / 2.3,
    "process": lambda book: book["boot.process"],
    "container_start": _container_start,
    "containers_memory": _containers_memory,
}
