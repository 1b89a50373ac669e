"""The ways to run a program that are compared, as facts; what they cost is in the rooms beside.

Type 1 and type 2 as Dall et al. (ISCA 2016) use the words: type 1 is a hypervisor on the hardware whose drivers sit in
a privileged machine (Xen, Hyper-V), type 2 one inside a host's kernel (KVM with QEMU).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.hypervisor.figures import Figure
from sim.hypervisor.parameters import Book


class BadQuestion(ValueError):
    """Something was asked that cannot be: no instances, a guest without enough memory, an unknown machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One way to run a program.

    `stack`: what lies on what, from the hardware up; the part after "|" is there for each instance. `vmm`: firecracker,
    qemu or xen; `guest`: "minimal" (the program is nearly alone) or "distribution". `reserved`: a guest's memory is
    taken at its start, touched or not. `desktop`: the product's machine around all instances. `hops`: what a packet
    passes (network.py). `sees`: what the host's process list shows of an instance.
    """

    name: str
    label: str
    stack: tuple[str, ...]
    sees: str
    vmm: str = ""
    guest: str = ""
    container: bool = False
    reserved: bool = False
    desktop: str = ""
    hops: tuple[str, ...] = ()

    @property
    def virtual(self) -> bool:
        """Whether the program runs above a hypervisor: its own, or that of Docker Desktop."""
        return bool(self.vmm)

    @property
    def managed(self) -> bool:
        """Whether an engine prepares its root file system and network."""
        return self.container or bool(self.guest)

    @property
    def kernel(self) -> str:
        """Whose kernel the program talks to."""
        if self.guest:
            return "its own"
        return "the machine's around it" if self.desktop else "the host's"


def _desktop(name: str, label: str, outer: str, vmm: str, *, reserved: bool = False) -> Machine:
    return Machine(
        name, label, ("hardware", outer, "Linux machine", "Docker", "|", "container"), "nothing: it is in the machine",
        vmm=vmm, container=True, reserved=reserved, desktop=name, hops=("proxy", "virtio", "nat"),
    )  # fmt: skip


MACHINES: Mapping[str, Machine] = {
    machine.name: machine
    for machine in (
        Machine("bare", "bare server", ("hardware", "Linux", "|", "program"), "the program's processes"),
        Machine(
            "container", "container", ("hardware", "Linux", "Docker", "|", "container"), "the program's processes",
            container=True, hops=("nat",),
        ),
        Machine(
            "microvm", "microVM", ("hardware", "Linux + KVM", "|", "Firecracker", "guest kernel", "program"),
            "one process, Firecracker", vmm="firecracker", guest="minimal", hops=("virtio",),
        ),
        Machine(
            "type2", "VM, type 2", ("hardware", "Linux + KVM", "|", "QEMU", "guest system", "program"),
            "one process, QEMU", vmm="qemu", guest="distribution", hops=("virtio",),
        ),
        Machine(
            "type1", "VM, type 1", ("hardware", "hypervisor, Dom0", "|", "guest system", "program"),
            "nothing: Dom0 lists a domain", vmm="xen", guest="distribution", reserved=True, hops=("dom0",),
        ),
        _desktop("wsl2", "container, WSL 2", "Windows + Hyper-V", "xen"),
        _desktop("hyperv", "container, Hyper-V", "Windows + Hyper-V", "xen", reserved=True),
        _desktop("macos", "container, macOS", "macOS", "qemu"),  # no source for Apple's exits: KVM's stand in
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """An image as the model sees it. `compressed`: MB as it travels. Times in ms, memory in MiB: see [app]."""

    name: str
    compressed: float
    start: Figure
    private: Figure
    files: Figure


def program(image: str, compressed: float, book: Book) -> Program:
    """The image's row in [app], or the one for images that are not listed. `image`: "redis", "redis:7" …"""
    name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    key = name if f"app.{name}_start" in book.parameters else "other"
    return Program(
        image, compressed, book[f"app.{key}_start"], book[f"app.{key}_private"], book[f"app.{key}_files"]
    )  # fmt: skip


def machine(name: str) -> Machine:
    """Raises BadQuestion for an unknown name."""
    if name not in MACHINES:
        raise BadQuestion(f"unknown machine {name!r}: {', '.join(MACHINES)}")
    return MACHINES[name]
