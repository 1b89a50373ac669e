"""How long it takes until a program answers: the phases, one after the other. Milliseconds.

The same engine prepares containers and virtual machines (root file system, network, records), so that what is compared
is what it starts: a process in namespaces, or a machine that boots.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.hypervisor.figures import Figure, total
from sim.hypervisor.machines import Machine, Program
from sim.hypervisor.parameters import Book

FIRMWARE = {"qemu": "boot.seabios", "xen": "boot.seabios"}


@dataclass(frozen=True, slots=True)
class Phase:
    """`part`: "engine", "machine", "kernel" or "user space"; `before_line`: passes before the first line is written."""

    name: str
    part: str
    time: Figure
    before_line: bool = True


def phases(machine: Machine, program: Program, book: Book) -> list[Phase]:
    """From the command to the program that listens, on a platform that is up."""
    steps = [*_engine(machine, book), *(_guest(machine, book) if machine.guest else _process(machine, book))]
    return [*steps, Phase(f"{program.name} until it listens", "user space", program.start, before_line=False)]


def first_line(steps: Sequence[Phase]) -> Figure:
    """Time to the first line that user space writes."""
    return total(step.time for step in steps if step.before_line)


def first_answer(steps: Sequence[Phase], round_trip: Figure) -> Figure:
    """Time to the first answered request; `round_trip` in microseconds."""
    return total(step.time for step in steps) + round_trip / 1000


def without_engine(steps: Sequence[Phase]) -> Figure:
    """The first line, if whoever asks needs no engine."""
    return total(step.time for step in steps if step.before_line and step.part != "engine")


def _engine(machine: Machine, book: Book) -> Iterator[Phase]:
    if machine.managed:
        yield Phase("client", "engine", book["boot.client"])
        yield Phase("engine: root file system, records", "engine", book["boot.engine"])
        yield Phase("engine: network", "engine", book["boot.network"])


def _process(machine: Machine, book: Book) -> Iterator[Phase]:
    if machine.container:
        yield Phase("runtime", "machine", book["boot.runtime"])
        yield Phase("namespaces", "kernel", book["boot.namespaces"])
        yield Phase("cgroup", "kernel", book["boot.cgroup"])
    yield Phase("process", "user space", book["boot.process"])


def _guest(machine: Machine, book: Book) -> Iterator[Phase]:
    """A machine boots: its VMM, its firmware, its kernel, its init."""
    yield Phase("VMM", "machine", vmm_start(machine.vmm, book))
    if firmware := FIRMWARE.get(machine.vmm):
        yield Phase("firmware", "machine", book[firmware])
    if machine.guest == "distribution":
        yield Phase("boot loader", "machine", book["boot.loader"])
        yield Phase("kernel unpacks itself", "kernel", book["boot.decompress"])
    yield Phase("kernel", "kernel", kernel_init(machine.vmm, book))
    yield Phase("network device", "kernel", book["boot.net_device"])
    yield Phase("init", "user space", book["boot.process"])
    if machine.guest == "distribution":
        yield Phase("services", "user space", book["boot.services"], before_line=False)


def vmm_start(vmm: str, book: Book) -> Figure:
    """Xen's toolstack starts a QEMU for an HVM guest, too."""
    return book[f"boot.vmm_{'qemu' if vmm == 'xen' else vmm}"]


def kernel_init(vmm: str, book: Book) -> Figure:
    """From its entry to init, without a network device."""
    return book["boot.kernel"] + (book["boot.probe_firecracker"] if vmm == "firecracker" else 0)


def platform(machine: Machine, book: Book) -> list[Phase]:
    """What has to be up before the first instance: from power on."""
    steps = [Phase("firmware of the server", "machine", book["boot.post"])]
    if machine.vmm == "xen" and not machine.desktop:
        steps.append(Phase("hypervisor", "machine", book["boot.hypervisor"]))
    steps += [
        Phase("boot loader", "machine", book["boot.loader"]),
        Phase("kernel", "kernel", book["boot.server_kernel"]),
        Phase("services", "user space", book["boot.services"]),
    ]
    if machine.desktop:
        steps.append(Phase("Docker Desktop's machine", "machine", book[f"boot.desktop_{machine.desktop}"]))
    if machine.managed:
        steps.append(Phase("engine", "user space", book["boot.daemon"]))
    return steps
