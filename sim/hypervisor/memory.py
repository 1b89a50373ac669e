"""What instances take of the host's memory and disk. MiB and MB.

Three kinds of parts: what the platform takes before the first instance ("fixed"), what all instances of one image share
("once": pages of the same files), and what each has for itself ("each"). A guest's page cache is its own, and a
container's is the host's: that is most of the difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sim.hypervisor.figures import Figure, least, total
from sim.hypervisor.machines import BadQuestion, Machine, Program
from sim.hypervisor.parameters import Book


@dataclass(frozen=True, slots=True)
class Part:
    """`kind`: "fixed", "once" or "each"; `same`: its pages are equal in every instance, so KSM merges them."""

    name: str
    kind: str
    size: Figure
    same: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """All parts for one machine and image.

    `ceiling`: what the instances can have together; None: no limit but the host's. `taken`: it is taken at once.
    """

    parts: Sequence[Part]
    ceiling: Figure | None = None
    taken: bool = False

    def sum(self, kind: str) -> Figure:
        return total(part.size for part in self.parts if part.kind == kind)

    def at(self, instances: int) -> Figure | None:
        """Of the host, for so many instances; None if the machine around them has no room for so many."""
        if instances < 0:
            raise BadQuestion(f"{instances} instances")
        inside = (self.sum("once") if instances else Figure(0)) + instances * self.sum("each")
        if self.ceiling is None:
            return self.sum("fixed") + inside
        if inside.value > self.ceiling.value:
            return None
        return self.sum("fixed") + (self.ceiling if self.taken else inside)

    def density(self, budget: float) -> int:
        """How many instances fit into `budget` MiB of the host's memory."""
        room = budget - self.sum("fixed").value
        if self.ceiling is not None:
            if self.taken and self.ceiling.value > room:
                return 0
            room = self.ceiling.value if self.taken else min(room, self.ceiling.value)
        left, each = room - self.sum("once").value, self.sum("each").value
        return max(0, math.floor(left / each + 1e-9))


def kernel_tax(ram: Figure | float, book: Book) -> Figure:
    """RAM that a guest kernel keeps for itself: code and tables, a struct page for each page, bounce buffers."""
    bounce = book["guest.bounce"] if float(ram) >= float(book["guest.bounce_from"]) else 0
    return book["guest.kernel_fixed"] + ram / book["guest.page_struct"] + bounce


def memory(
    machine: Machine, program: Program, ram: float, book: Book, *, ksm: bool = False, shared: bool = True
) -> Memory:
    """`ram`: of a guest, MiB; `ksm`: the host merges equal pages; not `shared`: each instance has an image of its own.

    Raises BadQuestion for a guest that has too little RAM.
    """
    parts = list(_guest(machine, program, ram, book) if machine.guest else _processes(machine, program, book, shared))
    if ksm and machine.guest and not machine.reserved and shared:
        parts = list(_merged(parts))
    ceiling = None
    if machine.desktop:
        ceiling = book[f"host.desktop_{machine.desktop}"] - _around(machine, book)
    return Memory([*_platform(machine, book), *parts], ceiling, taken=machine.reserved and bool(machine.desktop))


def _platform(machine: Machine, book: Book) -> Iterator[Part]:
    yield Part("the host's system", "fixed", book["host.system"])
    if machine.vmm == "xen" and not machine.desktop:
        yield Part("hypervisor and Dom0", "fixed", book["vmm.xen"] + book["vmm.dom0"])
    if machine.desktop:
        yield Part("the Linux machine and engine", "fixed", _around(machine, book))
    elif machine.managed:
        yield Part("engine", "fixed", book["host.engine"])


def _around(machine: Machine, book: Book) -> Figure:
    """What Docker Desktop's machine needs of its RAM before the first container."""
    return kernel_tax(book[f"host.desktop_{machine.desktop}"], book) + book["guest.init"] + book["host.engine"]


def _processes(machine: Machine, program: Program, book: Book, shared: bool) -> Iterator[Part]:
    if machine.container:
        yield Part("shim and port", "each", book["host.shim"] + book["host.port"])
    yield Part(f"{program.name}'s own", "each", program.private)
    yield Part(f"{program.name}'s files", "once" if shared else "each", program.files)


def _guest(machine: Machine, program: Program, ram: float, book: Book) -> Iterator[Part]:
    """A guest's pages are given as it touches them, up to its RAM; or all at once."""
    inside = [
        Part("guest kernel", "each", kernel_tax(ram, book) - book["guest.kernel_text"]),
        Part("guest kernel's text", "each", book["guest.kernel_text"], same=True),
        *_userland(machine, book),
        Part(f"{program.name}'s own", "each", program.private),
        Part(f"{program.name}'s files", "each", program.files, same=True),
    ]
    touched = total(part.size for part in inside)
    if touched.value > ram:
        share = 1 / book["guest.page_struct"].value  # of its RAM, that more RAM costs
        needed = math.ceil((touched.value - ram * share) / (1 - share))
        raise BadQuestion(f"a guest of {machine.label} with {program.name} needs {needed} MiB, not {ram:g}")
    vmm = "qemu" if machine.vmm == "xen" else machine.vmm
    if machine.reserved:
        inside.append(Part("reserved, not touched", "each", ram - touched))
    yield Part("VMM", "each", book[f"vmm.data_{vmm}"])
    yield Part("VMM's text", "once", book[f"vmm.text_{vmm}"])
    yield from inside


def _userland(machine: Machine, book: Book) -> Iterator[Part]:
    if machine.guest == "minimal":
        yield Part("guest's init", "each", book["guest.init"])
    else:
        yield Part("guest's system", "each", book["guest.userland"] - book["guest.userland_files"])
        yield Part("guest's system files", "each", book["guest.userland_files"], same=True)


def _merged(parts: Sequence[Part]) -> Iterator[Part]:
    """KSM: one copy of what is the same."""
    return (replace(part, kind="once") if part.same else part for part in parts)


def resident(vmm: str, ram: float, book: Book) -> Figure:
    """RSS of one booted distribution in a VMM (firecracker, cloud, qemu), as the Firecracker paper measured it."""
    touched = least(ram, kernel_tax(ram, book) + book["guest.userland"])
    return book[f"vmm.data_{vmm}"] + book[f"vmm.text_{vmm}"] + touched


def disk(machine: Machine, program: Program, instances: int, book: Book) -> Figure:
    """MB for so many instances: layers once and a writable layer each, or a disk image each."""
    if instances < 0:
        raise BadQuestion(f"{instances} instances")
    image = program.compressed * book["disk.unpacked"]
    if machine.guest == "distribution":
        return instances * (book["disk.guest"] + image)
    if machine.guest:
        return instances * image + (book["disk.kernel"] if instances else 0)
    return (image if instances else Figure(0)) + (instances * book["disk.writable"] if machine.container else 0)
